#include "forget_job.hpp"

#include "contact_changes_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::user {
namespace {

constexpr int forgotten_at_once = 500; // a transaction that others hardly notice

// A day is how long they are counted; nothing of them is good for so long.
bool forget_some(Tx& tx) { return tx.one(forget_changes, tx.now() - Duration::days(1), forgotten_at_once) == forgotten_at_once; }

} // namespace

Task<void> forget_ended(JobCtx& job, ForgetEnded) {
    for (bool more = true; more;) more = co_await job.transaction(forget_some);
}

} // namespace gravity::user
