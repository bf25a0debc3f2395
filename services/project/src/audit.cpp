#include "audit.hpp"

#include "audit_store.hpp"

namespace gravity::project {
namespace {

std::optional<std::string> if_any(const std::string& text) { return text.empty() ? std::nullopt : std::optional<std::string>(text); }

} // namespace

void record(Tx& tx, const Actor& by, Deed deed) {
    AuditEntry entry;
    entry.id = tx.new_id<AuditEntryId>();
    entry.occurred_at = tx.now();
    entry.action = deed.action;
    entry.subject = if_any(by.subject);
    entry.actor = if_any(by.actor);
    entry.address = if_any(by.address);
    entry.organization_id = deed.organization;
    entry.project_id = deed.project;
    entry.target = std::move(deed.target);
    entry.details = std::move(deed.details);
    tx.exec(insert_audit, entry);
}

} // namespace gravity::project
