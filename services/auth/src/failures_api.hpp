#pragma once

#include "failures_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of why somebody was refused.
namespace gravity::issuer::failures {

AuthFailures get(Tx& tx, Path<"trace_id", TraceIdText> trace);

} // namespace gravity::issuer::failures
