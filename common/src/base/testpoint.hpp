#pragma once

#include <gravity/base/testpoint.hpp>

#ifdef GRAVITY_TESTPOINTS
#include <functional>
#include <string>

namespace gravity::testpoint {

/// What happens at a place; any thread. An empty function takes it away; who is inside the one before stays there.
void arm(const std::string& name, std::function<void()> action);

} // namespace gravity::testpoint
#endif
