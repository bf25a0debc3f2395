// The daemon itself: how its services stand in one word, its figures, and what a single server has of the rest.
#include "api_access.hpp"
#include "api_output.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>

#include <algorithm>
#include <malloc.h>

namespace gravity::registry::api::routes {
namespace {

struct AgentHealthOut {
    std::string AggregatedStatus;
    std::optional<AgentServiceOut> Service;
    std::vector<CheckOut> Checks;
};
BOOST_DESCRIBE_STRUCT(AgentHealthOut, (), (AggregatedStatus, Service, Checks))

// From the best to the worst; being maintained is worse than being ill.
enum class Aggregate : unsigned char {
    passing,
    warning,
    critical,
    maintenance
};
constexpr std::string_view aggregate_names[] = {"passing", "warning", "critical", "maintenance"};
constexpr int aggregate_codes[] = {200, 429, 503, 503};

Aggregate health_of(const Instance& instance, const Context& context, AgentHealthOut& out) {
    Aggregate worst = Aggregate::passing;
    for (const std::string& owner : {std::string(), instance.id}) {
        for (const std::string& key : context.model.checks_of(instance.node, owner)) {
            const Check& check = *context.model.find<Check>(key);
            if (check.id == serf_health_id) continue; // of the catalog, not of the agent
            const bool maintained = check.id == node_maintenance_id || check.id.starts_with(service_maintenance_prefix);
            worst = std::max(worst, maintained ? Aggregate::maintenance : static_cast<Aggregate>(check.status));
            out.Checks.push_back(check_out(check, context.model));
        }
    }
    out.AggregatedStatus = aggregate_names[static_cast<std::size_t>(worst)];
    out.Service = agent_service_out(instance, context.agent);
    return worst;
}

Answer text_answer(int status, std::string_view text) { return {status, std::string(text), "text/plain; charset=utf-8"}; }

// A figure of this moment, by its name in Consul.
struct Figure {
    std::string_view name, help;
    double value;
};

std::vector<Figure> figures_of(const Model& model) {
    const auto size = [](const auto& table) { return static_cast<double>(table.size()); };
    return {{"runtime.alloc_bytes", "Memory that the daemon has allocated", static_cast<double>(::mallinfo2().uordblks)},
            {"state.nodes", "Nodes in the catalog", size(model.table<Node>())},
            {"state.services", "Services in the catalog", size(model.services())},
            {"state.service_instances", "Instances in the catalog", size(model.table<Instance>())},
            {"state.kv_entries", "Keys of the key-value store", size(model.table<KvEntry>())}};
}

// As Consul's agents tell them with disable_hostname, which is how they are scraped.
Answer text_of(const std::vector<Figure>& figures, const std::string& datacenter) {
    std::string text;
    for (const Figure& figure : figures) {
        std::string name = "consul_" + std::string(figure.name);
        std::replace(name.begin(), name.end(), '.', '_');
        const std::string labels = figure.name.starts_with("state.") ? "{datacenter=" + Json(datacenter).dump() + "}" : "";
        text += "# HELP " + name + ' ' + std::string(figure.help) + "\n# TYPE " + name + " gauge\n" + name + labels + ' ' + Json(figure.value).dump() + '\n';
    }
    return {200, std::move(text), "text/plain; version=0.0.4; charset=utf-8"};
}

} // namespace

Plan agent_health_by_id(const Context& context, const Call& call) {
    if (call.rest.empty()) throw ApiError(400, "Missing serviceID");
    const bool as_text = call.query.get("format") == "text";
    const Instance* instance = context.model.find<Instance>(key_of(context.agent.node, call.rest));
    if (instance == nullptr) {
        if (as_text) return text_answer(404, "ServiceId " + call.rest + " not found");
        return Answer{404, json::encode(AgentHealthOut{"critical", {}, {}})};
    }
    demand(context.access, Resource::service, Grant::read, instance->name);
    AgentHealthOut out;
    const auto worst = static_cast<std::size_t>(health_of(*instance, context, out));
    return as_text ? text_answer(aggregate_codes[worst], aggregate_names[worst]) : Answer{aggregate_codes[worst], json::encode(out)};
}

Plan agent_health_by_name(const Context& context, const Call& call) {
    if (call.rest.empty()) throw ApiError(400, "Missing service Name");
    demand(context.access, Resource::service, Grant::read, call.rest);
    const bool as_text = call.query.get("format") == "text";
    ListWriter list;
    Aggregate worst = Aggregate::passing;
    bool any = false;
    for (const std::string& key : context.model.instances_of(call.rest)) {
        const Instance& instance = *context.model.find<Instance>(key);
        if (instance.node != context.agent.node) continue;
        AgentHealthOut out;
        worst = std::max(worst, health_of(instance, context, out));
        list.add(out);
        any = true;
    }
    if (!any) return as_text ? text_answer(404, "ServiceName " + call.rest + " Not Found") : Answer{404, "[]"};
    const auto which = static_cast<std::size_t>(worst);
    return as_text ? text_answer(aggregate_codes[which], aggregate_names[which]) : Answer{aggregate_codes[which], std::move(list).finish()};
}

Plan agent_version(const Context& context, const Call&) {
    return Answer{200, Json::object({{"SHA", ""}, {"BuildDate", ""}, {"HumanVersion", context.agent.version}, {"FIPS", ""}}).dump()};
}

Plan agent_metrics(const Context& context, const Call& call) {
    const std::vector<Figure> figures = figures_of(context.model);
    if (call.query.get("format") == "prometheus") return text_of(figures, context.agent.datacenter);
    Json gauges = Json::array();
    for (const Figure& figure : figures)
        gauges.push_back(Json::object(
            {{"Name", "consul." + context.agent.host + '.' + std::string(figure.name)}, {"Value", figure.value}, {"Labels", Json::object()}}));
    return Answer{200, Json::object({{"Timestamp", now().to_string()},
                                     {"Gauges", gauges},
                                     {"Points", Json::array()},
                                     {"Counters", Json::array()},
                                     {"Samples", Json::array()}})
                           .dump()};
}

Plan agent_monitor(const Context&, const Call& call) {
    MonitorPlan plan;
    std::string level = ascii::lower(call.query.get("loglevel"));
    if (level == "err") level = "error";
    if (level == "warning") level = "warn";
    const auto known = log::level_from(level.empty() ? "info" : level);
    if (!known || *known == log::Level::off || *known == log::Level::critical) throw ApiError(400, "Unknown log level: " + call.query.get("loglevel"));
    plan.level = *known;
    plan.json = call.query.flag("logjson");
    return plan;
}

Plan raft_configuration(const Context& context, const Call&) {
    const Json server = Json::object({{"ID", context.agent.node_id},
                                      {"Node", context.agent.node},
                                      {"Address", context.agent.server_address()},
                                      {"Leader", true},
                                      {"ProtocolVersion", "3"},
                                      {"Voter", true}});
    return Answer{200, Json::object({{"Servers", Json::array({server})}, {"Index", context.model.index()}}).dump()};
}

} // namespace gravity::registry::api::routes
