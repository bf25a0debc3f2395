#include "events/dead_letters.hpp"

#include <gravity/async/coroutine.hpp>

#include <cstdlib>

namespace gravity::events {
namespace {

constexpr std::uint64_t kept = 10'000; // of one producer

} // namespace

std::vector<redis::Command> burial(const StreamKeys& keys, const std::string& stream, const redis::StreamEntry& entry, const std::string& reason, int attempts,
                                   Timestamp at) {
    auto fields = entry.fields;
    fields.emplace_back("reason", reason);
    fields.emplace_back("attempts", std::to_string(attempts));
    fields.emplace_back("at", at.to_string());
    redis::XAddOptions bounded;
    bounded.max_length = kept;
    std::vector<redis::Command> commands;
    commands.push_back(redis::xadd_command(keys.dead, fields, bounded));
    commands.push_back(redis::Command{"XACK", stream, keys.group, entry.id});
    commands.push_back(redis::Command{"HDEL", keys.attempts, entry.id});
    if (stream == keys.replay) commands.push_back(redis::Command{"XDEL", stream, entry.id});
    return commands;
}

Task<std::vector<DeadLetter>> read_dead_letters(std::shared_ptr<redis::Client> broker, StreamKeys keys, std::size_t limit) {
    redis::Command range{"XRANGE", keys.dead, "-", "+", "COUNT", limit};
    const redis::Value reply = co_await broker->command(std::move(range));
    std::vector<DeadLetter> letters;
    for (const redis::StreamEntry& entry : redis::parse_entries(reply)) {
        const auto text = [&](std::string_view name) { return std::string(entry.get(name).value_or("")); };
        letters.push_back({keys.producer + ":" + entry.id, text("id"), text("type"), text("reason"), std::atoll(text("attempts").c_str()), text("at"),
                           text("e")});
    }
    co_return letters;
}

Task<std::int64_t> replay_dead_letters(std::shared_ptr<redis::Client> broker, StreamKeys keys, std::string id) {
    std::string from = "-", to = "+";
    if (!id.empty()) {
        if (!id.starts_with(keys.producer + ":")) co_return 0;
        from = to = id.substr(keys.producer.size() + 1);
    }
    redis::Command range{"XRANGE", keys.dead, from, to};
    const redis::Value reply = co_await broker->command(std::move(range));
    std::int64_t count = 0;
    for (const redis::StreamEntry& entry : redis::parse_entries(reply)) {
        std::vector<std::pair<std::string, std::string>> fields;
        for (const auto& field : entry.fields)
            if (field.first != "reason" && field.first != "attempts" && field.first != "at") fields.push_back(field);
        std::vector<redis::Command> commands;
        commands.push_back(redis::xadd_command(keys.replay, fields));
        commands.push_back(redis::Command{"XDEL", keys.dead, entry.id});
        co_await broker->transaction(std::move(commands));
        ++count;
    }
    co_return count;
}

} // namespace gravity::events
