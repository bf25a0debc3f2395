#pragma once

#include <gravity/json/json.hpp>

#include <optional>
#include <string>
#include <vector>

/// What a PATCH of a group needs to know of its members: a group may have a million, and who adds one has not to see the others. Pure.
namespace gravity::user::scim {

/// The ids that a PatchOp message names where it changes members: to apply it, it is enough to know which of them are members. Nothing where it looks at all
/// members (`replace`, `remove` without a value, filters by other than `value eq`). What is malformed is passed over, but for paths: throws Refused
/// (`invalidPath`).
std::optional<std::vector<std::string>> members_named(const Json& message);

} // namespace gravity::user::scim
