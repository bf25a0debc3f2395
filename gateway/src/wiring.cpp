#include "wiring.hpp"

#include "route_file.hpp"
#include "route_folder.hpp"

#include <gravity/app/version.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>
#include <gravity/net/tls_context.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;

// What the data port answers itself; the services' documents are theirs.
constexpr std::string_view own_openapi =
    R"({"openapi":"3.1.0","info":{"title":"Gravity API Gateway","version":"1"},"paths":{)"
    R"("/health/live":{"get":{"operationId":"live","security":[],"responses":)"
    R"({"200":{"description":"The process answers","content":{"application/health+json":{}}}}}},)"
    R"("/health/ready":{"get":{"operationId":"ready","security":[],"responses":)"
    R"({"200":{"description":"Requests are taken","content":{"application/health+json":{}}},)"
    R"("503":{"description":"Not yet, or no longer","content":{"application/health+json":{}}}}}}}})";

Options options_of(const app::PlatformSettings& platform, const DataAddress& address, const Settings& settings) {
    Options options;
    options.address = address.address;
    options.port = address.port;
    options.tls_port = static_cast<std::uint16_t>(settings.tls_port.value());
    options.threads = static_cast<unsigned>(settings.io_threads.value());
    options.http2 = settings.http2;
    options.body_limit = static_cast<std::uint64_t>(settings.max_body_bytes.value());
    options.max_connections = static_cast<std::size_t>(settings.max_connections.value());
    options.pool_per_endpoint = static_cast<std::size_t>(settings.pool_per_instance.value());
    options.connect_timeout = std::chrono::milliseconds(settings.connect_timeout_ms.value());
    options.cache.bytes = static_cast<std::size_t>(settings.cache_bytes.value());
    options.cache.entries = static_cast<std::size_t>(settings.cache_entries.value());
    options.cache.body = static_cast<std::size_t>(settings.cache_max_body_bytes.value());
    options.max_attempts = static_cast<unsigned>(settings.max_attempts.value());
    switch (platform.access_log) {
    case app::AccessLog::all: options.access_log = Options::Log::all; break;
    case app::AccessLog::errors: options.access_log = Options::Log::errors; break;
    case app::AccessLog::off: options.access_log = Options::Log::off; break;
    }
    for (const std::string_view item : ascii::split(settings.trusted_proxies, ','))
        if (const auto network = ascii::trim(item); !network.empty()) options.trusted_proxies.emplace_back(network);
    return options;
}

net::TlsTrust trust_of(const Settings& settings) {
    if (settings.upstream_certificate_file.has_value() != settings.upstream_key_file.has_value()) {
        throw std::runtime_error("GATEWAY_UPSTREAM_CERTIFICATE_FILE and GATEWAY_UPSTREAM_KEY_FILE are needed together");
    }
    net::TlsTrust trust;
    trust.ca_file = settings.upstream_ca_file.value_or("");
    trust.certificate_chain_file = settings.upstream_certificate_file.value_or("");
    trust.private_key_file = settings.upstream_key_file.value_or("");
    return trust;
}

/// Why the files that these services name cannot be used; empty if they can.
std::string problem_with_files(const std::vector<ServiceSpec>& services, const net::TlsTrust& standard) {
    const UpstreamTrust trust(standard);
    std::set<Authorities> checked;
    for (const ServiceSpec& service : services)
        for (const InstanceSpec& instance : service.instances)
            if (instance.tls && checked.insert(instance.tls->authorities).second)
                if (std::string why = trust.problem(instance.tls->authorities); !why.empty()) return "route \"" + service.name + "\": " + why;
    return {};
}

/// The same of authorities that documents name.
std::string problem_with(const TlsPolicies& policies, const net::TlsTrust& standard) {
    const UpstreamTrust trust(standard);
    for (const TlsPolicy& policy : policies.all())
        if (std::string why = trust.problem(policy.tls.authorities); !why.empty()) return "BackendTLSPolicy \"" + policy.name + "\": " + why;
    return {};
}

