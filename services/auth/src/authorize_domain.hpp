#pragma once

#include "clients_model.hpp"
#include "oauth.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Requests for a code (RFC 6749 section 4.1.1 with OAuth 2.1's restrictions, OpenID Connect Core section 3.1.2.1): pure.
namespace gravity::issuer {

using DeviceId = Id<"device">;
struct DeviceAsking {
    DeviceId id;
    std::string user_code; // as it is shown
};
BOOST_DESCRIBE_STRUCT(DeviceAsking, (), (id, user_code))

/// What of a request is kept while the person signs in.
struct AuthorizeRequest {
    ClientId client_id;
    std::string redirect_uri;
    std::string state;
    std::vector<std::string> scopes; // those that there are of what was asked for
    std::string nonce;
    std::string code_challenge;
    std::string login_hint;
    bool ask_consent = false; // prompt=consent
    std::optional<std::string> dpop_jkt; // of the key that tokens are to be bound to (RFC 9449 section 10)
    std::optional<bool> form_post;          // how the client wants to be answered; else by the redirect's query
    std::optional<std::string> subject;     // who it has to be, by id_token_hint or claims
    std::optional<Timestamp> sign_in_after; // a session that began before is not what was asked for
    std::optional<bool> two_factors;        // nor is one by a single factor
    std::optional<std::vector<std::string>> id_token_claims; // that the ID token is to have beside those it always has
    std::optional<DeviceAsking> device;  // what is asked for is not a code but tokens for this device; without redirect_uri, state, nonce and code_challenge
};
BOOST_DESCRIBE_STRUCT(AuthorizeRequest, (),
                      (client_id, redirect_uri, state, scopes, nonce, code_challenge, login_hint, ask_consent, dpop_jkt, form_post, subject,
                       sign_in_after, two_factors, id_token_claims, device))

/// How the request wants the person to be asked.
struct Prompting {
    bool none = false;  // not at all
    bool login = false; // to sign in again
    std::optional<std::int64_t> max_age; // seconds since the last time
    bool two_factors = false;            // by acr_values, or claims
};

/// A client as a request is held against it.
struct ClientToVisit {
    ClientId id;
    Text<1, 200> name;
    std::vector<RedirectUri> redirect_uris;
    std::vector<GrantType> grant_types;
    std::vector<std::string> scopes, role_scopes; // its own, and those of its roles: what it may do
    bool first_party = false;
    bool require_pushed_authorization_requests = false;
    bool require_pkce = true;
    bool disabled = false;
};
BOOST_DESCRIBE_STRUCT(ClientToVisit, (),
                      (id, name, redirect_uris, grant_types, scopes, role_scopes, first_party, require_pushed_authorization_requests, require_pkce, disabled))

/// Thrown for what goes back to the client by a redirect.
class AuthorizeError : public std::exception {
public:
    AuthorizeError(std::string code, std::string description) : code_(std::move(code)), description_(std::move(description)) {}
    const std::string& code() const noexcept { return code_; }
    const std::string& description() const noexcept { return description_; }
    const char* what() const noexcept override { return description_.c_str(); }

private:
    std::string code_, description_;
};

/// Scopes that let a client know of the person (OpenID Connect Core section 5.4), `offline_access`, and `roles`: which roles they have.
const std::vector<std::string>& person_scopes();

/// What a person has by their roles.
struct HeldRoles {
    std::vector<std::string> names; // inherited ones included
    std::vector<std::string> scopes; // all that they let them do
};
BOOST_DESCRIBE_STRUCT(HeldRoles, (), (names, scopes))
/// Of the scopes that were asked for those that a token may have: person_scopes, and what both the client and the person's roles allow.
std::vector<std::string> scopes_for(const std::vector<std::string>& asked, const std::vector<std::string>& of_client, const HeldRoles& held);
/// Whether there are any among them that roles decide about.
bool wants_roles(const std::vector<std::string>& scopes);

/// Whether the answer is to be posted (OAuth 2.0 Form Post Response Mode), and can be.
bool wants_form_post(const oauth::Form& form);
/// Whether the redirect of a request is one of the client's: before that, nobody is sent anywhere.
bool redirects_home(const ClientToVisit& client, const oauth::Form& form);
/// Throws AuthorizeError for a request that the browser brings, where the client's have to be sent ahead (RFC 9126 section 6).
void check_may_be_brought(const ClientToVisit& client);
/// `audience`: whom tokens are issued for. Throws AuthorizeError.
AuthorizeRequest authorize_request(const ClientToVisit& client, const oauth::Form& form, std::string_view audience);
Prompting prompting(const oauth::Form& form);
/// Of the scopes that a request names those that there are and that the client may have; others are left out (OpenID Connect Core section 3.1.2.1). Throws
/// AuthorizeError for what is no list of scopes.
std::vector<std::string> asked_scopes(const oauth::Form& form, const ClientToVisit& client);

/// RFC 7636 section 4.6 by S256.
bool pkce_matches(std::string_view verifier, std::string_view challenge);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, DeviceId, DeviceAsking, AuthorizeRequest, ClientToVisit, HeldRoles)
