#pragma once

#include "products_model.hpp"

#include <gravity/jobs/job.hpp>

/// Publishing and withdrawing at a time.
namespace gravity::product_catalog {

enum class ScheduledAction {
    publish,
    unpublish
};
BOOST_DESCRIBE_ENUM(ScheduledAction, publish, unpublish)
enum class ScheduledState {
    waiting,
    done,
    failed
};
BOOST_DESCRIBE_ENUM(ScheduledState, waiting, done, failed)

struct NewScheduled {
    Timestamp at;
    ScheduledAction action = ScheduledAction::publish;
};
BOOST_DESCRIBE_STRUCT(NewScheduled, (), (at, action))

struct Scheduled : NewScheduled {
    ProductId product_id;
    ScheduledState state = ScheduledState::waiting;
    std::optional<std::string> problem; // why it failed
    std::optional<Timestamp> done_at;
};
BOOST_DESCRIBE_STRUCT(Scheduled, (NewScheduled), (product_id, state, problem, done_at))

struct CancelScheduled {
    Timestamp at;
};
BOOST_DESCRIBE_STRUCT(CancelScheduled, (), (at))

/// The job behind it: wakes up at the time and does what the schedule then says.
struct RunScheduled {
    static constexpr JobKind job{"scheduled-publication"};
    ProductId product_id;
    Timestamp at;
};
BOOST_DESCRIBE_STRUCT(RunScheduled, (), (product_id, at))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ScheduledAction, ScheduledState, NewScheduled, Scheduled, CancelScheduled, RunScheduled)
