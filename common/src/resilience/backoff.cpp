#include <gravity/resilience/backoff.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::resilience {

namespace {
__extension__ using Wide = unsigned __int128; // of gcc and clang
}

Span backoff_span(Span base, Span cap, std::uint32_t attempt) {
    Span span = std::clamp(base, Span::zero(), std::max(cap, Span::zero()));
    for (std::uint32_t i = 0; i < attempt && span < cap && span > Span::zero(); ++i)
        span = span > cap / 2 ? cap : span * 2;
    return span;
}

Span full_jitter(Span base, Span cap, std::uint32_t attempt, std::uint64_t random) {
    // The product of two 64-bit numbers, its upper half: an even spread over 0..span without a division's bias worth
    // naming.
    const auto range = static_cast<Wide>(backoff_span(base, cap, attempt).count()) + 1;
    return Span(static_cast<std::int64_t>((range * random) >> 64));
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, Timestamp now) {
    if (text.empty()) return std::nullopt;
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        std::int64_t seconds = 0;
        auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (failed == std::errc::result_out_of_range) return max_retry_after; // any number of digits is well-formed
        return std::min(std::chrono::seconds(seconds), max_retry_after);
    }
    auto date = Timestamp::from_http_date(text);
    if (!date) return std::nullopt;
    const std::int64_t us = (*date).unix_us() - now.unix_us();
    if (us <= 0) return std::chrono::seconds(0);
    return std::min(std::chrono::ceil<std::chrono::seconds>(std::chrono::microseconds(us)), max_retry_after);
}

std::int64_t retry_after_seconds(Span pause) {
    // A pause that never ends cannot be said in this field; the longest that a reader would believe is.
    const Span longest = max_retry_after;
    return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(std::min(pause, longest)).count());
}

} // namespace gravity::resilience
