#pragma once

#include "draft.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Bodies of etcd's JSON gateway (v3). Pure.
namespace gravity::registry::etcd {

/// What came is none of etcd's answers.
struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Pair {
    std::string key, value;
    std::int64_t create_revision = 0, mod_revision = 0;
    friend bool operator==(const Pair&, const Pair&) = default;
};

/// The keys from `key` to before `end` (empty: the one key), at most `limit`, as they were at a revision (0: now, after everything that was acknowledged).
std::string range_body(std::string_view key, std::string_view end = {}, std::int64_t limit = 0, std::int64_t revision = 0);
struct RangeAnswer {
    std::vector<Pair> pairs;
    std::int64_t revision = 0; // of the store, when it answered
    bool more = false;
    std::string cluster;
};
RangeAnswer range_answer(std::string_view body);

/// Keys get `prefix` in front. If the compares do not hold, `read` are read instead. `lease`: of the keys in `leased`.
struct TxnExtras {
    std::vector<std::string> read{};
    std::int64_t lease = 0;
    std::vector<std::string> leased{};
    std::vector<std::string> below{}; // prefixes: all keys that begin so are removed too
};
std::string txn_body(const shared::Transaction& transaction, std::string_view prefix, const TxnExtras& extras);
struct TxnAnswer {
    bool succeeded = false;
    std::int64_t revision = 0;  // of the store after it
    std::vector<std::vector<Pair>> read;
};
TxnAnswer txn_answer(std::string_view body);

std::string lease_body(std::int64_t seconds);
std::string keepalive_body(std::int64_t lease);
/// Id and seconds of a lease granted or kept alive; no seconds: there is no such lease (any more).
struct LeaseAnswer {
    std::int64_t id = 0, seconds = 0;
};
LeaseAnswer lease_answer(std::string_view body);

std::string authenticate_body(std::string_view user, std::string_view password);
std::string token_in(std::string_view body);

std::string watch_body(std::string_view prefix, std::int64_t from);
struct Event {
    std::string key;
    std::optional<std::string> value; // nothing: removed
    std::int64_t create_revision = 0, mod_revision = 0;
};
/// One line of a watch.
struct WatchAnswer {
    std::vector<Event> events; // in order; those of one revision stand together
    bool canceled = false;
    std::int64_t compact_revision = 0; // not 0: what was asked for has been forgotten
    std::string reason;
};
WatchAnswer watch_answer(std::string_view line);

/// What an answer other than 200 says.
std::string error_text(std::string_view body);

} // namespace gravity::registry::etcd
