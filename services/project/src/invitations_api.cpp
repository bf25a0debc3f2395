#include "invitations_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "invitations_domain.hpp"
#include "invitations_store.hpp"
#include "members.hpp"
#include "organizations_store.hpp"
#include "own_address.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project::invitations {
namespace {

constexpr std::int64_t most_open = 500;

InvitationRow of_organization(const OrganizationId& id, InvitationRow row) {
    if (row.organization_id != id) throw Refusal(problems::not_found);
    return row;
}

// Whoever has it knows that it is there, and is told what became of it; to others it is not there.
void check_token(Tx& tx, const InvitationId& id, const Bytes& hash) {
    if (!is_invitation(tx.maybe(get_invitation, id), hash)) throw Refusal(problems::not_found);
}

// One transaction marks and adds. The lock of the organisation is taken before that of the invitation, as by whoever changes members.
Member accepted(Tx& tx, const Actor& caller, const InvitationId& id, const Subject& subject, const Email& address) {
    const OrganizationId organization = tx.one(get_invitation, id).organization_id;
    tx.one(lock_organization, organization);
    InvitationRow row = tx.one(lock_invitation, id);
    check_acceptable(row, address, tx.maybe(role_of, organization, row.invited_by), tx.now());
    record(tx, caller, {.action = "invitation.accepted", .organization = organization, .target = id.to_string()});
    Member member = add_member(tx, caller, organization, subject, row.role);
    row.accepted_at = row.updated_at = tx.now();
    row.accepted_by = subject.str();
    tx.one(save_invitation, row);
    return member;
}

} // namespace

Created<MadeInvitation> create(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<NewInvitation> in) {
    check_right(role_behind_lock(tx, caller, *id), right_to_change({}, in->role));
    if (tx.one(count_open_invitations, *id, tx.now()) >= most_open) throw Refusal(too_many_invitations);
    tx.exec(end_expired_invitation, *id, in->email, tx.now());
    InvitationRow row;
    row.id = tx.new_id<InvitationId>();
    row.organization_id = *id;
    row.email = in->email;
    row.role = in->role;
    row.invited_by = caller.subject;
    row.created_at = row.updated_at = tx.now();
    row.expires_at = tx.now() + Duration::seconds(in->expires_in_seconds);
    const Secret<> token = fresh_invitation_token(row.id);
    row.token_hash = invitation_hash(token.reveal());
    row = tx.one(insert_invitation, row);
    // Not whom: an address is about somebody who has not agreed to anything yet, and what is written here is not forgotten.
    record(tx, caller, {.action = "invitation.created", .organization = *id, .target = row.id.to_string(), .details = json::to_document(MemberEdit{row.role})});
    MadeInvitation made;
    static_cast<Invitation&>(made) = seen_at(row, tx.now());
    made.token = token.reveal();
    return made;
}

Page<Invitation> list(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<PageQuery> query) {
    check_access(tx, caller, *id, Right::administer);
    const Page<InvitationRow> rows = tx.page(list_invitations, *query, *id);
    Page<Invitation> page;
    for (const InvitationRow& row : rows.items) page.items.push_back(seen_at(row, tx.now()));
    page.next_cursor = rows.next_cursor;
    return page;
}

Invitation get(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Path<"invitation", InvitationId> invitation) {
    check_access(tx, caller, *id, Right::administer);
    return seen_at(of_organization(*id, tx.one(get_invitation, *invitation)), tx.now());
}

NoContent revoke(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"invitation", InvitationId> invitation, IfMatch expected) {
    check_access(tx, caller, *id, Right::administer);
    InvitationRow row = expected.check(of_organization(*id, tx.one(lock_invitation, *invitation)));
    if (row.revoked_at) return {};
    if (row.accepted_at) throw Refusal(invitation_ended, "Who accepted it is a member: remove them");
    row.revoked_at = row.updated_at = tx.now();
    tx.one(save_invitation, row);
    record(tx, caller, {.action = "invitation.revoked", .organization = *id, .target = row.id.to_string()});
    return {};
}

Task<Member> accept(Ctx& ctx, Actor caller, Body<AcceptInvitation> in) {
    const std::string text = in->token.str();
    const auto id = invitation_of_token(text);
    if (!id) throw Refusal(problems::not_found);
    const auto subject = Subject::parse(caller.subject);
    if (!subject) throw Refusal(subject_not_usable, subject.why());
    // Nobody is asked about whoever just guesses.
    co_await ctx.transaction(check_token, *id, invitation_hash(text));
    const Email address = co_await own_address(ctx, caller);
    Member member = co_await ctx.transaction(accepted, caller, *id, *subject, address);
    co_return member;
}

} // namespace gravity::project::invitations
