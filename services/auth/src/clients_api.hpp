#pragma once

#include "clients_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of clients and their secrets.
namespace gravity::issuer::clients {

/// For whoever lets a client in: it may no more than who does. Throws Refusal.
MadeClient make(Tx& tx, const Caller& by, const NewClient& wanted);

Created<MadeClient> create(Tx& tx, Caller caller, Body<NewClient> in);
Page<Client> list(Tx& tx, Params<ListClients> query);
Client get(Tx& tx, Path<"id", ClientId> id);
Client update(Tx& tx, Caller caller, Path<"id", ClientId> id, Patch<ClientEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", ClientId> id, IfMatch expected);

Created<MadeClientSecret> create_secret(Tx& tx, Caller caller, Path<"id", ClientId> id, Body<NewClientSecret> in);
ClientSecrets list_secrets(Tx& tx, Path<"id", ClientId> id);
NoContent remove_secret(Tx& tx, Path<"id", ClientId> id, Path<"secret_id", ClientSecretId> secret);

} // namespace gravity::issuer::clients
