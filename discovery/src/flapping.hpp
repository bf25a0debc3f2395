#pragma once

#include "records.hpp"

#include <cstdint>

/// How restless an instance is, by the figure of RFC 2439 (route flap damping): each time it falls out of rotation costs points, which decay by half in
/// a quarter of an hour. It is marked above one bound and until it is below a lower one. Only a mark: nobody is taken out of rotation for it. Pure.
namespace gravity::registry::flapping {

inline constexpr std::int64_t half_life_us = 900'000'000;
inline constexpr std::int64_t points_out = 1000;   // it became critical, or went without having been so
inline constexpr std::int64_t points_worse = 500;  // passing became warning
inline constexpr std::int64_t mark_from = 2000;
inline constexpr std::int64_t calm_below = 750;
inline constexpr std::int64_t ceiling = 12'000;    // calm again after an hour at most: 750 times two to the power of four half-lives

/// The points that are left of it now.
std::int64_t penalty_at(const History& history, std::int64_t now_us);
bool is_flapping(const History& history, std::int64_t now_us);
/// When it will be calm, if nothing happens until then; meaningful while it is flapping.
std::int64_t calm_at_us(const History& history);
void add(History& history, std::int64_t points, std::int64_t now_us);

} // namespace gravity::registry::flapping
