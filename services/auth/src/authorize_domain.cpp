#include "authorize_domain.hpp"

#include "acr.hpp"
#include "among.hpp"
#include "claims_asked.hpp"
#include "resources.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/scope.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::issuer {
namespace {

AuthorizeError invalid(std::string why) { return {"invalid_request", std::move(why)}; }

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (!word.empty()) words.emplace_back(word);
    }
    return words;
}

bool is_unreserved(char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

std::string short_text(const oauth::Form& form, std::string_view name, std::size_t most) {
    const std::string* const value = form.find(name);
    if (value == nullptr) return {};
    if (value->size() > most) throw invalid(std::string(name) + " is too long");
    return *value;
}

bool has_grant_type(const ClientToVisit& client, GrantType grant) {
    return std::find(client.grant_types.begin(), client.grant_types.end(), grant) != client.grant_types.end();
}

// OAuth 2.1 section 7.5.1: with a nonce in an ID token the client itself sees that a code is another's.
bool goes_by_nonce(const oauth::Form& form, const ClientToVisit& client) {
    const std::string* const scope = form.find("scope");
    return !client.require_pkce && form.find("code_challenge_method") == nullptr && form.find("nonce") != nullptr && scope != nullptr &&
           among(words_of(*scope), "openid");
}

std::string challenge_of(const oauth::Form& form, const ClientToVisit& client) {
    const std::string* const challenge = form.find("code_challenge");
    const std::string* const method = form.find("code_challenge_method");
    if (challenge == nullptr && goes_by_nonce(form, client)) return {};
    if (challenge == nullptr && !client.require_pkce && method == nullptr)
        throw invalid("code_challenge is missing, and so is what may stand in for it at this client: the scope openid with a nonce");
    if (challenge == nullptr) throw invalid("code_challenge is missing: PKCE is needed (RFC 7636)");
    if (method == nullptr || *method != "S256") throw invalid("code_challenge_method must be S256");
    const auto bytes = base64url_decode(*challenge);
    if (!bytes || bytes->size() != 32) throw invalid("code_challenge must be a SHA-256 in base64url");
    return *challenge;
}

std::optional<std::string> key_of(const oauth::Form& form) {
    const std::string* const thumbprint = form.find("dpop_jkt");
    if (thumbprint == nullptr) return std::nullopt;
    const auto bytes = base64url_decode(*thumbprint);
    if (!bytes || bytes->size() != 32) throw invalid("dpop_jkt must be a SHA-256 in base64url");
    return *thumbprint;
}

void check_response_mode(const oauth::Form& form) {
    const std::string* const mode = form.find("response_mode");
    if (mode == nullptr || *mode == "query") return;
    if (*mode != "form_post") throw invalid("response_mode must be query or form_post");
    if (!wants_form_post(form)) throw invalid("response_mode=form_post needs a redirect_uri of https or http, of a host that is no address of IPv6");
}

std::vector<std::string> prompts_of(const oauth::Form& form) {
    const std::string* const text = form.find("prompt");
    if (text == nullptr) return {};
    auto prompts = words_of(*text);
    for (const std::string& prompt : prompts)
        if (prompt != "none" && prompt != "login" && prompt != "consent" && prompt != "select_account") throw invalid("prompt is not known");
    if (among(prompts, "none") && prompts.size() > 1) throw invalid("prompt=none stands alone");
    return prompts;
}

} // namespace

const std::vector<std::string>& person_scopes() {
    static const std::vector<std::string> scopes{"openid", "profile", "email", "phone", "roles", "offline_access"};
    return scopes;
}

std::vector<std::string> scopes_for(const std::vector<std::string>& asked, const std::vector<std::string>& of_client, const HeldRoles& held) {
    std::vector<std::string> scopes;
    for (const std::string& scope : asked)
        if (among(person_scopes(), scope) || (scope_allows(of_client, scope) && scope_allows(held.scopes, scope))) scopes.push_back(scope);
    return scopes;
}

bool wants_roles(const std::vector<std::string>& scopes) {
    return std::any_of(scopes.begin(), scopes.end(), [](const std::string& scope) { return scope == "roles" || !among(person_scopes(), scope); });
}

// To an app's own scheme no browser posts anything, and to an address of IPv6 none from a page that may post to one place alone.
bool wants_form_post(const oauth::Form& form) {
    const std::string* const mode = form.find("response_mode");
    const std::string* const to = form.find("redirect_uri");
    return mode != nullptr && *mode == "form_post" && to != nullptr && (to->starts_with("https://") || to->starts_with("http://")) && !is_ipv6_redirect(*to);
}

