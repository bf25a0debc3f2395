#pragma once

#include <gravity/http/router.hpp>

namespace gravity::@id@ {
void routes(Router& router);
}
