#include "pace.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace gravity::gateway {
namespace {

constexpr std::uint32_t summed_up_each = 64;   // so many answers
constexpr std::uint64_t known_from = 128;      // so many on: of fewer, the 95th of 100 is one answer's whim
constexpr std::uint64_t halved_from = 2'048;   // so many on, so that old ones count less

} // namespace

// In units of 16 microseconds: the number of its highest bit, and the two bits below that one.
std::size_t Pace::place_of(Span took) {
    const auto units = static_cast<std::uint64_t>(std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count(), 0)) / 16;
    if (units < 4) return 0;
    const auto high = static_cast<unsigned>(std::bit_width(units)) - 1;
    const std::size_t place = (high - 2) * 4 + static_cast<std::size_t>((units >> (high - 2)) & 3) + 1;
    return std::min(place, count - 1);
}

Pace::Span Pace::upper_end(std::size_t place) {
    if (place == 0) return std::chrono::microseconds(64);
    const std::size_t doublings = (place - 1) / 4, quarter = (place - 1) % 4;
    return std::chrono::microseconds(16 * ((4 + quarter + 1) << doublings));
}

void Pace::record(Span took) {
    answers_[place_of(took)].fetch_add(1, std::memory_order_relaxed);
    if ((recorded_.fetch_add(1, std::memory_order_relaxed) + 1) % summed_up_each == 0) sum_up();
}

void Pace::sum_up() {
    std::array<std::uint32_t, count> answers;
    for (std::size_t i = 0; i < count; ++i) answers[i] = answers_[i].load(std::memory_order_relaxed);
    const std::uint64_t all = std::accumulate(answers.begin(), answers.end(), std::uint64_t{0});
    if (all < known_from) return;
    std::uint64_t left = all - all / 20; // of which the last one is sought
    std::size_t place = 0;
    while (place + 1 < count && answers[place] < left) left -= answers[place++];
    late_after_.store(upper_end(place), std::memory_order_relaxed);
    if (all < halved_from) return;
    for (std::size_t i = 0; i < count; ++i) answers_[i].fetch_sub(answers[i] - answers[i] / 2, std::memory_order_relaxed);
}

std::optional<Pace::Span> Pace::late_after() const {
    const Span span = late_after_.load(std::memory_order_relaxed);
    return span == Span::zero() ? std::nullopt : std::optional(span);
}

} // namespace gravity::gateway
