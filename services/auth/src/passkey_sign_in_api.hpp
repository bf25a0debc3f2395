#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of the page where people sign in by a passkey: by it alone, or behind their password.
namespace gravity::issuer::authorization {

Task<Web> passkey_page(Ctx& ctx);
Task<WebSeeOther> passkey(Ctx& ctx, RawBody body);
Task<Web> passkey_script(Ctx& ctx);

} // namespace gravity::issuer::authorization
