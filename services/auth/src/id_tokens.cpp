#include "id_tokens.hpp"

#include "acr.hpp"
#include "among.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

const std::string* first_of(const std::vector<KnownName>& names, LoginKind kind) {
    for (const KnownName& name : names)
        if (name.kind == kind) return kind == LoginKind::phone ? &name.canonical : &name.value;
    return nullptr;
}

// One that is confirmed before others.
const KnownName* email_of(const std::vector<KnownName>& names) {
    const KnownName* found = nullptr;
    for (const KnownName& name : names)
        if (name.kind == LoginKind::email && (found == nullptr || (name.confirmed && !found->confirmed))) found = &name;
    return found;
}

std::string text_in(const Json& claims, std::string_view name) {
    const Json* const found = claims.find(name);
    return found != nullptr && found->is_string() ? found->as_string() : "";
}

bool is_by_a_key_unknown(const KeysNow& keys, const auth::Jws& jws) {
    const std::string kid = text_in(jws.header, "kid");
    if (kid.empty() || text_in(jws.header, "typ") != "JWT") return false;
    return std::none_of(keys.published.keys().begin(), keys.published.keys().end(), [&](const auth::PublicKey& key) { return key.kid() == kid; });
}

std::optional<Json> claims_of_ours(const auth::Jws& jws, const Settings& settings) {
    const auto payload = base64url_decode(jws.payload);
    auto claims = payload ? Json::parse(*payload, {.max_depth = 8, .max_values = 256}) : Parsed<Json>(ParseError{""});
    if (!claims || text_in(*claims, "iss") != settings.public_url.str()) return std::nullopt;
    return *std::move(claims);
}

bool signed_by_us(const KeysNow& keys, const auth::Jws& jws) {
    const std::string kid = text_in(jws.header, "kid"), type = text_in(jws.header, "typ");
    if (type != "JWT") return false;
    return std::any_of(keys.published.keys().begin(), keys.published.keys().end(), [&](const auth::PublicKey& key) {
        return key.kid() == kid && to_string(key.algorithm()) == text_in(jws.header, "alg") && key.verify(jws.signing_input, jws.signature);
    });
}

} // namespace

Json id_token_claims(const Settings& settings, const Authentication& who, ClientId client, std::string_view nonce, std::string_view access_token,
                     Timestamp now) {
    Json claims = Json::object();
    claims["iss"] = settings.public_url.str();
    claims["sub"] = who.identity_id.to_string();
    claims["aud"] = client.to_string();
    claims["iat"] = now.unix_seconds();
    claims["exp"] = now.unix_seconds() + settings.access_token_seconds;
    claims["auth_time"] = who.auth_time.unix_seconds();
    claims["sid"] = who.session_id.to_string();
    claims["at_hash"] = base64url_encode(sha256(access_token).substr(0, 16)); // section 3.1.3.6, of algorithms with SHA-256
    claims["acr"] = acr_of(who.amr);
    claims["amr"] = Json::array();
    for (const std::string& method : who.amr) claims["amr"].push_back(method);
    if (!nonce.empty()) claims["nonce"] = std::string(nonce);
    return claims;
}

void add_names(Json& claims, const std::vector<std::string>& scopes, const std::vector<KnownName>& names) {
    if (const KnownName* name = email_of(names); name != nullptr && among(scopes, "email")) {
        claims["email"] = name->value;
        claims["email_verified"] = name->confirmed;
    }
    if (const auto* name = first_of(names, LoginKind::phone); name != nullptr && among(scopes, "phone")) {
        claims["phone_number"] = *name;
        claims["phone_number_verified"] = false;
    }
    if (const auto* name = first_of(names, LoginKind::username); name != nullptr && among(scopes, "profile")) claims["preferred_username"] = *name;
}

void add_asked_claims(Json& id_token, const std::vector<std::string>& asked, const std::vector<std::string>& scopes, const std::vector<KnownName>& names) {
    Json known = Json::object();
    add_names(known, scopes, names);
    for (const auto& [name, value] : known.as_object())
        if (among(asked, name)) id_token[name] = value;
}

void add_roles(Json& claims, const std::vector<std::string>& scopes, const std::vector<std::string>& roles) {
    if (!among(scopes, "roles")) return;
    claims["roles"] = Json::array();
    for (const std::string& role : roles) claims["roles"].push_back(role);
}

std::optional<ShownIdToken> read_id_token(const KeysNow& keys, const Settings& settings, std::string_view token) {
    const auto jws = auth::parse_jws(token);
    if (!jws || !signed_by_us(keys, *jws)) return std::nullopt;
    const auto claims = claims_of_ours(*jws, settings);
    if (!claims) return std::nullopt;
    return ShownIdToken{text_in(*claims, "aud"), text_in(*claims, "sub"), text_in(*claims, "sid")};
}

std::optional<IdentityId> unproven_subject(const KeysNow& keys, const Settings& settings, std::string_view token) {
    const auto jws = auth::parse_jws(token);
    if (!jws || !is_by_a_key_unknown(keys, *jws)) return std::nullopt;
    const auto claims = claims_of_ours(*jws, settings);
    const auto subject = claims ? IdentityId::parse(text_in(*claims, "sub")) : Parsed<IdentityId>(ParseError{""});
    return subject ? std::optional(*subject) : std::nullopt;
}

} // namespace gravity::issuer
