#pragma once

#include <gravity/metrics/metrics.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace gravity::gateway {

class ResponseCache;
class Snapshot;

/// The metrics of one service's routes, looked up once and kept.
struct ServiceMetrics {
    std::array<metrics::Counter, 5> by_class; // 1xx ... 5xx
    metrics::Histogram seconds;               // from the request's head to the answer's end
};

/// Counts what passes. Any thread; counting takes no lock.
class Telemetry {
public:
    Telemetry();

    /// The same object for the same name; it lives as long as this.
    const ServiceMetrics& service(std::string_view name);

    metrics::Counter client_aborts, upstream_breaks, retries, stale_retries, timeouts, malformed, accept_pauses, upgrades, mirrors_lost, tls_failures, shed,
        ejections, hedges, hedges_won, http2_connections;
    /// Requests of routes with a cache, by what became of them.
    struct Cache {
        metrics::Counter hits, stale, revalidated, misses, collapsed, passed_by, refreshes;
        metrics::Gauge bytes, entries;
    } cache;
    void show(const ResponseCache& kept);
    metrics::Gauge connections, prefix_conflicts, routes_refused, certificates_refused;
    /// How many instances of each service there are, by their state. One thread.
    void show(const Snapshot& snapshot);
    /// A request that was answered here, by the slug of its problem ("ok" for the own pages).
    void count_own_answer(std::string_view slug);

private:
    std::mutex mutex_;
    std::map<std::string, ServiceMetrics, std::less<>> services_;
    metrics::CounterFamily& own_;
    metrics::GaugeFamily& instances_;
    std::set<std::string, std::less<>> shown_; // services
};

} // namespace gravity::gateway
