#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of signing out (OpenID Connect RP-Initiated Logout 1.0).
namespace gravity::issuer::people {

Task<Web> logout(Ctx& ctx);
Task<Web> logout_by_form(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::people
