#pragma once

#include "clients_model.hpp"
#include "config.hpp"

#include <gravity/auth/claims.hpp>

#include <optional>
#include <string>

/// What tokens say: pure.
namespace gravity::issuer {

/// What a client may at most: its own scopes, and those of its roles.
std::vector<std::string> scopes_of(const ClientAtDoor& client);

/// Of an access token that a client gets for itself (RFC 9068 section 2.2).
auth::Claims client_claims(const Settings& settings, const ClientAtDoor& client, ProjectId project, std::vector<std::string> scopes, Timestamp now);

/// The claims as they are signed. Nothing where whoever verifies the token would not read it: it takes no longer ones, and no longer lists (auth/jws.hpp,
/// auth/claims.hpp).
std::optional<std::string> token_payload(const auth::Claims& claims);

/// How it is to be used: "DPoP" if it is bound to a key (RFC 9449 section 5), else "Bearer".
std::string_view token_type(const auth::Claims& claims);

/// The answer of introspection (RFC 7662 section 2.2), in JSON.
std::string introspected(const auth::Claims& claims);

} // namespace gravity::issuer
