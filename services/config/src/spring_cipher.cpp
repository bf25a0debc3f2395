#include "spring_cipher.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>

namespace gravity::config {
namespace {

constexpr std::size_t aes_block_bytes = 16;
constexpr std::size_t spring_vector_bytes = 16;
constexpr std::size_t spring_tag_bytes = 16;
constexpr int spring_iterations = 1'024;
constexpr std::size_t spring_key_bytes = 32;
constexpr std::size_t length_of_block = 2; // bytes in front of a block of RSA
constexpr std::size_t spring_password_bytes = 16; // in that block
constexpr int fewest_pair_bits = 1'024, most_pair_bits = 4'096;

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

struct FreeBio {
    void operator()(BIO* input) const { BIO_free(input); }
};
struct FreeNumber {
    void operator()(BIGNUM* number) const { BN_clear_free(number); }
};
struct FreePairContext {
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using PairContext = std::unique_ptr<EVP_PKEY_CTX, FreePairContext>;

int ask_for_no_passphrase(char*, int, int, void*) { return -1; }

/// A number of a private key; 0: it has none of this name.
int bits_of(const EVP_PKEY* pair, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(pair, name, &number) != 1) return 0;
    const std::unique_ptr<BIGNUM, FreeNumber> owned(number);
    return BN_num_bits(number);
}

/// Two primes, and no number so large that computing with it takes for ever.
bool is_of_usual_numbers(const EVP_PKEY* pair) {
    if (bits_of(pair, OSSL_PKEY_PARAM_RSA_FACTOR3) != 0) return false;
    for (const char* name : {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
                             OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1})
        if (const int bits = bits_of(pair, name); bits == 0 || bits > most_pair_bits) return false;
    return bits_of(pair, OSSL_PKEY_PARAM_RSA_N) >= fewest_pair_bits;
}

std::optional<Secret<>> opened_by_rsa(EVP_PKEY* pair, int padding, std::string_view block) {
    const PairContext context(EVP_PKEY_CTX_new(pair, nullptr));
    std::size_t size = 0;
    const bool ready = context && EVP_PKEY_decrypt_init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1 &&
                       EVP_PKEY_decrypt(context.get(), nullptr, &size, octets(block), block.size()) == 1;
    if (!ready) throw std::runtime_error("RSA cannot be begun");
    std::string text(size, '\0');
    const bool good = EVP_PKEY_decrypt(context.get(), octets(text), &size, octets(block), block.size()) == 1;
    ERR_clear_error();
    std::optional<Secret<>> opened;
    if (good) opened.emplace(text.substr(0, size));
    wipe(text);
    return opened;
}

std::size_t length_in(std::string_view bytes) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) * 256 + static_cast<unsigned char>(bytes[1]);
}

/// The block of RSA, and what stands behind it.
struct PairCipher {
    std::string block, rest;
};

std::optional<PairCipher> read_pair_cipher(std::string_view cipher) {
    const auto bytes = base64_decode(cipher);
    if (!bytes || bytes->size() < length_of_block) return std::nullopt;
    const std::size_t length = length_in(*bytes);
    if (length < fewest_pair_bits / 8 || length > most_pair_bits / 8) return std::nullopt;
    if (bytes->size() < length_of_block + length + spring_vector_bytes + aes_block_bytes) return std::nullopt;
    return PairCipher{bytes->substr(length_of_block, length), bytes->substr(length_of_block + length)};
}

} // namespace

bool is_spring_cipher(std::string_view cipher) {
    return cipher.size() % 2 == 0 && cipher.size() >= 2 * (spring_vector_bytes + aes_block_bytes) && std::all_of(cipher.begin(), cipher.end(), ascii::is_hex);
}

SpringCipherKey::SpringCipherKey(const Secret<>& key, std::string_view salt) : key_(derived_key(key, salt)) {}

std::optional<Secret<>> SpringCipherKey::open(std::string_view cipher) const {
    if (!is_spring_cipher(cipher)) return std::nullopt;
    const auto bytes = hex_decode(cipher);
    return bytes ? open_bytes(*bytes) : std::nullopt;
}

std::optional<Secret<>> SpringCipherKey::open_bytes(std::string_view bytes) const {
    if (bytes.size() < spring_vector_bytes) return std::nullopt;
    const std::string_view vector = bytes.substr(0, spring_vector_bytes), rest = bytes.substr(spring_vector_bytes);
    auto opened = opened_by_gcm(key_, vector, rest);
    if (!opened) opened = opened_by_cbc(key_, vector, rest);
    if (opened && !utf8::valid(opened->reveal())) return std::nullopt;
    return opened;
}

bool is_spring_pair(std::string_view key) { return ascii::trim(key).starts_with("-----BEGIN "); }
bool is_spring_pair_cipher(std::string_view cipher) { return read_pair_cipher(cipher).has_value(); }

Parsed<SpringKeyPair> SpringKeyPair::parse(const Secret<>& pem, std::string_view salt) {
    const std::string& text = pem.reveal();
    const std::unique_ptr<BIO, FreeBio> input(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!input) throw std::bad_alloc();
    std::shared_ptr<EVP_PKEY> pair(PEM_read_bio_PrivateKey(input.get(), nullptr, &ask_for_no_passphrase, nullptr), EVP_PKEY_free);
    const bool usual = pair && EVP_PKEY_is_a(pair.get(), "RSA") == 1 && is_of_usual_numbers(pair.get());
    ERR_clear_error();
    if (!usual) return ParseError{"must be a private key of RSA in PEM, of 1,024 to 4,096 bits, without a passphrase"};
    return SpringKeyPair(std::move(pair), salt);
}

bool SpringKeyPair::is_sound() const {
    const PairContext context(EVP_PKEY_CTX_new(pair_.get(), nullptr));
    const bool sound = context && EVP_PKEY_check(context.get()) == 1;
    ERR_clear_error();
    return sound;
}

std::optional<Secret<>> SpringKeyPair::open(std::string_view cipher) const {
    const auto parts = read_pair_cipher(cipher);
    if (!parts || parts->block.size() != static_cast<std::size_t>(EVP_PKEY_get_size(pair_.get()))) return std::nullopt;
    for (const int padding : {RSA_PKCS1_OAEP_PADDING, RSA_PKCS1_PADDING}) { // the one that proves itself before the one that is guessed
        const auto password = opened_by_rsa(pair_.get(), padding, parts->block);
        if (!password || password->reveal().size() != spring_password_bytes) continue;
        auto opened = SpringCipherKey(Secret<>(hex_encode(password->reveal())), salt_).open_bytes(parts->rest);
        if (opened) return opened;
    }
    return std::nullopt;
}

} // namespace gravity::config
