#pragma once

#include <gravity/base/time.hpp>
#include <gravity/resilience/deadline.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gravity::resilience {

/// The longest pause before try `attempt` (0 is the first after a failure): base * 2^attempt, at most `cap`. Neither
/// overflows.
Span backoff_span(Span base, Span cap, std::uint32_t attempt);

/// A pause drawn evenly from zero to backoff_span() ("full jitter"), so that callers which failed together do not come
/// back together. `random`: evenly drawn 64 bits.
Span full_jitter(Span base, Span cap, std::uint32_t attempt, std::uint64_t random);

/// The same with a generator of 64 bits (std::mt19937_64).
template <class Rng>
    requires(sizeof(typename Rng::result_type) == 8)
Span full_jitter(Span base, Span cap, std::uint32_t attempt, Rng& rng) {
    return full_jitter(base, cap, attempt, static_cast<std::uint64_t>(rng()));
}

/// The longest pause that a peer's Retry-After is believed; longer ones are cut to it.
inline constexpr std::chrono::seconds max_retry_after = std::chrono::hours(24);

/// Retry-After (RFC 9110 section 10.2.3): seconds, or an HTTP date (IMF-fixdate), of which zero is left when it has
/// passed. Rounded up to the second. Nothing if it is malformed.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, Timestamp now);

/// The seconds to write into Retry-After for a pause: rounded up, at least 1.
std::int64_t retry_after_seconds(Span pause);

} // namespace gravity::resilience
