#pragma once

#include "actor.hpp"
#include "organizations_model.hpp"

#include <gravity/base/caller.hpp>
#include <gravity/pg/tx.hpp>

/// How somebody becomes a member, whichever way they came.
namespace gravity::project {

/// `by`: whose doing it is.
Member add_member(Tx& tx, const Actor& by, const OrganizationId& organization, const Subject& subject, MemberRole role);

/// The caller's role, read behind the lock that whoever changes members waits for: one had when they asked may be gone by then. Refuses with 404 who has none.
MemberRole role_behind_lock(Tx& tx, const Caller& caller, const OrganizationId& organization);

} // namespace gravity::project
