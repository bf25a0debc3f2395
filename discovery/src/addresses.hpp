#pragma once

#include "records.hpp"

namespace gravity::registry {

/// Where an instance is reached: at its own address or, without one, at its node's. `node` may be null, if it is not known.
inline const std::string& address_of(const Instance& instance, const Node* node) {
    return instance.address.empty() && node != nullptr ? node->address : instance.address;
}

} // namespace gravity::registry
