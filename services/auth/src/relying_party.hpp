#pragma once

#include "config.hpp"
#include "webauthn.hpp"

#include <optional>

namespace gravity::issuer {

/// For which domain passkeys are, and on pages of which origins: that of the issuer, unless the settings say otherwise. Nothing where browsers have no
/// passkeys: the issuer is an IP address, or not reached by https (but for localhost). Throws std::invalid_argument for settings that cannot work. Pure.
std::optional<webauthn::RelyingParty> relying_party(const Settings& settings);

} // namespace gravity::issuer
