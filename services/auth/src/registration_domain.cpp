#include "registration_domain.hpp"

#include "among.hpp"
#include "authorize_domain.hpp"
#include "client_keys.hpp"
#include "devices_model.hpp"
#include "exchange_domain.hpp"
#include "oauth.hpp"

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

bool flag_in(const Json& metadata, std::string_view name) {
    const Json* const found = member(metadata, name);
    if (found == nullptr) return false;
    if (found->kind() != Json::Kind::boolean) throw unfit(std::string(name) + " must be true or false");
    return found->as_bool();
}

Json parsed(std::string_view content_type, std::string_view body) {
    if (!ascii::iequals(ascii::trim(content_type.substr(0, content_type.find(';'))), "application/json"))
        throw Refused(oauth::invalid_request, "The body must be application/json");
    auto metadata = Json::parse(body, {.max_depth = 8, .max_values = 2000});
    if (!metadata || !metadata->is_object()) throw Refused(oauth::invalid_request, "The body must be a JSON object");
    return *std::move(metadata);
}

// What changes the answers that a client gets: one that gets what it did not ask for would fail later, and elsewhere.
constexpr std::string_view not_done[] = {"id_token_encrypted_response_alg", "userinfo_signed_response_alg", "userinfo_encrypted_response_alg",
                                         "introspection_signed_response_alg", "introspection_encrypted_response_alg", "authorization_signed_response_alg",
                                         "authorization_encrypted_response_alg", "default_max_age"};

void check_answers(const Json& metadata) {
    if (member(metadata, "software_statement") != nullptr)
        throw Refused(unapproved_software_statement, "Software statements are not taken, whoever made them; send their claims as metadata");
    for (const std::string_view name : not_done)
        if (member(metadata, name) != nullptr) throw unfit(std::string(name) + " is not supported");
    if (const std::string* const type = text(metadata, "subject_type"); type != nullptr && *type != "public") throw unfit("subject_type must be public");
    if (!texts(metadata, "default_acr_values").empty()) throw unfit("default_acr_values is not supported; send acr_values with each request");
    for (const std::string_view name : {"tls_client_certificate_bound_access_tokens", "require_signed_request_object"})
        if (flag_in(metadata, name)) throw unfit(std::string(name) + " must be false");
    flag_in(metadata, "require_auth_time"); // it is in every ID token
}

// RS256 is what every client can verify, and so what is left out.
SigningAlgorithm id_token_alg_of(const Json& metadata) {
    const std::string* const named = text(metadata, "id_token_signed_response_alg");
    if (named == nullptr || *named == "RS256") return SigningAlgorithm::rs256;
    if (*named != "ES256") throw unfit("id_token_signed_response_alg must be RS256 or ES256");
    return SigningAlgorithm::es256;
}

std::string_view uri_of(GrantType grant) {
    if (grant == GrantType::token_exchange) return exchange_grant;
    if (grant == GrantType::device_code) return device_grant;
    return meta::enum_name(grant);
}

constexpr GrantType all_grants[] = {GrantType::client_credentials, GrantType::token_exchange, GrantType::authorization_code, GrantType::refresh_token,
                                    GrantType::device_code};

bool grants_include(const std::vector<GrantType>& grants, GrantType grant) { return std::find(grants.begin(), grants.end(), grant) != grants.end(); }

std::vector<GrantType> grants_of(const Json& metadata) {
    if (member(metadata, "grant_types") == nullptr) return {GrantType::authorization_code};
    std::vector<GrantType> grants;
    for (const std::string& named : texts(metadata, "grant_types")) {
        const auto* const known = std::find_if(std::begin(all_grants), std::end(all_grants), [&](GrantType grant) { return uri_of(grant) == named; });
        if (known == std::end(all_grants)) throw unfit("grant_types has one that is not supported: the metadata's grant_types_supported lists those that are");
        if (!grants_include(grants, *known)) grants.push_back(*known);
    }
    if (grants.empty()) throw unfit("grant_types must have one");
    return grants;
}

// Section 2.1: the two agree.
void check_response_types(const Json& metadata, bool by_code) {
    for (const std::string& type : texts(metadata, "response_types")) {
        if (type != "code") throw unfit("response_types must be code");
        if (!by_code) throw unfit("response_types is code, for which grant_types must have authorization_code");
    }
}

std::vector<RedirectUri> uris_of(const Json& metadata, std::string_view name, const oauth::ErrorCode& code) {
    std::vector<RedirectUri> uris;
    for (const std::string& given : texts(metadata, name)) {
        auto uri = RedirectUri::parse(given);
        if (!uri) throw Refused(code, std::string(name) + " has one that " + uri.why());
        uris.push_back(*std::move(uri));
    }
    if (uris.size() > 20) throw Refused(code, std::string(name) + " must have at most 20 items");
    return uris;
}

