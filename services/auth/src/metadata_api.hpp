#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

#include <string>

/// Handlers of what is public: metadata and keys. They answer from memory.
namespace gravity::issuer::well_known {

Task<Web> authorization_server(Ctx& ctx);
/// The same where RFC 8414 section 3.1 has it of an issuer with a path: the path comes behind.
Task<Web> authorization_server_of(Ctx& ctx, Path<"issuer", std::string> issuer);
Task<Web> openid_configuration(Ctx& ctx);
Task<Web> jwks(Ctx& ctx);

} // namespace gravity::issuer::well_known
