#include "forget_usage.hpp"

#include "quotas_store.hpp"
#include "usage_recording.hpp"
#include "usage_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project {
namespace {

constexpr int rows_at_once = 500; // a transaction that others hardly notice

// An event that comes now may tell a time that is a day ahead of us: from then on it can be told again for as long as the horizon is.
bool forget_some(Tx& tx) {
    const Timestamp seen_before = tx.now() - usage_horizon - usage_ahead - Duration::hours(1), asked_before = tx.now() - Duration::days(30);
    const bool more = tx.one(forget_seen, seen_before, rows_at_once) == rows_at_once;
    return tx.one(forget_reservations, asked_before, rows_at_once) == rows_at_once || more;
}

// What is forgotten must hold nothing back.
void sweep(Tx& tx) {
    for (const UsageTotal& total : tx.all(totals_to_sweep, tx.now()))
        tx.one(sweep_total, tx.one(lock_total, total.meter_id, total.period, total.starts_at), tx.now());
}

} // namespace

Task<void> forget_usage(JobCtx& job, ForgetUsage) {
    co_await job.transaction(sweep);
    for (bool more = true; more;) more = co_await job.transaction(forget_some);
}

} // namespace gravity::project
