#pragma once

#include <gravity/http/web.hpp>

/// Handlers of what is public: metadata and keys. They answer from memory.
namespace gravity::issuer::well_known {

Task<Web> authorization_server(Ctx& ctx);
Task<Web> openid_configuration(Ctx& ctx);
Task<Web> jwks(Ctx& ctx);

} // namespace gravity::issuer::well_known
