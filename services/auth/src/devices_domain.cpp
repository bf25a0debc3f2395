#include "devices_model.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

namespace gravity::issuer {
namespace {

constexpr std::string_view letters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t count = 8;

} // namespace

std::string fresh_user_code() {
    std::string code;
    while (code.size() < count)
        for (const char byte : random_bytes(count)) {
            const auto number = static_cast<unsigned char>(byte);
            if (number < 240 && code.size() < count) code += letters[number % letters.size()]; // 240 = 12 · 20: each letter is as likely
        }
    return code;
}

std::string shown_user_code(std::string_view code) { return std::string(code.substr(0, count / 2)) + "-" + std::string(code.substr(count / 2)); }

std::optional<std::string> typed_user_code(std::string_view text) {
    if (text.size() > 64) return std::nullopt;
    std::string code;
    for (const char c : text) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        if (letters.find(upper) != std::string_view::npos)
            code += upper;
        else if (ascii::is_alnum(c))
            return std::nullopt;
    }
    if (code.size() != count) return std::nullopt;
    return code;
}

} // namespace gravity::issuer
