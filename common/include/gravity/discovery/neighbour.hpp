#pragma once

#include <cstdint>
#include <string_view>

namespace gravity::discovery {

/// A service that another one calls: a constant of its contract.
struct Neighbour {
    std::string_view service;           // its name in discovery
    std::uint16_t port = 0;             // where DNS alone tells only addresses
    bool required = false;              // not ready without it; else a warning
    std::string_view scope{};           // of this service's own tokens for it
};

} // namespace gravity::discovery
