#pragma once

#include "projects_model.hpp"

#include <gravity/json/json.hpp>

/// The audit log: who did what, and from where.
namespace gravity::project {

using AuditEntryId = Id<"audit-entry">;

struct AuditEntry {
    AuditEntryId id;
    Timestamp occurred_at;
    std::string action;
    std::optional<std::string> subject;
    std::optional<std::string> actor;
    std::optional<std::string> address;
    std::optional<OrganizationId> organization_id;
    std::optional<ProjectId> project_id;
    std::string target;
    Json details;
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (), (id, occurred_at, action, subject, actor, address, organization_id, project_id, target, details))

struct AuditFilter {
    std::optional<Timestamp> from;
    std::optional<Timestamp> to;
    std::optional<Text<1, 100>> action;
    std::optional<Text<1, 255>> subject;
    std::optional<ProjectId> project_id;
};
BOOST_DESCRIBE_STRUCT(AuditFilter, (), (from, to, action, subject, project_id))

struct ListAudit : PageQuery, AuditFilter {};
BOOST_DESCRIBE_STRUCT(ListAudit, (PageQuery, AuditFilter), ())

enum class AuditFormat {
    ndjson,
    csv
};
BOOST_DESCRIBE_ENUM(AuditFormat, ndjson, csv)

struct ExportAudit : AuditFilter {
    Default<AuditFormat::ndjson> format;
};
BOOST_DESCRIBE_STRUCT(ExportAudit, (AuditFilter), (format))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::AuditEntry> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"action", "What was done, such as `member.added`"},
        {"subject", "Who did it: the subject of the token; absent where it took none"},
        {"actor", "Who acted for the subject"},
        {"address", "Where it came from"},
        {"project_id", "The project that it is about"},
        {"target", "Id or name of what was changed"},
        {"details", "What was asked for: never a secret"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::AuditFilter> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"from", "From this moment on"},
        {"to", "Before this moment"},
    };
};

GRAVITY_TABLES(project, AuditEntry, AuditFilter, ListAudit, AuditFormat, ExportAudit)
