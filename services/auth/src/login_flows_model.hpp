#pragma once

#include "sign_in_model.hpp"

/// Signing in, signing up and recovering by the API, step by step: for pages and apps of one's own. A flow asks for a code as /oauth2/authorize does, and ends
/// with the address that the person is sent back to.
namespace gravity::issuer {

struct NewLoginFlow {
    Default<FlowKind::sign_in> kind;
    ClientId client_id;
    Text<1, 2048> redirect_uri;
    Text<43, 43> code_challenge;
    std::optional<Text<1, 2000>> scope;
    std::optional<Text<1, 2048>> state;
    std::optional<Text<1, 512>> nonce;
    std::optional<Text<1, 254>> login_hint;
    std::optional<Text<1, 1000>> acr_values;
    std::optional<Text<43, 43>> dpop_jkt;
    Default<false> headless;
};
BOOST_DESCRIBE_STRUCT(NewLoginFlow, (),
                      (kind, client_id, redirect_uri, code_challenge, scope, state, nonce, login_hint, acr_values, dpop_jkt, headless))

/// What may be done in a flow.
enum class FlowStepKind {
    password,          // login_name, password
    totp,              // code: of the person's app
    recovery_code,     // code: one of ten
    passkey_challenge, // what the browser is to ask an authenticator
    passkey,           // credential: what it said
    consent,           // allow: whether the client may know what it asks for
    account,           // login_name, an address, and password: to sign up; a code is sent
    address,           // login_name: who has forgotten the password; a code is sent
    mail_code,         // code: that was sent
    new_password,      // password: instead of the forgotten one, or beside passkeys that were lost
    wait               // of who has lost their passkeys and all else: everybody who could mind is told, and later the password may be set
};
BOOST_DESCRIBE_ENUM(FlowStepKind, password, totp, recovery_code, passkey_challenge, passkey, consent, account, address, mail_code, new_password, wait)

struct LoginStep {
    FlowStepKind step{};
    std::optional<Text<1, 254>> login_name;
    std::optional<Secret<>> password;
    std::optional<Text<1, 64>> code;
    std::optional<Json> credential;
    std::optional<bool> allow;
};
BOOST_DESCRIBE_STRUCT(LoginStep, (), (step, login_name, password, code, credential, allow))
void check(const LoginStep& step, meta::Errors& errors);

/// Why a step led nowhere: as little as a page says.
enum class FlowFault {
    not_right // the name, the password, the code or the passkey
};
BOOST_DESCRIBE_ENUM(FlowFault, not_right)

struct ShownFlow {
    FlowId id;
    FlowKind kind{};
    std::string client_name;
    std::vector<FlowStepKind> next_steps; // none: it has ended, and redirect_to says where to go
    Timestamp expires_at;
    std::optional<std::string> flow_token;
    std::optional<FlowFault> fault;
    std::optional<std::string> trace_id;
    std::optional<Json> passkey_options;
    std::optional<std::vector<std::string>> scopes;
    std::optional<std::string> redirect_to;
    std::optional<Timestamp> wait_until;
    std::optional<std::vector<std::string>> recovery_codes;
};
BOOST_DESCRIBE_STRUCT(ShownFlow, (),
                      (id, kind, client_name, next_steps, expires_at, flow_token, fault, trace_id, passkey_options, scopes, redirect_to,
                       wait_until, recovery_codes))

/// What is known of a flow that decides what comes next.
struct FlowFacts {
    FlowKind kind{};
    bool password_proven = false; // a short while ago, of somebody who has a second factor:
    bool app = false, passkeys = false;
    bool passkeys_offered = false; // here
    bool consent_due = false;      // this browser's person is signed in, and has not been asked
    bool code_sent = false, code_proven = false;
    bool regains = false;                // who has proven the code has passkeys alone:
    bool may_add = false;                // they have proven a second factor, or waited
    bool other_waits = false;            // somebody waits by another of their addresses
    std::optional<Timestamp> wait_until; // they wait
};
std::vector<FlowStepKind> next_steps(const FlowFacts& facts);

} // namespace gravity::issuer

template <>
struct gravity::meta::docs<gravity::issuer::NewLoginFlow> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"client_id", "Whom the person signs in at; by it the project is known whose people may"},
        {"redirect_uri", "One of the client's, as it is there"},
        {"code_challenge", "PKCE by S256 (RFC 7636)"},
        {"scope", "As in any request for a code (RFC 6749 section 3.3)"},
        {"headless", "No browser has to keep a cookie: the token alone runs the flow. For first-party clients only"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::LoginStep> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"login_name", "Of password, account and address: e-mail address, phone number or user name; an e-mail address to sign up"},
        {"password", "Of password, account and new_password"},
        {"code", "Of totp, recovery_code and mail_code"},
        {"credential", "Of passkey: AuthenticationResponseJSON (Web Authentication Level 3)"},
        {"allow", "Of consent"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::ShownFlow> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"next_steps", "Those that may be taken now; none once the flow has ended"},
        {"flow_token", "For Flow-Token; shown this once"},
        {"fault", "The step was taken, and led nowhere: what was given is not right"},
        {"trace_id", "With a fault: what whoever administers people finds its reason by"},
        {"passkey_options", "PublicKeyCredentialRequestOptionsJSON, good once and for five minutes"},
        {"scopes", "What consent is asked for"},
        {"wait_until", "From when on a password may be set, by a code that is mailed then; whoever signs in before stops it"},
        {"recovery_codes", "To sign in with behind the password that was set beside passkeys; shown this once"},
        {"redirect_to", "Where the person goes: the client's address, with a code or an error (RFC 6749 section 4.1.2)"},
    };
};

GRAVITY_TABLES(issuer, NewLoginFlow, LoginStep, ShownFlow)
