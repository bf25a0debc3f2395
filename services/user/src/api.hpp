#pragma once

#include <gravity/http/router.hpp>

namespace gravity::user {
void routes(Router& router);
}
