#include "invitations_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "invitation_acceptance.hpp"
#include "invitations_store.hpp"
#include "members.hpp"
#include "organizations_store.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project::invitations {
namespace {

InvitationRow of_organization(const OrganizationId& id, InvitationRow row) {
    if (row.organization_id != id) throw Refusal(problems::not_found);
    return row;
}

// One transaction marks and adds. The lock of the organisation is taken before that of the invitation, as by whoever changes members.
Member accepted(Tx& tx, const Actor& caller, const Acceptance& by) {
    const OrganizationId organization = tx.one(get_invitation, by.id).organization_id.value();
    tx.one(lock_organization, organization);
    const InvitationRow row = tx.one(lock_invitation, by.id);
    check_acceptable(row, by.address, tx.maybe(role_of, organization, row.invited_by), tx.now());
    record(tx, caller, {.action = "invitation.accepted", .organization = organization, .target = by.id.to_string()});
    Member member = add_member(tx, caller, organization, by.subject, row.role);
    mark_accepted(tx, row, by.subject);
    return member;
}

} // namespace

Created<MadeInvitation> create(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<NewInvitation> in) {
    check_right(role_behind_lock(tx, caller, *id), right_to_change({}, in->role));
    if (tx.one(count_open_invitations, *id, tx.now()) >= most_open_invitations) throw Refusal(too_many_invitations);
    tx.exec(end_expired_invitation, *id, in->email, tx.now());
    Secret<> token;
    InvitationRow row = new_invitation(InvitedTo::organization, tx.new_id<InvitationId>(), *in, caller.subject, tx.now(), token);
    row.organization_id = *id;
    row = tx.one(insert_invitation, row);
    // Not whom: an address is about somebody who has not agreed to anything yet, and what is written here is not forgotten.
    record(tx, caller, {.action = "invitation.created", .organization = *id, .target = row.id.to_string(), .details = json::to_document(MemberEdit{row.role})});
    MadeInvitation made;
    static_cast<Invitation&>(made) = organization_invitation_at(row, tx.now());
    made.token = token.reveal();
    return made;
}

Page<Invitation> list(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<PageQuery> query) {
    check_access(tx, caller, *id, Right::administer);
    const Page<InvitationRow> rows = tx.page(list_invitations, *query, *id);
    Page<Invitation> page;
    for (const InvitationRow& row : rows.items) page.items.push_back(organization_invitation_at(row, tx.now()));
    page.next_cursor = rows.next_cursor;
    return page;
}

Invitation get(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Path<"invitation", InvitationId> invitation) {
    check_access(tx, caller, *id, Right::administer);
    return organization_invitation_at(of_organization(*id, tx.one(get_invitation, *invitation)), tx.now());
}

NoContent revoke(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"invitation", InvitationId> invitation, IfMatch expected) {
    check_access(tx, caller, *id, Right::administer);
    InvitationRow row = expected.check(of_organization(*id, tx.one(lock_invitation, *invitation)));
    if (!project::revoke(row, tx.now())) return {};
    tx.one(save_invitation, row);
    record(tx, caller, {.action = "invitation.revoked", .organization = *id, .target = row.id.to_string()});
    return {};
}

Task<Member> accept(Ctx& ctx, Actor caller, Body<AcceptInvitation> in) {
    const AcceptInvitation given = *in;
    const Acceptance by = co_await acceptance_of(ctx, caller, InvitedTo::organization, given);
    Member member = co_await ctx.transaction(accepted, caller, by);
    co_return member;
}

} // namespace gravity::project::invitations
