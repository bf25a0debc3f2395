#pragma once

#include "identities_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of links that people are sent. Those who fetch what is in a mail change nothing by it: each link leads to a page, and its form does it.
namespace gravity::issuer::recovery {

Task<Web> ask_page(Ctx& ctx);
Task<Web> ask(Ctx& ctx, RawBody body);
Task<Web> reset_page(Ctx& ctx);
Task<Web> reset(Ctx& ctx, RawBody body);
Task<Web> confirm_page(Ctx& ctx);
Task<Web> confirm(Ctx& ctx, RawBody body);

/// Sends links to the addresses of the identity that are not confirmed; how many. Throws Refusal where links are off.
Task<std::int64_t> send_confirmations(Ctx& ctx, ProjectId project, IdentityId identity);

} // namespace gravity::issuer::recovery