bool redirects_home(const ClientToVisit& client, const oauth::Form& form) {
    const std::string* const given = form.find("redirect_uri");
    const auto is_it = [&](const RedirectUri& uri) { return same_redirect(uri, *given); };
    return given != nullptr && std::any_of(client.redirect_uris.begin(), client.redirect_uris.end(), is_it);
}

void check_may_be_brought(const ClientToVisit& client) {
    if (client.require_pushed_authorization_requests) throw invalid("The client's requests must be sent ahead (RFC 9126)");
}

AuthorizeRequest authorize_request(const ClientToVisit& client, const oauth::Form& form, std::string_view audience) {
    if (form.find("request") != nullptr) throw AuthorizeError("request_not_supported", "Request objects are not supported");
    if (form.find("request_uri") != nullptr) throw AuthorizeError("request_uri_not_supported", "request_uri is not supported");
    if (form.find("registration") != nullptr) throw AuthorizeError("registration_not_supported", "Clients are registered beforehand");
    const std::string* const type = form.find("response_type");
    if (type == nullptr) throw invalid("response_type is missing");
    if (*type != "code") throw AuthorizeError("unsupported_response_type", "response_type must be code");
    check_response_mode(form);
    if (!has_grant_type(client, GrantType::authorization_code))
        throw AuthorizeError("unauthorized_client", "The client may not use the authorization code grant");
    if (const auto why = wrong_resource(form, audience)) throw AuthorizeError(std::string(invalid_target.name), *why);
    AuthorizeRequest request;
    request.client_id = client.id;
    request.redirect_uri = *form.find("redirect_uri");
    request.state = short_text(form, "state", 2048);
    request.nonce = short_text(form, "nonce", 512);
    request.login_hint = short_text(form, "login_hint", 254);
    request.code_challenge = challenge_of(form, client);
    request.scopes = asked_scopes(form, client);
    ClaimsAsked asked = claims_asked(form);
    for (const std::string& scope : asked.scopes) // a claim is given with the scope that it is of, which the person lets the client have
        if (!among(request.scopes, scope)) request.scopes.push_back(scope);
    request.subject = std::move(asked.subject);
    if (!asked.id_token.empty()) request.id_token_claims = std::move(asked.id_token);
    request.dpop_jkt = key_of(form);
    if (wants_form_post(form)) request.form_post = true;
    request.ask_consent = among(prompts_of(form), "consent");
    return request;
}

Prompting prompting(const oauth::Form& form) {
    const auto prompts = prompts_of(form);
    Prompting prompting;
    prompting.none = among(prompts, "none");
    prompting.login = among(prompts, "login") || among(prompts, "select_account");
    if (const std::string* const values = form.find("acr_values")) { // others than ours count for nothing (OpenID Connect Core section 3.1.2.1)
        const auto wanted = words_of(*values);
        prompting.two_factors = among(wanted, acr_two) && !among(wanted, acr_one);
    }
    prompting.two_factors = prompting.two_factors || claims_asked(form).two_factors;
    if (const std::string* const text = form.find("max_age")) {
        std::int64_t seconds = -1;
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
        if (error != std::errc() || end != text->data() + text->size() || seconds < 0) throw invalid("max_age must be a number of seconds");
        prompting.max_age = seconds;
        prompting.login = prompting.login || seconds == 0; // the same (OpenID Connect Core section 15.1)
    }
    return prompting;
}

std::vector<std::string> asked_scopes(const oauth::Form& form, const ClientToVisit& client) {
    const std::string* const wanted = form.find("scope");
    std::vector<std::string> scopes;
    if (wanted == nullptr) return scopes;
    const auto asked = parse_scopes(*wanted);
    if (!asked) throw AuthorizeError("invalid_scope", "scope is malformed");
    for (const std::string& scope : person_scopes()) // a client that refreshes nothing stays nowhere while the person is away
        if (among(*asked, scope) && (scope != "offline_access" || has_grant_type(client, GrantType::refresh_token))) scopes.push_back(scope);
    for (const std::string& scope : *asked)
        if (!among(scopes, scope) && (scope_allows(client.scopes, scope) || scope_allows(client.role_scopes, scope))) scopes.push_back(scope);
    return scopes;
}

bool pkce_matches(std::string_view verifier, std::string_view challenge) {
    if (verifier.size() < 43 || verifier.size() > 128 || !std::all_of(verifier.begin(), verifier.end(), is_unreserved)) return false;
    return constant_time_equal(base64url_encode(sha256(verifier)), challenge);
}

} // namespace gravity::issuer
