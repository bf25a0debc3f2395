#include "audit_api.hpp"

#include "audit_store.hpp"

namespace gravity::config::audit {

Page<AuditEntry> list(Tx& tx, Params<ListAudit> query) { return tx.page(list_audit, *query); }

} // namespace gravity::config::audit
