#pragma once

#include "secrets.hpp"
#include "secrets_store.hpp"

#include <map>

/// Secrets of sets, with the store.
namespace gravity::config {

/// Takes over a patch of secrets: texts by key, null takes one away. A text that is there already stays as it is sealed.
void apply_secrets(Tx& tx, const Vault& vault, const ConfigSetId& set, Items& items, const Json& patch);

/// Opens the secrets of these sets, whose items stand in the same places. Refuses with 503 without their keys.
void open_secrets(Tx& tx, const Vault& vault, const std::vector<ConfigSetId>& sets, std::vector<Items>& items);

/// One of a set.
std::string open_secret(Tx& tx, const Vault& vault, const ReleaseItem& item);

} // namespace gravity::config
