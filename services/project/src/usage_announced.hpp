#pragma once

#include "usage_model.hpp"

#include <gravity/events/received.hpp>

/// Usage that services announce (`gravity.<service>.usage.recorded`), rather than report.
namespace gravity::project {

/// What any of them says that was used. What is left out is as the event itself has it.
struct UsageAnnounced {
    static constexpr Event event{"gravity.*.usage.recorded"};
    std::optional<Text<1, 256>> type;    // what meters name as their `event_type`
    std::optional<Text<0, 256>> subject; // whose use it was
    std::optional<Timestamp> time;
    Json data;
};
BOOST_DESCRIBE_STRUCT(UsageAnnounced, (), (type, subject, time, data))

/// Counts it by the meters of the event's project, once, by its source and id: also where it was reported too. What no meter counts is let go. What one
/// cannot read, and what comes too late, is Undecodable, so that it lies among the dead letters with the reason.
void count_announced(Tx& tx, const Received<UsageAnnounced>& e);

} // namespace gravity::project

GRAVITY_TABLES(project, UsageAnnounced)
