#pragma once

#include <gravity/app/service.hpp>

namespace gravity::app {

/// Which service this process is; a resource of coroutine handlers.
struct ServiceName {
    std::string text;
    /// "gravity.product_catalog.<what>".
    std::string event_type(std::string_view what) const;
};

/// What the platform's other services ask of this one, under /internal (which the gateway does not route): the removal of a project's data,
/// and, of a consumer, its dead letters.
void add_internal_routes(Router& router, const Definition& definition);

} // namespace gravity::app
