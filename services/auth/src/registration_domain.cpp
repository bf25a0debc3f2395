#include "registration_domain.hpp"

#include "exchange_domain.hpp"
#include "oauth.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

using oauth::Refused;

constexpr oauth::ErrorCode invalid_client_metadata{"invalid_client_metadata"};
constexpr oauth::ErrorCode invalid_redirect_uri{"invalid_redirect_uri"};
constexpr oauth::ErrorCode unapproved_software_statement{"unapproved_software_statement"};

Refused unfit(std::string why) { return Refused(invalid_client_metadata, std::move(why)); }

// Null stands for a member that is left out.
const Json* member(const Json& metadata, std::string_view name) {
    const Json* const found = metadata.find(name);
    return found != nullptr && !found->is_null() ? found : nullptr;
}

const std::string* text(const Json& metadata, std::string_view name) {
    const Json* const found = member(metadata, name);
    if (found != nullptr && !found->is_string()) throw unfit(std::string(name) + " must be a text");
    return found != nullptr ? &found->as_string() : nullptr;
}

std::vector<std::string> texts(const Json& metadata, std::string_view name) {
    std::vector<std::string> items;
    const Json* const found = member(metadata, name);
    if (found == nullptr) return items;
    if (!found->is_array()) throw unfit(std::string(name) + " must be a list of texts");
    for (const Json& item : found->as_array()) {
        if (!item.is_string()) throw unfit(std::string(name) + " must be a list of texts");
        items.push_back(item.as_string());
    }
    return items;
}

Json parsed(std::string_view content_type, std::string_view body) {
    if (!ascii::iequals(ascii::trim(content_type.substr(0, content_type.find(';'))), "application/json"))
        throw Refused(oauth::invalid_request, "The body must be application/json");
    auto metadata = Json::parse(body, {.max_depth = 8, .max_values = 2000});
    if (!metadata || !metadata->is_object()) throw Refused(oauth::invalid_request, "The body must be a JSON object");
    return *std::move(metadata);
}

// A client that gets what it did not ask for would fail later, and elsewhere.
void check_flows(const Json& metadata) {
    if (member(metadata, "software_statement") != nullptr)
        throw Refused(unapproved_software_statement, "Software statements are not taken, whoever made them; send their claims as metadata");
    if (!texts(metadata, "redirect_uris").empty()) throw Refused(invalid_redirect_uri, "No grant that redirects is supported");
    if (!texts(metadata, "response_types").empty()) throw unfit("No response type is supported: there is no authorization endpoint");
}

std::string_view uri_of(GrantType grant) { return grant == GrantType::token_exchange ? exchange_grant : meta::enum_name(grant); }

std::vector<GrantType> grants_of(const Json& metadata) {
    std::vector<GrantType> grants;
    for (const std::string& named : texts(metadata, "grant_types")) {
        if (named != uri_of(GrantType::client_credentials) && named != uri_of(GrantType::token_exchange))
            throw unfit("grant_types must be of client_credentials and " + std::string(exchange_grant));
        grants.push_back(named == exchange_grant ? GrantType::token_exchange : GrantType::client_credentials);
    }
    if (grants.empty()) throw unfit("grant_types must be given: the default, authorization_code, is not supported");
    return grants;
}

std::string auth_method_of(const Json& metadata) {
    const std::string* const named = text(metadata, "token_endpoint_auth_method");
    if (named == nullptr) return "client_secret_basic";
    for (const std::string known : {"client_secret_basic", "client_secret_post", "private_key_jwt"})
        if (*named == known) return known;
    throw unfit("token_endpoint_auth_method must be client_secret_basic, client_secret_post or private_key_jwt");
}

std::vector<ScopeName> scopes_of(const Json& metadata, const Caller& by) {
    std::vector<ScopeName> scopes;
    const std::string* const wanted = text(metadata, "scope");
    if (wanted == nullptr) return scopes;
    const auto listed = parse_scopes(*wanted);
    if (!listed) throw unfit("scope is malformed");
    for (const std::string& scope : *listed) {
        if (!by.may(scope)) throw unfit("The initial access token lacks the scope " + scope);
        const auto name = ScopeName::parse(scope);
        if (!name) throw unfit("scope has one that " + name.why());
        scopes.push_back(*name);
    }
    return scopes;
}

