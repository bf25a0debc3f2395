#pragma once

#include "snapshot.hpp"

#include <gravity/json/json.hpp>

#include <map>
#include <string>
#include <string_view>

/// One description of all services behind this door, of what each says of itself. Pure.
namespace gravity::gateway {

/// What a service's /openapi.json is, by the service's name.
using ServiceDocuments = std::map<std::string, Json, std::less<>>;

/// An OpenAPI 3.1 document of what `routes` lead to: each path of a service as it is reached here, by its prefix or below "/<service>". `own` is the
/// gateway's own document. Names of components and operations get the service's name in front, so that two services may have the same.
std::string aggregate(const Json& own, const ServiceDocuments& documents, const Snapshot& routes);

} // namespace gravity::gateway
