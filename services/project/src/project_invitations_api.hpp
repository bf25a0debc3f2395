#pragma once

#include "actor.hpp"
#include "invitations_model.hpp"
#include "project_members_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of invitations to single projects.
namespace gravity::project::project_invitations {

Created<MadeProjectInvitation> create(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<NewInvitation> in);
Page<ProjectInvitation> list(Tx& tx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query);
ProjectInvitation get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Path<"invitation", InvitationId> invitation);
NoContent revoke(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"invitation", InvitationId> invitation, IfMatch expected);
/// By who has the token, and whose confirmed e-mail address it was made for.
Task<ProjectMember> accept(Ctx& ctx, Actor caller, Body<AcceptInvitation> in);

} // namespace gravity::project::project_invitations
