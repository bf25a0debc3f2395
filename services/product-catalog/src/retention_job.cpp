#include "retention_job.hpp"

#include "publishing_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::product_catalog {
namespace {

constexpr int at_once = 500; // a transaction that others hardly notice

bool forget_some(Tx& tx, Settings settings) { return tx.one(forget_ended_revisions, settings.revision_retention.before(tx.now()), at_once) == at_once; }

} // namespace

Task<void> forget_revisions(JobCtx& job, ForgetRevisions) {
    const Settings settings = job.get<Settings>();
    for (bool more = true; more;) more = co_await job.transaction(forget_some, settings);
}

} // namespace gravity::product_catalog
