#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of the endpoints where clients get tokens, ask about them and give them back.
namespace gravity::issuer::tokens {

Task<Web> token(Ctx& ctx, RawBody body);
Task<Web> introspect(Ctx& ctx, RawBody body);
Task<Web> revoke(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::tokens
