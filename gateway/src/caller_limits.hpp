#pragma once

#include <gravity/resilience/rate_limiter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace gravity::gateway {

/// One rate limit, for each caller by himself. Exact, since a caller who has been quiet for a burst's time needs no memory; bounded all the same: sets
/// of eight places chosen by a keyed hash, so that nobody can choose whom he displaces. A ninth active caller in one set takes the place of the one
/// nearest to a whole burst, which errs on the side of allowing. Any thread.
class CallerLimits {
public:
    /// Throws std::invalid_argument for a limit of nothing. `callers`: how many can be active at once; rounded up to a power of two.
    CallerLimits(std::uint32_t per_second, std::uint32_t burst, std::size_t callers = 1 << 14);
    ~CallerLimits();
    CallerLimits(const CallerLimits&) = delete;
    CallerLimits& operator=(const CallerLimits&) = delete;

    resilience::RateDecision take(std::string_view caller, resilience::Moment now);
    /// What `take` would say.
    resilience::RateDecision peek(std::string_view caller, resilience::Moment now) const;

private:
    struct Table;
    std::unique_ptr<Table> table_;
};

} // namespace gravity::gateway
