#include "events/append.hpp"

#include <gravity/redis/error.hpp>

namespace gravity::events {

// Atomic, in one round trip: compares with what the stream holds before it adds anything.
const redis::Script append_script{R"lua(
local stream, epoch, allow_gap, length = KEYS[1], tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3]
local top_epoch, top_sequence = 0, 0
local info = redis.pcall('XINFO', 'STREAM', stream)
if not info.err then
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then
            local dash = string.find(info[i + 1], '-', 1, true)
            top_epoch, top_sequence = tonumber(string.sub(info[i + 1], 1, dash - 1)), tonumber(string.sub(info[i + 1], dash + 1))
        end
    end
end
local function answer(kind, added, present)
    return {kind, string.format('%.0f', top_epoch), string.format('%.0f', top_sequence), added, present}
end
if top_epoch > epoch then return answer('other', 0, 0) end
local added, present = 0, 0
for i = 4, #ARGV, 5 do
    local sequence, place = tonumber(ARGV[i]), ARGV[1] .. '-' .. ARGV[i]
    if top_epoch == epoch and sequence <= top_sequence then
        local there = redis.call('XRANGE', stream, place, place)[1]
        if there and there[2][2] ~= ARGV[i + 1] then return answer('other', added, present) end
        present = present + 1
    else
        local expected = 1
        if top_epoch == epoch then expected = top_sequence + 1 end
        if sequence ~= expected and not allow_gap then return answer('gap', added, present) end
        redis.call('XADD', stream, 'MAXLEN', '~', length, place, 'id', ARGV[i + 1], 'type', ARGV[i + 2], 'project', ARGV[i + 3], 'e', ARGV[i + 4])
        top_epoch, top_sequence = epoch, sequence
        added = added + 1
    end
end
return answer('done', added, present)
)lua"};

std::vector<std::string> append_arguments(const std::vector<Outgoing>& events, std::uint64_t stream_length, bool allow_gap) {
    std::vector<std::string> arguments{std::to_string(events.front().epoch), allow_gap ? "1" : "0", std::to_string(stream_length)};
    arguments.reserve(3 + 5 * events.size());
    for (const Outgoing& event : events) {
        arguments.push_back(std::to_string(event.sequence));
        arguments.push_back(event.id);
        arguments.push_back(event.type);
        arguments.push_back(event.project);
        arguments.push_back(event.document);
    }
    return arguments;
}

Appended parse_appended(const redis::Value& reply) {
    const auto& parts = reply.as_array();
    if (parts.size() != 5) throw redis::Error(redis::ErrorKind::protocol, "not an answer of the append script");
    Appended appended;
    const std::string& kind = parts[0].as_text();
    appended.kind = kind == "done" ? Appended::Kind::done : kind == "gap" ? Appended::Kind::gap
                                                                          : Appended::Kind::other_epoch;
    appended.top = {parts[1].as_integer(), parts[2].as_integer()};
    appended.added = parts[3].as_integer();
    appended.present = parts[4].as_integer();
    return appended;
}

} // namespace gravity::events
