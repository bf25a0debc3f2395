#pragma once

#include "clients_model.hpp"
#include "config.hpp"

#include <gravity/auth/claims.hpp>

/// What tokens say: pure.
namespace gravity::issuer {

/// Of an access token that a client gets for itself (RFC 9068 section 2.2).
auth::Claims client_claims(const Settings& settings, ClientId client, ProjectId project, std::vector<std::string> scopes, Timestamp now);

/// The answer of introspection (RFC 7662 section 2.2).
Json introspected(const auth::Claims& claims);

} // namespace gravity::issuer
