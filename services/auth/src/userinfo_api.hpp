#pragma once

#include "web.hpp"

/// Handlers of what clients ask of people, and of signing out.
namespace gravity::issuer::people {

/// OpenID Connect Core section 5.3, by GET and POST.
Task<Web> userinfo(Ctx& ctx);

/// OpenID Connect RP-Initiated Logout 1.0.
Task<Web> logout(Ctx& ctx);
Task<Web> logout_by_form(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::people
