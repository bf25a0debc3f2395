#include "telemetry.hpp"

#include "response_cache.hpp"
#include "snapshot.hpp"

#include <algorithm>
#include <utility>

namespace gravity::gateway {
namespace {

metrics::Counter plain(std::string_view name, std::string_view help) { return metrics::counter(name, help).with({}); }

Telemetry::Cache cache_metrics() {
    auto& requests = metrics::counter("gravity_gateway_cache_requests_total", "Requests of routes with a cache, by what became of them", {"result"});
    return {requests.with({"hit"}),
            requests.with({"stale"}),
            requests.with({"revalidated"}),
            requests.with({"miss"}),
            requests.with({"collapsed"}),
            requests.with({"bypass"}),
            plain("gravity_gateway_cache_refreshes_total", "Answers validated while the stale one was used"),
            metrics::gauge("gravity_gateway_cache_bytes", "Memory of the answers that are kept").with({}),
            metrics::gauge("gravity_gateway_cache_entries", "Answers that are kept").with({})};
}

} // namespace

Telemetry::Telemetry()
    : client_aborts(plain("gravity_gateway_client_aborts_total", "Clients that went away before their answer was whole")),
      upstream_breaks(plain("gravity_gateway_upstream_breaks_total", "Instances that broke off in the middle of a response")),
      retries(plain("gravity_gateway_retries_total", "Requests sent again, to another instance where there is one, because the first was not answered")),
      stale_retries(plain("gravity_gateway_stale_retries_total", "Requests repeated because a kept connection had just been closed")),
      timeouts(plain("gravity_gateway_timeouts_total", "Instances that did not answer in time")),
      malformed(plain("gravity_gateway_malformed_requests_total", "Requests that were refused for their framing or syntax")),
      accept_pauses(plain("gravity_gateway_accept_pauses_total", "Times no descriptor or memory was left for a connection")),
      upgrades(plain("gravity_gateway_upgrades_total", "WebSockets opened")),
      mirrors_lost(plain("gravity_gateway_mirrors_lost_total", "Copies of requests that did not reach the service they were for, or did not get its answer")),
      tls_failures(plain("gravity_gateway_tls_failures_total", "Clients with whom no TLS came about")),
      shed(plain("gravity_gateway_connections_shed_total", "Connections closed on which nothing was under way, to make room for others")),
      ejections(plain("gravity_gateway_ejections_total", "Times an instance was left out because it failed too often beside the others")),
      hedges(plain("gravity_gateway_hedges_total", "Requests sent to a second instance as well, because the first was late")),
      hedges_won(plain("gravity_gateway_hedges_won_total", "Requests that the second instance answered first")),
      http2_connections(plain("gravity_gateway_http2_connections_total", "Connections of clients that spoke HTTP/2")),
      cache(cache_metrics()),
      connections(metrics::gauge("gravity_gateway_connections", "Open connections of clients").with({})),
      prefix_conflicts(metrics::gauge("gravity_gateway_prefix_conflicts", "Prefixes claimed by more than one service").with({})),
      routes_refused(metrics::gauge("gravity_gateway_routes_refused", "1 while the routes' files are not followed, because they have been refused").with({})),
      certificates_refused(metrics::gauge("gravity_gateway_certificates_refused", "1 while the certificate's files do not fit together").with({})),
      own_(metrics::counter("gravity_gateway_own_answers_total", "Requests the gateway answered itself, by the kind of problem", {"problem"})),
      instances_(metrics::gauge("gravity_gateway_instances", "Instances of a service, by what keeps them from requests", {"service", "state"})) {}

const ServiceMetrics& Telemetry::service(std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (const auto found = services_.find(name); found != services_.end()) return found->second;
    auto& requests = metrics::counter("gravity_gateway_requests_total", "Requests passed on, by the class of their answer", {"service", "status"});
    auto& seconds = metrics::histogram("gravity_gateway_request_duration_seconds", "From a request's head to the end of its answer", {"service"});
    ServiceMetrics made{{requests.with({name, "1xx"}), requests.with({name, "2xx"}), requests.with({name, "3xx"}), requests.with({name, "4xx"}),
                         requests.with({name, "5xx"})},
                        seconds.with({name})};
    return services_.emplace(name, std::move(made)).first->second;
}

void Telemetry::show(const ResponseCache& kept) {
    cache.bytes.set(static_cast<double>(kept.bytes()));
    cache.entries.set(static_cast<double>(kept.entries()));
}

void Telemetry::show(const Snapshot& snapshot) {
    constexpr std::array<std::string_view, 5> states = {"ok", "open", "half_open", "ejected", "held"};
    const auto now = std::chrono::steady_clock::now();
    std::set<std::string, std::less<>> gone = std::exchange(shown_, {});
    for (const auto& cluster : snapshot.clusters()) {
        std::array<int, states.size()> counts{};
        for (const auto& endpoint : cluster->endpoints) {
            const Endpoint::Figures figures = endpoint->figures(now);
            const std::string_view state = endpoint->held() != Hold::none ? "held" : figures.ejected           ? "ejected"
                                                                                 : figures.breaker == "closed" ? "ok"
                                                                                                               : figures.breaker;
            ++counts[static_cast<std::size_t>(std::find(states.begin(), states.end(), state) - states.begin())];
        }
        for (std::size_t i = 0; i < states.size(); ++i) instances_.with({cluster->name, states[i]}).set(counts[i]);
        shown_.insert(cluster->name);
        gone.erase(cluster->name);
    }
    for (const std::string& service : gone)
        for (const std::string_view state : states) instances_.remove({service, state});
}

void Telemetry::count_own_answer(std::string_view slug) { own_.with({slug}).add(); }

} // namespace gravity::gateway
