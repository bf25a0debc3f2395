#pragma once

#include "credentials_model.hpp"

#include <gravity/auth/sealed.hpp>
#include <gravity/base/bytes.hpp>
#include <gravity/base/network.hpp>
#include <gravity/http/ctx.hpp>

#include <optional>
#include <string>
#include <vector>

/// What an identity proves beside its password by a code: of an app, or of recovery.
namespace gravity::issuer {

struct CodeClaim {
    IdentityId identity;
    std::string code; // of the app or of recovery, as it was typed
    IpAddress address; // of who types it
    std::optional<Bytes> device{}; // that their browser is known by (trusted_devices.hpp)
};

/// How it was proven, by RFC 8176: "otp" and "mfa" by the app, "mfa" alone by a recovery code. Nothing if the code is none, was taken before, or the identity
/// has nothing to hold it against. Each is good once: of any number at once with one code one has it. Announces both. Throws Refusal: too many failed (429),
/// for the identity from whatever networks, since only who knows its password comes here; in a browser that is trusted for it, by that browser alone.
Task<std::optional<std::vector<std::string>>> prove_by_code(Ctx& ctx, pg::Scope scope, CodeClaim claim);

inline constexpr std::size_t recovery_code_count = 10;

/// What a person who enrols an app has proven that it works by. Nothing if the code is not the secret's. Throws Refusal where there is one already.
struct Enrolment {
    IdentityId identity;
    Secret<> secret;
    std::string code;
};
/// The recovery codes, which are shown this once.
std::optional<std::vector<std::string>> enrol_totp(Tx& tx, const auth::MasterKeys& keys, const Enrolment& enrolment);
/// Others instead of those there are.
std::vector<std::string> fresh_recovery_codes(Tx& tx, IdentityId identity);
/// Beside those there are, for who has regained their account; instead of those of the time before, so that there are never more than twenty.
std::vector<std::string> add_recovery_codes(Tx& tx, IdentityId identity);
/// `fresh_recovery_codes` where there is something that they stand in for, else nothing.
std::optional<std::vector<std::string>> renew_recovery_codes(Tx& tx, IdentityId identity);
bool remove_totp(Tx& tx, IdentityId identity);
/// Announces that a credential is gone. Recovery codes go with the last that they stood in for, and no browser is trusted any more.
void note_removal(Tx& tx, const Credential& credential);

} // namespace gravity::issuer
