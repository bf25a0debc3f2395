#pragma once

#include "oauth.hpp"

/// Handlers of devices that have somebody sign in elsewhere (RFC 8628).
namespace gravity::issuer::devices {

/// POST /oauth2/device_authorization (section 3.1).
Task<Web> ask(Ctx& ctx, RawBody body);

/// The page where a person types what the device shows; then they sign in, if they have not, and let the device have what it asks for.
Task<Web> page(Ctx& ctx);
Task<WebSeeOther> typed(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::devices

namespace gravity::issuer::tokens {

/// The grant at the token endpoint (section 3.4). Throws oauth::Refused.
Task<Web> device_code(Ctx& ctx, const oauth::Form& form);

} // namespace gravity::issuer::tokens
