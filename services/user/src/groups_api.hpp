#pragma once

#include "groups_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of groups.
namespace gravity::user::user_groups {

Created<Group> create(Tx& tx, Body<GroupEdit> in);
Page<Group> list(Tx& tx, Params<ListGroups> query);
Group get(Tx& tx, Path<"id", GroupId> id);
Group update(Tx& tx, Path<"id", GroupId> id, Patch<GroupEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", GroupId> id, IfMatch expected);
Page<GroupMember> list_members(Tx& tx, Path<"id", GroupId> id, Params<PageQuery> query);
NoContent add_member(Tx& tx, Path<"id", GroupId> id, Path<"member", Uuid> member);
NoContent remove_member(Tx& tx, Path<"id", GroupId> id, Path<"member", Uuid> member);

} // namespace gravity::user::user_groups
