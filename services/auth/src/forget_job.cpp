#include "forget_job.hpp"

#include "devices_store.hpp"
#include "failures_store.hpp"
#include "links_store.hpp"
#include "login_budgets_store.hpp"
#include "passkeys_store.hpp"
#include "regain_store.hpp"
#include "sign_in_store.hpp"
#include "tokens_store.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::issuer {
namespace {

constexpr int rows_at_once = 500; // a transaction that others hardly notice

// Nothing here is good past its end by more than clocks are apart.
bool forget_some(Tx& tx) {
    const Timestamp before = tx.now() - Duration::minutes(5);
    bool more = false;
    const auto all = {&forget_assertions, &forget_revoked_tokens, &forget_proofs, &forget_budgets, &forget_sessions, &forget_flows, &forget_codes,
                      &forget_refresh_tokens, &forget_families, &forget_pushed, &forget_devices, &forget_links, &forget_challenges, &forget_failures,
                      &forget_trusted_devices, &forget_regaining};
    for (const auto* forget : all)
        more |= tx.one(*forget, before, rows_at_once) == rows_at_once;
    return more;
}

} // namespace

Task<void> forget_ended(JobCtx& job, ForgetEnded) {
    for (bool more = true; more;) more = co_await job.transaction(forget_some);
}

} // namespace gravity::issuer
