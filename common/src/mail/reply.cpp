#include "mail/reply.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace gravity::mail {
namespace {

constexpr std::size_t longest_line = 2'048, longest_reply = 8 * 1024, most_lines = 64;

[[noreturn]] void malformed() { throw std::invalid_argument("no SMTP reply"); }

int code_of(std::string_view text) {
    if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !ascii::is_digit(text[1]) || !ascii::is_digit(text[2])) malformed();
    if (text.size() > 3 && text[3] != ' ' && text[3] != '-') malformed();
    return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

// "5.1.1" of RFC 3463.
bool is_enhanced(std::string_view text) {
    return text.size() >= 5 && text.size() <= 9 && std::count(text.begin(), text.end(), '.') == 2 && text[1] == '.' && text.back() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || ascii::is_digit(c); });
}

void note_mechanisms(Features& features, std::string_view names) {
    for (const std::string_view name : ascii::split(names, ' ')) {
        features.plain = features.plain || ascii::iequals(name, "PLAIN");
        features.login = features.login || ascii::iequals(name, "LOGIN");
    }
}

} // namespace

std::string Reply::codes() const {
    const std::string_view first = lines.empty() ? std::string_view() : std::string_view(lines.front());
    const std::string_view word = first.substr(0, first.find(' '));
    return std::to_string(code) + (is_enhanced(word) ? " " + std::string(word) : std::string());
}

std::optional<Reply> take_reply(std::string& received) {
    Reply reply;
    for (std::size_t at = 0;;) {
        const std::size_t end = received.find("\r\n", at);
        const std::size_t size = std::min(end, received.size()) - at;
        if (size > longest_line || at + size > longest_reply || reply.lines.size() == most_lines) malformed();
        if (end == std::string::npos) return std::nullopt;
        const std::string_view line = std::string_view(received).substr(at, size);
        const int code = code_of(line);
        if (!reply.lines.empty() && code != reply.code) malformed();
        reply.code = code;
        const bool last = line.size() == 3 || line[3] == ' ';
        reply.lines.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
        at = end + 2;
        if (!last) continue;
        received.erase(0, at);
        return reply;
    }
}

Features features_of(const Reply& reply) {
    Features features;
    for (std::size_t i = 1; i < reply.lines.size(); ++i) { // the first greets
        const std::string_view line = reply.lines[i];
        const std::size_t space = line.find_first_of(" =");
        const std::string_view name = line.substr(0, space);
        const std::string_view rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
        if (ascii::iequals(name, "STARTTLS")) features.starttls = true;
        if (ascii::iequals(name, "SMTPUTF8")) features.utf8 = true;
        if (ascii::iequals(name, "AUTH")) note_mechanisms(features, rest); // some old servers say "AUTH=LOGIN"
        if (!ascii::iequals(name, "SIZE")) continue;
        std::uint64_t most = 0;
        std::from_chars(rest.data(), rest.data() + rest.size(), most); // RFC 1870 section 3: it may lack, and then tells nothing
        features.size = most;
    }
    return features;
}

std::string stuffed(const std::string& text) {
    std::string out;
    out.reserve(text.size() + 64);
    bool begins = true;
    for (const char c : text) {
        if (begins && c == '.') out += '.';
        out += c;
        begins = c == '\n';
    }
    return out + ".\r\n";
}

} // namespace gravity::mail
