#pragma once

#include "actor.hpp"
#include "project_members_model.hpp"
#include "projects_model.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// How somebody becomes a member, whichever way they came.
namespace gravity::project {

/// `by`: whose doing it is.
Member add_member(Tx& tx, const Actor& by, const OrganizationId& organization, const Subject& subject, MemberRole role);
/// The same of a single project, whose row the transaction has locked.
ProjectMember add_project_member(Tx& tx, const Actor& by, const Project& project, const Subject& subject, MemberRole role);

/// The caller's role, read behind the lock that whoever changes members waits for: one had when they asked may be gone by then. Refuses with 404 who has none.
MemberRole role_behind_lock(Tx& tx, const Caller& caller, const OrganizationId& organization);

/// A project whose members nobody else changes meanwhile, and what the caller is in it.
struct HeldProject {
    Project project;
    MemberRole own{};
};
/// The same of a single project.
HeldProject project_behind_lock(Tx& tx, const Caller& caller, const ProjectId& id);

} // namespace gravity::project
