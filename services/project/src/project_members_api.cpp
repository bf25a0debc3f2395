#include "project_members_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "members.hpp"
#include "project_members_store.hpp"
#include "projects_domain.hpp"

#include <gravity/http/message.hpp>

namespace gravity::project::project_members {
namespace {

void note_member(Tx& tx, const Actor& by, std::string_view action, const Project& of, const Subject& subject, Json details = Json::object()) {
    record(tx, by, {.action = action, .organization = of.organization_id, .project = of.id, .target = subject.str(), .details = std::move(details)});
}

} // namespace

Created<ProjectMember> create(Tx& tx, Actor caller, Path<"id", ProjectId> id, Body<NewMember> in) {
    const HeldProject at = project_behind_lock(tx, caller, *id);
    check_right(at.own, right_to_change({}, in->role));
    check_not_deleted(at.project);
    ProjectMember row = add_project_member(tx, caller, at.project, in->subject, in->role);
    std::string location = "/api/v1/projects/" + id->to_string() + "/members/" + http::percent_encode(row.subject.view());
    return {std::move(row), std::move(location)};
}

Page<ProjectMember> list(Tx& tx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query) {
    check_access(tx, caller, *id, Right::see);
    return tx.page(list_project_members, *query, *id);
}

ProjectMember get(Tx& tx, Caller caller, Path<"id", ProjectId> id, Path<"subject", Subject> subject) {
    check_access(tx, caller, *id, Right::see);
    return tx.one(get_project_member, *id, *subject);
}

ProjectMember update(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"subject", Subject> subject, Patch<MemberEdit> patch, IfMatch expected) {
    const HeldProject at = project_behind_lock(tx, caller, *id);
    check_right(at.own, Right::administer);
    check_not_deleted(at.project);
    ProjectMember member = expected.check(tx.one(get_project_member, *id, *subject));
    const MemberRole before = member.role;
    static_cast<MemberEdit&>(member) = patch.apply(member);
    check_right(at.own, right_to_change(before, member.role));
    member.updated_at = tx.now();
    member = tx.one(save_project_member, member);
    if (member.role == before) return member;
    tx.emit(ProjectMemberChanged{*id, at.project.organization_id, *subject, member.role}, id->to_string());
    note_member(tx, caller, "project_member.changed", at.project, *subject, patch.document());
    return member;
}

NoContent remove(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"subject", Subject> subject, IfMatch expected) {
    const HeldProject at = project_behind_lock(tx, caller, *id);
    const bool leaves = subject->view() == caller.subject; // which everybody may
    if (!leaves) check_right(at.own, Right::administer);
    const ProjectMember member = expected.check(tx.one(get_project_member, *id, *subject));
    if (!leaves) check_right(at.own, right_to_change(member.role, {}));
    tx.exec(delete_project_member, *id, *subject);
    tx.emit(ProjectMemberRemoved{*id, at.project.organization_id, *subject}, id->to_string());
    note_member(tx, caller, "project_member.removed", at.project, *subject);
    return {};
}

} // namespace gravity::project::project_members
