#pragma once

#include "credentials_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/base/network.hpp>
#include <gravity/http/ctx.hpp>

#include <optional>
#include <string>

/// Signing in by a password: for whoever has asked for one, the route for pages of others and this service's own.
namespace gravity::issuer {

struct PasswordClaim {
    std::string login_name; // in any spelling
    Secret<> password;
    IpAddress address; // of who types it
    std::optional<Bytes> device{}; // that their browser is known by (trusted_devices.hpp)
    std::optional<std::string> meant{}; // who it has to be, by its id; absent: whoever it is
};

struct SignedIn {
    IdentityId identity;
    CredentialId credential;
};

/// Nothing if there is no such name, it has no password, another one, or its identity is not active: which of them nobody can tell, by the answer or by how
/// long it took. A hash that was imported is one of today's afterwards. Announces both: the right password of somebody else than is meant as a failure, for
/// they have signed in nowhere, though it is told whose it is. Throws Refusal: too many failed (429), too much waits (503), or the password was changed at the
/// same time again and again (409).
Task<std::optional<SignedIn>> sign_in_by_password(Ctx& ctx, pg::Scope scope, PasswordClaim claim);

/// What was tried.
enum class LoginMethod {
    password,
    totp,
    recovery_code,
    passkey
};
BOOST_DESCRIBE_ENUM(LoginMethod, password, totp, recovery_code, passkey)

/// Why a sign-in failed: for operators and other services, never for who tried.
enum class LoginFailure {
    unknown_name,
    no_password,
    wrong_password,
    wrong_code,
    unknown_passkey,
    passkey_refused,   // what it says is not signed by it, not for this page, or answers another question
    passkey_suspected, // its counter went back
    not_active,
    not_meant // it was right, and somebody else's than the request names (id_token_hint)
};
BOOST_DESCRIBE_ENUM(LoginFailure, unknown_name, no_password, wrong_password, wrong_code, unknown_passkey, passkey_refused, passkey_suspected, not_active,
                    not_meant)

struct LoginSucceeded {
    static constexpr Event event{"gravity.auth.login.succeeded"};
    IdentityId identity_id;
    std::optional<CredentialId> credential_id; // absent: a recovery code
    LoginMethod method{};
    std::string network; // "203.0.113.0/24"
};
BOOST_DESCRIBE_STRUCT(LoginSucceeded, (), (identity_id, credential_id, method, network))

struct LoginFailed {
    static constexpr Event event{"gravity.auth.login.failed"};
    std::optional<IdentityId> identity_id; // absent: of no name that is known
    LoginMethod method{};
    LoginFailure reason{};
    std::string network;
};
BOOST_DESCRIBE_STRUCT(LoginFailed, (), (identity_id, method, reason, network))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, LoginSucceeded, LoginFailed)
