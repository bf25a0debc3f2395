#include <gravity/base/crypto.hpp>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <limits>
#include <stdexcept>

namespace gravity {
namespace {

const unsigned char* bytes(std::string_view data) { return reinterpret_cast<const unsigned char*>(data.data()); }
unsigned char* bytes(std::string& data) { return reinterpret_cast<unsigned char*>(data.data()); }

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("crypto: ") + what + " failed");
}

/// Fetched once: looking an algorithm up by name costs more than hashing a short text with it.
const EVP_MD* sha256_md() {
    static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(md != nullptr, "SHA-256");
    return md;
}
const EVP_CIPHER* aes256_gcm() {
    static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    require(cipher != nullptr, "AES-256-GCM");
    return cipher;
}

struct Free {
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
    void operator()(EVP_KDF* p) const { EVP_KDF_free(p); }
    void operator()(EVP_KDF_CTX* p) const { EVP_KDF_CTX_free(p); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;

int length_of(std::string_view data) {
    if (data.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw std::length_error("crypto: more than 2 GiB at once");
    return static_cast<int>(data.size());
}

void check_gcm(std::string_view key, std::string_view nonce) {
    if (key.size() != aes256_key_bytes) throw std::invalid_argument("AES-256 takes a key of 32 bytes");
    if (nonce.size() != gcm_nonce_bytes) throw std::invalid_argument("GCM takes a nonce of 12 bytes");
}

} // namespace

void fill_random(void* out, std::size_t count) {
    require(RAND_bytes_ex(nullptr, static_cast<unsigned char*>(out), count, 0) == 1, "random generator");
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    fill_random(out.data(), count);
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string sha256(std::string_view data) {
    std::string out(32, '\0');
    unsigned size = 0;
    require(EVP_Digest(data.data(), data.size(), bytes(out), &size, sha256_md(), nullptr) == 1, "SHA-256");
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
    std::string out(32, '\0');
    unsigned size = 0;
    // A null key pointer would mean "the key of the last call" to HMAC().
    const char* key_data = key.empty() ? "" : key.data();
    require(HMAC(sha256_md(), key_data, length_of(key), bytes(data), data.size(), bytes(out), &size) != nullptr,
            "HMAC");
    return out;
}

std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t size) {
    const std::unique_ptr<EVP_KDF, Free> kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
    require(kdf != nullptr, "HKDF");
    const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(kdf.get()));
    require(context != nullptr, "HKDF");
    char digest[] = "SHA256";
    const auto octets = [](const char* name, std::string_view value) {
        return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.empty() ? "" : value.data()),
                                                 value.size());
    };
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                 octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
                                 octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
    std::string out(size, '\0');
    require(EVP_KDF_derive(context.get(), bytes(out), out.size(), params) == 1, "HKDF");
    return out;
}

struct Sha256::State {
    DigestContext context{EVP_MD_CTX_new()};
    void begin() { require(context && EVP_DigestInit_ex2(context.get(), sha256_md(), nullptr) == 1, "SHA-256"); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->begin(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view data) {
    require(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) == 1, "SHA-256");
}

std::string Sha256::finish() {
    std::string out(32, '\0');
    require(EVP_DigestFinal_ex(state_->context.get(), bytes(out), nullptr) == 1, "SHA-256");
    state_->begin();
    return out;
}

std::string aes256_gcm_seal(std::string_view key, std::string_view nonce, std::string_view plaintext,
                            std::string_view associated) {
    check_gcm(key, nonce);
    const CipherContext context(EVP_CIPHER_CTX_new());
    int written = 0;
    std::string out(plaintext.size() + gcm_tag_bytes, '\0');
    bool ok = context && EVP_EncryptInit_ex2(context.get(), aes256_gcm(), bytes(key), bytes(nonce), nullptr) == 1;
    ok = ok && (associated.empty() ||
                EVP_EncryptUpdate(context.get(), nullptr, &written, bytes(associated), length_of(associated)) == 1);
    ok = ok && (plaintext.empty() ||
                EVP_EncryptUpdate(context.get(), bytes(out), &written, bytes(plaintext), length_of(plaintext)) == 1);
    ok = ok && EVP_EncryptFinal_ex(context.get(), bytes(out) + plaintext.size(), &written) == 1;
    ok = ok &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, gcm_tag_bytes, bytes(out) + plaintext.size()) == 1;
    require(ok, "AES-256-GCM");
    return out;
}

std::optional<std::string> aes256_gcm_open(std::string_view key, std::string_view nonce, std::string_view sealed,
                                           std::string_view associated) {
    check_gcm(key, nonce);
    if (sealed.size() < gcm_tag_bytes) return std::nullopt;
    const std::string_view ciphertext = sealed.substr(0, sealed.size() - gcm_tag_bytes);
    std::string tag(sealed.substr(ciphertext.size()));
    const CipherContext context(EVP_CIPHER_CTX_new());
    int written = 0;
    std::string out(ciphertext.size(), '\0');
    bool ok = context && EVP_DecryptInit_ex2(context.get(), aes256_gcm(), bytes(key), bytes(nonce), nullptr) == 1;
    ok = ok && (associated.empty() ||
                EVP_DecryptUpdate(context.get(), nullptr, &written, bytes(associated), length_of(associated)) == 1);
    ok = ok && (ciphertext.empty() ||
                EVP_DecryptUpdate(context.get(), bytes(out), &written, bytes(ciphertext), length_of(ciphertext)) == 1);
    ok = ok && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, gcm_tag_bytes, tag.data()) == 1;
    require(ok, "AES-256-GCM");
    unsigned char rest[gcm_tag_bytes];
    if (EVP_DecryptFinal_ex(context.get(), rest, &written) != 1) {
        OPENSSL_cleanse(out.data(), out.size()); // unauthenticated plaintext goes nowhere
        return std::nullopt;
    }
    return out;
}

} // namespace gravity
