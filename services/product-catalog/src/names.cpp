#include "names.hpp"

#include "characters.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>

namespace gravity::product_catalog {
namespace {

bool within(std::string_view in, std::size_t max, std::string& why) {
    if (!in.empty() && in.size() <= max) return true;
    why = "must be 1 to " + std::to_string(max) + " characters";
    return false;
}

} // namespace

bool AttributeName::accept(std::string_view in, std::string& out, std::string& why) {
    if (!within(in, 60, why)) return false;
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto taken = [&](char c) { return lower(c) || ascii::is_digit(c) || c == '_'; };
    if (!lower(in.front()) || !std::all_of(in.begin(), in.end(), taken)) {
        why = "must have lower-case letters, digits and underscores only, and begin with a letter";
        return false;
    }
    out = in;
    return true;
}

bool Key::accept(std::string_view in, std::string& out, std::string& why) {
    if (!within(in, 60, why)) return false;
    bool separated = true; // at the start, and after a separator, a letter or digit must come
    for (const char c : in) {
        const bool separator = c == '.' || c == '_' || c == '-';
        if (separator ? separated : !ascii::is_alnum(c)) {
            why = "must have letters, digits, and single '.', '_' or '-' between them";
            return false;
        }
        separated = separator;
    }
    if (separated) {
        why = "must end with a letter or digit";
        return false;
    }
    out = in;
    return true;
}

bool PageSlug::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.size() > 80 * 4 || !utf8::valid(in)) {
        why = "must be 1 to 80 characters of UTF-8";
        return false;
    }
    out = utf8::nfc(in);
    if (out.empty() || utf8::count(out) > 80) {
        why = "must be 1 to 80 characters";
        return false;
    }
    bool hyphen = true;
    for (std::string_view rest = out; !rest.empty();) {
        const char32_t c = *utf8::next(rest);
        if (c == U'-' ? hyphen : !characters::is_slug_character(c)) {
            why = "must have lower-case letters and digits, with single hyphens between";
            return false;
        }
        hyphen = c == U'-';
    }
    if (hyphen) {
        why = "must not end with a hyphen";
        return false;
    }
    return true;
}

} // namespace gravity::product_catalog
