#include "mailed_codes_model.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

namespace gravity::issuer {
namespace {

constexpr std::size_t mailed_digits = 8;

} // namespace

std::string fresh_mailed_code() {
    std::string code;
    while (code.size() < mailed_digits)
        for (const char byte : random_bytes(mailed_digits)) {
            const auto number = static_cast<unsigned char>(byte);
            if (number < 250 && code.size() < mailed_digits) code += static_cast<char>('0' + number % 10); // 250 = 25 · 10: each digit is as likely
        }
    return code;
}

std::string typed_mailed_code(std::string_view text) {
    std::string code;
    for (const char c : text.substr(0, 64)) {
        if (ascii::is_digit(c))
            code += c;
        else if (c != '-' && c != ' ')
            return {};
    }
    return code.size() == mailed_digits ? code : std::string();
}

} // namespace gravity::issuer
