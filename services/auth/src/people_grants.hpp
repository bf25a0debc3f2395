#pragma once

#include "client_login.hpp"
#include "oauth.hpp"

#include <gravity/http/web.hpp>

#include <optional>
#include <string>

/// The grants by which clients get tokens of people: a code, and what refreshes them.
namespace gravity::issuer::tokens {

/// RFC 6749 section 4.1.3 with PKCE: a code is good once; the second time, all that came of it ends.
Task<Web> authorization_code(Ctx& ctx, const oauth::Form& form);

/// RFC 6749 section 6. Each refresh token is good once, but whoever lost the answer gets the same one again within a minute, so that no connection that breaks
/// signs anybody out and no chain branches. Used after that it has been stolen, by one side or the other: the whole family ends.
Task<Web> refresh_token(Ctx& ctx, const oauth::Form& form);

/// What a client is told of a refresh token of its own that it could use now (RFC 7662 section 2.2), in JSON; nothing of any other.
Task<std::optional<std::string>> introspected_refresh_token(Ctx& ctx, KnownClient known, std::string token);

} // namespace gravity::issuer::tokens
