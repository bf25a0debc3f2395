#include "gateway.hpp"

#include "http2.hpp"

#include <numeric>
#include <stdexcept>

namespace gravity::gateway {

Gateway::Gateway(Options options, Gate& gate, OwnPages& pages, Telemetry& telemetry)
    : shared_{options,
              gate,
              pages,
              telemetry,
              TrustedProxies(options.trusted_proxies),
              ResponseCache(options.cache),
              UpstreamTrust(options.upstream_tls)},
      snapshot_(Snapshot::build({}, nullptr)) {
    if (options.threads == 0) throw std::invalid_argument("the gateway needs at least one I/O thread");
    for (unsigned i = 0; i < options.threads; ++i) cores_.push_back(std::make_unique<Core>(shared_, i));
}

Gateway::~Gateway() { stop(); }

void Gateway::renew(const std::shared_ptr<boost::asio::ssl::context>& certificates) {
    choose_protocol(*certificates, shared_.options.http2);
    for (const auto& core : cores_) core->publish(certificates);
}

void Gateway::start(std::shared_ptr<boost::asio::ssl::context> certificates) {
    if (certificates) choose_protocol(*certificates, shared_.options.http2);
    for (const auto& core : cores_) {
        core->listen(port_ != 0 ? port_ : shared_.options.port);
        port_ = core->port();
        if (!certificates) continue;
        core->listen_tls(tls_port_ != 0 ? tls_port_ : shared_.options.tls_port, certificates);
        tls_port_ = core->tls_port();
    }
    for (const auto& core : cores_) threads_.emplace_back([&core = *core] { core.run(); });
}

std::vector<Conflict> Gateway::publish(const std::vector<ServiceSpec>& services, const std::vector<HttpRoutePtr>& documents, const TlsPolicies& policies) {
    const std::lock_guard lock(mutex_); // two publishers must not build on the same predecessor
    snapshot_ = Snapshot::build(services, snapshot_.get(), documents, policies);
    shared_.trust.follow(policies);
    for (const auto& core : cores_) core->publish(snapshot_);
    return snapshot_->conflicts();
}

std::shared_ptr<const Snapshot> Gateway::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

std::size_t Gateway::connections() const {
    return std::accumulate(cores_.begin(), cores_.end(), std::size_t{0}, [](std::size_t sum, const auto& core) { return sum + core->connections(); });
}

std::vector<std::size_t> Gateway::connections_by_core() const {
    std::vector<std::size_t> counts;
    for (const auto& core : cores_) counts.push_back(core->connections());
    return counts;
}

void Gateway::drain() {
    for (const auto& core : cores_) core->drain();
}

void Gateway::stop() {
    for (const auto& core : cores_) core->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

} // namespace gravity::gateway
