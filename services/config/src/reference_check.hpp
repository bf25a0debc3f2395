#pragma once

#include "items.hpp"
#include "sets_model.hpp"

#include <gravity/pg/tx.hpp>

namespace gravity::config {

/// Refuses, with a pointer for each key, if with these items in the set a reference would not be resolved for some application and profile that inherits
/// them.
/// Looked at are the profiles one by one: of several at once there are more than anybody can look at.
void check_references(Tx& tx, const ConfigSet& set, const Items& items);

} // namespace gravity::config
