#pragma once

#include "actor.hpp"
#include "api_keys_model.hpp"
#include "key_door.hpp"

#include <gravity/handlers.hpp>

/// Handlers of API keys.
namespace gravity::project::api_keys {

Created<MadeApiKey> create(Tx& tx, Actor caller, Body<NewApiKey> in);
Page<ApiKey> list(Tx& tx, Caller caller, Params<ListApiKeys> query);
ApiKey get(Tx& tx, Caller caller, Path<"id", ApiKeyId> id);
ApiKey update(Tx& tx, Actor caller, Path<"id", ApiKeyId> id, Patch<ApiKeyEdit> patch, IfMatch expected);
Created<MadeApiKey> rotate(Tx& tx, Actor caller, Path<"id", ApiKeyId> id, Body<RotateApiKey> in, IfMatch expected);
NoContent revoke(Tx& tx, Actor caller, Path<"id", ApiKeyId> id, IfMatch expected);
Task<Verification> verify(Ctx& ctx, Caller caller, Body<VerifyApiKey> in, Given<KeyDoor> door);
/// For clients of RFC 7662.
Task<Introspection> introspect(Ctx& ctx, Caller caller, RawBody in, Given<KeyDoor> door);
/// Whoever holds a key may give it back (RFC 7009).
Task<GivenBack> give_back(Ctx& ctx, RawBody in, Given<KeyDoor> door, Given<TrustedProxies> proxies);

} // namespace gravity::project::api_keys
