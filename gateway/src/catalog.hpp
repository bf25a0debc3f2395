#pragma once

#include "service_spec.hpp"

#include <gravity/base/parsed.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What a Consul API answers, as services. Pure; tolerant of what it does not know, since a neighbour that registers nonsense must not stop the others.
namespace gravity::gateway {

/// GET /v1/catalog/services: the names of those tagged `gravity`.
Parsed<std::vector<std::string>> parse_service_names(std::string_view body);

/// GET /v1/health/service/<name>?passing: the service with its instances. Prefixes, access and time-out are those of the newest instance, so that a
/// release can change them; the age is that of the oldest. `auth` is "jwt" unless it is exactly "public".
Parsed<ServiceSpec> parse_health(std::string_view name, std::string_view body);

} // namespace gravity::gateway
