#include "forget_job.hpp"

#include "contact_changes_store.hpp"
#include "merges_store.hpp"
#include "people.hpp"
#include "users_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::user {
namespace {

constexpr int forgotten_at_once = 500; // a transaction that others hardly notice

// A day is how long they are counted; nothing of them is good for so long.
bool forget_some(Tx& tx) { return tx.one(forget_changes, tx.now() - Duration::days(1), forgotten_at_once) == forgotten_at_once; }

bool forget_some_proposals(Tx& tx) { return tx.one(forget_proposals, tx.now() - Duration::days(1), forgotten_at_once) == forgotten_at_once; }
bool finish_some_merges(Tx& tx) { return tx.one(finish_merges, tx.now(), forgotten_at_once) == forgotten_at_once; }

// Each in a transaction of their own: much may be known of somebody.
bool erase_one(Tx& tx, const ErasureLedger* ledger) {
    const auto due = tx.maybe(next_to_erase, tx.now());
    if (due) erase_person(tx, tx.one(get_user, *due), *ledger);
    return due.has_value();
}

} // namespace

Task<void> forget_ended(JobCtx& job, ForgetEnded) {
    for (bool more = true; more;) more = co_await job.transaction(forget_some);
    for (bool more = true; more;) more = co_await job.transaction(forget_some_proposals);
    for (bool more = true; more;) more = co_await job.transaction(finish_some_merges);
    const ErasureLedger* const ledger = &job.get<ErasureLedger>();
    for (bool more = true; more;) more = co_await job.transaction(erase_one, ledger);
}

} // namespace gravity::user
