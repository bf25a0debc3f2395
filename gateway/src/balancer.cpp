#include "balancer.hpp"

#include <array>

namespace gravity::gateway {
namespace {

using Time = std::chrono::steady_clock::time_point;

/// The n-th usable endpoint in the order of the cluster, from a start drawn at random: no list has to be made.
const std::shared_ptr<Endpoint>* usable_from(const Cluster& cluster, std::size_t start, const Endpoint* except, const Endpoint* other, Time now) {
    const std::size_t count = cluster.endpoints.size();
    for (std::size_t i = 0; i < count; ++i) {
        const auto& endpoint = cluster.endpoints[(start + i) % count];
        const bool same = (except && endpoint->identity() == except->identity()) || endpoint.get() == other;
        if (!same && endpoint->may_try(now)) return &endpoint;
    }
    return nullptr;
}

} // namespace

const Backend* choose(const Route& route, std::uint64_t point) {
    if (route.weight == 0) return nullptr;
    point %= route.weight;
    for (const Backend& backend : route.backends) {
        if (point < backend.spec->weight) return &backend;
        point -= backend.spec->weight;
    }
    return nullptr; // the weights add up
}

Use pick(const Cluster& cluster, const Endpoint* except, Choices& choices, Time now) {
    const std::size_t count = cluster.endpoints.size();
    if (count == 0) return {};
    // A probe's place can be lost to another core between asking and taking; then the next is drawn.
    for (std::size_t attempt = 0; attempt < count; ++attempt) {
        const auto* first = usable_from(cluster, choices.below(count), except, nullptr, now);
        if (!first) break;
        const auto* second = count > 1 ? usable_from(cluster, choices.below(count), except, first->get(), now) : nullptr;
        const auto& chosen = second && (*second)->load(now) < (*first)->load(now) ? *second : *first;
        if (const auto permit = chosen->begin(now)) return Use(chosen, *permit, now);
    }
    for (const auto& endpoint : cluster.endpoints)
        if (except && endpoint->identity() == except->identity() && endpoint->may_try(now))
            if (const auto permit = endpoint->begin(now)) return Use(endpoint, *permit, now);
    return {};
}

} // namespace gravity::gateway
