#include "refresh_seal.hpp"

#include <gravity/base/crypto.hpp>

namespace gravity::issuer {
namespace {

constexpr std::string_view purpose = "gravity refresh answer";

std::string key_of(std::string_view token, std::string_view thumbprint) {
    return hkdf_sha256(token, {}, std::string(purpose) + " " + std::string(thumbprint), aes256_key_bytes);
}

} // namespace

// The key seals one text, ever: a random nonce is more than is needed.
std::string seal_answer(std::string_view token, std::string_view thumbprint, std::string_view answer) {
    const std::string nonce = random_bytes(gcm_nonce_bytes);
    return nonce + aes256_gcm_seal(key_of(token, thumbprint), nonce, answer, purpose);
}

std::optional<std::string> open_answer(std::string_view token, std::string_view thumbprint, std::string_view sealed) {
    if (sealed.size() < gcm_nonce_bytes) return std::nullopt;
    return aes256_gcm_open(key_of(token, thumbprint), sealed.substr(0, gcm_nonce_bytes), sealed.substr(gcm_nonce_bytes), purpose);
}

} // namespace gravity::issuer
