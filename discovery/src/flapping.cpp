#include "flapping.hpp"

#include <algorithm>
#include <cmath>

namespace gravity::registry::flapping {

std::int64_t penalty_at(const History& history, std::int64_t now_us) {
    // A clock that was set back lets it neither grow nor decay.
    const auto passed = static_cast<double>(std::max<std::int64_t>(now_us - history.penalty_at_us, 0));
    return std::llround(static_cast<double>(history.penalty) * std::exp2(-passed / static_cast<double>(half_life_us)));
}

bool is_flapping(const History& history, std::int64_t now_us) { return history.flapping && penalty_at(history, now_us) >= calm_below; }

std::int64_t calm_at_us(const History& history) {
    const double half_lives = std::log2(static_cast<double>(std::max(history.penalty, calm_below)) / static_cast<double>(calm_below));
    return history.penalty_at_us + std::llround(half_lives * static_cast<double>(half_life_us));
}

void add(History& history, std::int64_t points, std::int64_t now_us) {
    const bool before = is_flapping(history, now_us);
    history.penalty = std::min(penalty_at(history, now_us) + points, ceiling);
    history.penalty_at_us = now_us;
    history.flapping = before || history.penalty >= mark_from;
}

} // namespace gravity::registry::flapping
