#pragma once

#include "config.hpp"
#include "gateway.hpp"
#include "route_source.hpp"

#include <gravity/app/service.hpp>
#include <gravity/auth/jwks_source.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gravity::gateway {

/// Where the data path listens, as PORT and LISTEN_ADDRESS say.
struct DataAddress {
    std::string address;
    std::uint16_t port = 0;
};

/// The daemon: the data path, and on the service's own thread what feeds it (routes, keys, readiness). Made once; I/O thread of the service.
class Daemon {
public:
    /// Throws std::runtime_error with one line for settings that cannot be followed.
    Daemon(app::Runtime& runtime, const DataAddress& address, const Settings& settings);
    ~Daemon();

    /// Listens, and begins to follow discovery.
    void start();
    /// Tells the data port what the health probes found, again and again.
    Task<void> mirror_health();
    /// Not ready, then no new connections, then an end for those that are left.
    Task<void> drain();

    const Gateway& data_path() const { return *gateway_; }

private:
    void watch_keys();
    void unknown_key();
    void publish(const std::vector<ServiceSpec>& discovered);
    Task<std::optional<std::string>> probe_routes() const;
    Task<std::optional<std::string>> probe_discovery() const;

    app::Runtime& runtime_;
    std::vector<ServiceSpec> from_file_;
    std::shared_ptr<auth::Verifier> verifier_;
    std::shared_ptr<http::Client> key_client_;
    std::shared_ptr<auth::JwksSource> keys_;
    std::atomic<bool> refreshing_{false};
    Telemetry telemetry_;
    OwnPages pages_;
    std::unique_ptr<Gate> gate_;
    std::shared_ptr<RouteSource> source_;
    std::unique_ptr<Gateway> gateway_; // last: its threads use all the others
    std::vector<Conflict> conflicts_;
    std::atomic<bool> draining_{false};
};

} // namespace gravity::gateway
