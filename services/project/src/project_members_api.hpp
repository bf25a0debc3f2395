#pragma once

#include "actor.hpp"
#include "project_members_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of members of single projects. Those of its organisation are not among them.
namespace gravity::project::project_members {

Created<ProjectMember> create(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<NewMember> in);
Page<ProjectMember> list(Tx& tx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query);
ProjectMember get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Path<"subject", Subject> subject);
ProjectMember update(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"subject", Subject> subject, Patch<MemberEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"subject", Subject> subject, IfMatch expected);

} // namespace gravity::project::project_members
