#pragma once

#include "audit_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of the audit log: newest first.
namespace gravity::config::audit {

Page<AuditEntry> list(Tx& tx, Params<ListAudit> query);

} // namespace gravity::config::audit
