#include "cose.hpp"

#include "cbor.hpp"

#include <gravity/auth/ecdsa.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <optional>
#include <string>

namespace gravity::issuer::cose {
namespace {

// Labels of RFC 9052 section 7.1 and RFC 9053 section 7; what -1 to -3 mean depends on the type.
constexpr std::int64_t label_type = 1, label_algorithm = 3;
constexpr std::int64_t type_okp = 1, type_ec2 = 2, type_rsa = 3, curve_p256 = 1, curve_ed25519 = 6;

bool is(const cbor::Value& key, std::int64_t label, std::int64_t wanted) {
    const cbor::Value* const found = key.find(label);
    return found != nullptr && found->integer() != nullptr && *found->integer() == wanted;
}

// "" if it is absent or no bytes: no member of a key is that.
std::string octets_at(const cbor::Value& key, std::int64_t label) {
    const cbor::Value* const found = key.find(label);
    const std::string* const bytes = found != nullptr ? found->octets() : nullptr;
    return bytes != nullptr ? base64url_encode(*bytes) : std::string();
}

std::optional<Json> jwk_of(const cbor::Value& key) {
    if (is(key, label_type, type_ec2) && is(key, label_algorithm, es256) && is(key, -1, curve_p256))
        return Json::object({{"kty", "EC"}, {"crv", "P-256"}, {"x", octets_at(key, -2)}, {"y", octets_at(key, -3)}});
    if (is(key, label_type, type_okp) && is(key, label_algorithm, eddsa) && is(key, -1, curve_ed25519))
        return Json::object({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", octets_at(key, -2)}});
    if (is(key, label_type, type_rsa) && is(key, label_algorithm, rs256))
        return Json::object({{"kty", "RSA"}, {"n", octets_at(key, -1)}, {"e", octets_at(key, -2)}});
    return std::nullopt;
}

} // namespace

Parsed<auth::PublicKey> public_key(std::string_view cbor) {
    const auto key = cbor::read(cbor);
    if (!key) return ParseError{"the key " + key.why()};
    const auto jwk = jwk_of(*key);
    if (!jwk) return ParseError{"the key is of no algorithm that is taken"};
    return auth::PublicKey::from_jwk(*jwk);
}

std::int64_t algorithm_of(const auth::PublicKey& key) {
    switch (key.algorithm()) {
    case auth::Algorithm::es256: return es256;
    case auth::Algorithm::eddsa: return eddsa;
    case auth::Algorithm::rs256: break;
    }
    return rs256;
}

bool verify(const auth::PublicKey& key, std::string_view data, std::string_view signature) {
    if (key.algorithm() != auth::Algorithm::es256) return key.verify(data, signature);
    const auto pair = auth::jws_signature(signature);
    return pair && key.verify(data, *pair);
}

} // namespace gravity::issuer::cose
