#pragma once

#include "snapshot.hpp"

#include <gravity/json/json.hpp>

#include <map>
#include <string>
#include <string_view>

/// One description of all services behind this door, of what each says of itself. Pure.
namespace gravity::gateway {

/// What a service's /openapi.json is, by the service's name: its text as gzip, which takes a tenth of its memory, and that a tenth of what it means.
using ServiceDocuments = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t max_description = 4u << 20; // bytes of a service's document; a longer one is not taken

/// As descriptions are kept, those of services and that of all.
std::string packed_description(std::string_view text);

/// An OpenAPI 3.1 document of what `routes` lead to: each path of a service as it is reached here, by its prefix or below "/<service>". `own` is the
/// gateway's own document. Names of components and operations get the service's name in front, so that two services may have the same.
/// What is no such document is left out.
std::string aggregate(const Json& own, const ServiceDocuments& documents, const Snapshot& routes);

/// What of the routes decides where the paths of services are found: a text that changes only when the document may.
std::string places_of(const Snapshot& routes);

} // namespace gravity::gateway
