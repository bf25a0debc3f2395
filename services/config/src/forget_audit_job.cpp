#include "forget_audit_job.hpp"

#include "audit_store.hpp"
#include "config.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::config {
namespace {

constexpr int entries_forgotten_at_once = 500; // a transaction that others hardly notice

bool forget_entries(Tx& tx, int days) { return tx.one(forget_audit, tx.now() - Duration::days(days), entries_forgotten_at_once) == entries_forgotten_at_once; }

} // namespace

Task<void> forget_old_audit(JobCtx& job, ForgetAudit) {
    const int days = job.get<Settings>().audit_days;
    for (bool more = true; more;) more = co_await job.transaction(forget_entries, days);
}

} // namespace gravity::config
