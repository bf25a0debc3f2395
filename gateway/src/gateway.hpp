#pragma once

#include "core.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace gravity::gateway {

/// The data path: its cores and their threads, and the routes they follow. Any thread.
class Gateway {
public:
    /// Throws std::invalid_argument for options that make no sense. What is referred to must outlive this.
    Gateway(Options options, Gate& gate, OwnPages& pages, Telemetry& telemetry);
    ~Gateway(); // cuts what is left
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Binds and starts; with `certificates` also a port that speaks TLS. Throws boost::system::system_error (address in use ...).
    void start(std::shared_ptr<boost::asio::ssl::context> certificates = nullptr);
    std::uint16_t port() const { return port_; }
    std::uint16_t tls_port() const { return tls_port_; }
    /// Other certificates, for connections to come.
    void renew(const std::shared_ptr<boost::asio::ssl::context>& certificates);

    /// New routes: every request that begins after this has reached its core, within microseconds, follows them. Returns what could not be had.
    std::vector<Conflict> publish(const std::vector<ServiceSpec>& services, const std::vector<HttpRoutePtr>& documents = {}, const TlsPolicies& policies = {});
    std::shared_ptr<const Snapshot> snapshot() const;

    /// What is kept of answers.
    ResponseCache& cache() { return shared_.cache; }
    UpstreamTrust& trust() { return shared_.trust; }

    std::size_t connections() const;
    std::vector<std::size_t> connections_by_core() const;
    /// No new connections; what is under way ends. To be followed by `stop` when there are no connections, or when it is time.
    void drain();
    void stop();

private:
    Shared shared_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::vector<std::thread> threads_;
    std::uint16_t port_ = 0, tls_port_ = 0;
    mutable std::mutex mutex_;
    std::shared_ptr<const Snapshot> snapshot_;
};

} // namespace gravity::gateway
