#pragma once

#include "audit_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of the audit log, by name. Their text is in audit_store.cpp and nowhere else.
namespace gravity::project {

extern const Sql<void(AuditEntry)> insert_audit;
/// What was done to an organisation and all that is its; to what is measured of the project whose rows are seen, and to the plans of whom it administers.
extern const Sql<AuditEntry(ListAudit, OrganizationId)> list_audit_of_organization;
extern const Sql<AuditEntry(ListAudit)> list_audit_of_project;
/// At the end of the project whose rows are seen; how many there were.
extern const Sql<std::int64_t()> forget_audit;

} // namespace gravity::project
