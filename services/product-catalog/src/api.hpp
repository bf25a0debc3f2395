#pragma once

namespace gravity {
class Router;
}

namespace gravity::product_catalog {

void routes(Router& router);

} // namespace gravity::product_catalog
