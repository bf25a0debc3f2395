#pragma once

#include <gravity/http/router.hpp>

namespace gravity::config {
void routes(Router& router);
}
