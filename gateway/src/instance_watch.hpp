#pragma once

#include "snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::gateway {

/// What others are told of an instance.
struct InstanceEvent {
    std::string_view type; // of the CloudEvent
    std::string service;
    std::string instance;
    std::string address;
    std::uint16_t port = 0;
    std::uint64_t times = 0; // that its breaker has opened, or that it has been left out, as long as it is known here
};

inline constexpr std::string_view breaker_opened = "gravity.gateway.breaker.opened", breaker_closed = "gravity.gateway.breaker.closed",
                                  instance_ejected = "gravity.gateway.instance.ejected";

/// Sees what has become of instances by looking at them again and again, so that requests need not tell. A breaker is open for seconds: none is missed. One
/// thread.
class InstanceWatch {
public:
    std::vector<InstanceEvent> look(const Snapshot& snapshot, std::chrono::steady_clock::time_point now);

private:
    struct Known {
        std::shared_ptr<Endpoint> endpoint; // so that its identity stays its own
        std::uint64_t opened = 0, ejections = 0;
        bool open = false; // others believe
    };
    std::map<const void*, Known> known_; // by Endpoint::identity()
};

} // namespace gravity::gateway
