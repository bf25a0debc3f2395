#include "registered_services.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::project {
namespace {

constexpr std::string_view own_name = "project", tag = "gravity";

bool tagged(const Json& tags) {
    if (!tags.is_array()) throw std::invalid_argument("the tags of a service are no array");
    const auto& all = tags.as_array();
    return std::find(all.begin(), all.end(), Json(tag)) != all.end();
}

std::set<std::string> names_in(const std::optional<std::string>& list) {
    std::set<std::string> names;
    for (const auto part : ascii::split(list.value_or(""), ','))
        if (const auto name = ascii::trim(part); !name.empty()) names.emplace(name);
    return names;
}

} // namespace

std::set<std::string> parse_catalog(std::string_view document) {
    const auto services = Json::parse(document);
    if (!services || !services->is_object()) throw std::invalid_argument("the list of services is no object");
    std::set<std::string> names;
    for (const auto& [name, tags] : services->as_object())
        if (tagged(tags)) names.insert(name);
    return names;
}

RegisteredServices::RegisteredServices(boost::asio::io_context& io, const app::PlatformSettings& platform, const Settings& settings)
    : named_(names_in(settings.deletion_services)), client_(io, {}) {
    if (platform.discovery_mode != app::DiscoveryMode::consul) return;
    url_ = platform.discovery_url + "/v1/catalog/services";
    if (platform.discovery_token) token_ = platform.discovery_token->reveal();
}

Task<std::vector<std::string>> RegisteredServices::names() {
    std::set<std::string> names = named_;
    if (!url_.empty()) {
        http::ClientRequest request;
        request.url = url_;
        request.timeout = std::chrono::seconds(10);
        if (!token_.empty()) request.headers.add("X-Consul-Token", token_);
        const http::Response response = co_await client_.send(std::move(request));
        if (response.status != 200) throw std::runtime_error("discovery answered " + std::to_string(response.status) + " to who asked for its services");
        names.merge(parse_catalog(response.body));
    }
    names.erase(std::string(own_name));
    co_return std::vector<std::string>(names.begin(), names.end());
}

} // namespace gravity::project
