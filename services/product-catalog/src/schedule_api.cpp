#include "schedule_api.hpp"

#include "problems.hpp"
#include "products_api.hpp"
#include "products_store.hpp"
#include "schedule_store.hpp"

namespace gravity::product_catalog::schedule {
namespace {

void run_due(Tx& tx, RunScheduled due, Languages languages) {
    const auto entry = tx.maybe(take_scheduled, due.product_id, due.at);
    if (!entry) return; // cancelled, or done by an earlier run of this job
    if (entry->action == ScheduledAction::publish)
        products::publish_now(tx, tx.one(lock_product, due.product_id), languages);
    else
        products::unpublish_now(tx, tx.one(lock_product, due.product_id));
}

void note_failure(Tx& tx, RunScheduled due, std::string problem) { tx.exec(fail_scheduled, due.product_id, due.at, std::move(problem)); }

} // namespace

Created<Scheduled> plan(Tx& tx, Path<"id", ProductId> id, Body<NewScheduled> in) {
    tx.one(lock_product, *id);
    if (in->at <= tx.now()) throw Refusal(in_the_past);
    const Scheduled planned = tx.one(insert_scheduled, *id, *in);
    tx.enqueue(RunScheduled{*id, planned.at}, {.key = id->to_string() + " " + planned.at.to_string(), .due = planned.at});
    return {planned, "/api/v1/products/" + id->to_string() + "/schedule"};
}

Schedule list(Tx& tx, Path<"id", ProductId> id) {
    tx.one(get_product, *id);
    return {tx.all(list_scheduled, *id)};
}

NoContent cancel(Tx& tx, Path<"id", ProductId> id, Params<CancelScheduled> query) {
    if (tx.exec(cancel_scheduled, *id, query->at) == 0) throw Refusal(problems::not_found);
    return {};
}

Task<void> run(JobCtx& ctx, RunScheduled due) {
    std::string refused;
    const Languages languages = ctx.get<Settings>().langs;
    try {
        co_await ctx.transaction(run_due, due, languages);
    } catch (const Refusal& refusal) {
        if (refusal.problem().status >= 500) throw; // the store: tried again
        refused = std::string(refusal.problem().slug) + ": " + refusal.what();
    }
    // The product is not as it was when this was planned: kept for its editors to see, not tried again.
    if (!refused.empty()) co_await ctx.transaction(note_failure, due, refused);
}

} // namespace gravity::product_catalog::schedule
