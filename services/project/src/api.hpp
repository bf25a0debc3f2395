#pragma once

#include <gravity/http/router.hpp>

namespace gravity::project {
void routes(Router& router);
}
