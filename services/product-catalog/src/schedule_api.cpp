#include "schedule_api.hpp"

#include "problems.hpp"
#include "products_api.hpp"
#include "products_store.hpp"
#include "schedule_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::product_catalog::schedule {
namespace {

// Does the next entry that is due; false if there is none (cancelled, or done by another job of the product).
bool run_next(Tx& tx, RunScheduled due, Settings settings) {
    const auto product = tx.maybe(lock_product, due.product_id); // before the entry: jobs of one product take turns
    if (!product) return false;                                 // deleted, and its entries with it
    const auto entry = tx.maybe(take_scheduled, due.product_id, due.at);
    if (!entry) return false;
    if (entry->action == ScheduledAction::publish)
        products::publish_now(tx, *product, settings);
    else
        products::unpublish_now(tx, *product);
    return true;
}

void note_failure(Tx& tx, RunScheduled due, std::string problem) {
    tx.maybe(lock_product, due.product_id);
    tx.exec(fail_scheduled, due.product_id, due.at, std::move(problem));
}

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
    const Settings settings = ctx.get<Settings>();
    for (bool more = true; more;) {
        std::string refused;
        try {
            more = co_await ctx.transaction(run_next, due, settings);
        } catch (const Refusal& refusal) {
            if (refusal.problem().status >= 500) throw; // the store: tried again
            refused = std::string(refusal.problem().slug) + ": " + refusal.what();
        }
        // The product is not as it was when this was planned: kept for its editors to see, not tried again.
        if (!refused.empty()) co_await ctx.transaction(note_failure, due, refused);
    }
}

} // namespace gravity::product_catalog::schedule
