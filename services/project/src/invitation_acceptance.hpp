#pragma once

#include "actor.hpp"
#include "invitations_domain.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>

/// What accepting an invitation takes, whatever it is to.
namespace gravity::project {

/// Open invitations of one organisation or project.
inline constexpr std::int64_t most_open_invitations = 500;

/// Who accepts which, by which confirmed address.
struct Acceptance {
    InvitationId id;
    Subject subject;
    Email address;
};
/// Refuses with 404 a token that is none of these; nobody is asked about whoever just guesses.
Task<Acceptance> acceptance_of(Ctx& ctx, Actor caller, InvitedTo what, AcceptInvitation in);

/// Writes down who has become a member by it, in the transaction that makes them one.
void mark_accepted(Tx& tx, InvitationRow row, const Subject& by);

} // namespace gravity::project
