#include "client_proof.hpp"

#include "client_keys.hpp"

#include <gravity/auth/claims.hpp>
#include <gravity/auth/jws.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

using oauth::Refused;

constexpr std::string_view assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::int64_t skew = 30;           // between the client's clock and ours, either way
constexpr std::int64_t longest_life = 3600; // used assertions are remembered until they end
constexpr std::size_t longest_jti = 255;

Refused not_proven() { return Refused(oauth::invalid_client, "The client could not be authenticated"); }

// What was wrong is for the operator: the answer is the same for whoever tries.
Refused bad_assertion(std::string_view why) {
    return not_proven().because("the assertion is not taken: " + std::string(why));
}

ClientId client_named(std::string_view text) {
    const auto id = ClientId::parse(text);
    if (!id || !id->is_set()) throw not_proven();
    return *id;
}

// Both parts are form-encoded before they are joined (RFC 6749 section 2.3.1). By a secret that is empty, which is as good as left out there, clients that
// have none say who they are.
ClientProof from_basic(std::string_view field) {
    const auto blank = field.find(' ');
    if (blank == std::string_view::npos || !ascii::iequals(field.substr(0, blank), "Basic")) throw not_proven();
    auto pair = base64_decode(ascii::trim(field.substr(blank)));
    const auto colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) throw not_proven();
    const auto id = http::percent_decode(std::string_view(*pair).substr(0, colon), true);
    auto secret = http::percent_decode(std::string_view(*pair).substr(colon + 1), true);
    Secret<> as_sent(pair->substr(colon + 1));
    wipe(*pair);
    if (!id) throw not_proven();
    if (as_sent.reveal().empty()) return {ClientProof::Kind::none, client_named(*id), {}};
    ClientProof proof{ClientProof::Kind::secret, client_named(*id), {}};
    if (secret && *secret != as_sent.reveal()) proof.as_sent = std::move(as_sent);
    proof.text = Secret<>(secret ? *std::move(secret) : std::string(as_sent.reveal()));
    return proof;
}

Json payload_of(const auth::Jws& jws) {
    const auto text = base64url_decode(jws.payload);
    if (!text) throw bad_assertion("malformed");
    auto payload = Json::parse(*text, {.max_depth = 8, .max_values = 256});
    if (!payload || !payload->is_object()) throw bad_assertion("malformed");
    return *std::move(payload);
}

auth::Jws taken_apart(std::string_view jwt) {
    auto jws = auth::parse_jws(jwt);
    if (!jws) throw bad_assertion(auth::to_string(jws.error()));
    return *std::move(jws);
}

// Read before it is verified, to know whose keys to verify it with.
ClientProof from_assertion(const oauth::Form& form) {
    if (form.required("client_assertion_type") != assertion_type) throw Refused(oauth::invalid_request, "client_assertion_type is not known");
    const std::string& jwt = form.required("client_assertion");
    const Json payload = payload_of(taken_apart(jwt));
    const Json* const subject = payload.find("sub");
    if (subject == nullptr || !subject->is_string()) throw bad_assertion("no subject");
    return {ClientProof::Kind::assertion, client_named(subject->as_string()), Secret<>(jwt)};
}

ClientProof from_form(const oauth::Form& form) {
    return {ClientProof::Kind::secret, client_named(form.required("client_id")), Secret<>(form.required("client_secret"))};
}

// The algorithm is the key's (RFC 8725 section 3.1). An assertion need not name its key; where it does, it means that one, or one that has no name.
bool signed_by_one(const auth::Jws& jws, const auth::KeySet& keys) {
    const Json* const alg = jws.header.find("alg");
    const Json* const kid = jws.header.find("kid");
    const auto algorithm = alg != nullptr && alg->is_string() ? algorithm_named(alg->as_string()) : std::nullopt;
    if (!algorithm) return false;
    return std::any_of(keys.keys().begin(), keys.keys().end(), [&](const auth::PublicKey& key) {
        if (key.algorithm() != *algorithm) return false;
        if (kid != nullptr && !key.kid().empty() && (!kid->is_string() || kid->as_string() != key.kid())) return false;
        return key.verify(jws.signing_input, jws.signature);
    });
}

} // namespace

ClientProof client_proof(const http::Headers& headers, const oauth::Form& form) {
    const auto authorization = headers.get("Authorization");
    const bool posted = form.find("client_secret") != nullptr, asserted = form.find("client_assertion") != nullptr;
    if (headers.count("Authorization") > 1 || int{authorization.has_value()} + int{posted} + int{asserted} > 1)
        throw Refused(oauth::invalid_request, "The client must authenticate in one way");
    if (!authorization && !posted && !asserted) {
        if (form.find("client_id") == nullptr) throw not_proven();
        return {ClientProof::Kind::none, client_named(*form.find("client_id")), {}};
    }
    const auto read = [&] {
        if (authorization) return from_basic(*authorization);
        return asserted ? from_assertion(form) : from_form(form);
    };
    ClientProof proof = read();
    if (const std::string* named = form.find("client_id"); named != nullptr && client_named(*named) != proof.client)
        throw Refused(oauth::invalid_request, "client_id is another client's");
    return proof;
}

bool secret_matches(const Secret<>& secret, const std::vector<std::string>& hexadecimal_hashes) {
    const std::string hash = hex_encode(sha256(secret.reveal()));
    bool matches = false;
    for (const std::string& known : hexadecimal_hashes) matches |= constant_time_equal(hash, known);
    return matches;
}

Assertion check_assertion(std::string_view jwt, ClientId client, const auth::KeySet& keys, const std::vector<std::string>& audiences, std::int64_t now) {
    const auth::Jws jws = taken_apart(jwt);
    if (!signed_by_one(jws, keys)) throw bad_assertion("bad signature");
    const auto claims = auth::claims_from(payload_of(jws));
    if (!claims) throw bad_assertion(auth::to_string(claims.error()));
    const std::string id = client.to_string();
    if (claims->issuer != id || claims->subject != id) throw bad_assertion("not of the client itself");
    const auto ours = [&](const std::string& audience) { return std::find(audiences.begin(), audiences.end(), audience) != audiences.end(); };
    if (std::none_of(claims->audience.begin(), claims->audience.end(), ours)) throw bad_assertion("for another audience");
    if (claims->expires_at <= now - skew) throw bad_assertion("expired: exp is " + std::to_string(now - claims->expires_at) + " s ago by the clock here");
    if (claims->expires_at > now + longest_life + skew) throw bad_assertion("good for longer than an hour");
    if (const std::int64_t begun = std::max(claims->not_before.value_or(now), claims->issued_at.value_or(now)); begun > now + skew)
        throw bad_assertion("not valid yet: iat or nbf is " + std::to_string(begun - now) + " s ahead of the clock here");
    if (claims->id.empty() || claims->id.size() > longest_jti) throw bad_assertion("no jti of 1 to 255 bytes");
    return {claims->id, claims->expires_at + skew};
}

} // namespace gravity::issuer
