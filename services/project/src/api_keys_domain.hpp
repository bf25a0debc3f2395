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

/// Why it is not good now, wherever it is shown: a clause about "it". Nothing where it is.
std::optional<std::string> reason_against(const ApiKey& key, ProjectState project, Timestamp now);

/// Whether it may be shown from there. Where nobody tells from where, a key that is bound to networks may not.
bool may_come_from(const ApiKey& key, const std::optional<Network>& network);

/// Whether it is the key of this row; null: there is none. An unknown one costs the same work as a wrong one.
bool is_key(const ApiKeyAtDoor* found, const Bytes& hash);

/// Whether a text is a key that is good: `found` is the row of its public id, null where there is none, `hash` that of the text, `network` where it was shown
/// from. A use is not counted yet.
bool is_good(const ApiKeyAtDoor* found, const Bytes& hash, const std::optional<Network>& network, Timestamp now);

/// What whoever asks is told of a key that is good, shown from there.
Verification told_of(const ApiKeyAtDoor& key, const std::optional<Network>& network);

/// The same in the words of RFC 7662 section 2.2.
Introspection introspected(const Verification& verification);

} // namespace gravity::project
