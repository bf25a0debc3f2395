#pragma once

#include "credentials_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of one's own credentials, by a token of the person.
namespace gravity::issuer {

struct ListOwnCredentials : PageQuery {
    std::optional<CredentialType> type;
};
BOOST_DESCRIBE_STRUCT(ListOwnCredentials, (PageQuery), (type))

} // namespace gravity::issuer

namespace gravity::issuer::own_credentials {

Page<Credential> list(Tx& tx, Caller caller, Params<ListOwnCredentials> query);
Credential get(Tx& tx, Caller caller, Path<"id", CredentialId> id);
Task<NoContent> remove(Ctx& ctx, Caller caller, Path<"id", CredentialId> id, IfMatch expected);

} // namespace gravity::issuer::own_credentials

GRAVITY_TABLES(issuer, ListOwnCredentials)