/// Where an instance describes itself.
http::ClientRequest inquiry_to(const InstanceSpec& instance) {
    const auto in_url = [](const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; };
    const bool named = instance.tls && !instance.tls->name.empty();
    http::ClientRequest request;
    const std::string scheme = instance.tls ? "https://" : "http://", host = named ? instance.tls->name : instance.address;
    request.url = scheme + in_url(host) + ":" + std::to_string(instance.port) + "/openapi.json";
    if (named) request.addresses.push_back(instance.address);
    request.timeout = 5s;
    request.max_response_bytes = max_description;
    return request;
}

std::shared_ptr<auth::Verifier> verifier_of(const app::PlatformSettings& platform) {
    if (!platform.auth_jwks_url) return nullptr;
    auth::VerifierOptions options;
    options.issuer = platform.auth_issuer.value_or("");
    for (const std::string_view audience : ascii::split(platform.auth_audience, ',')) options.audiences.emplace_back(ascii::trim(audience));
    return std::make_shared<auth::Verifier>(std::move(options));
}

Task<std::string> fetch_keys(std::shared_ptr<http::Client> client, std::string url) {
    http::ClientRequest request;
    request.url = std::move(url);
    request.timeout = 5s;
    request.max_response_bytes = auth::KeySet::max_document_bytes;
    http::Response response = co_await client->send(std::move(request));
    if (response.status != 200) throw std::runtime_error("the key server answered " + std::to_string(response.status));
    co_return std::move(response.body);
}

Task<void> run_keys(std::shared_ptr<auth::JwksSource> keys) { co_await keys->run(); }

Task<void> refresh_keys(std::shared_ptr<auth::JwksSource> keys, std::atomic<bool>& refreshing) {
    co_await keys->refresh_for_unknown_key();
    refreshing = false;
}

} // namespace

Daemon::Daemon(app::Runtime& runtime, const DataAddress& address, const Settings& settings)
    : runtime_(runtime),
      file_(settings.routes_file),
      folder_(settings.routes_folder),
      client_certificates_(settings.client_certificates),
      client_ca_file_(settings.client_ca_file.value_or("")),
      verifier_(verifier_of(runtime.settings)),
      upstream_tls_(trust_of(settings)),
      key_client_(std::make_shared<http::Client>(runtime.io, http::ClientOptions{})),
      document_client_(std::make_shared<http::Client>(runtime.io, http::ClientOptions{.tls = upstream_tls_})),
      pages_(std::string(app::version()), std::string(own_openapi), runtime.settings.docs_dir.value_or("")) {
    if (settings.tls_certificate_file.has_value() != settings.tls_key_file.has_value()) {
        throw std::runtime_error("GATEWAY_TLS_CERTIFICATE_FILE and GATEWAY_TLS_KEY_FILE are needed together");
    }
    if ((client_certificates_ != ClientCertificates::off) != settings.client_ca_file.has_value()) {
        throw std::runtime_error("GATEWAY_CLIENT_CERTIFICATES and GATEWAY_CLIENT_CA_FILE are needed together");
    }
    if (settings.client_ca_file && !settings.tls_certificate_file) throw std::runtime_error("GATEWAY_CLIENT_CERTIFICATES needs GATEWAY_TLS_CERTIFICATE_FILE");
    if (settings.tls_certificate_file) tls_files_ = {*settings.tls_certificate_file, *settings.tls_key_file};
    read_files();
    GateOptions limits;
    limits.requests_per_second = static_cast<std::uint32_t>(settings.rate_per_second.value());
    limits.burst = static_cast<std::uint32_t>(settings.rate_burst.value());
    exchange_keys(settings);
    share_limits(settings);
    gate_ = std::make_unique<Gate>(limits, verifier_, [this] { unknown_key(); }, api_keys_.get(), shared_limits_.get());
    if (const auto& url = runtime.settings.events_url) events_ = std::make_shared<EventLink>(runtime.io, url->reveal(), gate_->revocations(), api_keys_.get());
    Options options = options_of(runtime.settings, address, settings);
    options.upstream_tls = upstream_tls_;
    gateway_ = std::make_unique<Gateway>(std::move(options), *gate_, pages_, telemetry_);
    if (runtime.settings.discovery_mode == app::DiscoveryMode::consul) {
        const auto& token = runtime.settings.discovery_token;
        source_ = std::make_shared<RouteSource>(runtime.io, runtime.settings.discovery_url, token ? token->reveal() : std::string(),
                                                [this](const std::vector<ServiceSpec>& services) {
                                                    discovered_ = services;
                                                    publish();
                                                });
    }
}

