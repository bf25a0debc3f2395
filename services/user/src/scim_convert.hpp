#pragma once

#include "groups.hpp"
#include "scim_resource.hpp"

/// Users and groups as resources of SCIM, and back. Pure. Locations begin with `base`, ".../scim/v2".
namespace gravity::user::scim {

/// The version of somebody as they are shown, quoted, as an ETag is: that of what is written to them, and behind a dot a mark of the groups they are in, which
/// change without it (RFC 9110 section 8.8.1: other content has another tag).
std::string version_of(const User& user, const std::vector<GroupOfUser>& groups);
/// A list of such versions without the marks: who changes somebody need not have seen their groups.
std::string written_versions(std::string field);

Json to_resource(const User& user, const std::vector<GroupOfUser>& groups, const std::string& base);
Json to_resource(const Group& group, const std::vector<GroupMember>& members, const std::string& base);

/// A cleaned resource as a user; what SCIM does not show stays as `before` has it. Throws Refused (`invalidValue`).
UserEdit user_of(const Json& resource, const UserEdit* before);
/// Null: the resource does not say.
std::optional<bool> active_of(const Json& resource);

struct GroupWanted {
    GroupEdit group;
    std::vector<std::string> members;
};
GroupWanted group_of(const Json& resource);

} // namespace gravity::user::scim
