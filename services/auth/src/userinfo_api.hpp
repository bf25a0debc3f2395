#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of what clients ask of people (OpenID Connect Core section 5.3). The access token comes in the Authorization field, by the scheme Bearer or, with a
/// proof of its key, DPoP (RFC 9449 section 7); by POST also as `access_token` of a form (RFC 6750 section 2.2).
namespace gravity::issuer::people {

Task<Web> userinfo(Ctx& ctx);
Task<Web> userinfo_by_form(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::people