Text<1, 200> name_of(const Json& metadata) {
    const std::string* const named = text(metadata, "client_name");
    if (named == nullptr) return "Registered client";
    auto name = Text<1, 200>::parse(*named);
    if (!name) throw unfit("client_name " + name.why());
    return *std::move(name);
}

Registration registration_in(const Json& metadata, const Caller& by) {
    check_flows(metadata);
    Registration wanted;
    wanted.auth_method = auth_method_of(metadata);
    NewClient& client = wanted.client;
    client.name = name_of(metadata);
    client.grant_types = grants_of(metadata);
    client.scopes = scopes_of(metadata, by);
    if (member(metadata, "jwks_uri") != nullptr) throw unfit("jwks_uri is not fetched; send the keys as jwks");
    if (const Json* const keys = member(metadata, "jwks")) client.jwks = *keys;
    if (wanted.auth_method == "private_key_jwt") client.token_endpoint_auth_method = ClientAuth::private_key_jwt;
    if (const std::string* const alg = text(metadata, "token_endpoint_auth_signing_alg"); alg != nullptr && !auth::algorithm_from(*alg))
        throw unfit("token_endpoint_auth_signing_alg must be ES256, EdDSA or RS256");
    if (const Json* const bound = member(metadata, "dpop_bound_access_tokens")) {
        if (bound->kind() != Json::Kind::boolean) throw unfit("dpop_bound_access_tokens must be true or false");
        client.require_dpop = bound->as_bool();
    }
    meta::Errors errors;
    check(client, errors);
    if (!errors.empty()) throw unfit(errors.to_string());
    return wanted;
}

} // namespace

Registration registration_of(std::string_view content_type, std::string_view body, const Caller& by) { return registration_in(parsed(content_type, body), by); }

Registration changed_registration(std::string_view content_type, std::string_view body, const Client& before) {
    const Json metadata = parsed(content_type, body);
    const std::string* const named = text(metadata, "client_id");
    if (named == nullptr || *named != before.id.to_string()) throw Refused(oauth::invalid_request, "client_id must be the client's own");
    for (const std::string_view given : {"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"})
        if (metadata.find(given) != nullptr) throw Refused(oauth::invalid_request, std::string(given) + " is for the server to say");
    Caller itself;
    itself.scopes = texts_of(before.scopes);
    Registration wanted = registration_in(metadata, itself);
    if (*wanted.client.token_endpoint_auth_method != *before.token_endpoint_auth_method)
        throw unfit("A client of secrets stays one, and one of keys too: register another");
    for (const GrantType grant : wanted.client.grant_types)
        if (std::find(before.grant_types.begin(), before.grant_types.end(), grant) == before.grant_types.end())
            throw unfit("grant_types must be of those that the client had");
    wanted.client.require_dpop = *wanted.client.require_dpop || *before.require_dpop;
    wanted.client.token_alg = before.token_alg;
    wanted.client.disabled = before.disabled;
    return wanted;
}

Json registered(const Settings& settings, std::string_view auth_method, const Client& client) {
    Json answer = Json::object();
    answer["client_id"] = client.id.to_string();
    answer["client_id_issued_at"] = client.created_at.unix_seconds();
    answer["registration_client_uri"] = settings.at("/oauth2/register/" + client.id.to_string());
    answer["client_name"] = client.name.str();
    answer["token_endpoint_auth_method"] = auth_method;
    answer["grant_types"] = Json::array();
    for (const GrantType grant : client.grant_types) answer["grant_types"].push_back(uri_of(grant));
    answer["response_types"] = Json::array();
    answer["scope"] = joined(texts_of(client.scopes));
    answer["dpop_bound_access_tokens"] = *client.require_dpop;
    if (client.jwks) answer["jwks"] = *client.jwks;
    return answer;
}

} // namespace gravity::issuer
