#pragma once

#include "attendance.hpp"
#include "config.hpp"
#include "effective_model.hpp"
#include "memory.hpp"
#include "stale.hpp"
#include "watching.hpp"

#include <gravity/handlers.hpp>

/// Handlers of what is in force.
namespace gravity::config::effective {

/// With `wait_version` the answer waits for another version.
Task<MaybeStale<Effective>> get(Ctx& ctx, Caller caller, Params<AwaitEffective> query, Given<Settings> settings, Given<Watching> watching,
                                Given<Vault> vault, Given<Attendance> attendance, Given<Memory> memory);

} // namespace gravity::config::effective
