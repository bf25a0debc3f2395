#pragma once

#include "roles_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of roles, by name. Their text is in roles_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<void(Role)> insert_role, save_role;
extern const Sql<Role(RoleId)> get_role, lock_role;
extern const Sql<Role(ListRoles)> list_roles;
extern const Sql<RoleId(std::string)> role_by_name;
extern const Sql<void(RoleId)> delete_role;

/// The role has these and no others.
extern const Sql<void(RoleId, std::vector<ScopeName>)> keep_role_scopes, add_role_scopes;
extern const Sql<void(RoleId, std::vector<RoleId>)> keep_role_parents, add_role_parents;
/// Those that are not roles of the project.
extern const Sql<RoleId(std::vector<RoleId>)> unknown_roles;
/// All that the roles let their members do, what they inherit included.
extern const Sql<ScopeName(std::vector<RoleId>)> reach_of_roles;

/// Nothing happens where they have the role.
extern const Sql<void(RoleId, ClientId, Timestamp)> grant_to_client;
extern const Sql<void(RoleId, IdentityId, Timestamp)> grant_to_identity;
extern const Sql<std::int64_t(MemberId)> count_roles_of;
extern const Sql<void(RoleId, MemberId)> take_role;
extern const Sql<RoleMember(PageQuery, RoleId)> list_role_members;

} // namespace gravity::issuer
