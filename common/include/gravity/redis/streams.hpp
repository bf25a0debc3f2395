#pragma once

#include <gravity/async/task.hpp>
#include <gravity/redis/client.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Streams (redis.io, "Redis Streams"): append, consumer groups, acknowledge, take over. I/O thread only.
namespace gravity::redis {

struct StreamEntry {
    std::string id;                                          // "milliseconds-sequence"
    std::vector<std::pair<std::string, std::string>> fields; // in the order written, names may repeat
    bool deleted = false; // pending, but trimmed or deleted from the stream: acknowledge it

    /// Value of the first field of that name.
    std::optional<std::string_view> get(std::string_view name) const;
    friend bool operator==(const StreamEntry&, const StreamEntry&) = default;
};

struct StreamBatch {
    std::string stream;
    std::vector<StreamEntry> entries;
};

struct XAddOptions {
    std::string id = "*";
    std::optional<std::uint64_t> max_length{}; // trims the oldest
    bool exact = false;                        // trim exactly and slower, else whole nodes ("~")
    bool no_create = false;                    // NOMKSTREAM: then nothing is returned if the stream is absent
};

/// The command alone, for pipelines and transactions.
Command xadd_command(std::string_view stream, const std::vector<std::pair<std::string, std::string>>& fields,
                     const XAddOptions& options = {});
/// The new entry's id.
Task<std::optional<std::string>> xadd(Client& client, std::string stream,
                                      std::vector<std::pair<std::string, std::string>> fields, XAddOptions options = {},
                                      std::optional<TimePoint> deadline = std::nullopt);

/// Creates the group, and the stream if absent; false if the group was there. `from`: "$" new entries only, "0" all.
Task<bool> create_group(Client& client, std::string stream, std::string group, std::string from = "$",
                        std::optional<TimePoint> deadline = std::nullopt);

/// How many of them were pending in the group.
Task<std::int64_t> xack(Client& client, std::string stream, std::string group, std::vector<std::string> ids,
                        std::optional<TimePoint> deadline = std::nullopt);

struct AutoClaimed {
    std::string next; // where to go on; "0-0": one whole round is done
    std::vector<StreamEntry> entries;
    std::vector<std::string>
        deleted_ids; // were pending and no longer exist; the server has dropped them from the pending list
};
/// Takes over entries that another consumer has had for `min_idle` without acknowledging them, at most `count`, from id
/// `start`.
Task<AutoClaimed> xautoclaim(Client& client, std::string stream, std::string group, std::string consumer,
                             std::chrono::milliseconds min_idle, std::string start = "0-0", std::uint32_t count = 100,
                             std::optional<TimePoint> deadline = std::nullopt);

/// Decodes [[id, [name, value, ...]], ...]; throws Error{protocol}.
std::vector<StreamEntry> parse_entries(const Value& reply);
/// Decodes a reply of XREAD or XREADGROUP; nil is none. Throws Error{protocol}.
std::vector<StreamBatch> parse_batches(const Value& reply);

class Connection;

/// A consumer of a group that waits on a connection of its own, so that it holds up nobody else. One read at a time.
class GroupReader {
public:
    /// `max_block`: the longest wait that read() will be asked for. Cluster: all streams in one slot.
    GroupReader(const Client& client, std::string group, std::string consumer, std::vector<std::string> streams,
                std::chrono::milliseconds max_block = std::chrono::seconds(30));
    ~GroupReader();
    GroupReader(const GroupReader&) = delete;
    GroupReader& operator=(const GroupReader&) = delete;

    /// New entries, at most `count` of each stream; none after `block` (at least 1 ms, at most max_block). After an
    /// Error with maybe_executed() the server may hold entries as delivered to this consumer: read_pending() brings
    /// them.
    Task<std::vector<StreamBatch>> read(std::uint32_t count, std::chrono::milliseconds block);
    /// Entries this consumer was given and has not acknowledged, with ids after `after`; never waits.
    Task<std::vector<StreamBatch>> read_pending(std::uint32_t count, std::string after = "0");

    /// Ends a waiting read with Error{closed}.
    void close();

private:
    Task<std::vector<StreamBatch>> send(Command command, TimePoint deadline);

    std::shared_ptr<Backend> backend_;
    std::shared_ptr<Connection> connection_;
    std::string group_;
    std::string consumer_;
    std::vector<std::string> streams_;
    std::chrono::milliseconds max_block_;
    std::chrono::milliseconds timeout_;
};

} // namespace gravity::redis
