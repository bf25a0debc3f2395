#include "audit.hpp"

#include "audit_store.hpp"

namespace gravity::config {
namespace {

std::optional<std::string> text_if_any(const std::string& text) { return text.empty() ? std::nullopt : std::optional<std::string>(text); }

} // namespace

void record(Tx& tx, const Actor& by, Deed deed) {
    AuditEntry entry;
    entry.id = tx.new_id<AuditEntryId>();
    entry.occurred_at = tx.now();
    entry.action = deed.action;
    entry.subject = by.subject;
    entry.actor = text_if_any(by.actor);
    entry.address = text_if_any(by.address);
    entry.set_id = deed.set;
    entry.target = std::move(deed.target);
    entry.details = std::move(deed.details);
    tx.exec(insert_audit, entry);
}

Actor service_itself() {
    Actor actor;
    actor.subject = "service:config";
    return actor;
}

} // namespace gravity::config