/// API keys come to tokens where this gateway itself would get one, and are checked by the keys that tokens are checked by.
void Daemon::exchange_keys(const Settings& settings) {
    const app::PlatformSettings& platform = runtime_.settings;
    if (!platform.auth_token_url || settings.api_key_seconds.value() == 0) return;
    if (!verifier_) throw std::runtime_error("AUTH_TOKEN_URL needs AUTH_JWKS_URL: what API keys come to is checked");
    exchange_ = std::make_shared<KeyExchange>(key_client_, *platform.auth_token_url, *platform.auth_client_id, *platform.auth_client_secret, verifier_,
                                              [this] { unknown_key(); });
    KeyLimits limits;
    limits.good = std::chrono::seconds(settings.api_key_seconds.value());
    limits.kept = static_cast<std::size_t>(settings.api_keys_kept.value());
    api_keys_ = std::make_unique<ApiKeys>(limits, [this](KeyQuestion question) { // on a core's thread
        boost::asio::post(runtime_.io, [this, question = std::move(question)] {
            const auto exchange = exchange_;
            spawn(runtime_.io, "api-key", [this, exchange, question] { return KeyExchange::run(exchange, *api_keys_, question); });
        });
    });
}

void Daemon::share_limits(const Settings& settings) {
    if (!settings.rate_redis_url || settings.rate_per_second.value() == 0) return;
    const auto per_second = static_cast<std::uint32_t>(settings.rate_per_second.value()), burst = static_cast<std::uint32_t>(settings.rate_burst.value());
    rate_store_ = std::make_shared<RateStore>(runtime_.io, settings.rate_redis_url->reveal(), per_second, burst);
    shared_limits_ = std::make_unique<SharedLimits>([this](std::string caller, std::uint64_t wanted) { // on a core's thread, or this one
        rate_store_->ask(*shared_limits_, std::move(caller), wanted);
    });
}

Daemon::~Daemon() {
    if (source_) source_->stop();
    if (events_) events_->stop();
    if (keys_) keys_->stop();
}

void Daemon::start() {
    watch_keys();
    publish();
    try {
        gateway_->start(tls_files_.certificate_chain_file.empty() ? nullptr : read_certificates());
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(std::string("cannot listen: ") + error.what());
    }
    if (gateway_->tls_port() != 0) log::info("data path listens, with TLS", {{"port", gateway_->tls_port()}});
    log::info("data path listens", {{"port", gateway_->port()}});
    if (rate_store_) runtime_.health.add("limits", app::Health::Kind::optional, [this] { return probe_limits(); });
    if (events_) runtime_.health.add("events", app::Health::Kind::optional, [this] { return probe_events(); });
    if (!source_) return;
    runtime_.health.add("routes", app::Health::Kind::required, [this] { return probe_routes(); });
    runtime_.health.add("discovery", app::Health::Kind::optional, [this] { return probe_discovery(); });
    source_->start();
}

