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
Task<Verification> verify(Ctx& ctx, Body<VerifyApiKey> in, Given<KeyDoor> door);
/// An Introspection as it is sent: of a key that is remembered it is written once.
struct IntrospectionText {
    std::string json;
};
/// For clients of RFC 7662.
Task<IntrospectionText> introspect(Ctx& ctx, RawBody in, Given<KeyDoor> door);
/// Whoever holds a key may give it back (RFC 7009).
Task<GivenBack> give_back(Ctx& ctx, RawBody in, Given<KeyDoor> door, Given<TrustedProxies> proxies);

} // namespace gravity::project::api_keys

template <>
struct gravity::http::Result<gravity::project::api_keys::IntrospectionText> {
    static void write(Output& out, project::api_keys::IntrospectionText&& answer) { out.bytes(200, "application/json", std::move(answer.json)); }
    static void describe(Route& route) { Result<project::Introspection>::describe(route); }
};
