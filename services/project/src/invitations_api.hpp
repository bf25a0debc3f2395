#pragma once

#include "actor.hpp"
#include "invitations_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of invitations.
namespace gravity::project::invitations {

Created<MadeInvitation> create(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<NewInvitation> in);
Page<Invitation> list(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<PageQuery> query);
Invitation get(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Path<"invitation", InvitationId> invitation);
NoContent revoke(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"invitation", InvitationId> invitation, IfMatch expected);
/// By who has the token, and whose confirmed e-mail address it was made for.
Task<Member> accept(Ctx& ctx, Actor caller, Body<AcceptInvitation> in);

} // namespace gravity::project::invitations
