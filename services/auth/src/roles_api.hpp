#pragma once

#include "roles_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of roles and of who has them.
namespace gravity::issuer::roles {

Created<Role> create(Tx& tx, Caller caller, Body<RoleEdit> in);
Page<Role> list(Tx& tx, Params<ListRoles> query);
Role get(Tx& tx, Path<"id", RoleId> id);
Role update(Tx& tx, Caller caller, Path<"id", RoleId> id, Patch<RoleEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", RoleId> id, IfMatch expected);

Page<RoleMember> list_members(Tx& tx, Path<"id", RoleId> id, Params<PageQuery> page);
NoContent add_member(Tx& tx, Caller caller, Path<"id", RoleId> id, Path<"member", MemberId> member);
NoContent remove_member(Tx& tx, Caller caller, Path<"id", RoleId> id, Path<"member", MemberId> member);

} // namespace gravity::issuer::roles
