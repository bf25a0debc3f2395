#include <gravity/async/coroutine.hpp>
#include <gravity/discovery/catalog.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::discovery {

std::set<std::string> services_with(std::string_view tag, std::string_view document) {
    const auto services = Json::parse(document);
    if (!services || !services->is_object()) throw std::invalid_argument("the list of services is no object");
    std::set<std::string> names;
    for (const auto& [name, tags] : services->as_object()) {
        if (!tags.is_array()) throw std::invalid_argument("the tags of a service are no array");
        const auto& all = tags.as_array();
        if (std::find(all.begin(), all.end(), Json(tag)) != all.end()) names.insert(name);
    }
    return names;
}

Catalog::Catalog(boost::asio::io_context& io, std::string url, const std::optional<Secret<>>& token)
    : url_(std::move(url)), token_(token ? token->reveal() : std::string()), client_(io, {}) {}

Task<std::set<std::string>> Catalog::with_tag(std::string tag) {
    if (url_.empty()) co_return std::set<std::string>();
    http::ClientRequest request;
    request.url = url_ + "/v1/catalog/services";
    request.timeout = std::chrono::seconds(10);
    if (!token_.empty()) request.headers.add("X-Consul-Token", token_);
    const http::Response response = co_await client_.send(std::move(request));
    if (response.status != 200) throw std::runtime_error("discovery answered " + std::to_string(response.status) + " to who asked for its services");
    co_return services_with(tag, response.body);
}

} // namespace gravity::discovery
