#pragma once

#include "actor.hpp"
#include "organizations_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of organisations and their members.
namespace gravity::project {
namespace organizations {

Created<Organization> create(Tx& tx, Actor caller, Body<OrganizationEdit> in);
Page<Organization> list(Tx& tx, Caller caller, Params<ListOrganizations> query);
Organization get(Tx& tx, Caller caller, Path<"id", OrganizationId> id);
Organization update(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Patch<OrganizationEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Actor caller, Path<"id", OrganizationId> id, IfMatch expected);

} // namespace organizations
namespace members {

Created<Member> create(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<NewMember> in);
Page<Member> list(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<PageQuery> query);
Member get(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Path<"subject", Subject> subject);
Member update(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"subject", Subject> subject, Patch<MemberEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"subject", Subject> subject, IfMatch expected);

} // namespace members
} // namespace gravity::project
