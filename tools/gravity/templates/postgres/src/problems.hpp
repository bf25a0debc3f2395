#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::@id@ {
inline constexpr Problem name_taken{409, "name-taken", "There is such a name already"};
inline constexpr Problem is_locked{409, "is-locked", "What is locked must be unlocked before it is deleted"};
} // namespace gravity::@id@