void Daemon::watch_keys() {
    if (!verifier_) return;
    const std::shared_ptr<http::Client> client = key_client_;
    keys_ = std::make_shared<auth::JwksSource>(runtime_.io, *runtime_.settings.auth_jwks_url, verifier_,
                                               [client](std::string url) { return fetch_keys(client, std::move(url)); });
    const auto keys = keys_;
    spawn(runtime_.io, "jwks", [keys] { return run_keys(keys); });
}

/// On a core's thread, for every token of an unknown key: one fetch at a time is asked for, however many come.
void Daemon::unknown_key() {
    if (refreshing_.exchange(true)) return;
    boost::asio::post(runtime_.io, [this] {
        const auto keys = keys_;
        spawn(runtime_.io, "jwks", [this, keys] { return refresh_keys(keys, refreshing_); });
    });
}

/// Throws std::runtime_error with one line; nothing has changed then.
void Daemon::read_files() {
    // Taken before they are read: what is written meanwhile is seen the next time.
    std::string now = (file_ ? fingerprint_of(*file_) : std::string()) + (folder_ ? fingerprint_of(*folder_) : std::string());
    if (now == fingerprint_) return;
    fingerprint_ = std::move(now);
    std::vector<ServiceSpec> services;
    Documents documents;
    if (file_) {
        auto read = read_routes(*file_);
        if (!read) throw std::runtime_error("GATEWAY_ROUTES_FILE " + read.why());
        services = *std::move(read);
        const std::string why = problem_with_files(services, upstream_tls_);
        if (!why.empty()) throw std::runtime_error("GATEWAY_ROUTES_FILE " + *file_ + ": " + why);
    }
    if (folder_) {
        auto read = read_route_folder(*folder_);
        if (!read) throw std::runtime_error("GATEWAY_ROUTES_FOLDER " + read.why());
        documents = *std::move(read);
        const std::string why = problem_with(documents.policies, upstream_tls_);
        if (!why.empty()) throw std::runtime_error("GATEWAY_ROUTES_FOLDER " + *folder_ + ": " + why);
    }
    for (const TlsPolicies::Overruled& one : documents.policies.overruled())
        log::warn("two policies say how a service is spoken to", {{"service", one.service}, {"followed", one.by}, {"left_out", one.policy}});
    for (const HttpRoutePtr& document : documents.routes)
        if (from_admin_.find(document->name) != from_admin_.end()) log::warn("a file's route takes the place of one that was put", {{"route", document->name}});
    for (const HttpRoutePtr& document : documents.routes) from_admin_.erase(document->name);
    from_file_ = std::move(services);
    from_folder_ = std::move(documents);
    if (gateway_) publish();
}

std::optional<Daemon::StoredRoute> Daemon::route(std::string_view name) const {
    if (const auto found = from_admin_.find(name); found != from_admin_.end()) return found->second;
    for (const HttpRoutePtr& document : from_folder_.routes)
        if (document->name == name) return StoredRoute{document, 0};
    return std::nullopt;
}

namespace {

void refuse_of_file(const std::optional<Daemon::StoredRoute>& known) {
    static constexpr Problem of_file{409, "route-of-file", "The route stands in a file, which has to be changed"};
    if (known && known->version == 0) throw Refusal(of_file);
}

} // namespace

Daemon::StoredRoute Daemon::put_route(HttpRoutePtr route) {
    refuse_of_file(this->route(route->name));
    const StoredRoute stored{std::move(route), ++last_version_};
    from_admin_.insert_or_assign(stored.route->name, stored);
    publish();
    return stored;
}

void Daemon::remove_route(std::string_view name) {
    const auto known = this->route(name);
    if (!known) throw Refusal(problems::not_found);
    refuse_of_file(known);
    from_admin_.erase(from_admin_.find(name));
    publish();
}

