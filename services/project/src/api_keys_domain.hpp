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

/// Whether it may be shown from there. Where nobody tells from where, a key that is bound to networks may not.
bool may_come_from(const ApiKey& key, const std::optional<Network>& network);

/// Whether it is the key of this row: an unknown one costs the same work as a wrong one.
bool is_key(const std::optional<ApiKeyAtDoor>& found, const Bytes& hash);

/// What the bearer of a text is told. `found` is the row of its public id, `hash` that of the text, `network` where it
/// was shown from. A use is not counted yet.
Verification verified(const std::optional<ApiKeyAtDoor>& found, const Bytes& hash, const std::optional<Network>& network, Timestamp now);

/// The same in the words of RFC 7662 section 2.2.
Introspection introspected(const Verification& verification);

} // namespace gravity::project
