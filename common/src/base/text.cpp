#include <gravity/base/ascii.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/utf8.hpp>

namespace gravity {
namespace {

std::string characters(std::size_t n) { return std::to_string(n) + (n == 1 ? " character" : " characters"); }

std::string length_clause(std::size_t min, std::size_t max) {
    if (min == max) return "must be exactly " + characters(min);
    return "must be " + std::to_string(min) + " to " + characters(max);
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c <= 0x9f); } // category Cc

} // namespace

namespace detail {

bool accept_text(std::string_view in, std::size_t min, std::size_t max, Lines lines, std::string& out,
                 std::string& why) {
    // Bounded before any work: a code point has 4 bytes at most, NFC puts 4 code points into 1 at most, and "\r\n"
    // becomes one.
    if (in.size() / 32 > max) {
        why = length_clause(min, max);
        return false;
    }
    std::string_view rest = in;
    while (!rest.empty()) {
        const auto c = utf8::next(rest);
        if (!c) {
            why = "must be valid UTF-8";
            return false;
        }
        const bool line_break = *c == '\n' || *c == '\r' || *c == '\t' || *c == 0x2028 || *c == 0x2029;
        if (line_break ? lines == Lines::one : is_control(*c)) {
            why = line_break ? "must be one line without tabs" : "must not contain control characters";
            return false;
        }
    }
    out = utf8::nfc(in);
    if (lines == Lines::many && out.find('\r') != std::string::npos) {
        std::string unified;
        unified.reserve(out.size());
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (out[i] == '\r' && i + 1 < out.size() && out[i + 1] == '\n') continue;
            unified.push_back(out[i] == '\r' ? '\n' : out[i]);
        }
        out = std::move(unified);
    }
    const std::size_t length = utf8::count(out);
    if (length < min || length > max) {
        why = length_clause(min, max);
        return false;
    }
    return true;
}

} // namespace detail

bool Slug::accept(std::string_view in, std::string& out, std::string& why) {
    why = "must be 1 to 80 lower-case letters, digits and single hyphens, such as blue-mug";
    if (in.empty() || in.size() > 80 || in.front() == '-' || in.back() == '-') return false;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '-' ? in[i + 1] == '-' : !ascii::is_lower(in[i]) && !ascii::is_digit(in[i])) return false;
    }
    out = in;
    return true;
}

} // namespace gravity
