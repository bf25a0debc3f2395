#include "path.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::gateway {
namespace {

int hex_digit(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char low = ascii::lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool is_unreserved(char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

/// Appends what "%XX" at `at` stands for. False if it is refused.
bool append_escape(std::string_view raw, std::size_t at, std::string& out) {
    if (at + 2 >= raw.size()) return false;
    const int high = hex_digit(raw[at + 1]), low = hex_digit(raw[at + 2]);
    if (high < 0 || low < 0) return false;
    const char c = static_cast<char>(high * 16 + low);
    if (c == '/' || c == '\\' || c == '\0') return false;
    if (is_unreserved(c)) {
        out += c;
    } else {
        out += {'%', ascii::upper(raw[at + 1]), ascii::upper(raw[at + 2])};
    }
    return true;
}

/// Takes back a segment that turned out to be nothing: `out` ends with "/<segment>" and the next character is '/' or the end.
void finish_segment(std::string& out) {
    const std::size_t slash = out.rfind('/');
    const std::string_view segment = std::string_view(out).substr(slash + 1);
    if (segment == ".") {
        out.resize(slash + 1);
    } else if (segment == "..") {
        const std::size_t parent = slash == 0 ? 0 : out.rfind('/', slash - 1);
        out.resize(parent + 1); // the root's parent is the root
    }
}

} // namespace

std::string_view normalise_path(std::string_view raw, std::string& out) {
    out.clear();
    if (raw.empty()) raw = "/"; // of an absolute-form target
    if (raw.front() != '/') return "The path does not begin with a slash.";
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const char c = raw[i];
        if (c == '/') {
            if (!out.empty()) finish_segment(out);
            if (out.empty() || out.back() != '/') out += '/';
        } else if (c == '%') {
            if (!append_escape(raw, i, out)) return "The path has an escape that is malformed or hides a separator.";
            i += 2;
        } else if (c == '\\') {
            return "The path has a backslash.";
        } else if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
            return "The path has a character that is to be escaped.";
        } else {
            out += c;
        }
    }
    finish_segment(out);
    return {};
}

} // namespace gravity::gateway