/// True if it has changed. What cannot be had stays as it was.
Task<bool> Daemon::fetch_document(std::string service, http::ClientRequest request) {
    try {
        const auto known = descriptions_.find(service);
        const auto tag = description_tags_.find(service);
        if (known != descriptions_.end() && tag != description_tags_.end() && !tag->second.empty()) request.headers.add("If-None-Match", tag->second);
        http::Response response = co_await document_client_->send(std::move(request));
        if (response.status != 200) co_return false;
        description_tags_[service] = response.headers.get("ETag").value_or("");
        std::string packed = packed_description(response.body);
        if (const auto before = descriptions_.find(service); before != descriptions_.end() && before->second == packed) co_return false;
        descriptions_.insert_or_assign(std::move(service), std::move(packed));
        co_return true;
    } catch (const std::exception& error) {
        log::debug("a service's description cannot be had", {{"service", service}, {"reason", error.what()}});
        co_return false;
    }
}

void Daemon::show_documents() {
    static const Json own = Json::parse(own_openapi).or_throw();
    const auto snapshot = gateway_->snapshot();
    pages_.set_openapi(aggregate(own, descriptions_, *snapshot));
}

/// A service that comes or goes is noticed within a second, one that changes within a minute. One that does not describe itself is asked ever more rarely.
Task<void> Daemon::follow_documents() {
    struct Inquiry {
        std::chrono::steady_clock::time_point next{};
        std::chrono::seconds wait{5};
    };
    std::map<std::string, Inquiry, std::less<>> asked;
    std::shared_ptr<const Snapshot> looked_at;
    std::string places;
    while (!draining_) {
        const auto snapshot = gateway_->snapshot();
        bool changed = false;
        std::set<std::string, std::less<>> alive;
        for (const auto& cluster : snapshot->clusters()) {
            if (cluster->endpoints.empty() || !cluster->keeps_internal) continue;
            alive.insert(cluster->name);
            const auto now = std::chrono::steady_clock::now();
            Inquiry& state = asked[cluster->name];
            if (now < state.next) continue;
            http::ClientRequest inquiry = inquiry_to(cluster->endpoints.front()->spec());
            std::string name = cluster->name;
            const bool news = co_await fetch_document(std::move(name), std::move(inquiry));
            changed |= news;
            const bool known = descriptions_.find(cluster->name) != descriptions_.end();
            state.next = now + (known ? std::chrono::seconds(60) : state.wait);
            state.wait = std::min(state.wait * 2, std::chrono::seconds(320));
        }
        changed |= std::erase_if(descriptions_, [&](const auto& known) { return alive.find(known.first) == alive.end(); }) != 0;
        std::erase_if(asked, [&](const auto& known) { return alive.find(known.first) == alive.end(); });
        if (snapshot != looked_at) { // routes change often, where services are found seldom
            std::string now_at = places_of(*snapshot);
            changed |= now_at != places;
            places = std::move(now_at);
            looked_at = snapshot;
        }
        if (changed) show_documents();
        co_await sleep_for(500ms);
    }
}

std::string Daemon::certificates_fingerprint() const {
    return fingerprint_of(tls_files_.certificate_chain_file) + fingerprint_of(tls_files_.private_key_file) +
           (client_ca_file_.empty() ? std::string() : fingerprint_of(client_ca_file_));
}

std::shared_ptr<boost::asio::ssl::context> Daemon::read_certificates() {
    tls_fingerprint_ = certificates_fingerprint();
    auto context = net::server_context(tls_files_);
    if (client_certificates_ != ClientCertificates::off) ask_for_certificates(*context, client_ca_file_, client_certificates_ == ClientCertificates::required);
    return context;
}

/// Chain and key are two files: while they do not fit together, the connections go on with the last that did.
void Daemon::renew_certificates() {
    const bool trust_refused = !gateway_->trust().renew();
    const bool changed = !tls_files_.certificate_chain_file.empty() && certificates_fingerprint() != tls_fingerprint_;
    try {
        if (changed) {
            gateway_->renew(read_certificates());
            own_refused_ = false;
            log::info("the certificate has been read again");
        }
    } catch (const boost::system::system_error& error) {
        own_refused_ = true;
        log::error("the certificate stays as it is", {{"reason", error.what()}});
    }
    telemetry_.certificates_refused.set(own_refused_ || trust_refused);
}

