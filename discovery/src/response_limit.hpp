#pragma once

#include "dns_message.hpp"

#include <cstdint>
#include <variant>
#include <vector>

namespace gravity::registry::dns {

/// Who asks, by address.
using Asker = Address;

/// Whether it is of a network that no stranger can send from: loopback, private, link-local, shared.
bool is_inside(const Asker& asker);

/// How many answers a network gets by UDP: senders can be forged, and an answer is longer than its question. Networks are /24 and /56. Beyond the rate
/// every second question is answered "ask again by TCP", which a forged sender cannot, and the others are met with silence. Networks that no stranger
/// can send from are not limited. Pure; memory is fixed, so that networks which share a place share its rate.
class ResponseLimit {
public:
    enum class Verdict : unsigned char {
        answer,
        truncate,
        silence
    };

    /// `rate`: answers a second, and at once; 0: no limit. `seed`: which networks share a place must not be known outside.
    ResponseLimit(std::uint32_t rate, std::uint64_t seed);

    Verdict take(const Asker& asker, std::int64_t now_us);

private:
    struct Place {
        std::int64_t full_at_us = 0; // when all of its answers are there again
        bool silent_last = true;
    };
    std::int64_t rate_;
    std::uint64_t seed_;
    std::vector<Place> places_; // made when the first stranger asks
};

} // namespace gravity::registry::dns
