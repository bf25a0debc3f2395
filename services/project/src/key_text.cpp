#include "key_text.hpp"

#include "projects_model.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace gravity::project::key_text {
namespace {

constexpr std::string_view prefix = "grv_";
constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t public_digits = 12, secret_digits = 43, check_digits = 6; // 62^43 > 2^256, 62^6 > 2^32

bool in_alphabet(std::string_view text) { return std::all_of(text.begin(), text.end(), ascii::is_alnum); }

// What eight bits come to, for each byte: once a key is shown, its check is reckoned.
constexpr std::array<std::uint32_t, 256> crc_of_bytes = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        table[byte] = byte;
        for (int bit = 0; bit < 8; ++bit) table[byte] = (table[byte] >> 1) ^ ((table[byte] & 1) != 0 ? 0xedb88320 : 0);
    }
    return table;
}();

// Bytes from 248 on are thrown away: the rest falls into 62 classes of four each.
std::string random_digits(std::size_t count) {
    std::string digits;
    while (digits.size() < count) {
        std::string bytes = random_bytes(count);
        for (const char c : bytes)
            if (const auto byte = static_cast<unsigned char>(c); byte < 248 && digits.size() < count) digits += alphabet[byte % 62];
        wipe(bytes);
    }
    return digits;
}

std::string check_of(std::string_view text) {
    std::string digits(check_digits, alphabet[0]);
    std::uint32_t rest = crc32(text);
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest /= 62) *digit = alphabet[rest % 62];
    return digits;
}

} // namespace

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) crc = (crc >> 8) ^ crc_of_bytes[(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return ~crc;
}

Fresh fresh(std::string_view environment) {
    Fresh made{random_digits(public_digits), {}};
    std::string secret = random_digits(secret_digits);
    std::string text = std::string(prefix) + std::string(environment) + "_" + made.public_id + "_" + secret;
    wipe(secret);
    text += check_of(text);
    made.text = Secret<>(std::move(text));
    return made;
}

std::optional<std::string> public_id_of(std::string_view text) {
    constexpr std::size_t behind_environment = 1 + public_digits + 1 + secret_digits + check_digits;
    if (!text.starts_with(prefix) || text.size() < prefix.size() + 1 + behind_environment) return std::nullopt;
    const std::string_view environment = text.substr(prefix.size(), text.size() - prefix.size() - behind_environment);
    const std::string_view rest = text.substr(prefix.size() + environment.size());
    if (!EnvironmentName::parse(environment) || rest[0] != '_' || rest[1 + public_digits] != '_') return std::nullopt;
    const std::string_view id = rest.substr(1, public_digits), secret = rest.substr(1 + public_digits + 1, secret_digits);
    if (!in_alphabet(id) || !in_alphabet(secret)) return std::nullopt;
    const std::size_t before_check = text.size() - check_digits;
    if (check_of(text.substr(0, before_check)) != text.substr(before_check)) return std::nullopt;
    return std::string(id);
}

Bytes hash_of(std::string_view text) { return Bytes(sha256(text)); }

} // namespace gravity::project::key_text
