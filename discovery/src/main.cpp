#include "api_input.hpp"
#include "config.hpp"
#include "daemon.hpp"

#include <gravity/app/service.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/problem.hpp>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>

namespace gravity::registry {
namespace {

std::string host_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
}

// What others reach this node by; a wildcard is no address.
std::string own_address(const app::PlatformSettings& settings) {
    const std::string address = settings.advertise_address.value_or(settings.listen_address);
    return address == "0.0.0.0" || address == "::" ? "127.0.0.1" : address;
}

// "rack:7,zone:a"
Texts meta_from(std::string_view text) {
    Texts meta;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find(','));
        const auto colon = pair.find(':');
        if (colon == std::string_view::npos) throw std::runtime_error("DISCOVERY_NODE_META: \"" + std::string(pair) + "\" is not key:value");
        meta[std::string(pair.substr(0, colon))] = pair.substr(colon + 1);
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
    }
    try {
        api::check_meta(meta, "Node");
    } catch (const api::ApiError& error) {
        throw std::runtime_error(std::string("DISCOVERY_NODE_META: ") + error.what());
    }
    return meta;
}

Task<std::optional<std::string>> store_health(std::weak_ptr<Daemon> daemon) {
    const auto alive = daemon.lock();
    co_return alive ? alive->store_failure() : std::optional<std::string>("stopped");
}

void provision(app::Runtime& runtime) {
    const Settings& settings = runtime.resources.get<Settings>();
    const std::string folder = settings.data_dir.str();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw std::runtime_error("cannot make DISCOVERY_DATA_DIR " + folder + ": " + error.message());

    DaemonOptions options;
    options.agent.node = settings.node_name ? settings.node_name->str() : host_name();
    options.agent.address = own_address(runtime.settings);
    options.agent.datacenter = settings.datacenter.str();
    options.agent.version = settings.consul_version.str();
    options.agent.port = runtime.settings.port;
    options.agent.host = host_name();
    if (settings.node_id) options.agent.node_id = settings.node_id->to_string();
    if (settings.node_meta) options.agent.node_meta = meta_from(settings.node_meta->str());
    options.max_waiters = static_cast<std::size_t>(static_cast<int>(settings.max_waiters));
    if (const int dns_port = settings.dns_port; dns_port != 0)
        options.dns = dns::ServerOptions{runtime.settings.listen_address, static_cast<std::uint16_t>(dns_port)};
    options.zone.domain = settings.dns_domain.str();
    options.zone.only_passing = settings.dns_only_passing;
    options.zone.ttl = static_cast<std::uint32_t>(static_cast<int>(settings.dns_ttl_seconds));
    auto daemon = std::make_shared<Daemon>(runtime.io, open_rocks_store(folder), std::move(options));
    runtime.resources.put(daemon);
    const std::weak_ptr<Daemon> weak = daemon;
    runtime.health.add("store", app::Health::Kind::required, [weak] { return store_health(weak); });
}

Task<void> handle(app::Runtime& runtime, http::Exchange& exchange) {
    if (!exchange.request().path.starts_with("/v1/")) throw Refusal(problems::not_found);
    co_await runtime.resources.get<Daemon>().handle(exchange);
}

Task<void> keep_time(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().keep_time(); }

Task<void> drain(app::Runtime& runtime) {
    runtime.resources.get<Daemon>().drain();
    co_return;
}

} // namespace
} // namespace gravity::registry

int main(int argc, char** argv) {
    using namespace gravity::registry;
    return gravity::Service{"discovery", 8500}
        .settings<Settings>("DISCOVERY_")
        .provision(provision)
        .background(keep_time)
        .fallback(handle)
        .on_drain(drain)
        .unregistered()
        .run(argc, argv);
}
