#include "totp.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/http/message.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gravity::issuer::totp {
namespace {

constexpr std::size_t digits = 6;
constexpr std::int64_t window = 1; // steps, either way (RFC 6238 section 5.2)

std::string hmac_sha1(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    if (HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size) ==
        nullptr)
        throw std::runtime_error("HMAC-SHA-1 failed");
    return {reinterpret_cast<const char*>(out.data()), size};
}

std::string without_blanks(std::string_view code) {
    std::string out;
    for (const char c : code)
        if (c != ' ') out += c;
    return out;
}

} // namespace

Secret<> fresh_secret() { return Secret<>(random_bytes(20)); }

std::string base32(std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char byte : bytes) {
        held = held << 8 | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 5; bits -= 5) out += alphabet[held >> (bits - 5) & 31];
    }
    if (bits > 0) out += alphabet[held << (5 - bits) & 31];
    return out;
}

Secret<> app_uri(const Secret<>& secret, std::string_view issuer, std::string_view account) {
    return Secret<>("otpauth://totp/" + http::percent_encode(issuer) + ":" + http::percent_encode(account) + "?secret=" + base32(secret.reveal()) +
                    "&issuer=" + http::percent_encode(issuer) + "&algorithm=SHA1&digits=6&period=30");
}

// Dynamic truncation (RFC 4226 section 5.3).
std::string code_at(std::string_view secret, std::int64_t step) {
    std::string counter(8, '\0');
    for (int i = 7; i >= 0; --i, step >>= 8) counter[static_cast<std::size_t>(i)] = static_cast<char>(step & 0xff);
    const std::string hash = hmac_sha1(secret, counter);
    const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(hash[at])); };
    const std::size_t at = byte(hash.size() - 1) & 15;
    std::uint32_t number = ((byte(at) & 0x7f) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3)) % 1'000'000;
    std::string code(digits, '0');
    for (std::size_t i = digits; i-- > 0; number /= 10) code[i] = static_cast<char>('0' + number % 10);
    return code;
}

std::optional<std::int64_t> step_of(std::string_view secret, std::string_view code, std::int64_t now, std::int64_t last_step) {
    const std::string typed = without_blanks(code.substr(0, 64));
    std::optional<std::int64_t> found;
    for (std::int64_t step = now / step_seconds - window; step <= now / step_seconds + window; ++step) {
        const bool matches = constant_time_equal(code_at(secret, step), typed);
        if (matches && step > last_step && !found) found = step;
    }
    return found;
}

} // namespace gravity::issuer::totp
