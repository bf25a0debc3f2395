#include "app/route_limits.hpp"

#include <gravity/resilience/backoff.hpp>

#include <algorithm>

namespace gravity::app {

using resilience::RateLimiter;
using std::chrono::steady_clock;

namespace {

std::string key_of(const http::Request& request, const http::Route& route, const Caller* caller) {
    std::string key = route.operation_id + '\n';
    if (caller != nullptr)
        key += caller->project.to_string() + '\n' + caller->subject;
    else
        key += request.peer_address;
    return key;
}

} // namespace

http::RateHint RouteLimits::take(const http::Request& request, const http::Route& route, const Caller* caller) {
    const http::RouteRate& rate = route.options.rate;
    const auto now = steady_clock::now();
    std::string key = key_of(request, route, caller);
    auto at = limiters_.find(key);
    if (at == limiters_.end()) {
        if (limiters_.size() >= most_) make_room(now);
        const auto burst = static_cast<std::uint64_t>(rate.burst > 0 ? rate.burst : rate.requests);
        at = limiters_.try_emplace(std::move(key), static_cast<std::uint64_t>(rate.requests), std::chrono::seconds(rate.per_seconds), burst).first;
    }
    const auto decision = at->second.take(now);
    http::RateHint hint;
    hint.allowed = decision.allowed;
    hint.quota = static_cast<std::uint64_t>(rate.requests);
    hint.window_seconds = rate.per_seconds;
    hint.remaining = decision.remaining;
    hint.reset_seconds = resilience::retry_after_seconds(decision.allowed ? decision.reset_after : decision.retry_after);
    return hint;
}

// Those who have their whole burst again first; if all are busy, any: that errs on the side of allowing.
void RouteLimits::make_room(resilience::Moment now) {
    std::erase_if(limiters_, [now](const auto& entry) { return entry.second.peek(now, 0).reset_after == resilience::Span::zero(); });
    while (limiters_.size() > most_ / 10 * 9) limiters_.erase(limiters_.begin());
}

} // namespace gravity::app
