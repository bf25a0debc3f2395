#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of the Universal Commerce Protocol's catalog capability, for shopping agents.
namespace gravity::product_catalog::agents {

Task<Web> ucp_profile(Ctx& ctx, MaybeCaller caller);
Task<Web> search(Ctx& ctx, RawBody body, MaybeCaller caller);
Task<Web> lookup(Ctx& ctx, RawBody body, MaybeCaller caller);
Task<Web> get_product(Ctx& ctx, RawBody body, MaybeCaller caller);

} // namespace gravity::product_catalog::agents
