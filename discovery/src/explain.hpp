#pragma once

#include "access.hpp"
#include "model.hpp"

#include <gravity/base/text.hpp>
#include <gravity/base/time.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Why is it out of rotation? What stands against each instance of a service now, and what happened to it. Pure.
namespace gravity::registry {

enum class Rotation {
    passing,
    warning,
    critical,
    maintenance,
    gone
};
BOOST_DESCRIBE_ENUM(Rotation, passing, warning, critical, maintenance, gone)

/// Whose: a check of the node stands against every instance on it.
enum class Scope {
    instance,
    node
};
BOOST_DESCRIBE_ENUM(Scope, instance, node)

/// A check that is not passing.
struct Reason {
    Scope scope = Scope::instance;
    std::string check_id, check_name;
    Status status = Status::critical;
    std::optional<Timestamp> since; // of a critical one
    std::string output;             // of maintenance: the reason that was given
};
BOOST_DESCRIBE_STRUCT(Reason, (), (scope, check_id, check_name, status, since, output))

struct TransitionOut {
    Timestamp at;
    Scope scope = Scope::instance;
    TransitionKind kind = TransitionKind::check;
    std::optional<std::string> check_id, check_name;
    std::optional<Status> before, after;
    std::string what;
};
BOOST_DESCRIBE_STRUCT(TransitionOut, (), (at, scope, kind, check_id, check_name, before, after, what))

struct InstanceExplanation {
    std::string node, id, address;
    int port = 0;
    Rotation status = Rotation::passing;
    bool in_rotation = false;      // DNS and unfiltered lists; with ?passing only those without a reason
    std::vector<Reason> reasons;
    bool flapping = false;         // it, or its node
    std::int64_t penalty = 0;      // RFC 2439: the larger of the two
    std::optional<Timestamp> calm_at;
    std::optional<Timestamp> gone_at;
    std::vector<TransitionOut> transitions; // newest first
};
BOOST_DESCRIBE_STRUCT(InstanceExplanation, (),
                      (node, id, address, port, status, in_rotation, reasons, flapping, penalty, calm_at, gone_at, transitions))

struct Explanation {
    std::string service;
    std::int64_t instances_total = 0, in_rotation_total = 0, passing_total = 0; // of those that are registered
    std::vector<InstanceExplanation> instances; // those with most against them first; then those that went
};
BOOST_DESCRIBE_STRUCT(Explanation, (), (service, instances_total, in_rotation_total, passing_total, instances))

/// Without transitions. At most `limit` instances; with `instance` only those of that id. Nothing if there is, and was, no such service. What `access`
/// does not permit to see is left out.
std::optional<Explanation> explain(const Model& model, const std::string& service, const std::optional<std::string>& instance, std::size_t limit,
                                   std::int64_t now_us, const Access& access = {});

/// What an owner went through, newest first.
using ReadTransitions = std::function<std::vector<Transition>(const std::string& owner)>;
/// The last `limit` of its own and its node's for each instance.
void add_transitions(Explanation& explanation, const ReadTransitions& read, std::size_t limit);

/// Owners that have been gone for a day, and the oldest beyond a thousand.
std::vector<std::string> histories_to_forget(const Model& model, std::int64_t now_us);

} // namespace gravity::registry

GRAVITY_TABLES(registry, Rotation, Scope, Reason, TransitionOut, InstanceExplanation, Explanation)
