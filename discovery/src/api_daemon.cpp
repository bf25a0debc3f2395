// What an operator asks of the daemon's process: the host it is on, its configuration anew, its end.
#include "api_access.hpp"
#include "api_output.hpp"

#include <gravity/base/clock.hpp>

#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace gravity::registry::api::routes {
namespace {

// "MemTotal:  16303428 kB" of /proc/meminfo, in bytes.
std::int64_t memory(const std::string& name) {
    std::ifstream file("/proc/meminfo");
    std::string word, unit;
    for (std::int64_t amount = 0; file >> word >> amount; std::getline(file, unit))
        if (word == name + ":") return amount * 1024;
    return 0;
}

std::int64_t uptime_seconds() {
    std::ifstream file("/proc/uptime");
    double seconds = 0;
    file >> seconds;
    return static_cast<std::int64_t>(seconds);
}

} // namespace

Plan agent_host(const Context& context, const Call&) {
    utsname names{};
    ::uname(&names);
    const std::int64_t total = memory("MemTotal"), available = memory("MemAvailable"), free = memory("MemFree");
    const double share = total > 0 ? 100.0 * static_cast<double>(total - available) / static_cast<double>(total) : 0.0;
    const Json used = Json::object({{"total", total}, {"available", available}, {"free", free}, {"used", total - available}, {"usedPercent", share}});
    Json processors = Json::array();
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) processors.push_back(Json::object({{"cpu", static_cast<std::int64_t>(i)}}));
    const Json host = Json::object({{"hostname", context.agent.host},
                                    {"os", "linux"},
                                    {"kernelVersion", std::string(names.release)},
                                    {"kernelArch", std::string(names.machine)},
                                    {"uptime", uptime_seconds()}});
    return Answer{200, Json::object({{"Memory", used}, {"CPU", processors}, {"Host", host}, {"CollectionTime", now().unix_us() * 1000}, {"Errors", Json()}})
                           .dump()};
}

Plan agent_reload(const Context& context, const Call&) {
    const auto& control = context.agent.control;
    if (!control || !control->reload) return Answer{}; // there are no files that could have changed
    try {
        return WritePlan{control->reload(), [](const Reply& reply) -> Answer {
                             if (reply.status != 200) throw ApiError(reply.status, reply.text);
                             return {};
                         }};
    } catch (const std::runtime_error& error) {
        throw ApiError(500, std::string("the configuration stays as it was: ") + error.what());
    }
}

Plan agent_leave(const Context& context, const Call&) {
    const auto& control = context.agent.control;
    if (!control || !control->leave) throw ApiError(501, "this process does not end by the API");
    control->leave();
    return Answer{};
}

Plan agent_join(const Context& context, const Call& call) {
    const Agent& agent = context.agent;
    if (call.rest.empty()) throw ApiError(400, "Missing address to join");
    // Oneself, with or without the port, is a member already.
    for (const std::string& name : {agent.address, agent.node, agent.host})
        if (call.rest == name || call.rest == Agent::at_port(name, serf_lan_port) || call.rest == Agent::at_port(name, serf_wan_port)) return Answer{};
    throw ApiError(500, "Failed to join " + call.rest + ": there is no gossip here; daemons that share a store know of each other");
}

Plan agent_force_leave(const Context& context, const Call& call) {
    demand(context.access, Resource::operator_, Grant::write);
    // Nobody here but this node, which is alive: it would come back at once.
    if (call.rest != context.agent.node) throw ApiError(404, "agent: No node found with name '" + call.rest + "'");
    return Answer{};
}

} // namespace gravity::registry::api::routes
