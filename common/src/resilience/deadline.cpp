#include <gravity/resilience/deadline.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::resilience {

Deadline Deadline::after(Moment now, Span span) {
    if (span > Moment::max() - now) return never();
    return at(now + span);
}

Deadline Deadline::of_request(std::optional<std::chrono::milliseconds> asked, Moment now,
                              std::chrono::milliseconds fallback, std::chrono::milliseconds maximum) {
    return after(now, std::min(asked.value_or(fallback), maximum));
}

Parsed<std::chrono::milliseconds> Deadline::parse_timeout_ms(std::string_view text) {
    const bool digits =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    std::int64_t value = 0;
    if (digits && text.size() <= 10) std::from_chars(text.data(), text.data() + text.size(), value);
    if (value == 0) return ParseError{"must be a whole number of milliseconds from 1 to 9999999999"};
    return std::chrono::milliseconds(value);
}

Span Deadline::remaining(Moment now) const noexcept {
    if (is_never()) return Span::max();
    return passed(now) ? Span::zero() : moment_ - now;
}

std::optional<std::int64_t> Deadline::timeout_ms(Moment now) const noexcept {
    if (is_never()) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(remaining(now)).count();
}

} // namespace gravity::resilience
