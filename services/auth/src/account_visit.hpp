#pragma once

#include "grants_model.hpp"
#include "identities_model.hpp"
#include "oauth.hpp"
#include "passkeys_model.hpp"
#include "regain_model.hpp"
#include "second_factor_store.hpp"
#include "sessions.hpp"
#include "trusted_devices_model.hpp"

#include <gravity/http/web.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whoever is signed in, at the page where they look after what they sign in with: what its forms have in common.
namespace gravity::issuer::account {

struct Visitor {
    SignedInBrowser browser;
    std::optional<Identity> identity;
    std::optional<StoredTotp> totp;
    std::vector<ShownPasskey> passkeys;
    std::int64_t recovery_codes = 0;
    std::vector<Session> sessions; // newest first
    std::vector<TrustedDevice> devices; // used last first
    std::optional<TrustedDeviceId> device_here;
    std::vector<Application> applications;
    bool unconfirmed = false; // an address could be confirmed
    std::optional<Regaining> regaining;
    std::string proof;        // that a form is one of ours, for this browser
    std::string proven;       // that it was they, a short while ago; empty: they have to prove it
};
/// Nothing if nobody is signed in.
Task<std::optional<Visitor>> visitor_of(Ctx& ctx);
pg::Scope scope_of(const Visitor& visitor);

inline constexpr std::string_view page_gone = "This page has ended. Please open it again.";
inline constexpr std::string_view not_proven = "Password or code are not right.";

Web overview(Ctx& ctx, const Visitor& visitor, std::string_view fault = {}, int status = 200);

/// What a form of the page asks for, by the browser that it was given to.
using Action = Task<Web> (*)(Ctx&, const Visitor&, const oauth::Form&);
Task<Web> acted(Ctx& ctx, std::string text, Action action);

/// Who is at the page proves anew that they are who is signed in: by their password, with a code where they have a second factor, or by what `fresh_proof` gave
/// them. Throws Refusal where too many failed.
Task<bool> proven(Ctx& ctx, const Visitor& visitor, const oauth::Form& form);
/// For five minutes, in this session: what a passkey, or all of the above, has proven.
std::string fresh_proof(Ctx& ctx, const Visitor& visitor);

std::string text_in(const oauth::Form& form, std::string_view name); // "" if it is left out

} // namespace gravity::issuer::account
