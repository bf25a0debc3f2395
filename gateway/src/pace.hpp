#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gravity::gateway {

/// How long a route's answers take to begin, as far as it matters for when one of them is late. Any thread; what is recorded at once by several may be
/// counted a moment later.
class Pace {
public:
    using Span = std::chrono::steady_clock::duration;

    void record(Span took);
    /// What 95 of 100 answers took at most, rounded up by at most a quarter; nothing while too few are known. Old ones count less and less.
    std::optional<Span> late_after() const;

private:
    // Four to each doubling, from 64 microseconds on: the last holds what takes longer than half an hour.
    static constexpr std::size_t count = 100;
    static std::size_t place_of(Span took);
    static Span upper_end(std::size_t place);
    void sum_up();

    std::array<std::atomic<std::uint32_t>, count> answers_{};
    std::atomic<std::uint32_t> recorded_{0};
    std::atomic<Span> late_after_{Span::zero()};
};

} // namespace gravity::gateway
