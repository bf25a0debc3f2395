#pragma once

#include "access.hpp"
#include "model.hpp"

#include <gravity/base/time.hpp>
#include <gravity/meta/describe.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who calls whom: who looks a service up means to call it. Seen from what this daemon is asked, so that it costs services nothing.
namespace gravity::registry {

/// Who sent a request, as far as it tells.
struct Inquirer {
    std::string accessor;   // of its token, "jwt:<subject>" of one of the platform; empty: it has none
    std::string user_agent; // as it came
};

/// What one inquirer had to do with one service.
struct LookUps {
    Inquirer inquirer;
    std::string service;
    std::int64_t following = 0;             // blocking queries and delta watches that are open now
    std::int64_t asked = 0;                 // requests
    std::int64_t first_us = 0, last_us = 0; // Unix time
};

/// Look-ups as they come, in memory, until a day after the last one. I/O thread only.
class CallGraph {
public:
    using Clock = std::function<std::int64_t()>; // Unix time, microseconds

    /// Beyond `most` the look-ups that were last heard of the longest ago go; those of who follows stay.
    explicit CallGraph(Clock clock, std::size_t most = 10'000);
    ~CallGraph();

    /// A request for a service.
    void note(const Inquirer& inquirer, std::string_view service);
    /// The service is followed for as long as what it returns lives.
    [[nodiscard]] std::shared_ptr<const void> follow(const Inquirer& inquirer, std::string_view service);

    std::vector<LookUps> look_ups() const;
    /// When it began to note.
    std::int64_t since_us() const;
    /// Look-ups that went to make room, or found none.
    std::int64_t left_out() const;

private:
    struct State;
    std::shared_ptr<State> state_; // a coroutine that is destroyed late still leaves its place
};

/// What tells a caller's name.
enum class KnownBy {
    token,      // of one service, or it has a description
    user_agent,
    nothing
};
BOOST_DESCRIBE_ENUM(KnownBy, token, user_agent, nothing)

struct Callee {
    std::string service;
    bool registered = false; // it has an instance
    std::int64_t following = 0, asked_total = 0;
    Timestamp first_at, last_at;
};
BOOST_DESCRIBE_STRUCT(Callee, (), (service, registered, following, asked_total, first_at, last_at))

struct ServiceCaller {
    std::optional<std::string> name;
    KnownBy known_by = KnownBy::nothing;
    bool registered = false;                // a service of this name has an instance
    std::optional<std::string> token;       // its accessor
    std::optional<std::string> user_agent;
    std::vector<Callee> calls;              // by name
};
BOOST_DESCRIBE_STRUCT(ServiceCaller, (), (name, known_by, registered, token, user_agent, calls))

struct ServiceGraph {
    Timestamp since; // nothing earlier is known
    std::int64_t callers_total = 0, calls_total = 0; // of all that were asked for
    std::int64_t left_out_total = 0;                 // calls that found no room, since then
    std::vector<ServiceCaller> callers;              // by name
};
BOOST_DESCRIBE_STRUCT(ServiceGraph, (), (since, callers_total, calls_total, left_out_total, callers))

/// Which part of the graph is wanted.
struct GraphWish {
    std::optional<std::string> service; // who calls it
    std::optional<std::string> caller;  // whom it calls
    std::size_t limit = 200;            // callers
};

/// What `access` does not permit to see is left out: services by their names, tokens and their descriptions with the access rules. Pure.
ServiceGraph graph_of(const CallGraph& calls, const Model& model, const GraphWish& wish, const Access& access);

} // namespace gravity::registry

GRAVITY_TABLES(registry, KnownBy, Callee, ServiceCaller, ServiceGraph)
