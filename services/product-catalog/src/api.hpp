#pragma once

namespace gravity {
class Router;
}

/// The route table, and per resource the handlers that it names (<resource>_api.cpp).
namespace gravity::product_catalog {

void routes(Router& router);

} // namespace gravity::product_catalog
