#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of who regains their account by a link (regain.hpp). Those who fetch what is in a mail change nothing by it.
namespace gravity::issuer::regain {

Task<Web> link_page(Ctx& ctx);
Task<Web> prove(Ctx& ctx, RawBody body);
Task<Web> wait(Ctx& ctx, RawBody body);
Task<Web> set_password_by_form(Ctx& ctx, RawBody body);
Task<Web> begin_passkey_by_form(Ctx& ctx, RawBody body);
Task<Web> add_passkey_by_form(Ctx& ctx, RawBody body);
Task<Web> stop_page(Ctx& ctx);
Task<Web> stop(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::regain
