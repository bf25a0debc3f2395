#include "redis/redirect_machine.hpp"

#include "redis/slot_map.hpp"

#include <algorithm>
#include <charconv>

namespace gravity::redis {

namespace {

template <class Number> bool read_number(std::string_view text, Number& out) {
    auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && stop == text.data() + text.size();
}

} // namespace

std::optional<Redirect> parse_redirect(std::string_view error) {
    Redirect out;
    if (error.starts_with("ASK ")) {
        out.ask = true;
        error.remove_prefix(4);
    } else if (error.starts_with("MOVED ")) {
        error.remove_prefix(6);
    } else {
        return std::nullopt;
    }
    auto space = error.find(' ');
    if (space == std::string_view::npos || !read_number(error.substr(0, space), out.slot) || out.slot >= slot_count)
        return std::nullopt;
    auto address = error.substr(space + 1);
    auto colon = address.rfind(':'); // an IPv6 address has more of them, unbracketed
    if (colon == std::string_view::npos || !read_number(address.substr(colon + 1), out.node.port) || out.node.port == 0)
        return std::nullopt;
    out.node.host = address.substr(0, colon);
    return out;
}

std::chrono::milliseconds RedirectMachine::next_pause() {
    const int doublings = std::min(pauses_++, 5);
    return std::chrono::milliseconds(10 << doublings); // 10 to 320 ms; the caller's deadline ends it
}

std::optional<RedirectMachine::Step> RedirectMachine::refused(std::string_view error, const Endpoint& answered_by) {
    const auto code = error.substr(0, error.find(' '));
    if (code == "TRYAGAIN") return Step{.pause = next_pause()}; // keys of one call are on both sides of a migration
    if (code == "CLUSTERDOWN" || code == "MASTERDOWN" || code == "LOADING" || code == "READONLY")
        return Step{.refresh = true, .pause = next_pause()};

    auto redirect = parse_redirect(error);
    if (!redirect) return std::nullopt;
    if (redirect->node.host.empty() || redirect->node.host == "?") redirect->node.host = answered_by.host;
    // Nodes that disagree about a slot send a call round and round until they have agreed.
    Step step{.pause = ++redirects_ > max_redirects ? next_pause() : std::chrono::milliseconds(0)};
    if (redirect->ask) {
        if (transaction_) return Step{.pause = next_pause()};
        step.node = redirect->node;
        step.asking = true; // for this one try: the next goes by the map again
        return step;
    }
    step.node = redirect->node;
    step.moved = redirect;
    step.refresh = true; // others will have moved with it
    return step;
}

std::optional<RedirectMachine::Step> RedirectMachine::failed(const Failure& failure) {
    if (failure.maybe_executed) return std::nullopt;
    if (failure.kind != ErrorKind::unavailable && failure.kind != ErrorKind::connection_lost) return std::nullopt;
    return Step{.refresh = true, .pause = next_pause()};
}

RedirectMachine::Step RedirectMachine::nobody() { return Step{.refresh = true, .pause = next_pause()}; }

} // namespace gravity::redis
