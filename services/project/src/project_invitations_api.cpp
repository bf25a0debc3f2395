#include "project_invitations_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "invitation_acceptance.hpp"
#include "invitations_store.hpp"
#include "members.hpp"
#include "problems.hpp"
#include "project_members_store.hpp"
#include "projects_domain.hpp"
#include "projects_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project::project_invitations {
namespace {

InvitationRow of_project(const ProjectId& id, InvitationRow row) {
    if (row.project_id != id) throw Refusal(problems::not_found);
    return row;
}

void note_invitation(Tx& tx, const Actor& by, std::string_view action, const Project& to, const InvitationId& id, Json details = Json::object()) {
    record(tx, by, {.action = action, .organization = to.organization_id, .project = to.id, .target = id.to_string(), .details = std::move(details)});
}

// One transaction marks and adds. The lock of the project is taken before that of the invitation, as by whoever changes members.
ProjectMember joined(Tx& tx, const Actor& caller, const Acceptance& by) {
    const ProjectId id = tx.one(get_invitation, by.id).project_id.value();
    const Project project = tx.one(lock_project, id);
    const InvitationRow row = tx.one(lock_invitation, by.id);
    check_acceptable(row, by.address, tx.maybe(role_in_project, id, row.invited_by), tx.now());
    check_not_deleted(project);
    note_invitation(tx, caller, "project_invitation.accepted", project, by.id);
    ProjectMember member = add_project_member(tx, caller, project, by.subject, row.role);
    mark_accepted(tx, row, by.subject);
    return member;
}

} // namespace

Created<MadeProjectInvitation> create(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<NewInvitation> in) {
    const HeldProject at = project_behind_lock(tx, caller, *id);
    check_right(at.own, right_to_change({}, in->role));
    check_not_deleted(at.project);
    if (tx.one(count_open_project_invitations, *id, tx.now()) >= most_open_invitations) throw Refusal(too_many_invitations);
    tx.exec(end_expired_project_invitation, *id, in->email, tx.now());
    Secret<> token;
    InvitationRow row = new_invitation(InvitedTo::project, tx.new_id<InvitationId>(), *in, caller.subject, tx.now(), token);
    row.project_id = *id;
    row = tx.one(insert_invitation, row);
    note_invitation(tx, caller, "project_invitation.created", at.project, row.id, json::to_document(MemberEdit{row.role})); // not whom, as with organisations
    MadeProjectInvitation made;
    static_cast<ProjectInvitation&>(made) = project_invitation_at(row, tx.now());
    made.token = token.reveal();
    return made;
}

Page<ProjectInvitation> list(Tx& tx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query) {
    check_access(tx, caller, *id, Right::administer);
    const Page<InvitationRow> rows = tx.page(list_project_invitations, *query, *id);
    Page<ProjectInvitation> page;
    for (const InvitationRow& row : rows.items) page.items.push_back(project_invitation_at(row, tx.now()));
    page.next_cursor = rows.next_cursor;
    return page;
}

ProjectInvitation get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Path<"invitation", InvitationId> invitation) {
    check_access(tx, caller, *id, Right::administer);
    return project_invitation_at(of_project(*id, tx.one(get_invitation, *invitation)), tx.now());
}

NoContent revoke(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"invitation", InvitationId> invitation, IfMatch expected) {
    check_access(tx, caller, *id, Right::administer);
    InvitationRow row = expected.check(of_project(*id, tx.one(lock_invitation, *invitation)));
    if (!project::revoke(row, tx.now())) return {};
    tx.one(save_invitation, row);
    note_invitation(tx, caller, "project_invitation.revoked", tx.one(get_project, *id), row.id);
    return {};
}

Task<ProjectMember> accept(Ctx& ctx, Actor caller, Body<AcceptInvitation> in) {
    const AcceptInvitation given = *in;
    const Acceptance by = co_await acceptance_of(ctx, caller, InvitedTo::project, given);
    ProjectMember member = co_await ctx.transaction(joined, caller, by);
    co_return member;
}

} // namespace gravity::project::project_invitations
