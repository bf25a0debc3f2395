#include "discovery_health.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/json/json.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::config {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_with_discovery = 5s; // for all services of a look

/// A member that is a text, or nothing.
std::optional<std::string> text_member(const Json* object, std::string_view name) {
    const Json* member = object == nullptr ? nullptr : object->find(name);
    return member != nullptr && member->is_string() ? std::optional(member->as_string()) : std::nullopt;
}

CheckState state_named(const std::optional<std::string>& status) {
    if (status == "passing") return CheckState::passing;
    return status == "warning" ? CheckState::warning : CheckState::critical; // `maintenance` too
}

} // namespace

CheckStates check_states(std::string_view document, const ProjectId& project) {
    const auto entries = Json::parse(document);
    if (!entries || !entries->is_array()) throw std::invalid_argument("the instances of a service are no array");
    CheckStates states;
    for (const Json& entry : entries->as_array()) {
        const Json* service = entry.find("Service");
        const auto id = text_member(service, "ID");
        if (!id) throw std::invalid_argument("an instance of a service has no ID");
        const auto owner = text_member(service->find("Meta"), "project");
        if (owner && *owner != project.to_string()) continue;
        CheckState state = CheckState::passing;
        if (const Json* checks = entry.find("Checks"); checks != nullptr && checks->is_array())
            for (const Json& check : checks->as_array()) state = std::max(state, state_named(text_member(&check, "Status")));
        states[*id] = state;
    }
    return states;
}

DiscoveryHealth::DiscoveryHealth(boost::asio::io_context& io, std::string url, const std::optional<Secret<>>& token)
    : url_(std::move(url)), token_(token ? token->reveal() : std::string()), client_(io, {}) {}

Task<CheckStates> DiscoveryHealth::of_service(std::string service, ProjectId project, std::chrono::milliseconds patience) {
    http::ClientRequest request;
    request.url = url_ + "/v1/health/service/" + http::percent_encode(service);
    request.timeout = patience;
    if (!token_.empty()) request.headers.add("X-Consul-Token", token_);
    const http::Response response = co_await client_.send(std::move(request));
    if (response.status != 200) throw std::runtime_error("discovery answered " + std::to_string(response.status) + " to who asked for checks");
    co_return check_states(response.body, project);
}

// Without an answer the instances' own words decide.
Task<CheckStates> DiscoveryHealth::of(std::vector<std::string> services, ProjectId project) {
    CheckStates all;
    const auto end = std::chrono::steady_clock::now() + patience_with_discovery;
    for (std::string& service : services) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left <= 0ms) break;
        try {
            CheckStates states = co_await of_service(std::move(service), project, left);
            all.merge(states);
        } catch (const std::runtime_error& error) {
            log::warn("the checks of a rollout's instances are not known", {{"error", error.what()}});
            break;
        } catch (const std::invalid_argument& error) {
            log::warn("the checks of a rollout's instances cannot be read", {{"error", error.what()}});
        }
    }
    co_return all;
}

} // namespace gravity::config
