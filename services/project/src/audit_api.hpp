#pragma once

#include "audit_model.hpp"
#include "project_door.hpp"

#include <gravity/handlers.hpp>

/// Handlers of the audit log: newest first, in pages or as a file.
namespace gravity::project::audit {

Page<AuditEntry> of_organization(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<ListAudit> query);
Task<Streamed> export_of_organization(Ctx& ctx, Caller caller, Path<"id", OrganizationId> id, Params<ExportAudit> query);
/// What was done to what is measured of a project, and to the plans of whom it administers; the rest stands in its organisation's.
Task<Page<AuditEntry>> of_project(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<ListAudit> query, Given<ProjectDoor> door);
Task<Streamed> export_of_project(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<ExportAudit> query, Given<ProjectDoor> door);

} // namespace gravity::project::audit
