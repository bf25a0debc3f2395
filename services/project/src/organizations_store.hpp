#pragma once

#include "organizations_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of organisations and members, by name. Their text is in organizations_store.cpp and nowhere else.
namespace gravity::project {

extern const Sql<Organization(Organization)> insert_organization, save_organization;
extern const Sql<Organization(OrganizationId)> get_organization, lock_organization;
/// Those that somebody is a member of.
extern const Sql<Organization(ListOrganizations, std::string)> list_organizations;
extern const Sql<void(OrganizationId)> delete_organization;

extern const Sql<MemberRole(OrganizationId, std::string)> role_of;
extern const Sql<Member(Member)> insert_member, save_member;
extern const Sql<Member(OrganizationId, Subject)> get_member;
extern const Sql<Member(PageQuery, OrganizationId)> list_members;
extern const Sql<void(OrganizationId, Subject)> delete_member;

} // namespace gravity::project
