#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::@id@ {
inline constexpr Problem nothing_left{422, "nothing-left", "The name has no letter or digit that a slug can hold"};
} // namespace gravity::@id@
