#pragma once

#include "config.hpp"

/// What clients learn of this service by its address alone (RFC 8414, OpenID Connect Discovery 1.0): what is there, and nothing else.
namespace gravity::issuer {

struct Metadata {
    std::string document;
    std::string etag; // quoted
};
Metadata metadata_of(const Settings& settings);

} // namespace gravity::issuer
