#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::@id@ {
inline constexpr Problem reserved_name{422, "reserved-name", "Names that begin with a dot are reserved"};
} // namespace gravity::@id@
