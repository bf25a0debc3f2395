#pragma once

#include "clients_model.hpp"
#include "config.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of the endpoints where clients register themselves (RFC 7591) and look after it (RFC 7592).
namespace gravity::issuer::registration {

WebCreated register_client(Tx& tx, Caller caller, RawBody body, Given<Settings> settings);

Task<Web> read(Ctx& ctx, Path<"client_id", ClientId> client);
Task<Web> update(Ctx& ctx, Path<"client_id", ClientId> client, RawBody body);
Task<NoContent> remove(Ctx& ctx, Path<"client_id", ClientId> client);

} // namespace gravity::issuer::registration
