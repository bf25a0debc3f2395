#include "formats.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

void append_utf16_escape(std::string& out, unsigned unit) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> static_cast<unsigned>(shift) & 15u];
}

void append_code_point(std::string& out, char32_t point) {
    if (point < 0x10000) return append_utf16_escape(out, static_cast<unsigned>(point));
    point -= 0x10000;
    append_utf16_escape(out, 0xD800u + static_cast<unsigned>(point >> 10));
    append_utf16_escape(out, 0xDC00u + static_cast<unsigned>(point & 0x3FF));
}

/// Calls with each code point of valid UTF-8.
template <class F>
void each_code_point(std::string_view text, F call) {
    while (const auto point = utf8::next(text)) call(*point);
}

enum class Side {
    key,
    value
};

void append_escaped(std::string& out, std::string_view text, Side side) {
    bool first = true;
    each_code_point(text, [&](char32_t point) {
        switch (point) {
        case ' ':
            if (first || side == Side::key) out += '\\';
            out += ' ';
            break;
        case '\t': out += "\\t"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\f': out += "\\f"; break;
        case '\\':
        case '=':
        case ':':
        case '#':
        case '!':
            out += '\\';
            out += static_cast<char>(point);
            break;
        default:
            if (point >= 0x20 && point < 0x7f)
                out += static_cast<char>(point);
            else
                append_code_point(out, point);
        }
        first = false;
    });
}

std::string text_of(const Json& value) {
    if (value.is_string()) return value.as_string();
    return value.is_array() ? std::string() : value.dump();
}

// ---- YAML

bool is_word_of_yaml(std::string_view text) { // of 1.1: booleans and null
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    constexpr std::string_view words[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
    return std::find(std::begin(words), std::end(words), lower) != std::end(words);
}

/// What every reader takes for a text although it is not quoted: it begins with a letter, and has nothing that could mean something.
bool is_plain_in_yaml(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (text.empty() || !is_letter(text.front()) || is_word_of_yaml(text)) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || ascii::is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/'; });
}

/// What YAML wants escaped, of the first 65,536.
bool is_unprintable(char32_t point) {
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return true;
    return point == 0x2028 || point == 0x2029 || point == 0xfeff || point == 0xfffe || point == 0xffff;
}

void append_yaml_text(std::string& out, std::string_view text) {
    if (is_plain_in_yaml(text)) {
        out += text;
        return;
    }
    out += '"';
    each_code_point(text, [&](char32_t point) {
        if (point == '"' || point == '\\') {
            out += '\\';
            out += static_cast<char>(point);
        } else if (point == '\n') {
            out += "\\n";
        } else if (point == '\t') {
            out += "\\t";
        } else if (is_unprintable(point)) {
            append_utf16_escape(out, static_cast<unsigned>(point));
        } else {
            utf8::append(out, point);
        }
    });
    out += '"';
}

void append_yaml_scalar(std::string& out, const Json& value) {
    if (value.is_string()) return append_yaml_text(out, value.as_string());
    std::string text = value.dump();
    const auto exponent = text.find_first_of("eE"); // YAML 1.1 reads an exponent only behind a point, and with a sign
    if (value.kind() == Json::Kind::number && exponent != std::string::npos) {
        if (ascii::is_digit(text[exponent + 1])) text.insert(exponent + 1, "+");
        if (text.find('.') == std::string::npos) text.insert(exponent, ".0");
    }
    out += text;
}

bool has_lines(const Json& value) { return (value.is_object() || value.is_array()) && value.size() > 0; }

void append_yaml(std::string& out, const Json& value, std::size_t indent);

void append_yaml_part(std::string& out, const Json& value, std::size_t indent) {
    if (has_lines(value)) {
        out += '\n';
        return append_yaml(out, value, indent + 2);
    }
    out += ' ';
    append_yaml(out, value, 0);
    out += '\n';
}

void append_yaml(std::string& out, const Json& value, std::size_t indent) {
    if (value.is_object()) {
        if (value.size() == 0) out += "{}";
        for (const auto& [name, member] : value.as_object()) {
            out.append(indent, ' ');
            append_yaml_text(out, name);
            out += ':';
            append_yaml_part(out, member, indent);
        }
    } else if (value.is_array()) {
        if (value.size() == 0) out += "[]";
        for (const Json& item : value.as_array()) {
            out.append(indent, ' ').append("-");
            append_yaml_part(out, item, indent);
        }
    } else {
        append_yaml_scalar(out, value);
    }
}

} // namespace

std::string to_properties(const Items& items) {
    std::string out;
    for (const auto& [key, value] : items) {
        append_escaped(out, key, Side::key);
        out += '=';
        append_escaped(out, text_of(value), Side::value);
        out += '\n';
    }
    return out;
}

std::string to_yaml(const Json& tree) {
    std::string out;
    append_yaml(out, tree, 0);
    if (out == "{}") out += '\n';
    return out;
}

} // namespace gravity::config
