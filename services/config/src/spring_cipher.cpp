#include "spring_cipher.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace gravity::config {
namespace {

constexpr std::size_t aes_block_bytes = 16;
constexpr std::size_t spring_vector_bytes = 16;
constexpr std::size_t spring_tag_bytes = 16;
constexpr int spring_iterations = 1'024;
constexpr std::size_t spring_key_bytes = 32;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

CipherContext deciphering(const EVP_CIPHER* cipher, const Secret<>& key, std::string_view vector) {
    CipherContext context(EVP_CIPHER_CTX_new());
    bool ready = context && EVP_DecryptInit_ex(context.get(), cipher, nullptr, nullptr, nullptr) == 1;
    if (ready && EVP_CIPHER_get_mode(cipher) == EVP_CIPH_GCM_MODE)
        ready = EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(vector.size()), nullptr) == 1;
    if (!ready || EVP_DecryptInit_ex(context.get(), nullptr, nullptr, octets(key.reveal()), octets(vector)) != 1)
        throw std::runtime_error("AES cannot be begun");
    return context;
}

/// What comes of these bytes, once their end proves to be right; nothing otherwise.
std::optional<Secret<>> deciphered(EVP_CIPHER_CTX* context, std::string_view bytes) {
    std::string text(bytes.size() + aes_block_bytes, '\0');
    int written = 0, rest = 0;
    const bool good = EVP_DecryptUpdate(context, octets(text), &written, octets(bytes), static_cast<int>(bytes.size())) == 1 &&
                      EVP_DecryptFinal_ex(context, octets(text) + written, &rest) == 1;
    if (!good) {
        wipe(text);
        return std::nullopt;
    }
    Secret<> secret(text.substr(0, static_cast<std::size_t>(written + rest)));
    wipe(text);
    return secret;
}

std::optional<Secret<>> opened_by_gcm(const Secret<>& key, std::string_view vector, std::string_view bytes) {
    if (bytes.size() < spring_tag_bytes) return std::nullopt;
    std::string tag(bytes.substr(bytes.size() - spring_tag_bytes));
    const CipherContext context = deciphering(EVP_aes_256_gcm(), key, vector);
    if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag.size()), tag.data()) != 1) return std::nullopt;
    return deciphered(context.get(), bytes.substr(0, bytes.size() - spring_tag_bytes));
}

std::optional<Secret<>> opened_by_cbc(const Secret<>& key, std::string_view vector, std::string_view bytes) {
    if (bytes.empty() || bytes.size() % aes_block_bytes != 0) return std::nullopt;
    const CipherContext context = deciphering(EVP_aes_256_cbc(), key, vector);
    return deciphered(context.get(), bytes);
}

Secret<> derived_key(const Secret<>& key, std::string_view salt) {
    std::string bytes(spring_key_bytes, '\0');
    const std::string& text = key.reveal();
    const int done = PKCS5_PBKDF2_HMAC(text.data(), static_cast<int>(text.size()), octets(salt), static_cast<int>(salt.size()), spring_iterations,
                                       EVP_sha1(), static_cast<int>(bytes.size()), octets(bytes));
    if (done != 1) throw std::runtime_error("PBKDF2 failed");
    return Secret<>(std::move(bytes));
}

} // namespace

bool is_spring_cipher(std::string_view cipher) {
    return cipher.size() % 2 == 0 && cipher.size() >= 2 * (spring_vector_bytes + aes_block_bytes) && std::all_of(cipher.begin(), cipher.end(), ascii::is_hex);
}

SpringCipherKey::SpringCipherKey(const Secret<>& key, std::string_view salt) : key_(derived_key(key, salt)) {}

std::optional<Secret<>> SpringCipherKey::open(std::string_view cipher) const {
    if (!is_spring_cipher(cipher)) return std::nullopt;
    const auto bytes = hex_decode(cipher);
    if (!bytes) return std::nullopt;
    const std::string_view vector = std::string_view(*bytes).substr(0, spring_vector_bytes), rest = std::string_view(*bytes).substr(spring_vector_bytes);
    auto opened = opened_by_gcm(key_, vector, rest);
    if (!opened) opened = opened_by_cbc(key_, vector, rest);
    if (opened && !utf8::valid(opened->reveal())) return std::nullopt;
    return opened;
}

} // namespace gravity::config
