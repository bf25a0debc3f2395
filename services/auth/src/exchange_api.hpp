#pragma once

#include "oauth.hpp"

#include <gravity/async/task.hpp>

namespace gravity::issuer::tokens {

/// The token exchange grant (RFC 8693) at the token endpoint.
Task<Web> exchange(Ctx& ctx, const oauth::Form& form);

} // namespace gravity::issuer::tokens
