#pragma once

#include "attendance.hpp"
#include "config.hpp"
#include "departure.hpp"
#include "effective_model.hpp"
#include "watching.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/live.hpp>

/// Handlers for whoever wants to hear of changes.
namespace gravity::config::watches {

Task<void> socket(WebSocket& socket, Caller caller, Given<Watching> watching, Given<Settings> settings, Given<Attendance> attendance,
                  Given<Departure> departure);
Task<void> events(EventStream& events, Caller caller, Params<EffectiveQuery> query, Given<Watching> watching, Given<Settings> settings,
                  Given<Attendance> attendance);

} // namespace gravity::config::watches
