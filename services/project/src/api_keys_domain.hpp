#pragma once

#include "api_keys_model.hpp"

#include <gravity/base/caller.hpp>

/// Rules of API keys: pure. A refusal is thrown.
namespace gravity::project {

/// Nobody makes, or gets by rotation, a key that may more than they.
void check_scopes(const Caller& maker, const std::vector<ScopeName>& wanted);

/// The moment from which it is not good, if there is one; whether it is good now.
std::optional<Timestamp> end_of(const ApiKey& key);
bool is_live(const ApiKey& key, Timestamp now);

/// What the bearer of a text is told. `found` is the row of its public id, `hash` that of the text: an unknown key costs the same work as a wrong one.
Verification verified(const std::optional<ApiKeyAtDoor>& found, const Bytes& hash, Timestamp now);

} // namespace gravity::project
