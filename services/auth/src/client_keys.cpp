#include "client_keys.hpp"

#include <gravity/json/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace gravity::issuer {
namespace {

const std::string* jwk_text(const Json& jwk, std::string_view name) {
    const Json* const member = jwk.find(name);
    return member != nullptr && member->is_string() ? &member->as_string() : nullptr;
}

// Whoever publishes these has lost the key, whatever it is for. `priv` is of the type AKP.
bool is_lost_key(const Json& jwk) {
    constexpr std::string_view secret[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"};
    return std::any_of(std::begin(secret), std::end(secret), [&](std::string_view name) { return jwk.find(name) != nullptr; });
}

bool may_verify(const Json& operations) {
    const Json::Array* const list = operations.is_array() ? &operations.as_array() : nullptr;
    return list == nullptr || std::find(list->begin(), list->end(), Json("verify")) != list->end();
}

// By its own words; what is malformed is not, and is looked at.
bool is_for_something_else(const Json& jwk) {
    const std::string* const type = jwk_text(jwk, "kty");
    if (type == nullptr) return false;
    const std::string* const curve = jwk_text(jwk, "crv");
    if (*type != "EC" && *type != "OKP" && *type != "RSA") return true;
    if (*type == "EC" && curve != nullptr && *curve != "P-256") return true;
    if (*type == "OKP" && curve != nullptr && *curve != "Ed25519") return true;
    const std::string* const use = jwk_text(jwk, "use");
    const Json* const operations = jwk.find("key_ops");
    const std::string* const alg = jwk_text(jwk, "alg");
    return (use != nullptr && *use != "sig") || (operations != nullptr && !may_verify(*operations)) || (alg != nullptr && !algorithm_named(*alg));
}

Parsed<auth::PublicKey> signing_key_of(Json jwk) {
    if (const std::string* const alg = jwk_text(jwk, "alg"); alg != nullptr)
        if (const auto algorithm = algorithm_named(*alg)) jwk["alg"] = auth::to_string(*algorithm);
    return auth::PublicKey::from_jwk(jwk);
}

bool kid_is_taken(const std::vector<auth::PublicKey>& keys, const auth::PublicKey& key) {
    const auto twin = [&](const auth::PublicKey& other) { return other.kid() == key.kid() && other.algorithm() == key.algorithm(); };
    return !key.kid().empty() && std::any_of(keys.begin(), keys.end(), twin);
}

ParseError unusable_key(std::size_t number, const std::string& why) {
    return ParseError{"has a key that cannot be used: key " + std::to_string(number) + ": " + why};
}

} // namespace

std::optional<auth::Algorithm> algorithm_named(std::string_view name) { return name == "Ed25519" ? auth::Algorithm::eddsa : auth::algorithm_from(name); }

Parsed<auth::KeySet> client_keys(const Json& set) {
    const Json* const list = set.find("keys");
    if (list == nullptr || !list->is_array()) return ParseError{"must be an object with an array \"keys\""};
    std::vector<auth::PublicKey> keys;
    std::size_t number = 0;
    for (const Json& jwk : list->as_array()) {
        ++number;
        if (is_lost_key(jwk)) return unusable_key(number, "it contains private or secret members");
        if (is_for_something_else(jwk)) continue;
        auto key = signing_key_of(jwk);
        if (!key) return unusable_key(number, key.why());
        if (kid_is_taken(keys, *key)) return unusable_key(number, "its kid is taken by an earlier key");
        keys.push_back(*std::move(key));
    }
    if (keys.empty()) return ParseError{"must have a key for ES256, EdDSA or RS256"};
    return auth::KeySet(std::move(keys));
}

} // namespace gravity::issuer
