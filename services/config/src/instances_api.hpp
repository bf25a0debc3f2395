#pragma once

#include "attendance.hpp"
#include "config.hpp"
#include "watching.hpp"

#include <gravity/handlers.hpp>

/// Handlers of who runs what.
namespace gravity::config::instances {

Page<InstanceOfSet> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListInstances> query);
InstanceSummary summarize(Tx& tx, Path<"id", ConfigSetId> id);
/// Of a client that has no WebSocket; kept before it is answered.
Task<NoContent> acknowledge(Ctx& ctx, Caller caller, Body<Acknowledgement> in, Given<Watching> watching, Given<Settings> settings);

} // namespace gravity::config::instances
