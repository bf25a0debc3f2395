#include "invitation_acceptance.hpp"

#include "invitations_store.hpp"
#include "own_address.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project {
namespace {

// Whoever has it knows that it is there, and is told what became of it; to others it is not there.
void check_token(Tx& tx, const InvitationId& id, const Bytes& hash) {
    if (!is_invitation(tx.maybe(get_invitation, id), hash)) throw Refusal(problems::not_found);
}

} // namespace

Task<Acceptance> acceptance_of(Ctx& ctx, Actor caller, InvitedTo what, AcceptInvitation in) {
    const std::string text = in.token.str();
    const auto id = invitation_of_token(what, text);
    if (!id) throw Refusal(problems::not_found);
    const auto subject = Subject::parse(caller.subject);
    if (!subject) throw Refusal(subject_not_usable, subject.why());
    const Bytes hash = invitation_hash(text);
    co_await ctx.transaction(check_token, *id, hash);
    Acceptance acceptance;
    acceptance.id = *id;
    acceptance.subject = *subject;
    acceptance.address = co_await own_address(ctx, caller);
    co_return acceptance;
}

void mark_accepted(Tx& tx, InvitationRow row, const Subject& by) {
    row.accepted_at = row.updated_at = tx.now();
    row.accepted_by = by.str();
    tx.one(save_invitation, row);
}

} // namespace gravity::project
