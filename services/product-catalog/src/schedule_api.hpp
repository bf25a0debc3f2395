#pragma once

#include "config.hpp"
#include "schedule_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of scheduled publications, and the job that does them.
namespace gravity::product_catalog::schedule {

struct Schedule {
    std::vector<Scheduled> items;
    BOOST_DESCRIBE_CLASS(Schedule, (), (items), (), ())
};

Created<Scheduled> plan(Tx& tx, Path<"id", ProductId> id, Body<NewScheduled> in);
Schedule list(Tx& tx, Path<"id", ProductId> id);
NoContent cancel(Tx& tx, Path<"id", ProductId> id, Params<CancelScheduled> query);

/// Publishes or withdraws once per product and instant, whatever becomes of the worker.
Task<void> run(JobCtx& ctx, RunScheduled due);

} // namespace gravity::product_catalog::schedule
