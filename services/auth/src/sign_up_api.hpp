#pragma once

#include <gravity/http/web.hpp>

/// Handlers of the pages where people sign up by themselves, in the flow of a client that they came from.
namespace gravity::issuer::authorization {

Task<Web> sign_up_page(Ctx& ctx);
Task<Web> ask_to_sign_up_by_form(Ctx& ctx, RawBody body);
Task<WebSeeOther> sign_up_by_code(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::authorization