// Where browsers of people, and word of their signing out, are sent.
void take_places(NewClient& client, const Json& metadata) {
    client.redirect_uris = uris_of(metadata, "redirect_uris", invalid_redirect_uri);
    if (client.redirect_uris.empty() && grants_include(client.grant_types, GrantType::authorization_code))
        throw Refused(invalid_redirect_uri, "redirect_uris must have one for authorization_code");
    client.post_logout_redirect_uris = uris_of(metadata, "post_logout_redirect_uris", invalid_client_metadata);
    if (const std::string* const given = text(metadata, "backchannel_logout_uri")) {
        auto url = Url::parse(*given);
        if (!url) throw unfit("backchannel_logout_uri " + url.why());
        client.backchannel_logout_uri = *std::move(url);
    }
    client.backchannel_logout_session_required = flag_in(metadata, "backchannel_logout_session_required");
}

template <class T>
void keep_text(Json& about, std::string_view name, const std::string* given) {
    if (given == nullptr || given->empty()) return; // section 2 of RFC 7592: what is empty is left out
    const auto value = T::parse(*given);
    if (!value) throw unfit(std::string(name) + " " + value.why());
    about[name] = value->str();
}

Json about_of(const Json& metadata) {
    Json about = Json::object();
    for (const std::string_view name : {"client_uri", "logo_uri", "policy_uri", "tos_uri"}) keep_text<Url>(about, name, text(metadata, name));
    for (const std::string_view name : {"software_id", "software_version"}) keep_text<Text<1, 255>>(about, name, text(metadata, name));
    const auto contacts = texts(metadata, "contacts");
    if (contacts.size() > 10) throw unfit("contacts must have at most 10 items");
    for (const std::string& given : contacts) {
        const auto contact = Text<1, 254>::parse(given);
        if (!contact) throw unfit("contacts has one that " + contact.why());
        if (about.find("contacts") == nullptr) about["contacts"] = Json::array();
        about["contacts"].push_back(contact->str());
    }
    if (const std::string* const type = text(metadata, "application_type")) {
        if (*type != "web" && *type != "native") throw unfit("application_type must be web or native");
        about["application_type"] = *type;
    }
    return about;
}