Task<void> Daemon::watch_files() {
    while (!draining_) {
        co_await sleep_for(500ms);
        renew_certificates();
        try {
            const auto before = fingerprint_;
            read_files();
            if (fingerprint_ != before) {
                telemetry_.routes_refused.set(0);
                log::info("the routes have been read again", {{"services", from_file_.size()},
                                                              {"documents", from_folder_.routes.size()},
                                                              {"policies", from_folder_.policies.all().size()}});
            }
        } catch (const std::runtime_error& error) {
            telemetry_.routes_refused.set(1);
            log::error("the routes stay as they are", {{"reason", error.what()}});
        }
    }
}

void Daemon::publish() {
    std::vector<HttpRoutePtr> documents = from_folder_.routes;
    for (const auto& [name, stored] : from_admin_) documents.push_back(stored.route);
    std::vector<ServiceSpec> all = from_file_; // what the operator wrote wins over what registered itself
    for (const ServiceSpec& service : discovered_) {
        const bool taken = std::any_of(from_file_.begin(), from_file_.end(), [&](const ServiceSpec& own) { return own.name == service.name; });
        if (!taken) all.push_back(service);
    }
    auto conflicts = gateway_->publish(all, documents, from_folder_.policies);
    for (const Conflict& conflict : conflicts) {
        const bool known = std::any_of(conflicts_.begin(), conflicts_.end(), [&](const Conflict& c) {
            return c.prefix == conflict.prefix && c.owner == conflict.owner && c.refused == conflict.refused;
        });
        if (!known) log::error("two services claim one prefix", {{"prefix", conflict.prefix}, {"owner", conflict.owner}, {"refused", conflict.refused}});
    }
    telemetry_.prefix_conflicts.set(static_cast<double>(conflicts.size()));
    conflicts_ = std::move(conflicts);
}

Task<std::optional<std::string>> Daemon::probe_routes() const {
    if (source_->loaded()) co_return std::nullopt; // old routes are better than none
    co_return source_->problem();
}

Task<std::optional<std::string>> Daemon::probe_discovery() const { co_return source_->problem(); }

Task<std::optional<std::string>> Daemon::probe_events() const { co_return events_->problem(); }

Task<std::optional<std::string>> Daemon::probe_limits() const { co_return rate_store_->problem(); }

Task<void> Daemon::tell_events() {
    if (!events_) co_return;
    const auto events = events_;
    co_await EventLink::send(events);
}

Task<void> Daemon::hear_events() {
    if (!events_) co_return;
    const auto events = events_;
    co_await EventLink::listen(events);
}

Task<void> Daemon::mirror_health() {
    while (!draining_) {
        pages_.set_ready(runtime_.health.reason());
        const auto snapshot = gateway_->snapshot();
        telemetry_.show(*snapshot);
        if (events_)
            for (InstanceEvent& event : watch_.look(*snapshot, std::chrono::steady_clock::now())) events_->tell(std::move(event));
        co_await sleep_for(200ms);
    }
}

Task<void> Daemon::drain() {
    draining_ = true;
    pages_.set_ready("draining");
    // Whoever balances over gateways looks at /health/ready; until he has, requests are still welcome.
    co_await sleep_for(std::chrono::seconds(runtime_.settings.deregister_delay_seconds.value()));
    gateway_->drain();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(runtime_.settings.shutdown_grace_seconds.value());
    while (gateway_->connections() != 0 && std::chrono::steady_clock::now() < end) co_await sleep_for(20ms);
    if (const std::size_t left = gateway_->connections(); left != 0) log::warn("connections were cut", {{"count", left}});
    gateway_->stop();
    if (source_) source_->stop();
    if (events_) events_->stop();
    if (keys_) keys_->stop();
}

} // namespace gravity::gateway
