#pragma once

#include "authenticator_data.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Web Authentication (W3C, Level 2 with the backup flags of Level 3), the relying party's side: what a browser says of a passkey, and whether it holds. Pure:
/// that a challenge was given out, and is good once, is for whoever keeps them.
namespace gravity::issuer::webauthn {

/// Who asks: for passkeys of this domain, on pages of these origins.
struct RelyingParty {
    std::string id;
    std::vector<std::string> origins;
};

/// What the browser vouches for (section 5.8.1).
struct ClientData {
    std::string json; // as it came: its hash is signed
    std::string type;
    std::string challenge; // raw bytes
    std::string origin;
    bool cross_origin = false; // asked for by a page within another one
};

/// RegistrationResponseJSON (Level 3 section 5.1.8.1), decoded.
struct Registration {
    ClientData client;
    std::string id;
    std::string attestation;             // CBOR
    std::vector<std::string> transports; // how the browser reaches the authenticator: "internal", "usb"
};
/// AuthenticationResponseJSON (section 5.1.8.2), decoded.
struct Assertion {
    ClientData client;
    std::string id;
    std::string authenticator_data;
    std::string signature;
    std::string user_handle; // empty: the authenticator does not say whose it is
};
/// Members that are not known are passed over. Refused: more than 12 KiB, what is no JSON, lacks a member, or has one that is not base64url or too long.
Parsed<Registration> read_registration(std::string_view json);
Parsed<Assertion> read_assertion(std::string_view json);

/// What is kept of a passkey.
struct NewPasskey {
    std::string id;
    std::string public_key; // a COSE_Key
    std::uint32_t sign_count = 0;
    bool user_verified = false;
    bool backup_eligible = false;
    bool backed_up = false;
};
/// Section 7.1 from step 7 on. Attestation is taken as `none`, or as `packed` by the passkey's own key, which is verified; it tells nothing of the model either
/// way.
Parsed<NewPasskey> verify_registration(const RelyingParty& party, const Registration& registration);

/// What a passkey said that was used.
struct PasskeyUse {
    std::uint32_t sign_count = 0;
    bool user_verified = false;
    bool backup_eligible = false;
    bool backed_up = false;
};
/// Section 7.2 from step 11 on, but for what has to be compared with what is kept: the backup eligibility and the counter.
Parsed<PasskeyUse> verify_assertion(const RelyingParty& party, const Assertion& assertion, std::string_view public_key);

/// Whether a counter may follow another (section 7.2 step 21): it grows, or the authenticator has none and says 0 always.
bool may_follow(std::uint32_t count, std::int64_t before);

} // namespace gravity::issuer::webauthn
