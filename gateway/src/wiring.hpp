#pragma once

#include "api_document.hpp"
#include "config.hpp"
#include "documents.hpp"
#include "event_link.hpp"
#include "gateway.hpp"
#include "key_exchange.hpp"
#include "route_source.hpp"

#include <gravity/app/service.hpp>
#include <gravity/auth/jwks_source.hpp>
#include <gravity/net/tls.hpp>

#include <atomic>
#include <map>
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
    /// Reads the routes' files again when they change. What is refused is told once, and the routes stay as they are.
    Task<void> watch_files();
    /// Fetches the services' own descriptions again and again, for the one that the data port shows.
    Task<void> follow_documents();
    /// Tells the data port what the health probes found, again and again.
    Task<void> mirror_health();
    /// Tells others what becomes of instances, and hears which tokens are to be refused, if there is something that carries events.
    Task<void> tell_events();
    Task<void> hear_events();
    /// Not ready, then no new connections, then an end for those that are left.
    Task<void> drain();

    const Gateway& data_path() const { return *gateway_; }
    Gate& gate() { return *gate_; }
    ResponseCache& cache() { return gateway_->cache(); }
    Telemetry& telemetry() { return telemetry_; }
    const OwnPages& pages() const { return pages_; }

    /// A route that came through the admin interface: it lasts as long as the process.
    struct StoredRoute {
        HttpRoutePtr route;
        std::int64_t version = 0; // grows with every change of any
    };
    /// Null if there is none of that name; of a file its version is 0.
    std::optional<StoredRoute> route(std::string_view name) const;
    /// Followed at once. Refuses with 409 what stands in a file.
    StoredRoute put_route(HttpRoutePtr route);
    void remove_route(std::string_view name);

private:
    std::string certificates_fingerprint() const;
    std::shared_ptr<boost::asio::ssl::context> read_certificates();
    void renew_certificates();
    Task<bool> fetch_document(std::string service, http::ClientRequest request);
    void show_documents();
    void watch_keys();
    void unknown_key();
    void exchange_keys(const Settings& settings);
    void share_limits(const Settings& settings);
    Task<std::optional<std::string>> probe_limits() const;
    void read_files();
    void publish();
    Task<std::optional<std::string>> probe_routes() const;
    Task<std::optional<std::string>> probe_discovery() const;
    Task<std::optional<std::string>> probe_events() const;

    app::Runtime& runtime_;
    std::optional<std::string> file_, folder_;
    std::optional<std::string> fingerprint_; // of both, as they were last read; none: never
    net::TlsFiles tls_files_; // no certificate: no TLS
    ClientCertificates client_certificates_;
    std::string client_ca_file_;
    std::string tls_fingerprint_;
    bool own_refused_ = false; // the certificate's files as they are now
    std::vector<ServiceSpec> from_file_, discovered_;
    Documents from_folder_;
    std::map<std::string, StoredRoute, std::less<>> from_admin_;
    std::int64_t last_version_ = 0;
    ServiceDocuments descriptions_;
    std::map<std::string, std::string, std::less<>> description_tags_; // the descriptions' ETags; empty: none
    std::shared_ptr<auth::Verifier> verifier_;
    net::TlsTrust upstream_tls_;
    std::shared_ptr<http::Client> key_client_, document_client_; // who vouches for a key server need not vouch for a service
    std::shared_ptr<auth::JwksSource> keys_;
    std::atomic<bool> refreshing_{false};
    Telemetry telemetry_;
    OwnPages pages_;
    std::shared_ptr<KeyExchange> exchange_; // null: API keys mean nothing here
    std::unique_ptr<ApiKeys> api_keys_;
    std::shared_ptr<RateStore> rate_store_; // null: the limit is this process's own
    std::unique_ptr<SharedLimits> shared_limits_;
    std::unique_ptr<Gate> gate_;
    std::shared_ptr<RouteSource> source_;
    std::shared_ptr<EventLink> events_; // null: there are none
    InstanceWatch watch_;
    std::unique_ptr<Gateway> gateway_; // last: its threads use all the others
    std::vector<Conflict> conflicts_;
    std::atomic<bool> draining_{false};
};

} // namespace gravity::gateway
