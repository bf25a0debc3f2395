#pragma once

#include "audit_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of the audit log, by name. Their text is in audit_store.cpp and nowhere else.
namespace gravity::config {

extern const Sql<void(AuditEntry)> insert_audit;
extern const Sql<AuditEntry(ListAudit)> list_audit;
/// The oldest before a moment, at most so many; how many there were.
extern const Sql<std::int64_t(Timestamp, int)> forget_audit;

} // namespace gravity::config
