#include <gravity/auth/claims.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/auth/jws.hpp>
#include <gravity/auth/keys.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/http/url.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

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

constexpr std::int64_t proof_memory_seconds = 2 * proof_seconds + 5; // the longest that one proof is taken: by a clock that is ahead, until it is behind

// Section 7.1: the scheme, what was wrong with the token or the proof, and what may sign one. What exactly is for the operator.
Refusal refused(std::string_view error, std::string_view why) {
    log::debug("bound token refused", {{"reason", why}});
    return Refusal(problems::unauthenticated)
        .with_header("WWW-Authenticate", "DPoP error=\"" + std::string(error) + "\", algs=\"ES256 EdDSA Ed25519 RS256\"");
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

std::optional<PresentedToken> presented_token(const http::Request& request) {
    const auto field = request.headers.get("Authorization");
    const auto blank = field ? field->find(' ') : std::string_view::npos;
    if (blank == std::string_view::npos || request.headers.count("Authorization") != 1) return std::nullopt;
    const std::string_view scheme = field->substr(0, blank);
    const bool by_dpop = ascii::iequals(scheme, "DPoP");
    if (!by_dpop && !ascii::iequals(scheme, "Bearer")) return std::nullopt;
    return PresentedToken{ascii::trim(field->substr(blank)), by_dpop};
}

ProofGate::ProofGate(const std::vector<std::string>& origins, std::size_t most_remembered) : origins_(origins), most_(most_remembered) {
    for (std::string& origin : origins_) {
        const auto url = http::parse_url(origin);
        if (!url || url->target != "/") throw std::invalid_argument("not an origin, such as https://shop.example.com: " + origin);
        origin = (url->secure ? "https://" : "http://") + url->authority();
    }
}

void ProofGate::admit(const http::Request& request, const PresentedToken& presented, const Claims& claims, std::int64_t now) {
    const std::string& bound_to = claims.key_thumbprint;
    if (bound_to.empty() && !presented.by_dpop) return;
    if (bound_to.empty()) throw refused("invalid_token", "it is bound to no key");
    if (!presented.by_dpop) throw refused("invalid_token", "it came as a bearer token");
    if (request.headers.count("DPoP") != 1) throw refused("invalid_dpop_proof", "there is not one proof");
    std::string why = "no origins are set";
    for (const std::string& origin : origins_) {
        const std::string url = origin + request.path;
        const auto proof = check_proof(*request.headers.get("DPoP"), {.method = request.method_text, .url = url, .access_token = presented.token, .now = now});
        if (proof && proof->thumbprint == bound_to) return use(*proof, now);
        why = proof ? "is of another key than the token's" : proof.why();
    }
    throw refused("invalid_dpop_proof", why);
}

// Two sets that take turns: what is in neither was not used within the time that a proof is taken for.
void ProofGate::use(const Proof& proof, std::int64_t now) {
    turned_at_ = std::min(turned_at_, now); // the clock was set back: what is remembered is remembered for longer
    if (now - turned_at_ >= proof_memory_seconds) {
        if (now - turned_at_ >= 2 * proof_memory_seconds) recent_.clear();
        older_ = std::move(recent_);
        recent_.clear();
        turned_at_ = now;
    }
    const std::string id = sha256(proof.thumbprint + ' ' + proof.id).substr(0, 16);
    if (older_.contains(id) || recent_.contains(id)) throw refused("invalid_dpop_proof", "was used before");
    if (recent_.size() + older_.size() >= most_) throw Refusal(problems::overloaded).with_header("Retry-After", "60");
    recent_.insert(id);
}

} // namespace gravity::auth
