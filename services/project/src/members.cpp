#include "members.hpp"

#include "organizations_store.hpp"

namespace gravity::project {

Member add_member(Tx& tx, const OrganizationId& organization, const Subject& subject, MemberRole role) {
    Member member;
    member.organization_id = organization;
    member.subject = subject;
    member.role = role;
    member.created_at = member.updated_at = tx.now();
    member = tx.one(insert_member, member);
    tx.emit(MemberAdded{organization, subject, role}, organization.to_string());
    return member;
}

MemberRole role_behind_lock(Tx& tx, const Caller& caller, const OrganizationId& organization) {
    tx.one(lock_organization, organization);
    return tx.one(role_of, organization, caller.subject);
}

} // namespace gravity::project
