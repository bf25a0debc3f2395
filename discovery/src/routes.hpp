#pragma once

namespace gravity {
class Router;
}

namespace gravity::registry {

/// Gravity's own API, below /api/v1/discovery: what Consul does not have.
void routes(Router& router);

} // namespace gravity::registry
