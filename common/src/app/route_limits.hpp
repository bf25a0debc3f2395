#pragma once

#include <gravity/http/dispatcher.hpp>
#include <gravity/resilience/rate_limiter.hpp>

#include <string>
#include <unordered_map>

namespace gravity::app {

/// The rates of routes, for each caller by himself: a signed-in one by project and subject, another by address. Bounded: callers who have been quiet
/// long enough to have their whole burst again need no memory. I/O thread only.
class RouteLimits {
public:
    explicit RouteLimits(std::size_t most = 50'000) : most_(most) {}
    http::RateHint take(const http::Request& request, const http::Route& route, const Caller* caller);
    std::size_t remembered() const { return limiters_.size(); }

private:
    void make_room(resilience::Moment now);
    std::size_t most_;
    std::unordered_map<std::string, resilience::RateLimiter> limiters_;
};

} // namespace gravity::app
