#pragma once

#include "sets_model.hpp"

#include <gravity/json/json.hpp>

/// The audit log: who did what, and from where.
namespace gravity::config {

using AuditEntryId = Id<"audit-entry">;

struct AuditEntry {
    AuditEntryId id;
    Timestamp occurred_at;
    std::string action;
    std::string subject;
    std::optional<std::string> actor;
    std::optional<std::string> address;
    std::optional<ConfigSetId> set_id;
    std::string target;
    Json details;
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (), (id, occurred_at, action, subject, actor, address, set_id, target, details))

struct AuditFilter {
    std::optional<Timestamp> from;
    std::optional<Timestamp> to;
    std::optional<Text<1, 100>> action;
    std::optional<Text<1, 255>> subject;
    std::optional<ConfigSetId> set_id;
    std::optional<Text<1, 256>> target;
};
BOOST_DESCRIBE_STRUCT(AuditFilter, (), (from, to, action, subject, set_id, target))

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

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::AuditEntry> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"action", "What was done, such as `draft.changed`"},
        {"subject", "Who did it: the subject of the token; `service:config` for what a rollout does of itself"},
        {"actor", "Who acted for the subject"},
        {"address", "Where it came from"},
        {"set_id", "The config set that it is about"},
        {"target", "Id or name of what was changed: a set's id, a release's number, a key, a flag's key"},
        {"details", "What it was: of secrets fingerprints, of long values their SHA-256"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::AuditFilter> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"from", "From this moment on"},
        {"to", "Before this moment"},
    };
};

GRAVITY_TABLES(config, AuditEntryId, AuditEntry, AuditFilter, ListAudit, AuditFormat, ExportAudit)
