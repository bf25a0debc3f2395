#include "auth/openssl.hpp"

#include <gravity/auth/ecdsa.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gravity::auth {
namespace {

void require(bool ok, const char* what) {
    if (ok) return;
    ERR_clear_error();
    throw std::runtime_error(std::string("crypto: ") + what + " failed");
}

} // namespace

struct Signer::Data {
    /// Contexts of one key that have signed and are ready to sign again: as many as threads have signed at once. Setting one up looks algorithms up by name and
    /// copies them, which takes nearly as long as an ECDSA signature itself.
    class ReadyContexts {
    public:
        Owned<EVP_PKEY_CTX> take(EVP_PKEY* pair) {
            {
                const std::lock_guard lock(mutex_);
                if (!ready_.empty()) {
                    Owned<EVP_PKEY_CTX> context = std::move(ready_.back());
                    ready_.pop_back();
                    return context;
                }
            }
            Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, pair, nullptr));
            require(context && EVP_PKEY_sign_init(context.get()) == 1, "signing");
            return context;
        }
        void give_back(Owned<EVP_PKEY_CTX> context) {
            const std::lock_guard lock(mutex_);
            ready_.push_back(std::move(context));
        }

    private:
        std::mutex mutex_;
        std::vector<Owned<EVP_PKEY_CTX>> ready_;
    };

    Data(Owned<EVP_PKEY> keys, PublicKey half) : pair(std::move(keys)), public_key(std::move(half)) {}

    Owned<EVP_PKEY> pair;
    PublicKey public_key;
    mutable ReadyContexts contexts; // goes before the pair that they refer to
};

namespace {

EVP_PKEY* fresh_pair(Algorithm algorithm) {
    switch (algorithm) {
    case Algorithm::es256: return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case Algorithm::eddsa: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case Algorithm::rs256: return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    }
    return nullptr;
}

// A sequence of two integers, each with a zero in front.
constexpr std::size_t longest_p256_signature = 2 + 2 * (2 + 1 + p256_bytes);

std::string raw_signature(std::string_view der) {
    auto pair = jws_signature(der);
    require(pair.has_value(), "ECDSA");
    return *std::move(pair);
}

/// No passphrase: without this OpenSSL would ask for one on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

} // namespace

Signer Signer::generate(Algorithm algorithm, std::string kid) {
    Owned<EVP_PKEY> pair(fresh_pair(algorithm));
    require(pair != nullptr, "key generation");
    auto half = public_half(pair.get(), std::move(kid));
    require(half.has_value(), "key generation");
    return Signer(std::make_shared<const Data>(std::move(pair), *std::move(half)));
}

Parsed<Signer> Signer::from_pem(std::string_view pem, std::string kid) {
    if (pem.size() > 64 * 1024) return ParseError{"must be at most 64 KiB"};
    const Owned<BIO> input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!input) throw std::bad_alloc();
    Owned<EVP_PKEY> pair(PEM_read_bio_PrivateKey(input.get(), nullptr, &no_passphrase, nullptr));
    ERR_clear_error();
    if (!pair) return ParseError{"must be an unencrypted private key in PEM"};
    auto half = public_half(pair.get(), std::move(kid));
    if (!half) return ParseError{"must be an EC P-256, an Ed25519 or an RSA key of 2048 to 4096 bits"};
    return Signer(std::make_shared<const Data>(std::move(pair), *std::move(half)));
}

const PublicKey& Signer::public_key() const { return data_->public_key; }
std::string Signer::jwks() const { return KeySet({public_key()}).document(); }

Secret<> Signer::pem() const {
    const Owned<BIO> output(BIO_new(BIO_s_secmem())); // cleared when freed
    require(output &&
                PEM_write_bio_PrivateKey(output.get(), data_->pair.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
            "PEM output");
    char* text = nullptr;
    const long size = BIO_get_mem_data(output.get(), &text);
    return Secret<>(std::string(text, static_cast<std::size_t>(size)));
}

std::string Signer::sign(std::string_view signing_input) const {
    if (algorithm() == Algorithm::es256) { // by far the most tokens
        const std::string digest = sha256(signing_input);
        Owned<EVP_PKEY_CTX> context = data_->contexts.take(data_->pair.get());
        std::string signature(longest_p256_signature, '\0');
        std::size_t size = signature.size();
        require(EVP_PKEY_sign(context.get(), octets(signature), &size, octets(digest), digest.size()) == 1, "signing");
        data_->contexts.give_back(std::move(context));
        signature.resize(size);
        return raw_signature(signature);
    }
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!context) throw std::bad_alloc();
    const char* digest = algorithm() == Algorithm::eddsa ? nullptr : "SHA256";
    require(EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, data_->pair.get(), nullptr) == 1,
            "signing");
    std::size_t size = 0;
    require(EVP_DigestSign(context.get(), nullptr, &size, octets(signing_input), signing_input.size()) == 1, "signing");
    std::string signature(size, '\0');
    require(EVP_DigestSign(context.get(), octets(signature), &size, octets(signing_input), signing_input.size()) == 1,
            "signing");
    signature.resize(size);
    return signature;
}

std::string Signer::token(std::string_view payload, std::string_view type) const {
    std::string header = R"({"alg":")";
    header += to_string(algorithm());
    header += R"(","kid":)";
    append_json_string(header, kid());
    header += R"(,"typ":)";
    append_json_string(header, type);
    header += '}';
    const std::string input = base64url_encode(header) + '.' + base64url_encode(payload);
    return input + '.' + base64url_encode(sign(input));
}

std::string Signer::token(const Claims& claims) const { return token(to_json(claims), "at+jwt"); }

} // namespace gravity::auth
