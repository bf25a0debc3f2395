#pragma once

#include "members_domain.hpp"
#include "projects_model.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// Who may do what to an organisation and what belongs to it. Every handler asks here first.
namespace gravity::project {

/// Refuses with 404 where the caller is no member, so that nobody learns what there is, and with 403 where their role does not do.
MemberRole check_access(Tx& tx, const Caller& caller, const OrganizationId& organization, Right right);
/// The same of a single project, in which members of its organisation have a say, and its own.
MemberRole check_access(Tx& tx, const Caller& caller, const ProjectId& project, Right right);
/// What reaches beyond a project takes the role in its organisation: who has one in the project alone is refused with 403.
void check_access_beyond(Tx& tx, const Caller& caller, const Project& project, Right right);

/// Refuses where the project of the transaction, which is that of the caller's token, is being deleted or has been: nothing is made in it any more, for nobody
/// would remove it. The deletion of one that stays does not begin while the transaction lasts.
void check_own_project_stays(Tx& tx);

} // namespace gravity::project
