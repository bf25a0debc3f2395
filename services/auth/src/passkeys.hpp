#pragma once

#include "passkeys_model.hpp"
#include "webauthn_options.hpp"

#include <gravity/base/network.hpp>
#include <gravity/http/ctx.hpp>

#include <optional>
#include <string>
#include <vector>

/// Passkeys of people: made, and proven. What they say is checked in webauthn.hpp; here is what makes it good once, for whom, and how often it may fail.
namespace gravity::issuer {

/// Makes a challenge that waits for its answer, five minutes long, for this purpose of this flow or session; one that waited for the same ends. Raw bytes.
std::string fresh_challenge(Tx& tx, ChallengePurpose purpose, const std::string& bound_to);

/// Options for one more passkey of this identity. Throws Refusal if it has as many as it may.
Json begin_passkey(Tx& tx, const webauthn::RelyingParty& party, const Identity& identity, const std::string& bound_to);

struct PasskeyWanted {
    IdentityId identity;
    std::string bound_to;
    std::string name;
    webauthn::Registration registration;
    bool alone = false; // it is to sign them in by itself: only one that has verified its owner can
};
/// Nothing if it does not answer the challenge, or does not hold. With the first second factor of an identity come recovery codes, which are shown this once.
/// Throws Refusal if the passkey is known already, or there are too many.
struct PasskeyMade {
    std::vector<std::string> recovery_codes;
};
std::optional<PasskeyMade> make_passkey(Tx& tx, const webauthn::RelyingParty& party, const PasskeyWanted& wanted);

struct PasskeyClaim {
    ChallengePurpose purpose{};
    std::string bound_to;
    std::optional<IdentityId> identity; // who it has to be; absent: whoever it is
    bool verification = false;          // it has to have verified its owner
    std::string response;               // JSON, as the browser sends it
    IpAddress address;                  // of who sends it
    std::optional<Bytes> device{};      // that their browser is known by (trusted_devices.hpp)
    std::optional<std::string> meant{}; // who it has to be for a sign-in, by its id: whose else it is, is told, and announced as a failure
};
/// Whose it is. Nothing if it is nobody's, not theirs, or does not hold: which of them nobody can tell, but by the event. Announces both. Throws Refusal: too
/// many failed (429), counted by passkey and network and by network.
Task<std::optional<IdentityId>> prove_by_passkey(Ctx& ctx, pg::Scope scope, PasskeyClaim claim);

} // namespace gravity::issuer
