#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of what people see while they sign in at a client.
namespace gravity::issuer::authorization {

Task<WebSeeOther> authorize(Ctx& ctx);
Task<WebSeeOther> authorize_by_form(Ctx& ctx, RawBody body);
Task<Web> login_page(Ctx& ctx);
Task<WebSeeOther> login(Ctx& ctx, RawBody body);
Task<Web> code_page(Ctx& ctx);
Task<WebSeeOther> code(Ctx& ctx, RawBody body);
Task<Web> consent_page(Ctx& ctx);
Task<WebSeeOther> consent(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::authorization
