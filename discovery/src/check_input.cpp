// Checks of the agent's API: which type one is, and what that type needs.
#include "api_input_detail.hpp"

#include <gravity/http/url.hpp>
#include <gravity/http/wire.hpp>

#include <algorithm>

namespace gravity::registry::api {
namespace {

constexpr std::int64_t shortest_reap_us = 60 * second_us;
constexpr std::int64_t shortest_interval_us = second_us;
constexpr std::int64_t default_timeout_us = 10 * second_us;
constexpr std::int64_t default_script_timeout_us = 30 * second_us;
constexpr std::size_t most_arguments = 256;

[[noreturn]] void refuse(const std::string& why) { throw ApiError(400, "Invalid check: " + why); }

// The one type that is asked for, with its target.
void choose(CheckDefinition& definition, const AgentCheckIn& in, const std::string& node, Scripts scripts) {
    if (!text_or(in.DockerContainerID).empty()) refuse("Docker checks are not supported by this agent");
    if (!text_or(in.OSService).empty()) refuse("OSService checks are not supported by this agent");
    if (!text_or(in.Script).empty()) refuse("Script is not supported any more, use Args");
    const std::tuple<const std::optional<std::string>*, CheckType, const char*> kinds[] = {
        {&in.HTTP, CheckType::http, "HTTP"},
        {&in.TCP, CheckType::tcp, "TCP"},
        {&in.UDP, CheckType::udp, "UDP"},
        {&in.GRPC, CheckType::grpc, "GRPC"},
        {&in.H2PING, CheckType::h2ping, "H2PING"},
    };
    std::string chosen;
    const auto choose_one = [&](CheckType type, const std::string& name) {
        if (!chosen.empty()) refuse(chosen + " and " + name + " cannot both be specified");
        chosen = name;
        definition.type = type;
    };
    for (const auto& [target, type, name] : kinds) {
        if (text_or(*target).empty()) continue;
        choose_one(type, name);
        definition.target = **target;
    }
    const std::vector<std::string>& args = in.Args.empty() ? in.ScriptArgs : in.Args;
    if (!args.empty()) {
        if (scripts == Scripts::none) refuse("scripts are disabled on this agent; to enable them set enable_script_checks or enable_local_script_checks");
        if (args.size() > most_arguments || args.front().empty()) refuse("Args must name a program");
        choose_one(CheckType::script, "Args");
        definition.args = args;
        if (scripts == Scripts::configured) definition.configured = true;
    }
    if (!text_or(in.AliasNode).empty() || !text_or(in.AliasService).empty()) {
        choose_one(CheckType::alias, "AliasNode or AliasService");
        AliasOf& alias = definition.alias_of.emplace();
        alias.node = text_or(in.AliasNode, node);
        alias.service_id = text_or(in.AliasService);
    }
    if (chosen.empty()) definition.type = CheckType::ttl;
}

void read_times(CheckDefinition& definition, const AgentCheckIn& in) {
    definition.ttl_us = us_or(in.TTL);
    definition.interval_us = us_or(in.Interval);
    const bool is_ttl = definition.type == CheckType::ttl, is_alias = definition.type == CheckType::alias;
    if (definition.interval_us != 0 && definition.ttl_us != 0) refuse("Interval and TTL cannot both be specified");
    if (is_ttl && definition.ttl_us == 0) refuse("TTL must be > 0 for TTL checks");
    if (!is_ttl && definition.ttl_us != 0) refuse("TTL cannot be specified with another type");
    if (is_alias && definition.interval_us != 0) refuse("Interval cannot be set for Alias checks");
    if (is_ttl || is_alias) return;
    if (definition.interval_us == 0) refuse("Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP and GRPC checks");
    definition.interval_us = std::max(definition.interval_us, shortest_interval_us);
    const std::int64_t otherwise = definition.type == CheckType::script ? default_script_timeout_us : default_timeout_us;
    definition.timeout_us = us_or(in.Timeout) != 0 ? us_or(in.Timeout) : otherwise;
}

void read_http(CheckDefinition& definition, const AgentCheckIn& in) {
    if (!http::parse_url(definition.target)) refuse("HTTP is not an absolute http or https URL");
    definition.method = text_or(in.Method, "GET");
    definition.header = in.Header;
    definition.body = text_or(in.Body);
    if (in.DisableRedirects.value_or(false)) definition.disable_redirects = true;
    if (!http::is_token(definition.method)) refuse("Method is not an HTTP method");
    for (const auto& [name, values] : definition.header)
        for (const std::string& value : values)
            if (!http::is_token(name) || !http::is_field_value(value)) refuse("Header is not an HTTP field");
}

void read_target(CheckDefinition& definition, const AgentCheckIn& in) {
    const auto must_be_address = [&](std::string_view address, const char* what) {
        if (!split_address(address)) refuse(std::string(what) + " is not host:port");
    };
    const auto may_use_tls = [&](const std::optional<bool>& given, bool otherwise) {
        if (given.value_or(otherwise)) definition.use_tls = true;
    };
    switch (definition.type) {
    case CheckType::http: read_http(definition, in); break;
    case CheckType::tcp:
        must_be_address(definition.target, "TCP");
        may_use_tls(in.TCPUseTLS, false);
        break;
    case CheckType::udp: must_be_address(definition.target, "UDP"); break;
    case CheckType::h2ping:
        must_be_address(definition.target, "H2PING");
        may_use_tls(in.H2PingUseTLS, true);
        break;
    case CheckType::grpc:
        must_be_address(std::string_view(definition.target).substr(0, definition.target.find('/')), "GRPC");
        may_use_tls(in.GRPCUseTLS, false);
        break;
    default: break;
    }
    definition.tls_skip_verify = in.TLSSkipVerify.value_or(false);
    if (!text_or(in.TLSServerName).empty()) definition.tls_server_name = in.TLSServerName;
}

} // namespace

CheckDefinition definition_from(const AgentCheckIn& in, const std::string& node, Scripts scripts) {
    CheckDefinition definition;
    choose(definition, in, node, scripts);
    read_times(definition, in);
    read_target(definition, in);
    definition.success_before_passing = bounded(in.SuccessBeforePassing, 0, 0, 1'000'000, "check SuccessBeforePassing");
    definition.failures_before_critical = bounded(in.FailuresBeforeCritical, 0, 0, 1'000'000, "check FailuresBeforeCritical");
    definition.failures_before_warning = bounded(in.FailuresBeforeWarning, 0, 0, 1'000'000, "check FailuresBeforeWarning");
    if (definition.failures_before_warning > definition.failures_before_critical)
        refuse("FailuresBeforeWarning can't be higher than FailuresBeforeCritical");
    definition.output_max_size = bounded(in.OutputMaxSize, 4096, 1, 1'048'576, "check OutputMaxSize");
    // As Consul: shorter is taken for the shortest, not refused.
    if (const std::int64_t after = us_or(in.DeregisterCriticalServiceAfter); after != 0)
        definition.deregister_after_us = std::max(after, shortest_reap_us);
    return definition;
}

} // namespace gravity::registry::api
