// User events: the last few, in the order in which they were fired.
#include "commands_detail.hpp"

namespace gravity::registry::detail {
namespace {

constexpr std::size_t kept = 256;

// Keys in order: decimal with leading zeros.
std::string key_at(std::int64_t sequence) {
    const std::string digits = std::to_string(sequence);
    return std::string(20 - digits.size(), '0') + digits;
}

} // namespace

Reply run(const FireEvent& command, View& view, std::int64_t) {
    const auto events = view.with_prefix<Event>("");
    Event event = command.event;
    event.sequence = events.empty() ? 1 : events.back().second->sequence + 1;
    for (std::size_t i = 0; i + kept <= events.size(); ++i) view.remove<Event>(events[i].first);
    std::string key = key_at(event.sequence);
    view.put(std::move(key), std::move(event));
    return {};
}

} // namespace gravity::registry::detail
