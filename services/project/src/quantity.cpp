#include "quantity.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace gravity::project {
namespace {

constexpr std::size_t digits_before = 18, digits_behind = 12;

std::size_t digits_at(std::string_view text, std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && ascii::is_digit(text[end])) ++end;
    return end - from;
}

/// The digits of a number and how many of them stand before the point, which may be more than there are, or fewer than none.
struct Digits {
    bool negative = false;
    std::string digits;
    int before = 0;
};

std::optional<Digits> digits_of(std::string_view text) {
    Digits found;
    std::size_t at = text.starts_with('-') ? 1 : 0;
    found.negative = at == 1;
    const std::size_t whole = digits_at(text, at);
    if (whole == 0) return std::nullopt;
    found.digits = text.substr(at, whole);
    found.before = static_cast<int>(whole);
    at += whole;
    if (at < text.size() && text[at] == '.') {
        const std::size_t behind = digits_at(text, at + 1);
        if (behind == 0) return std::nullopt;
        found.digits += text.substr(at + 1, behind);
        at += 1 + behind;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && text[at] == '+') ++at;
        int exponent = 0;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
        if (error != std::errc{} || exponent > 100 || exponent < -100) return std::nullopt;
        found.before += exponent;
        at = static_cast<std::size_t>(end - text.data());
    }
    if (at != text.size()) return std::nullopt;
    return found;
}

} // namespace

bool Decimal::accept(std::string_view in, std::string& out, std::string& why) {
    const auto number = in.size() <= 64 ? digits_of(in) : std::nullopt;
    if (!number) {
        why = "must be a decimal number";
        return false;
    }
    std::string digits = number->digits;
    int before = number->before;
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    digits.erase(0, zeros);
    before -= static_cast<int>(zeros);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) {
        out = "0";
        return true;
    }
    const int behind = static_cast<int>(digits.size()) - before;
    if (before > static_cast<int>(digits_before) || behind > static_cast<int>(digits_behind)) {
        why = "must have at most 18 digits before the point and 12 behind it";
        return false;
    }
    if (before > static_cast<int>(digits.size())) digits.append(static_cast<std::size_t>(before) - digits.size(), '0');
    if (before < 1) {
        digits.insert(0, static_cast<std::size_t>(1 - before), '0');
        before = 1;
    }
    out = (number->negative ? "-" : "") + digits.substr(0, static_cast<std::size_t>(before));
    if (digits.size() > static_cast<std::size_t>(before)) out += "." + digits.substr(static_cast<std::size_t>(before));
    return true;
}

Quantity Quantity::of(double value) {
    if (!(value >= 0 && value <= most)) throw std::invalid_argument("must be 0 to 10^15");
    Quantity made;
    made.value_ = value;
    return made;
}

} // namespace gravity::project
