#pragma once

namespace gravity {
class Router;
}

/// The route table, and per resource the handlers that it names (<resource>_api.cpp).
namespace gravity::issuer {

void routes(Router& router);

} // namespace gravity::issuer
