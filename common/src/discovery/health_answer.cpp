#include <gravity/discovery/resolver.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::discovery {
namespace {

constexpr std::size_t most_instances = 1000;

std::string text_at(const Json& from, std::string_view pointer) {
    const Json* const found = from.at_pointer(pointer);
    return found != nullptr && found->is_string() ? found->as_string() : "";
}
std::int64_t number_at(const Json& from, std::string_view pointer, std::int64_t otherwise) {
    const Json* const found = from.at_pointer(pointer);
    return found != nullptr && found->kind() == Json::Kind::integer ? found->as_integer() : otherwise;
}

std::string url_of(const std::string& scheme, const std::string& host, std::int64_t port) {
    const bool v6 = host.find(':') != std::string::npos;
    return scheme + "://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace

std::vector<Instance> parse_health(std::string_view document) {
    const auto parsed = Json::parse(document);
    if (!parsed || !parsed->is_array()) throw std::invalid_argument("discovery did not answer with a list");
    std::vector<Instance> found;
    for (const Json& entry : parsed->as_array()) {
        std::string host = text_at(entry, "/Service/Address");
        if (host.empty()) host = text_at(entry, "/Node/Address"); // as Consul has it
        const auto port = number_at(entry, "/Service/Port", 0);
        if (host.empty() || port <= 0 || port > 65535 || found.size() >= most_instances) continue;
        const std::string scheme = text_at(entry, "/Service/Meta/scheme") == "https" ? "https" : "http";
        const auto weight = std::clamp<std::int64_t>(number_at(entry, "/Service/Weights/Passing", 1), 0, 1000);
        if (weight == 0) continue;
        found.push_back({text_at(entry, "/Service/ID"), url_of(scheme, host, port), {}, static_cast<std::uint32_t>(weight)});
    }
    std::sort(found.begin(), found.end(), [](const Instance& a, const Instance& b) { return a.url < b.url; });
    return found;
}

} // namespace gravity::discovery
