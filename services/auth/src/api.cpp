#include "api.hpp"

#include "account_api.hpp"
#include "authorize_api.hpp"
#include "clients_api.hpp"
#include "credentials_api.hpp"
#include "devices_api.hpp"
#include "exchange_policies_api.hpp"
#include "failures_api.hpp"
#include "form_post.hpp"
#include "grants_api.hpp"
#include "identities_api.hpp"
#include "keys_api.hpp"
#include "login_flows_api.hpp"
#include "logout_api.hpp"
#include "metadata_api.hpp"
#include "own_credentials_api.hpp"
#include "passkey_sign_in_api.hpp"
#include "problems.hpp"
#include "pushed_requests.hpp"
#include "recovery_api.hpp"
#include "regain_api.hpp"
#include "registration_api.hpp"
#include "roles_api.hpp"
#include "sign_up_api.hpp"
#include "tokens_api.hpp"
#include "userinfo_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::issuer {
namespace {

void key_routes(Router& router) {
    namespace k = keys;
    auto keys = router.collection("/api/v1/signing-keys", "signing-keys");
    keys.get<k::list>("", {.summary = "List signing keys, newest first", .scope = "signing-keys:admin"});
    keys.post<k::create>("", {.summary = "Begin with an algorithm that is not in use", .problems = {algorithm_in_use}, .scope = "signing-keys:admin"});
    keys.get<k::get>("/{kid}", {.summary = "Read what is known of a signing key", .scope = "signing-keys:admin"});
    keys.post<k::rotate>("/rotate", {.summary = "Have the next keys sign as soon as verifiers know them", .scope = "signing-keys:admin"});
    keys.post<k::revoke>("/{kid}/revoke", {.summary = "Drop a key at once: it has been lost", .problems = {key_retired}, .scope = "signing-keys:admin"});
}

void client_routes(Router& router) {
    namespace c = clients;
    auto clients = router.collection("/api/v1/clients", "clients");
    clients.get<c::list>("", {.summary = "List clients, newest first"});
    clients.post<c::create>("", {.summary = "Register a client; its secret is shown this once", .problems = {scope_not_yours}, .shows_secret = true});
    clients.get<c::get>("/{id}", {.summary = "Read a client"});
    clients.patch<c::update>("/{id}", {.summary = "Change a client", .problems = {scope_not_yours}});
    clients.del<c::remove>("/{id}", {.summary = "Delete a client; tokens that it has are good until they expire"});
    clients.post<c::create_secret>("/{id}/secrets", {.summary = "Make a second secret, to be swapped for the first; it is shown this once",
                                                     .problems = {two_secrets_live, no_secrets, already_expired, scope_not_yours},
                                                     .shows_secret = true});
    clients.get<c::list_secrets>("/{id}/secrets", {.summary = "List what is known of a client's secrets"});
    clients.del<c::remove_secret>("/{id}/secrets/{secret_id}", {.summary = "Delete a secret"});
}

void identity_routes(Router& router) {
    namespace i = identities;
    auto identities = router.collection("/api/v1/identities", "identities");
    identities.get<i::list>("", {.summary = "List identities, newest first; one by its login name"});
    identities.post<i::create>("", {.summary = "Create an identity", .problems = {login_name_taken}});
    identities.get<i::get>("/{id}", {.summary = "Read an identity"});
    identities.patch<i::update>("/{id}", {.summary = "Change what an identity signs in with", .problems = {login_name_taken}});
    identities.del<i::remove>("/{id}", {.summary = "Delete an identity and all that is known of it"});
    identities.post<i::disable>("/{id}/disable", {.summary = "Let an identity sign in no more"});
    identities.post<i::enable>("/{id}/enable", {.summary = "Let an identity sign in"});
    identities.post<i::import>("/{id}/import", {.summary = "Take over a password that another system has hashed",
                                                .problems = {password_exists},
                                                .scope = "identities:admin",
                                                .body_limit = 4 * 1024});
}

void credential_routes(Router& router) {
    namespace c = credentials;
    auto credentials = router.collection("/api/v1/credentials", "credentials");
    credentials.get<c::list>("", {.summary = "List credentials, newest first"});
    credentials.post<c::create>("", {.summary = "Set the password of an identity; the one before ends",
                                     .problems = {password_refused, no_such_identity},
                                     .body_limit = 16 * 1024});
    credentials.get<c::get>("/{id}", {.summary = "Read what is known of a credential"});
    credentials.del<c::remove>("/{id}", {.summary = "Delete a credential"});
    credentials.post<c::check_password>("/check", {.summary = "Check a password, for a log-in page of one's own",
                                                   .problems = {too_many_attempts},
                                                   .scope = "credentials:check",
                                                   .body_limit = 16 * 1024});
}

void own_credential_routes(Router& router) {
    namespace o = own_credentials;
    auto credentials = router.collection("/api/v1/own-credentials", "own-credentials");
    credentials.get<o::list>("", {.summary = "List one's own credentials, newest first"});
    credentials.get<o::get>("/{id}", {.summary = "Read what is known of a credential of one's own"});
    credentials.del<o::remove>("/{id}", {.summary = "Delete a credential of one's own, a short while after signing in",
                                         .problems = {sign_in_not_fresh, last_way_in}});
}

void grant_routes(Router& router) {
    namespace g = grants;
    auto grants = router.collection("/api/v1/grants", "grants");
    grants.get<g::list>("", {.summary = "List what one has given, newest first; what somebody else has for who has clients:admin"});
    grants.get<g::get>("/{id}", {.summary = "Read a grant"});
    grants.del<g::remove>("/{id}", {.summary = "End a session, take a consent back with all that the client has by it, or revoke refresh tokens"});
    grants.post<g::end_others>("/end-others", {.summary = "End all one's sessions and refresh tokens but those of the session that the token comes of",
                                               .problems = {no_person},
                                               .idempotency = false});
}

void failure_routes(Router& router) {
    auto collection = router.collection("/api/v1/auth-failures", "auth-failures");
    collection.get<failures::get>("/{trace_id}", {.summary = "Read why somebody was refused, by the trace that they were shown", .scope = "identities:admin"});
}

void flow_routes(Router& router) {
    namespace f = flows;
    constexpr std::string_view by_anybody = "whoever is to sign in has no token yet; each flow has one of its own";
    auto flows = router.collection("/api/v1/login-flows", "login-flows");
    flows.post<f::begin>("", {.summary = "Begin to sign somebody in, to sign them up, or to have them set a forgotten password anew",
                              .problems = {client_refused, needs_browser, not_offered, too_many_flows},
                              .open = by_anybody,
                              .body_limit = 16 * 1024,
                              .idempotency = false,
                              .shows_secret = true});
    flows.get<f::get>("", {.summary = "Read the flow whose token comes in Flow-Token", .problems = {problems::not_found}, .open = by_anybody});
    flows.post<f::step>("/{id}/steps", {.summary = "Take one of the next steps of a flow",
                                        .problems = {step_not_next, not_offered, password_refused, login_name_taken, too_many_attempts},
                                        .open = by_anybody,
                                        .body_limit = 32 * 1024,
                                        .idempotency = false});
}

void role_routes(Router& router) {
    namespace r = roles;
    auto roles = router.collection("/api/v1/roles", "roles");
    const std::vector<Problem> of_edges = {scope_not_yours, role_name_taken, role_cycle, roles_too_deep, no_such_parent};
    roles.get<r::list>("", {.summary = "List roles by name"});
    roles.post<r::create>("", {.summary = "Make a role", .problems = of_edges});
    roles.get<r::get>("/{id}", {.summary = "Read a role"});
    roles.patch<r::update>("/{id}", {.summary = "Change a role; tokens that its members have stay as they are", .problems = of_edges});
    roles.del<r::remove>("/{id}", {.summary = "Delete a role: nobody has it, and nothing inherits from it, any more"});
    roles.get<r::list_members>("/{id}/members", {.summary = "List who has a role, newest first"});
    roles.put<r::add_member>("/{id}/members/{member}", {.summary = "Grant a role to a client or an identity", .problems = {scope_not_yours, too_many_roles}});
    roles.del<r::remove_member>("/{id}/members/{member}", {.summary = "Take a role away"});
}

void exchange_routes(Router& router) {
    namespace e = exchange_policies;
    auto policies = router.collection("/api/v1/exchange-policies", "exchange-policies");
    policies.get<e::list>("", {.summary = "List who may exchange whose tokens, newest first", .scope = "clients:admin"});
    policies.post<e::create>("", {.summary = "Let a client exchange another's tokens",
                                  .problems = {scope_not_yours, exchange_policy_exists},
                                  .scope = "clients:admin"});
    policies.get<e::get>("/{id}", {.summary = "Read an exchange policy", .scope = "clients:admin"});
    policies.del<e::remove>("/{id}", {.summary = "Let it no more; tokens that came of it are good until they expire", .scope = "clients:admin"});
}

void token_routes(Router& router) {
    namespace t = tokens;
    constexpr std::string_view by_client = "clients authenticate as OAuth has it";
    auto surface = router.surface("oauth2");
    surface.post<t::token>("/oauth2/token", {.summary = "Get a token (RFC 6749 section 3.2)",
                                             .problems = {keys_not_ready},
                                             .open = by_client,
                                             .error_type = "application/json",
                                             .body_limit = 64 * 1024,
                                             .idempotency = false});
    surface.post<t::introspect>("/oauth2/introspect", {.summary = "Ask about a token (RFC 7662)",
                                                       .problems = {keys_not_ready},
                                                       .open = by_client,
                                                       .error_type = "application/json",
                                                       .body_limit = 64 * 1024,
                                                       .idempotency = false});
    surface.post<t::revoke>("/oauth2/revoke", {.summary = "Give a token back (RFC 7009)",
                                               .problems = {keys_not_ready},
                                               .open = by_client,
                                               .error_type = "application/json",
                                               .body_limit = 64 * 1024,
                                               .idempotency = false});
}

void registration_routes(Router& router) {
    auto surface = router.surface("oauth2");
    surface.post<registration::register_client>("/oauth2/register", {.summary = "Register a client by its metadata (RFC 7591)",
                                                                     .scope = "clients:register",
                                                                     .error_type = "application/json",
                                                                     .body_limit = 64 * 1024,
                                                                     .idempotency = false,
                                                                     .shows_secret = true});
    constexpr std::string_view by_token = "clients come with the token of their registration";
    surface.get<registration::read>("/oauth2/register/{client_id}",
                                    {.summary = "Read a registration (RFC 7592)", .open = by_token, .error_type = "application/json"});
    surface.put<registration::update>("/oauth2/register/{client_id}", {.summary = "Change a registration (RFC 7592)",
                                                                       .open = by_token,
                                                                       .error_type = "application/json",
                                                                       .body_limit = 64 * 1024});
    surface.del<registration::remove>("/oauth2/register/{client_id}",
                                      {.summary = "Delete a client (RFC 7592)", .open = by_token, .error_type = "application/json"});
}

void people_routes(Router& router) {
    namespace a = authorization;
    namespace p = people;
    constexpr std::string_view by_browser = "browsers of people come here";
    const auto page = [](std::string_view summary) {
        return http::RouteOptions{.summary = summary, .open = by_browser, .error_type = "text/html", .body_limit = 16 * 1024, .idempotency = false};
    };
    const auto passkey = [&](std::string_view summary) {
        http::RouteOptions options = page(summary);
        options.problems = {problems::not_found, too_many_attempts};
        return options;
    };
    auto surface = router.surface("oauth2");
    surface.get<a::authorize>("/oauth2/authorize", page("Ask for a code (RFC 6749 section 3.1)"));
    surface.post<a::authorize_by_form>("/oauth2/authorize", page("Ask for a code by a form"));
    surface.get<a::form_post>("/oauth2/form_post", page("The page that posts an answer to a client (OAuth 2.0 Form Post Response Mode)"));
    surface.get<a::form_post_script>("/login/form_post.js", {.summary = "The script of the page that posts an answer", .open = by_browser});
    surface.post<a::push>("/oauth2/par", {.summary = "Send an authorization request ahead (RFC 9126)",
                                          .open = "clients authenticate as OAuth has it",
                                          .error_type = "application/json",
                                          .body_limit = 16 * 1024,
                                          .idempotency = false});
    surface.post<devices::ask>("/oauth2/device_authorization", {.summary = "Ask a person to sign in for a device (RFC 8628)",
                                                                .open = "clients authenticate as OAuth has it",
                                                                .error_type = "application/json",
                                                                .body_limit = 16 * 1024,
                                                                .idempotency = false});
    surface.get<devices::page>("/login/device", page("The page where people type what a device shows"));
    surface.post<devices::typed>("/login/device", page("Go on with what a device shows"));
    surface.get<a::login_page>("/login", page("The page where people sign in"));
    surface.post<a::login>("/login", page("Sign in"));
    surface.get<a::code_page>("/login/code", page("The page where people prove a second factor"));
    surface.post<a::code>("/login/code", page("Prove a second factor"));
    surface.get<a::passkey_page>("/login/passkey", passkey("The page where people sign in by a passkey"));
    surface.post<a::passkey>("/login/passkey", passkey("Sign in by a passkey (W3C Web Authentication)"));
    surface.get<a::passkey_script>("/login/passkeys.js", {.summary = "The script of the pages that ask for a passkey", .open = by_browser});
    const auto signing_up = [&](std::string_view summary) {
        http::RouteOptions options = page(summary);
        options.problems = {problems::not_found, password_refused, login_name_taken, too_many_attempts};
        return options;
    };
    surface.get<a::sign_up_page>("/login/sign-up", signing_up("The page where people sign up by themselves"));
    surface.post<a::ask_to_sign_up_by_form>("/login/sign-up", signing_up("Ask for a code to sign up with"));
    surface.post<a::sign_up_by_code>("/login/sign-up/code", signing_up("Sign up by the code that was sent"));
    surface.get<a::consent_page>("/login/consent", page("The page where people let a client know them"));
    surface.post<a::consent>("/login/consent", page("Let a client know them, or not"));
    surface.get<p::logout>("/oauth2/logout", page("Sign out (OpenID Connect RP-Initiated Logout 1.0); 303 where the client has a way back"));
    surface.post<p::logout_by_form>("/oauth2/logout", page("Sign out by a form"));
    const http::RouteOptions by_token{.summary = "What a client may know of the person (OpenID Connect Core section 5.3)",
                                      .problems = {keys_not_ready},
                                      .open = "the access token is the person's",
                                      .error_type = "application/json",
                                      .body_limit = 16 * 1024,
                                      .idempotency = false};
    surface.get<p::userinfo>("/oauth2/userinfo", by_token);
    surface.post<p::userinfo_by_form>("/oauth2/userinfo", by_token);
}

void account_routes(Router& router) {
    const auto page = [](std::string_view summary) {
        return http::RouteOptions{.summary = summary,
                                  .problems = {problems::not_found, totp_exists, passkey_exists, too_many_passkeys, last_way_in, password_refused,
                                               too_many_attempts},
                                  .open = "browsers of people come here",
                                  .error_type = "text/html",
                                  .body_limit = 16 * 1024,
                                  .idempotency = false};
    };
    auto surface = router.surface("account");
    surface.get<account::security>("/account/security", page("The page where people look after what they sign in with"));
    surface.post<account::change_password>("/account/security/password", page("Change one's password"));
    surface.post<account::confirm_addresses>("/account/security/addresses", page("Have links sent that confirm one's addresses"));
    surface.post<account::stop_regaining>("/account/security/recovery/stop", page("Stop that somebody regains the account"));
    surface.post<account::begin_totp>("/account/security/totp", page("Begin to set up an app that makes codes"));
    surface.post<account::confirm_totp>("/account/security/totp/confirm", page("Prove that the app works"));
    surface.post<account::remove_totp>("/account/security/totp/remove", page("Remove the app"));
    surface.post<account::begin_passkey>("/account/security/passkeys", page("Begin to make a passkey (W3C Web Authentication)"));
    surface.post<account::add_passkey>("/account/security/passkeys/add", page("Keep the passkey that the browser has made"));
    surface.post<account::remove_passkey>("/account/security/passkeys/remove", page("Remove a passkey"));
    surface.get<account::passkey_proof>("/account/security/passkey", page("The page where people prove by a passkey who they are"));
    surface.post<account::prove_passkey>("/account/security/passkey", page("Prove by a passkey who one is"));
    surface.post<account::sign_out_there>("/account/security/sessions/end", page("End a session of one's own"));
    surface.post<account::sign_out_elsewhere>("/account/security/sessions/end-others", page("End all one's other sessions"));
    surface.post<account::take_back>("/account/security/applications/remove", page("Take back what an application was let have"));
    surface.post<account::trust_no_more>("/account/security/devices/forget", page("Trust a browser no more"));
    surface.post<account::renew_codes>("/account/security/recovery-codes", page("Get other recovery codes"));
}

void recovery_routes(Router& router) {
    namespace r = recovery;
    const auto page = [](std::string_view summary) {
        return http::RouteOptions{.summary = summary,
                                  .problems = {problems::not_found, password_refused, too_many_attempts},
                                  .open = "browsers of people come here",
                                  .error_type = "text/html",
                                  .body_limit = 16 * 1024,
                                  .idempotency = false};
    };
    auto surface = router.surface("login");
    surface.get<r::ask_page>("/login/recover", page("The page where people ask for a link to set their password anew"));
    surface.post<r::ask>("/login/recover", page("Ask for a link to set one's password anew"));
    surface.get<r::reset_page>("/login/reset", page("The page that the link leads to"));
    surface.post<r::reset>("/login/reset", page("Set one's password by a link"));
    namespace g = regain;
    surface.get<g::link_page>("/login/regain", page("The page that the link of who has passkeys alone leads to"));
    surface.post<g::prove>("/login/regain/code", page("Prove a second factor behind such a link"));
    surface.post<g::wait>("/login/regain/wait", page("Begin to wait instead; all addresses of the account are told"));
    surface.post<g::set_password_by_form>("/login/regain/password", page("Set a password beside the passkeys that were lost"));
    surface.post<g::begin_passkey_by_form>("/login/regain/passkey", page("Begin to make a passkey beside those that were lost"));
    surface.post<g::add_passkey_by_form>("/login/regain/passkey/add", page("Keep the passkey that the browser has made"));
    surface.get<g::stop_page>("/login/regain/cancel", page("The page that a link leads to that stops it"));
    surface.post<g::stop>("/login/regain/cancel", page("Stop that somebody regains the account"));
    surface.get<r::confirm_page>("/login/confirm", page("The page that a link leads to that proves an address"));
    surface.post<r::confirm>("/login/confirm", page("Prove an address by a link"));
}

void public_routes(Router& router) {
    namespace w = well_known;
    auto surface = router.surface("oauth2");
    surface.get<w::authorization_server>("/.well-known/oauth-authorization-server",
                                         {.summary = "Metadata of the authorization server (RFC 8414)", .open = "clients begin with it"});
    surface.get<w::authorization_server_of>("/.well-known/oauth-authorization-server/{issuer...}",
                                            {.summary = "The same where the issuer has a path, which comes behind (RFC 8414 section 3.1)",
                                             .problems = {problems::not_found},
                                             .open = "clients begin with it"});
    surface.get<w::openid_configuration>("/.well-known/openid-configuration",
                                         {.summary = "Metadata of the OpenID provider (OpenID Connect Discovery 1.0)", .open = "clients begin with it"});
    surface.get<w::jwks>("/oauth2/jwks",
                         {.summary = "Public keys that tokens are verified with (RFC 7517)", .problems = {keys_not_ready}, .open = "they are public"});
}

} // namespace

void routes(Router& router) {
    key_routes(router);
    client_routes(router);
    identity_routes(router);
    credential_routes(router);
    own_credential_routes(router);
    grant_routes(router);
    flow_routes(router);
    failure_routes(router);
    role_routes(router);
    exchange_routes(router);
    token_routes(router);
    registration_routes(router);
    people_routes(router);
    account_routes(router);
    recovery_routes(router);
    public_routes(router);
}

} // namespace gravity::issuer
