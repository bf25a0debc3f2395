#include "forget_job.hpp"

#include "login_budgets_store.hpp"
#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::issuer {
namespace {

constexpr int rows_at_once = 500; // a transaction that others hardly notice

// Nothing here is good past its end by more than clocks are apart.
bool forget_some(Tx& tx) {
    const Timestamp before = tx.now() - Duration::minutes(5);
    const auto assertions = tx.one(forget_assertions, before, rows_at_once), tokens = tx.one(forget_revoked_tokens, before, rows_at_once),
               budgets = tx.one(forget_budgets, before, rows_at_once);
    return assertions == rows_at_once || tokens == rows_at_once || budgets == rows_at_once;
}

} // namespace

Task<void> forget_ended(JobCtx& job, ForgetEnded) {
    for (bool more = true; more;) more = co_await job.transaction(forget_some);
}

} // namespace gravity::issuer
