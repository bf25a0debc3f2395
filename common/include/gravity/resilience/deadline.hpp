#pragma once

#include <gravity/base/parsed.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gravity::resilience {

/// Times of this module are of the steady clock and always passed in; nothing here reads a clock.
using Moment = std::chrono::steady_clock::time_point;
using Span = std::chrono::steady_clock::duration; // nanoseconds

/// When an answer is no longer of use to whoever asked. A value; any thread.
class Deadline {
public:
    constexpr Deadline() = default; // never
    static constexpr Deadline never() { return {}; }
    static constexpr Deadline at(Moment moment) {
        Deadline out;
        out.moment_ = moment;
        return out;
    }
    /// Saturates: a span too long for the clock is never.
    static Deadline after(Moment now, Span span);

    /// The deadline of a request that says "X-Request-Timeout-Ms: 1500": at most `maximum`, and `fallback` if it says
    /// nothing.
    static Deadline of_request(std::optional<std::chrono::milliseconds> asked, Moment now,
                               std::chrono::milliseconds fallback, std::chrono::milliseconds maximum);
    /// The value of X-Request-Timeout-Ms: 1 to 10 digits, not zero.
    static Parsed<std::chrono::milliseconds> parse_timeout_ms(std::string_view text);

    constexpr bool is_never() const noexcept { return moment_ == Moment::max(); }
    constexpr Moment moment() const noexcept { return moment_; } // Moment::max() if never
    constexpr bool passed(Moment now) const noexcept { return moment_ <= now; }
    /// Zero once passed; Span::max() if never.
    Span remaining(Moment now) const noexcept;
    /// What to write into X-Request-Timeout-Ms of a call made for this one: whole milliseconds left, rounded down.
    /// Nothing if never; zero means that the call is not worth making.
    std::optional<std::int64_t> timeout_ms(Moment now) const noexcept;

    friend constexpr auto operator<=>(const Deadline&, const Deadline&) = default;
    friend constexpr bool operator==(const Deadline&, const Deadline&) = default;

private:
    Moment moment_ = Moment::max();
};

} // namespace gravity::resilience
