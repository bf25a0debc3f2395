#pragma once

#include "actor.hpp"
#include "api_keys_model.hpp"

#include <gravity/pg/tx.hpp>

/// What becomes of API keys, whichever way it came.
namespace gravity::project {

/// One that never was, and its text, which is nowhere else. Whether somebody may make it is the caller's to find out.
MadeApiKey make_api_key(Tx& tx, const Caller& caller, const NewApiKey& wanted, std::optional<ApiKeyId> in_place_of = {});

/// Writes down what was done to a key.
void record_of_key(Tx& tx, const Actor& by, std::string_view action, const ApiKey& key, Json details = Json::object());

/// Revokes a key that is locked, at once and for good; one that is revoked already stays so.
void end_api_key(Tx& tx, ApiKey key, const Actor& by);

} // namespace gravity::project
