#include <gravity/auth/dpop.hpp>
#include <gravity/auth/jws.hpp>
#include <gravity/auth/keys.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/url.hpp>

#include <cmath>

namespace gravity::auth {
namespace {

const std::string* text(const Json& object, std::string_view name) {
    const Json* const member = object.find(name);
    return member != nullptr && member->is_string() ? &member->as_string() : nullptr;
}

// RFC 9864 gives the one kind of EdDSA that is taken here a name of its own.
std::optional<Algorithm> algorithm_named(std::string_view name) { return name == "Ed25519" ? Algorithm::eddsa : algorithm_from(name); }

// The key comes with the proof: the token says by its thumbprint whether it is the right one.
Parsed<PublicKey> key_of(const Jws& jws) {
    const std::string* const type = text(jws.header, "typ");
    if (type == nullptr || !ascii::iequals(*type, "dpop+jwt")) return ParseError{"is not of the type dpop+jwt"};
    const Json* const jwk = jws.header.find("jwk");
    if (jwk == nullptr) return ParseError{"has no key"};
    auto key = PublicKey::from_jwk(*jwk);
    if (!key) return ParseError{"has a key that " + key.why()};
    const std::string* const name = text(jws.header, "alg");
    if (name == nullptr || algorithm_named(*name) != key->algorithm()) return ParseError{"names another algorithm than its key's"};
    if (!key->verify(jws.signing_input, jws.signature)) return ParseError{"is not signed by its key"};
    return key;
}

Parsed<Json> claims_of(const Jws& jws) {
    const auto bytes = base64url_decode(jws.payload);
    auto claims = bytes ? Json::parse(*bytes, {.max_depth = 8, .max_values = 256}) : Parsed<Json>(ParseError{"no base64url"});
    if (!claims || !claims->is_object()) return ParseError{"has no claims"};
    return claims;
}

// Compared as URLs are (RFC 3986 sections 6.2.2 and 6.2.3), as far as a client may write one otherwise.
bool same_place(std::string_view a, std::string_view b) {
    const auto left = http::parse_url(a), right = http::parse_url(b);
    const auto path = [](const http::UrlParts& url) { return std::string_view(url.target).substr(0, url.target.find('?')); };
    return left && right && left->same_origin(*right) && path(*left) == path(*right);
}

} // namespace

Parsed<Proof> check_proof(std::string_view proof, const ProofContext& context) {
    if (proof.size() > max_proof_bytes) return ParseError{"is too long"};
    const auto jws = parse_jws(proof);
    if (!jws) return ParseError{"is " + std::string(to_string(jws.error()))};
    const auto key = key_of(*jws);
    if (!key) return ParseError{key.why()};
    const auto claims = claims_of(*jws);
    if (!claims) return ParseError{claims.why()};

    const std::string* const id = text(*claims, "jti");
    if (id == nullptr || id->empty() || id->size() > max_proof_id_bytes) return ParseError{"has no jti of 1 to 255 bytes"};
    const std::string* const method = text(*claims, "htm");
    if (method == nullptr || *method != context.method) return ParseError{"is for another method"};
    const std::string* const url = text(*claims, "htu");
    if (url == nullptr || !same_place(*url, context.url)) return ParseError{"is for another URL"};
    const Json* const issued = claims->find("iat");
    const bool number = issued != nullptr && (issued->kind() == Json::Kind::integer || issued->kind() == Json::Kind::number);
    if (!number || !(std::abs(issued->as_number() - static_cast<double>(context.now)) <= static_cast<double>(proof_seconds)))
        return ParseError{"was not made within the last minute"};
    if (!context.access_token.empty()) {
        const std::string* const hash = text(*claims, "ath");
        if (hash == nullptr || !constant_time_equal(*hash, base64url_encode(sha256(context.access_token)))) return ParseError{"is for another token"};
    }
    const Json* const nonce = claims->find("nonce");
    if (nonce != nullptr && !nonce->is_string()) return ParseError{"has a nonce that is no text"};
    return Proof{key->thumbprint(), *id, static_cast<std::int64_t>(std::floor(issued->as_number())) + proof_seconds + 1,
                 nonce != nullptr ? nonce->as_string() : std::string()};
}

} // namespace gravity::auth
