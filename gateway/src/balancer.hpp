#pragma once

#include "snapshot.hpp"

#include <chrono>
#include <cstdint>

namespace gravity::gateway {

/// A source of uniformly distributed 64-bit numbers: SplitMix64. For choices, never for secrets.
class Choices {
public:
    explicit Choices(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// 0 to `count` - 1; `count` is 1 to 2^32 - 1.
    std::size_t below(std::size_t count) { return static_cast<std::size_t>(((next() >> 32) * (count & 0xffffffff)) >> 32); }

private:
    std::uint64_t state_;
};

/// The backend that a point drawn from 64 bits falls on, each as wide as its weight; null if all of them have none.
const Backend* choose(const Route& route, std::uint64_t point);

/// The better of two instances drawn at random (power of two choices), among those whose breaker lets requests through; `except` (may be null) only
/// if there is no other. A place at the chosen one is taken; empty if there is none.
Use pick(const Cluster& cluster, const Endpoint* except, Choices& choices, std::chrono::steady_clock::time_point now);

} // namespace gravity::gateway