std::string auth_method_of(const Json& metadata) {
    const std::string* const named = text(metadata, "token_endpoint_auth_method");
    if (named == nullptr) return "client_secret_basic";
    for (const std::string known : {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"})
        if (*named == known) return known;
    throw unfit("token_endpoint_auth_method must be client_secret_basic, client_secret_post, private_key_jwt or none");
}

// Those by which a client may know of a person are for the person to give: any client may ask for them.
std::vector<ScopeName> scopes_of(const Json& metadata, const Caller& by) {
    std::vector<ScopeName> scopes;
    const std::string* const wanted = text(metadata, "scope");
    if (wanted == nullptr) return scopes;
    const auto listed = parse_scopes(*wanted);
    if (!listed) throw unfit("scope is malformed");
    for (const std::string& scope : *listed) {
        if (among(person_scopes(), scope)) continue;
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

void add_uri(Json& answer, std::string_view name, const RedirectUri& uri) {
    if (answer.find(name) == nullptr) answer[name] = Json::array();
    answer[name].push_back(uri.str());
}

Registration registration_in(const Json& metadata, const Caller& by) {
    check_answers(metadata);
    Registration wanted;
    wanted.auth_method = auth_method_of(metadata);
    wanted.about = about_of(metadata);
    NewClient& client = wanted.client;
    client.name = name_of(metadata);
    client.grant_types = grants_of(metadata);
    check_response_types(metadata, grants_include(client.grant_types, GrantType::authorization_code));
    take_places(client, metadata);
    client.scopes = scopes_of(metadata, by);
    if (member(metadata, "jwks_uri") != nullptr) throw unfit("jwks_uri is not fetched; send the keys as jwks");
    const bool by_key = wanted.auth_method == "private_key_jwt"; // keys of others nobody here looks at: what is not kept is not told either (section 3.2.1)
    if (const Json* const keys = member(metadata, "jwks"); keys != nullptr && by_key) client.jwks = *keys;
    if (by_key) client.token_endpoint_auth_method = ClientAuth::private_key_jwt;
    if (wanted.auth_method == "none") client.token_endpoint_auth_method = ClientAuth::none;
    if (const std::string* const alg = text(metadata, "token_endpoint_auth_signing_alg"); alg != nullptr && !algorithm_named(*alg))
        throw unfit("token_endpoint_auth_signing_alg must be ES256, EdDSA, Ed25519 or RS256");
    client.id_token_alg = id_token_alg_of(metadata);
    client.require_dpop = flag_in(metadata, "dpop_bound_access_tokens");
    client.require_pushed_authorization_requests = flag_in(metadata, "require_pushed_authorization_requests");
    meta::Errors errors;
    check(client, errors);
    if (!errors.empty()) throw unfit(errors.to_string());
    return wanted;
}

// Whoever sends people elsewhere, or goes by another name, is another than was trusted. Keys are its own to change.
bool is_the_same_to_people(const Registration& wanted, const Registered& before) {
    const std::string* const logo = text(wanted.about, "logo_uri");
    const std::string* const logo_before = text(before.about, "logo_uri");
    const bool same_logo = logo != nullptr && logo_before != nullptr ? *logo == *logo_before : logo == logo_before;
    return same_logo && wanted.client.name == before.client.name && wanted.client.redirect_uris == before.client.redirect_uris &&
           wanted.client.post_logout_redirect_uris == before.client.post_logout_redirect_uris;
}

} // namespace

Registration registration_of(std::string_view content_type, std::string_view body, const Caller& by) {
    return registration_in(parsed(content_type, body), by);
}

Registration changed_registration(std::string_view content_type, std::string_view body, const Registered& registered_before) {
    const Client& before = registered_before.client;
    const Json metadata = parsed(content_type, body);
    const std::string* const named = text(metadata, "client_id");
    if (named == nullptr || *named != before.id.to_string()) throw Refused(oauth::invalid_request, "client_id must be the client's own");
    for (const std::string_view given : {"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"})
        if (metadata.find(given) != nullptr) throw Refused(oauth::invalid_request, std::string(given) + " is for the server to say");
    Caller itself;
    itself.scopes = texts_of(before.scopes);
    Registration wanted = registration_in(metadata, itself);
    if (*wanted.client.token_endpoint_auth_method != *before.token_endpoint_auth_method)
        throw unfit("A client of secrets stays one, and so does one of keys, or of neither: register another");
    for (const GrantType grant : wanted.client.grant_types)
        if (!grants_include(before.grant_types, grant)) throw unfit("grant_types must be of those that the client had");
    if (const std::string* const secret = text(metadata, "client_secret")) wanted.secret = *secret;
    wanted.client.first_party = *before.first_party && is_the_same_to_people(wanted, registered_before);
    wanted.client.require_dpop = *wanted.client.require_dpop || *before.require_dpop;
    wanted.client.require_pushed_authorization_requests =
        *wanted.client.require_pushed_authorization_requests || *before.require_pushed_authorization_requests;
    wanted.client.require_pkce = before.require_pkce;
    wanted.client.token_alg = before.token_alg;
    wanted.client.disabled = before.disabled;
    return wanted;
}

Json registered(const Settings& settings, const Registered& whole) {
    const Client& client = whole.client;
    const bool by_code = grants_include(client.grant_types, GrantType::authorization_code);
    const bool of_people = by_code || grants_include(client.grant_types, GrantType::device_code);
    Json answer = whole.about;
    answer["client_id"] = client.id.to_string();
    answer["client_id_issued_at"] = client.created_at.unix_seconds();
    answer["registration_client_uri"] = settings.at("/oauth2/register/" + client.id.to_string());
    answer["client_name"] = client.name.str();
    answer["token_endpoint_auth_method"] = whole.auth_method;
    answer["grant_types"] = Json::array();
    for (const GrantType grant : client.grant_types) answer["grant_types"].push_back(uri_of(grant));
    answer["response_types"] = by_code ? Json::array({"code"}) : Json::array();
    std::vector<std::string> scopes;
    for (const std::string& scope : person_scopes())
        if (of_people && (scope != "offline_access" || grants_include(client.grant_types, GrantType::refresh_token))) scopes.push_back(scope);
    for (const std::string& scope : texts_of(client.scopes)) scopes.push_back(scope);
    answer["scope"] = joined(scopes);
    if (of_people) answer["require_auth_time"] = true;
    answer["dpop_bound_access_tokens"] = *client.require_dpop;
    answer["require_pushed_authorization_requests"] = *client.require_pushed_authorization_requests;
    if (client.jwks) answer["jwks"] = *client.jwks;
    if (of_people) answer["id_token_signed_response_alg"] = *client.id_token_alg == SigningAlgorithm::es256 ? "ES256" : "RS256";
    for (const RedirectUri& uri : client.redirect_uris) add_uri(answer, "redirect_uris", uri);
    for (const RedirectUri& uri : client.post_logout_redirect_uris) add_uri(answer, "post_logout_redirect_uris", uri);
    if (client.backchannel_logout_uri) {
        answer["backchannel_logout_uri"] = client.backchannel_logout_uri->str();
        answer["backchannel_logout_session_required"] = *client.backchannel_logout_session_required;
    }
    return answer;
}

} // namespace gravity::issuer
