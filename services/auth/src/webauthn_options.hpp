#pragma once

#include "passkeys_model.hpp"
#include "webauthn.hpp"

#include <gravity/json/json.hpp>

/// What a browser is asked, as JSON (Web Authentication Level 3 sections 5.1.9 and 5.1.10; Level 2 knows the same members). Pure.
namespace gravity::issuer::webauthn {

/// How long a challenge is good, and how long a browser asks its owner.
inline constexpr std::int64_t ceremony_seconds = 300;

/// Whose passkey is to be made.
struct User {
    std::string handle; // raw bytes, that tell nothing
    std::string name;   // by which they know which of theirs it is
};
/// PublicKeyCredentialCreationOptionsJSON: a passkey that is found without a name where the authenticator can keep such, and that verifies its owner where it
/// can.
Json creation_options(const RelyingParty& party, const User& user, std::string_view challenge, const std::vector<KnownPasskey>& known);

/// PublicKeyCredentialRequestOptionsJSON: one of these, or of none whichever the authenticator has for the domain.
struct Asking {
    std::vector<KnownPasskey> allowed{};
    bool verification = false; // it has to verify its owner
};
Json request_options(const RelyingParty& party, std::string_view challenge, const Asking& asking);

} // namespace gravity::issuer::webauthn
