#include "passwords.hpp"

#include "common_passwords.hpp"
#include "unicode.hpp"

#include <gravity/base/utf8.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

constexpr std::size_t shortest_own_word = 4;

std::vector<char32_t> code_points(std::string_view text) {
    std::vector<char32_t> points;
    while (const auto c = utf8::next(text)) points.push_back(*c);
    return points;
}

bool has_control(const std::vector<char32_t>& password) {
    return std::any_of(password.begin(), password.end(), [](char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); });
}

// Each character is as far from the one before: "aaaaaaaa", "abcdefgh", "87654321".
bool is_run(const std::vector<char32_t>& password) {
    const auto step = static_cast<std::int64_t>(password[1]) - static_cast<std::int64_t>(password[0]);
    if (step < -1 || step > 1) return false;
    for (std::size_t i = 2; i < password.size(); ++i)
        if (static_cast<std::int64_t>(password[i]) - static_cast<std::int64_t>(password[i - 1]) != step) return false;
    return true;
}

// What is left once each word is taken out must be a password of its own length still.
bool is_little_more_than(std::string folded, const std::vector<std::string>& own_words) {
    bool found = false;
    for (const std::string& word : own_words) {
        const std::string own = unicode::nfkc_casefold(word);
        if (utf8::count(own) < shortest_own_word) continue;
        for (std::size_t at = folded.find(own); at != std::string::npos; at = folded.find(own, at)) {
            folded.erase(at, own.size());
            found = true;
        }
    }
    return found && utf8::count(folded) < shortest_password;
}

} // namespace

std::optional<PasswordFault> password_fault(std::string_view password, const std::vector<std::string>& own_words) {
    const std::vector<char32_t> points = code_points(password);
    if (points.size() < shortest_password) return PasswordFault::too_short;
    if (points.size() > longest_password) return PasswordFault::too_long;
    if (has_control(points)) return PasswordFault::control_character;
    if (is_run(points)) return PasswordFault::repetitive;
    const std::string folded = unicode::nfkc_casefold(password);
    if (is_common_password(folded)) return PasswordFault::common;
    if (is_little_more_than(folded, own_words)) return PasswordFault::own_word;
    return std::nullopt;
}

std::string_view explained(PasswordFault fault) {
    switch (fault) {
    case PasswordFault::too_short: return "must have at least 8 characters";
    case PasswordFault::too_long: return "must have at most 256 characters";
    case PasswordFault::control_character: return "must not have control characters";
    case PasswordFault::common: return "is one of the commonest passwords";
    case PasswordFault::repetitive: return "is one character repeated, or a run of characters";
    case PasswordFault::own_word: break;
    }
    return "is little more than a name of the account or of the service";
}

} // namespace gravity::issuer
