#pragma once

#include "service_spec.hpp"

#include <gravity/base/parsed.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity::gateway {

/// Routes from a JSON document, for a gateway without discovery:
///
///     {"routes": [{"name": "shop", "prefixes": ["/api/v1/products"], "upstreams": ["127.0.0.1:9000", "[::1]:9000"],
///                  "auth": "public", "scope": "", "timeout_ms": 15000, "body_limit_bytes": 0, "standard_surface": false}]}
///
/// Only `name` and `upstreams` are needed (without `prefixes` it is a service that HTTPRoute documents name); `auth` is "jwt" unless it says otherwise.
/// Taken whole or refused with the reason: unknown members, a bad prefix or address, two routes of one name.
Parsed<std::vector<ServiceSpec>> parse_routes(std::string_view document);

/// A file of at most 4 MiB.
Parsed<std::string> read_text(const std::string& file);

/// Routes from a file.
Parsed<std::vector<ServiceSpec>> read_routes(const std::string& file);

} // namespace gravity::gateway
