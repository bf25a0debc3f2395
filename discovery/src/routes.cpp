#include "routes.hpp"

#include "api_access.hpp"
#include "call_graph.hpp"
#include "daemon.hpp"
#include "explain.hpp"
#include "layout.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/router.hpp>

namespace gravity::registry {

using Name = Text<1, 512>;

struct ExplainQuery {
    std::optional<Name> instance;
    Bounded<int, 1, 200> limit{50};
};
BOOST_DESCRIBE_STRUCT(ExplainQuery, (), (instance, limit))

struct WatchQuery {
    std::vector<Name> service;
    Default<false> passing;
};
BOOST_DESCRIBE_STRUCT(WatchQuery, (), (service, passing))

struct GraphQuery {
    std::optional<Name> service, caller;
    Bounded<int, 1, 1000> limit{200};
};
BOOST_DESCRIBE_STRUCT(GraphQuery, (), (service, caller, limit))

void check(const WatchQuery& query, meta::Errors& errors) {
    if (query.service.empty()) errors.reject("service", "name at least one");
    if (query.service.size() > 100) errors.reject("service", "must have at most 100 items");
}

} // namespace gravity::registry

template <>
struct gravity::meta::docs<gravity::registry::ExplainQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"instance", "Only instances of this id"},
        {"limit", "Transitions of each instance at most"},
    };
};
template <>
struct gravity::meta::docs<gravity::registry::GraphQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"service", "Only those who call the service of this name"},
        {"caller", "Only the caller of this name"},
        {"limit", "Callers at most"},
    };
};
template <>
struct gravity::meta::docs<gravity::registry::WatchQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"service", "Name of a service; several are given one by one"},
        {"passing", "Only instances of which all checks pass; one that no longer does counts as gone"},
    };
};

namespace gravity::registry {
namespace {

constexpr std::size_t most_instances = 200;

// The transitions lie in the store alone; a store that fails is a fault of the moment.
Explanation with_transitions(Explanation explanation, std::shared_ptr<RowReader> store, std::size_t limit) {
    try {
        add_transitions(explanation, [&](const std::string& owner) { return layout::transitions(*store, owner, limit); }, limit);
    } catch (const StoreError&) {
        throw Refusal(problems::store_unavailable).with_header("Retry-After", "2");
    }
    return explanation;
}

// In the words that the routes of Consul have.
void demand_service(const Access& access, const std::string& service) {
    try {
        api::demand(access, Resource::service, Grant::read, service);
    } catch (const api::ApiError& error) {
        throw Refusal(problems::forbidden, error.what());
    }
}

Task<Explanation> explain_service(Ctx& ctx, Path<"service", Name> service, Params<ExplainQuery> query) {
    Daemon& daemon = ctx.get<Daemon>();
    const Engine& engine = daemon.engine();
    const std::optional<Access> access = co_await daemon.access_of(ctx.request(), ctx.caller());
    if (access) demand_service(*access, service->str());
    std::optional<std::string> instance;
    if (query->instance) instance = query->instance->str();
    auto explanation = explain(engine.model(), service->str(), instance, most_instances, now().unix_us(), access.value_or(Access()));
    if (!explanation) throw Refusal(problems::not_found);
    const auto limit = static_cast<std::size_t>(static_cast<int>(query->limit));
    Explanation whole = co_await blocking(with_transitions, *std::move(explanation), engine.rows(), limit);
    co_return whole;
}

Task<ServiceGraph> show_graph(Ctx& ctx, Params<GraphQuery> query) {
    Daemon& daemon = ctx.get<Daemon>();
    const std::optional<Access> access = co_await daemon.access_of(ctx.request(), ctx.caller());
    GraphWish wish;
    if (query->service) wish.service = query->service->str();
    if (query->caller) wish.caller = query->caller->str();
    wish.limit = static_cast<std::size_t>(static_cast<int>(query->limit));
    co_return graph_of(daemon.calls(), daemon.engine().model(), wish, access.value_or(Access()));
}

Task<void> watch_services(EventStream& stream, Params<WatchQuery> query) {
    std::set<std::string> services;
    for (const Name& name : query->service) services.insert(name.str());
    const bool passing = query->passing;
    Daemon& daemon = stream.ctx().get<Daemon>();
    std::optional<Access> access = co_await daemon.access_of(stream.ctx().request(), stream.ctx().caller());
    const Inquirer inquirer = api::inquirer_of(stream.ctx().request().headers, access.value_or(Access()), stream.ctx().caller());
    std::vector<std::shared_ptr<const void>> following;
    for (const std::string& service : services) {
        daemon.calls().note(inquirer, service);
        following.push_back(daemon.calls().follow(inquirer, service));
    }
    co_await daemon.watches().follow(stream, std::move(services), passing, std::move(access));
}

} // namespace

void routes(Router& router) {
    auto discovery = router.collection("/api/v1/discovery", "discovery");
    discovery.get<explain_service>("/services/{service}/explain", {.summary = "Why the instances of a service are, or are not, in rotation",
                                                                   .description = "What stands against each instance now, and its last transitions"});
    discovery.get<show_graph>("/graph", {.summary = "Who calls whom",
                                         .description = "Who has looked services up or follows them, as this daemon was asked in the last day: named by the "
                                                        "service that its token is for, else by its User-Agent"});
    discovery.stream<watch_services>("/watch", {.summary = "Changes of the instances of services, as they happen",
                                                .description = "An event `list` with all instances for each service, then an event `change` for each change "
                                                               "with those that changed or went. A client that comes back with Last-Event-ID gets what it "
                                                               "missed; if that is no longer known, `list` again, which says so"});
}

} // namespace gravity::registry
