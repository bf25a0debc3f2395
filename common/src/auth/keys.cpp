#include "auth/openssl.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gravity::auth {
namespace {

constexpr std::array<std::string_view, 3> algorithm_names{"ES256", "EdDSA", "RS256"};
constexpr std::size_t max_kid_bytes = 256;
constexpr int min_rsa_bits = 2048;
constexpr int max_rsa_bits = 4096; // verification grows with the square: a hostile set must not slow the verifier

using Built = Parsed<PublicKey::Data>;

const std::string* text_member(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    return member && member->is_string() ? &member->as_string() : nullptr;
}

std::optional<std::string> octets_member(const Json& jwk, std::string_view name) {
    const std::string* text = text_member(jwk, name);
    return text ? base64url_decode(*text) : std::nullopt;
}

/// A public key from its parameters; null if OpenSSL refuses them (point not on the curve, even modulus).
Owned<EVP_PKEY> build(const char* type, OSSL_PARAM_BLD* builder) {
    const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1) {
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get());
    }
    Owned<EVP_PKEY> owned(key);
    if (owned) {
        const Owned<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, owned.get(), nullptr));
        if (!check || EVP_PKEY_public_check(check.get()) != 1) owned.reset();
    }
    ERR_clear_error(); // refusals are told by the result; the thread's error queue is not left growing
    return owned;
}

std::string ec_members(std::string_view x, std::string_view y) {
    return R"("crv":"P-256","kty":"EC","x":")" + base64url_encode(x) + R"(","y":")" + base64url_encode(y) + '"';
}
std::string okp_members(std::string_view x) {
    return R"("crv":"Ed25519","kty":"OKP","x":")" + base64url_encode(x) + '"';
}
std::string rsa_members(std::string_view e, std::string_view n) {
    return R"("e":")" + base64url_encode(e) + R"(","kty":"RSA","n":")" + base64url_encode(n) + '"';
}

Built build_ec(const Json& jwk) {
    const std::string* curve = text_member(jwk, "crv");
    if (!curve || *curve != "P-256") return ParseError{"its curve is not P-256"};
    const auto x = octets_member(jwk, "x");
    const auto y = octets_member(jwk, "y");
    // The full size of a coordinate, always (RFC 7518 section 6.2.1.2).
    if (!x || !y || x->size() != p256_bytes || y->size() != p256_bytes)
        return ParseError{"its coordinates are not 32 bytes each"};
    const std::string point = '\x04' + *x + *y;
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder) throw std::bad_alloc();
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    PublicKey::Data data{build("EC", builder.get()), Algorithm::es256, {}, ec_members(*x, *y)};
    if (!data.key) return ParseError{"its point is not on the curve"};
    return data;
}

Built build_okp(const Json& jwk) {
    const std::string* curve = text_member(jwk, "crv");
    if (!curve || *curve != "Ed25519") return ParseError{"its curve is not Ed25519"};
    const auto x = octets_member(jwk, "x");
    if (!x || x->size() != ed25519_bytes) return ParseError{"its public key is not 32 bytes"};
    PublicKey::Data data{Owned<EVP_PKEY>(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(*x), x->size())),
                         Algorithm::eddsa,
                         {},
                         okp_members(*x)};
    if (!data.key) return ParseError{"its public key is refused"};
    return data;
}

Built build_rsa(const Json& jwk) {
    auto n = octets_member(jwk, "n");
    auto e = octets_member(jwk, "e");
    if (!n || !e) return ParseError{"it has no modulus or exponent"};
    // Leading zeros are wrong (RFC 7518 section 2, Base64urlUInt) and common among foreign providers; without them they
    // mean the same.
    n->erase(0, n->find_first_not_of('\0'));
    e->erase(0, e->find_first_not_of('\0'));
    if (n->empty() || e->empty() || e->size() > 4) return ParseError{"it has no usable modulus and exponent"};
    if (n->size() > max_rsa_bits / 8) return ParseError{"it is longer than 4096 bits"};
    const Owned<BIGNUM> modulus(BN_bin2bn(octets(*n), static_cast<int>(n->size()), nullptr));
    const Owned<BIGNUM> exponent(BN_bin2bn(octets(*e), static_cast<int>(e->size()), nullptr));
    if (!modulus || !exponent) throw std::bad_alloc();
    if (BN_num_bits(modulus.get()) < min_rsa_bits) return ParseError{"it is shorter than 2048 bits"};
    if (!BN_is_odd(modulus.get())) return ParseError{"its modulus is even"};
    if (!BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) return ParseError{"its exponent is even or one"};
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder) throw std::bad_alloc();
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
    PublicKey::Data data{build("RSA", builder.get()), Algorithm::rs256, {}, rsa_members(*e, *n)};
    if (!data.key) return ParseError{"its modulus is refused"};
    return data;
}

