#include "forget_job.hpp"

#include "config.hpp"
#include "instances_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::config {
namespace {

constexpr int forgotten_at_once = 500; // a transaction that others hardly notice

bool forget_some(Tx& tx, int days) { return tx.one(forget_instances, tx.now() - Duration::days(days), forgotten_at_once) == forgotten_at_once; }

} // namespace

Task<void> forget_unseen(JobCtx& job, ForgetInstances) {
    const int days = job.get<Settings>().instance_days;
    for (bool more = true; more;) more = co_await job.transaction(forget_some, days);
}

} // namespace gravity::config
