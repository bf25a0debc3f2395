#include "members.hpp"

#include "audit.hpp"
#include "organizations_store.hpp"

namespace gravity::project {

Member add_member(Tx& tx, const Actor& by, const OrganizationId& organization, const Subject& subject, MemberRole role) {
    Member member;
    member.organization_id = organization;
    member.subject = subject;
    member.role = role;
    member.created_at = member.updated_at = tx.now();
    member = tx.one(insert_member, member);
    tx.emit(MemberAdded{organization, subject, role}, organization.to_string());
    record(tx, by, {.action = "member.added", .organization = organization, .target = subject.str(), .details = json::to_document(MemberEdit{role})});
    return member;
}

MemberRole role_behind_lock(Tx& tx, const Caller& caller, const OrganizationId& organization) {
    tx.one(lock_organization, organization);
    return tx.one(role_of, organization, caller.subject);
}

} // namespace gravity::project