/// Why a JWK's own words rule it out as a key for signatures; empty if they do not.
std::string ruled_out(const Json& jwk) {
    for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        if (jwk.find(secret)) return "it contains private or secret members";
    }
    if (const Json* use = jwk.find("use"); use && (!use->is_string() || use->as_string() != "sig"))
        return "its use is not sig";
    if (const Json* operations = jwk.find("key_ops")) {
        const bool verifies = operations->is_array() &&
                              std::any_of(operations->as_array().begin(), operations->as_array().end(),
                                          [](const Json& op) { return op.is_string() && op.as_string() == "verify"; });
        if (!verifies) return "its key_ops lack verify";
    }
    return {};
}

std::string der_signature(std::string_view raw) {
    const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
    Owned<BIGNUM> r(BN_bin2bn(octets(raw), p256_bytes, nullptr));
    Owned<BIGNUM> s(BN_bin2bn(octets(raw) + p256_bytes, p256_bytes, nullptr));
    if (!signature || !r || !s) throw std::bad_alloc();
    ECDSA_SIG_set0(signature.get(), r.release(), s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &der);
    const Owned<unsigned char> owned(der);
    if (size <= 0) throw std::bad_alloc();
    return {reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
}

const EVP_MD* sha256_md() {
    static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (!md) throw std::runtime_error("crypto: SHA-256 is not available");
    return md;
}

std::optional<std::string> big_endian(EVP_PKEY* key, const char* name, std::size_t size) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
    const Owned<BIGNUM> owned(number);
    if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(number));
    std::string out(size, '\0');
    if (BN_bn2binpad(number, octets(out), static_cast<int>(size)) < 0) return std::nullopt;
    return out;
}

} // namespace

std::string_view to_string(Algorithm algorithm) { return algorithm_names[static_cast<std::size_t>(algorithm)]; }

std::optional<Algorithm> algorithm_from(std::string_view name) {
    const auto found = std::find(algorithm_names.begin(), algorithm_names.end(), name);
    if (found == algorithm_names.end()) return std::nullopt;
    return static_cast<Algorithm>(found - algorithm_names.begin());
}

Parsed<PublicKey> PublicKey::from_jwk(const Json& jwk) {
    const std::string* type = text_member(jwk, "kty");
    if (!type) return ParseError{"it is no object with a kty"};
    if (auto why = ruled_out(jwk); !why.empty()) return ParseError{std::move(why)};
    auto built = *type == "EC"    ? build_ec(jwk)
                 : *type == "OKP" ? build_okp(jwk)
                 : *type == "RSA" ? build_rsa(jwk)
                                  : Built(ParseError{"its type is not EC, OKP or RSA"});
    if (!built) return ParseError{built.why()};
    PublicKey::Data data = *std::move(built);
    if (const Json* alg = jwk.find("alg");
        alg && (!alg->is_string() || alg->as_string() != to_string(data.algorithm))) {
        return ParseError{"its alg is not its type's"};
    }
    if (const Json* kid = jwk.find("kid")) {
        if (!kid->is_string() || kid->as_string().empty() || kid->as_string().size() > max_kid_bytes)
            return ParseError{"its kid is no text of 1 to 256 bytes"};
        data.kid = kid->as_string();
    }
    return PublicKey(std::make_shared<const Data>(std::move(data)));
}

Parsed<PublicKey> PublicKey::parse(std::string_view jwk_text) {
    if (jwk_text.size() > KeySet::max_document_bytes) return ParseError{"it is too large"};
    const auto json = Json::parse(jwk_text);
    if (!json) return ParseError{json.why()};
    return from_jwk(*json);
}

Algorithm PublicKey::algorithm() const { return data_->algorithm; }
const std::string& PublicKey::kid() const { return data_->kid; }
std::string PublicKey::thumbprint() const { return base64url_encode(sha256('{' + data_->required_members + '}')); }

std::string PublicKey::jwk() const {
    std::string out = "{";
    if (!data_->kid.empty()) {
        out += R"("kid":)";
        append_json_string(out, data_->kid);
        out += ',';
    }
    out += R"("alg":")";
    out += to_string(data_->algorithm);
    out += R"(","use":"sig",)";
    out += data_->required_members;
    out += '}';
    return out;
}

