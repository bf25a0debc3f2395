#include "registered_services.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>

namespace gravity::project {
namespace {

constexpr std::string_view own_name = "project", platform_tag = "gravity";

std::set<std::string> names_in(const std::optional<std::string>& list) {
    std::set<std::string> names;
    for (const auto part : ascii::split(list.value_or(""), ','))
        if (const auto name = ascii::trim(part); !name.empty()) names.emplace(name);
    return names;
}

// Only the Consul API lists services.
std::string catalog_url(const app::PlatformSettings& platform) {
    return platform.discovery_mode == app::DiscoveryMode::consul ? platform.discovery_url : std::string();
}

} // namespace

RegisteredServices::RegisteredServices(boost::asio::io_context& io, const app::PlatformSettings& platform, const Settings& settings)
    : named_(names_in(settings.deletion_services)), catalog_(io, catalog_url(platform), platform.discovery_token) {}

Task<std::vector<std::string>> RegisteredServices::names() {
    std::string tag(platform_tag);
    std::set<std::string> names = co_await catalog_.with_tag(std::move(tag));
    names.insert(named_.begin(), named_.end());
    names.erase(std::string(own_name));
    co_return std::vector<std::string>(names.begin(), names.end());
}

} // namespace gravity::project
