#include "instance_watch.hpp"

#include <utility>

namespace gravity::gateway {

std::vector<InstanceEvent> InstanceWatch::look(const Snapshot& snapshot, std::chrono::steady_clock::time_point now) {
    std::vector<InstanceEvent> events;
    std::map<const void*, Known> still;
    for (const auto& cluster : snapshot.clusters()) {
        for (const auto& endpoint : cluster->endpoints) {
            const InstanceSpec& spec = endpoint->spec();
            const Endpoint::Figures figures = endpoint->figures(now);
            const auto say = [&](std::string_view type, std::uint64_t times) {
                events.push_back({type, endpoint->service(), spec.id, spec.address, spec.port, times});
            };
            Known state = known_[endpoint->identity()];
            state.endpoint = endpoint;
            if (figures.breaker_opened > std::exchange(state.opened, figures.breaker_opened)) {
                state.open = true;
                say(breaker_opened, figures.breaker_opened);
            }
            if (state.open && figures.breaker == "closed") {
                state.open = false;
                say(breaker_closed, figures.breaker_opened);
            }
            if (figures.ejections > std::exchange(state.ejections, figures.ejections)) say(instance_ejected, figures.ejections);
            still.emplace(endpoint->identity(), std::move(state));
        }
    }
    known_ = std::move(still);
    return events;
}

} // namespace gravity::gateway
