#pragma once

#include "credentials_model.hpp"
#include "identities_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of identities.
namespace gravity::issuer::identities {

Created<Identity> create(Tx& tx, Body<NewIdentity> in);
Page<Identity> list(Tx& tx, Params<ListIdentities> query);
Identity get(Tx& tx, Path<"id", IdentityId> id);
Identity update(Tx& tx, Path<"id", IdentityId> id, Patch<IdentityEdit> patch, IfMatch expected);
Identity disable(Tx& tx, Path<"id", IdentityId> id, IfMatch expected);
Identity enable(Tx& tx, Path<"id", IdentityId> id, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", IdentityId> id, IfMatch expected);

Created<Credential> import(Tx& tx, Path<"id", IdentityId> id, Body<ImportedPassword> in);

} // namespace gravity::issuer::identities
