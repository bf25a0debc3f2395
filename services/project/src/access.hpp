#pragma once

#include "members_domain.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// Who may do what to an organisation and what belongs to it. Every handler asks here first.
namespace gravity::project {

/// Refuses with 404 where the caller is no member, so that nobody learns what there is, and with 403 where their role does not do.
MemberRole check_access(Tx& tx, const Caller& caller, const OrganizationId& organization, Right right);

} // namespace gravity::project
