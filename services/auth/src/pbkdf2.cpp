#include "pbkdf2.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <vector>

namespace gravity::issuer::pbkdf2 {
namespace {

constexpr std::uint32_t most_iterations = 2'000'000;

std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (parts.size() < 6) {
        const auto end = text.find('$');
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string padded(text);
    std::replace(padded.begin(), padded.end(), '.', '+');
    while (padded.ends_with('=')) padded.pop_back();
    padded.append((4 - padded.size() % 4) % 4, '=');
    return base64_decode(padded);
}

// "29000", or "i=29000" with or without ",l=32".
std::optional<std::uint32_t> iterations(std::string_view text, std::size_t key_bytes) {
    if (!text.starts_with("i=")) return number(text);
    const auto comma = text.find(',');
    if (comma != std::string_view::npos && text.substr(comma) != ",l=" + std::to_string(key_bytes)) return std::nullopt;
    return number(text.substr(2, comma == std::string_view::npos ? comma : comma - 2));
}

std::optional<Hash> checked(Hash hash) {
    const bool good = hash.iterations >= 1 && hash.iterations <= most_iterations && !hash.salt.empty() && hash.salt.size() <= 64 && hash.key.size() >= 16 &&
                      hash.key.size() <= 64;
    return good ? std::optional(std::move(hash)) : std::nullopt;
}

} // namespace

std::optional<Hash> parse(std::string_view text) {
    const bool named_by_django = text.starts_with("pbkdf2_");
    if (!named_by_django) {
        if (!text.starts_with("$pbkdf2-")) return std::nullopt;
        text.remove_prefix(1);
    }
    const auto parts = parts_of(text);
    if (parts.size() != 4) return std::nullopt;
    const std::string_view digest = parts[0].substr(7);
    if (digest != "sha256" && digest != "sha512") return std::nullopt;
    auto salt = named_by_django ? std::optional(std::string(parts[2])) : decoded(parts[2]);
    auto key = decoded(parts[3]);
    if (!salt || !key) return std::nullopt;
    const auto count = iterations(parts[1], key->size());
    if (!count) return std::nullopt;
    return checked({digest == "sha512", *count, *std::move(salt), *std::move(key)});
}

bool verify(const Hash& hash, std::string_view password) {
    std::string key(hash.key.size(), '\0');
    const int done = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), reinterpret_cast<const unsigned char*>(hash.salt.data()),
                                       static_cast<int>(hash.salt.size()), static_cast<int>(hash.iterations), hash.sha512 ? EVP_sha512() : EVP_sha256(),
                                       static_cast<int>(key.size()), reinterpret_cast<unsigned char*>(key.data()));
    if (done != 1) throw std::runtime_error("PBKDF2 failed");
    return constant_time_equal(key, hash.key);
}

} // namespace gravity::issuer::pbkdf2
