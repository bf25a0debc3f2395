#include "redis/backend.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/redis/streams.hpp>

#include <algorithm>

namespace gravity::redis {

namespace {

[[noreturn]] void not_a_stream(const char* what) {
    throw Error(ErrorKind::protocol, std::string("not a stream reply: ") + what);
}

StreamEntry parse_entry(const Value& reply) {
    const auto& parts = reply.as_array();
    if (parts.size() != 2) not_a_stream("an entry has an id and fields");
    StreamEntry entry;
    entry.id = parts[0].as_text();
    if (parts[1].is_nil()) {
        entry.deleted = true;
        return entry;
    }
    const auto& flat = parts[1].as_array();
    if (flat.size() % 2 != 0) not_a_stream("a field has no value");
    entry.fields.reserve(flat.size() / 2);
    for (std::size_t i = 0; i < flat.size(); i += 2)
        entry.fields.emplace_back(flat[i].as_text(), flat[i + 1].as_text());
    return entry;
}

} // namespace

std::optional<std::string_view> StreamEntry::get(std::string_view name) const {
    for (const auto& [field, value] : fields)
        if (field == name) return value;
    return std::nullopt;
}

std::vector<StreamEntry> parse_entries(const Value& reply) {
    std::vector<StreamEntry> out;
    for (const auto& entry : reply.as_array())
        if (!entry.is_nil()) out.push_back(parse_entry(entry)); // Redis 6 puts nil for an entry that was deleted
    return out;
}

std::vector<StreamBatch> parse_batches(const Value& reply) {
    std::vector<StreamBatch> out;
    if (reply.is_nil()) return out;
    for (const auto& stream : reply.as_array()) {
        const auto& parts = stream.as_array();
        if (parts.size() != 2) not_a_stream("a stream has a name and entries");
        out.push_back({parts[0].as_text(), parse_entries(parts[1])});
    }
    return out;
}

Command xadd_command(std::string_view stream, const std::vector<std::pair<std::string, std::string>>& fields,
                     const XAddOptions& options) {
    Command command{"XADD", stream};
    if (options.no_create) command.add("NOMKSTREAM");
    if (options.max_length) command.add("MAXLEN").add(options.exact ? "=" : "~").add(*options.max_length);
    command.add(options.id);
    for (const auto& [name, value] : fields) command.add(name).add(value);
    return command;
}

Task<std::optional<std::string>> xadd(Client& client, std::string stream,
                                      std::vector<std::pair<std::string, std::string>> fields, XAddOptions options,
                                      std::optional<TimePoint> deadline) {
    Command command = xadd_command(stream, fields, options);
    Value reply = co_await client.command(std::move(command), deadline);
    co_return reply.as_optional_text();
}

Task<bool> create_group(Client& client, std::string stream, std::string group, std::string from,
                        std::optional<TimePoint> deadline) {
    std::vector<Command> commands;
    commands.push_back(Command{"XGROUP", "CREATE", stream, group, from, "MKSTREAM"});
    auto replies = co_await client.pipeline(std::move(commands), deadline);
    if (replies.at(0).error_code() == "BUSYGROUP") co_return false;
    (void)std::move(replies[0]).or_throw();
    co_return true;
}

Task<std::int64_t> xack(Client& client, std::string stream, std::string group, std::vector<std::string> ids,
                        std::optional<TimePoint> deadline) {
    if (ids.empty()) co_return 0;
    Command command{"XACK", stream, group};
    command.add_all(ids);
    Value reply = co_await client.command(std::move(command), deadline);
    co_return reply.as_integer();
}

Task<AutoClaimed> xautoclaim(Client& client, std::string stream, std::string group, std::string consumer,
                             std::chrono::milliseconds min_idle, std::string start, std::uint32_t count,
                             std::optional<TimePoint> deadline) {
    Command command{"XAUTOCLAIM", stream, group, consumer, min_idle.count(), start, "COUNT", count};
    Value reply = co_await client.command(std::move(command), deadline);
    const auto& parts = reply.as_array();
    if (parts.size() < 2) not_a_stream("XAUTOCLAIM has a cursor and entries");
    AutoClaimed out;
    out.next = parts[0].as_text();
    out.entries = parse_entries(parts[1]);
    if (parts.size() > 2) // since Redis 7
        for (const auto& id : parts[2].as_array()) out.deleted_ids.push_back(id.as_text());
    co_return out;
}

GroupReader::GroupReader(const Client& client, std::string group, std::string consumer,
                         std::vector<std::string> streams, std::chrono::milliseconds max_block)
    : backend_(client.backend()),
      group_(std::move(group)),
      consumer_(std::move(consumer)),
      streams_(std::move(streams)),
      max_block_(max_block),
      timeout_(client.options().timeout) {
    if (streams_.empty()) throw Error(ErrorKind::usage, "a group reader needs a stream");
    LinkSettings settings = backend_->link_settings();
    // While it waits for entries nothing comes, and that is no stall.
    settings.options.stall_timeout += max_block;
    connection_ = Connection::open(backend_->io(), std::move(settings), backend_->source(streams_), true);
}

GroupReader::~GroupReader() { close(); }

void GroupReader::close() { connection_->close(); }

Task<std::vector<StreamBatch>> GroupReader::send(Command command, TimePoint deadline) {
    auto connection = connection_;
    auto backend = backend_;
    Request request;
    request.add(command);
    request.deadline = deadline;
    Outcome outcome = co_await connection->execute(std::move(request));
    // Given up on a read that the server still holds: it would take entries that nobody receives. Hanging up ends it.
    if (outcome.failure && outcome.failure->maybe_executed) connection->reconnect("a waiting read was given up");
    auto replies = std::move(outcome).or_throw();
    auto code = replies.at(0).error_code();
    if (code == "MOVED" || code == "ASK" || code == "READONLY" || code == "UNBLOCKED" || code == "LOADING") {
        backend->look_again();
        connection->reconnect(replies[0].text);
        throw Error(ErrorKind::unavailable, "the stream is served elsewhere now: " + replies[0].text);
    }
    co_return parse_batches(std::move(replies[0]).or_throw());
}

Task<std::vector<StreamBatch>> GroupReader::read(std::uint32_t count, std::chrono::milliseconds block) {
    const auto wait = std::clamp(block, std::chrono::milliseconds(1), max_block_); // BLOCK 0 would be for ever
    Command command{"XREADGROUP", "GROUP", group_, consumer_, "COUNT", count, "BLOCK", wait.count(), "STREAMS"};
    command.add_all(streams_);
    for (std::size_t i = 0; i < streams_.size(); ++i) command.add(">");
    return send(std::move(command), std::chrono::steady_clock::now() + wait + timeout_);
}

Task<std::vector<StreamBatch>> GroupReader::read_pending(std::uint32_t count, std::string after) {
    Command command{"XREADGROUP", "GROUP", group_, consumer_, "COUNT", count, "STREAMS"};
    command.add_all(streams_);
    for (std::size_t i = 0; i < streams_.size(); ++i) command.add(after);
    return send(std::move(command), std::chrono::steady_clock::now() + timeout_);
}

} // namespace gravity::redis
