#include <gravity/resilience/retry_budget.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::resilience {

namespace {
__extension__ using Wide = unsigned __int128; // of gcc and clang
// With this unit a nanosecond at one per second is one unit, and a percent of a request is 10^7: nothing is ever
// rounded.
constexpr std::uint64_t one = 1'000'000'000;
} // namespace

RetryBudget::RetryBudget(RetryBudgetSettings settings, Moment now) : settings_(settings), filled_at_(now) {
    if (settings.percent > 1000) throw std::invalid_argument("retry budget: percent must be at most 1000");
    if (settings.burst == 0) throw std::invalid_argument("retry budget: burst must be positive");
    tokens_ = std::min<std::uint64_t>(settings.per_second, settings.burst) * one;
}

void RetryBudget::refill(Moment now) {
    if (now <= filled_at_) return;
    const std::uint64_t full = settings_.burst * one;
    const auto gained = static_cast<Wide>((now - filled_at_).count()) * settings_.per_second;
    filled_at_ = now;
    tokens_ = gained >= full - tokens_ ? full : tokens_ + static_cast<std::uint64_t>(gained);
}

void RetryBudget::on_request(Moment now) {
    refill(now);
    tokens_ = std::min(settings_.burst * one, tokens_ + settings_.percent * (one / 100));
}

bool RetryBudget::try_retry(Moment now) {
    refill(now);
    if (tokens_ < one) return false;
    tokens_ -= one;
    return true;
}

std::uint32_t RetryBudget::available(Moment now) {
    refill(now);
    return static_cast<std::uint32_t>(tokens_ / one);
}

} // namespace gravity::resilience