bool PublicKey::verify(std::string_view signing_input, std::string_view signature) const {
    const bool raw_pair = data_->algorithm == Algorithm::es256;
    const std::size_t expected =
        data_->algorithm == Algorithm::rs256 ? static_cast<std::size_t>(EVP_PKEY_get_size(data_->key.get())) : 64;
    if (signature.size() != expected) return false;
    const std::string der = raw_pair ? der_signature(signature) : std::string();
    const std::string_view given = raw_pair ? std::string_view(der) : signature;
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!context) throw std::bad_alloc();
    const EVP_MD* digest = data_->algorithm == Algorithm::eddsa ? nullptr : sha256_md();
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, data_->key.get()) == 1 &&
        EVP_DigestVerify(context.get(), octets(given), given.size(), octets(signing_input), signing_input.size()) == 1;
    if (!good) ERR_clear_error();
    return good;
}

std::optional<PublicKey> public_half(EVP_PKEY* pair, std::string kid) {
    PublicKey::Data data;
    if (EVP_PKEY_is_a(pair, "EC")) {
        char group[64]{};
        const auto x = big_endian(pair, OSSL_PKEY_PARAM_EC_PUB_X, p256_bytes);
        const auto y = big_endian(pair, OSSL_PKEY_PARAM_EC_PUB_Y, p256_bytes);
        if (EVP_PKEY_get_group_name(pair, group, sizeof group, nullptr) != 1 ||
            std::string_view(group) != "prime256v1" || !x || !y)
            return {};
        data.algorithm = Algorithm::es256;
        data.required_members = ec_members(*x, *y);
    } else if (EVP_PKEY_is_a(pair, "ED25519")) {
        std::string x(ed25519_bytes, '\0');
        std::size_t size = x.size();
        if (EVP_PKEY_get_raw_public_key(pair, octets(x), &size) != 1) return {};
        data.algorithm = Algorithm::eddsa;
        data.required_members = okp_members(x);
    } else if (EVP_PKEY_is_a(pair, "RSA")) {
        const auto n = big_endian(pair, OSSL_PKEY_PARAM_RSA_N, 0);
        const auto e = big_endian(pair, OSSL_PKEY_PARAM_RSA_E, 0);
        if (!n || !e) return {};
        data.algorithm = Algorithm::rs256;
        data.required_members = rsa_members(*e, *n);
    } else {
        return {};
    }
    // Through the JWK, so that the same rules hold and the private half is not carried along.
    auto half = PublicKey::parse('{' + data.required_members + '}');
    if (!half) return {};
    if (EVP_PKEY_up_ref(half->data().key.get()) != 1) throw std::bad_alloc();
    data.key.reset(half->data().key.get());
    data.kid = kid.empty() ? half->thumbprint() : std::move(kid);
    return PublicKey(std::make_shared<const PublicKey::Data>(std::move(data)));
}

KeySet::KeySet(std::vector<PublicKey> keys) : keys_(std::move(keys)) {
    std::vector<std::string> documents;
    for (const PublicKey& key : keys_) documents.push_back(key.jwk());
    std::sort(documents.begin(), documents.end());
    Sha256 hash;
    for (const std::string& text : documents) hash.update(text);
    fingerprint_ = hash.finish();
}

Parsed<KeySet> KeySet::parse(std::string_view document) {
    if (document.size() > max_document_bytes) return ParseError{"must be at most 256 KiB"};
    const auto json = Json::parse(document);
    if (!json) return ParseError{json.why()};
    const Json* list = json->find("keys");
    if (!list || !list->is_array()) return ParseError{"must be an object with an array \"keys\""};
    if (list->size() > max_keys) return ParseError{"must have at most 100 keys"};
    std::vector<PublicKey> keys;
    std::vector<std::string> ignored;
    for (const Json& jwk : list->as_array()) {
        auto key = PublicKey::from_jwk(jwk);
        const auto twin = [&](const PublicKey& other) {
            return other.kid() == key->kid() && other.algorithm() == key->algorithm();
        };
        const std::string which = "key " + std::to_string(keys.size() + ignored.size() + 1) + ": ";
        if (!key) {
            ignored.push_back(which + key.why());
        } else if (key->kid().empty()) {
            ignored.push_back(which + "it has no kid");
        } else if (std::any_of(keys.begin(), keys.end(), twin)) {
            ignored.push_back(which + "its kid is taken by an earlier key");
        } else {
            keys.push_back(*std::move(key));
        }
    }
    KeySet set(std::move(keys));
    set.ignored_ = std::move(ignored);
    return set;
}

bool KeySet::has(std::string_view kid) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const PublicKey& key) { return key.kid() == kid; });
}

const PublicKey* KeySet::find(std::string_view kid, Algorithm algorithm) const {
    for (const PublicKey& key : keys_) {
        if (key.kid() == kid && key.algorithm() == algorithm) return &key;
    }
    return nullptr;
}

std::string KeySet::document() const {
    std::string out = R"({"keys":[)";
    for (const PublicKey& key : keys_) {
        if (out.back() == '}') out += ',';
        out += key.jwk();
    }
    return out + "]}";
}

} // namespace gravity::auth
