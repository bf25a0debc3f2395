#pragma once

namespace gravity {
class Router;
}

namespace gravity::gateway {

/// The admin interface, /api/v1/gateway/..., of a service that has a Daemon among its resources.
void admin_routes(Router& router);

} // namespace gravity::gateway
