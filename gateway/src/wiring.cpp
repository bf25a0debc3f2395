#include "wiring.hpp"

#include "route_file.hpp"

#include <gravity/app/version.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
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
    options.threads = static_cast<unsigned>(settings.io_threads.value());
    options.body_limit = static_cast<std::uint64_t>(settings.max_body_bytes.value());
    options.max_connections = static_cast<std::size_t>(settings.max_connections.value());
    options.pool_per_endpoint = static_cast<std::size_t>(settings.pool_per_instance.value());
    options.connect_timeout = std::chrono::milliseconds(settings.connect_timeout_ms.value());
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
      verifier_(verifier_of(runtime.settings)),
      key_client_(std::make_shared<http::Client>(runtime.io, http::ClientOptions{})),
      pages_(std::string(app::version()), std::string(own_openapi)) {
    if (settings.routes_file) {
        auto services = read_routes(*settings.routes_file);
        if (!services) throw std::runtime_error("GATEWAY_ROUTES_FILE " + services.why());
        from_file_ = *std::move(services);
    }
    GateOptions limits;
    limits.requests_per_second = static_cast<std::uint32_t>(settings.rate_per_second.value());
    limits.burst = static_cast<std::uint32_t>(settings.rate_burst.value());
    gate_ = std::make_unique<Gate>(limits, verifier_, [this] { unknown_key(); });
    gateway_ = std::make_unique<Gateway>(options_of(runtime.settings, address, settings), *gate_, pages_, telemetry_);
    if (runtime.settings.discovery_mode == app::DiscoveryMode::consul) {
        const auto& token = runtime.settings.discovery_token;
        source_ = std::make_shared<RouteSource>(runtime.io, runtime.settings.discovery_url, token ? token->reveal() : std::string(),
                                                [this](const std::vector<ServiceSpec>& services) { publish(services); });
    }
}

Daemon::~Daemon() {
    if (source_) source_->stop();
    if (keys_) keys_->stop();
}

void Daemon::start() {
    watch_keys();
    publish({});
    try {
        gateway_->start();
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(std::string("cannot listen: ") + error.what());
    }
    log::info("data path listens", {{"port", gateway_->port()}});
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

void Daemon::publish(const std::vector<ServiceSpec>& discovered) {
    std::vector<ServiceSpec> all = from_file_; // what the operator wrote wins over what registered itself
    for (const ServiceSpec& service : discovered) {
        const bool taken = std::any_of(from_file_.begin(), from_file_.end(), [&](const ServiceSpec& own) { return own.name == service.name; });
        if (!taken) all.push_back(service);
    }
    auto conflicts = gateway_->publish(all);
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

Task<void> Daemon::mirror_health() {
    while (!draining_) {
        pages_.set_ready(runtime_.health.reason());
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
    if (keys_) keys_->stop();
}

} // namespace gravity::gateway
