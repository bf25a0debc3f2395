#include "organizations_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "members.hpp"
#include "organizations_store.hpp"
#include "problems.hpp"

#include <gravity/http/message.hpp>

namespace gravity::project {
namespace organizations {

Created<Organization> create(Tx& tx, Actor caller, Body<OrganizationEdit> in) {
    const auto founder = Subject::parse(caller.subject);
    if (!founder) throw Refusal(subject_not_usable, founder.why());
    check_own_project_stays(tx);
    Organization row;
    static_cast<OrganizationEdit&>(row) = *in;
    row.id = tx.new_id<OrganizationId>();
    row.created_at = row.updated_at = tx.now();
    row = tx.one(insert_organization, row);
    record(tx, caller, {.action = "organization.created", .organization = row.id, .target = row.id.to_string(), .details = json::to_document(*in)});
    add_member(tx, caller, row.id, *founder, MemberRole::owner);
    return row;
}

Page<Organization> list(Tx& tx, Caller caller, Params<ListOrganizations> query) { return tx.page(list_organizations, *query, caller.subject); }

Organization get(Tx& tx, Caller caller, Path<"id", OrganizationId> id) {
    check_access(tx, caller, *id, Right::see);
    return tx.one(get_organization, *id);
}

Organization update(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Patch<OrganizationEdit> patch, IfMatch expected) {
    check_access(tx, caller, *id, Right::administer);
    Organization organization = expected.check(tx.one(lock_organization, *id));
    static_cast<OrganizationEdit&>(organization) = patch.apply(organization);
    organization.updated_at = tx.now();
    record(tx, caller, {.action = "organization.changed", .organization = *id, .target = id->to_string(), .details = patch.document()});
    return tx.one(save_organization, organization);
}

NoContent remove(Tx& tx, Actor caller, Path<"id", OrganizationId> id, IfMatch expected) {
    check_access(tx, caller, *id, Right::own);
    expected.check(tx.one(lock_organization, *id));
    tx.exec(delete_organization, *id);
    record(tx, caller, {.action = "organization.deleted", .organization = *id, .target = id->to_string()});
    return {};
}

} // namespace organizations

namespace members {

Created<Member> create(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<NewMember> in) {
    check_right(role_behind_lock(tx, caller, *id), right_to_change({}, in->role));
    Member made = add_member(tx, caller, *id, in->subject, in->role);
    std::string location = "/api/v1/organizations/" + id->to_string() + "/members/" + http::percent_encode(in->subject.view());
    return {std::move(made), std::move(location)};
}

Page<Member> list(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Params<PageQuery> query) {
    check_access(tx, caller, *id, Right::see);
    return tx.page(list_members, *query, *id);
}

Member get(Tx& tx, Caller caller, Path<"id", OrganizationId> id, Path<"subject", Subject> subject) {
    check_access(tx, caller, *id, Right::see);
    return tx.one(get_member, *id, *subject);
}

Member update(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"subject", Subject> subject, Patch<MemberEdit> patch, IfMatch expected) {
    const MemberRole own = role_behind_lock(tx, caller, *id);
    check_right(own, Right::administer);
    Member member = expected.check(tx.one(get_member, *id, *subject));
    const MemberRole before = member.role;
    static_cast<MemberEdit&>(member) = patch.apply(member);
    check_right(own, right_to_change(before, member.role));
    member.updated_at = tx.now();
    member = tx.one(save_member, member);
    if (member.role == before) return member;
    tx.emit(MemberChanged{*id, *subject, member.role}, id->to_string());
    record(tx, caller, {.action = "member.changed", .organization = *id, .target = subject->str(), .details = patch.document()});
    return member;
}

NoContent remove(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Path<"subject", Subject> subject, IfMatch expected) {
    const MemberRole own = role_behind_lock(tx, caller, *id);
    const bool leaves = subject->view() == caller.subject; // which everybody may
    if (!leaves) check_right(own, Right::administer);
    const Member member = expected.check(tx.one(get_member, *id, *subject));
    if (!leaves) check_right(own, right_to_change(member.role, {}));
    tx.exec(delete_member, *id, *subject);
    tx.emit(MemberRemoved{*id, *subject}, id->to_string());
    record(tx, caller, {.action = "member.removed", .organization = *id, .target = subject->str()});
    return {};
}

} // namespace members
} // namespace gravity::project
