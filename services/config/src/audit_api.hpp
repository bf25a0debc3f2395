#pragma once

#include "audit_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of the audit log: newest first.
namespace gravity::config::audit {

Page<AuditEntry> list(Tx& tx, Params<ListAudit> query);
/// All of it, as long as it is.
Task<Streamed> export_log(Ctx& ctx, Params<ExportAudit> query);

} // namespace gravity::config::audit
