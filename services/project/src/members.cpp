#include "members.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "organizations_store.hpp"
#include "project_members_store.hpp"
#include "projects_store.hpp"

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

ProjectMember add_project_member(Tx& tx, const Actor& by, const Project& project, const Subject& subject, MemberRole role) {
    ProjectMember member;
    member.project_id = project.id;
    member.subject = subject;
    member.role = role;
    member.created_at = member.updated_at = tx.now();
    member = tx.one(insert_project_member, member);
    tx.emit(ProjectMemberAdded{project.id, project.organization_id, subject, role}, project.id.to_string());
    record(tx, by,
           {.action = "project_member.added",
            .organization = project.organization_id,
            .project = project.id,
            .target = subject.str(),
            .details = json::to_document(MemberEdit{role})});
    return member;
}

MemberRole role_behind_lock(Tx& tx, const Caller& caller, const OrganizationId& organization) {
    tx.one(lock_organization, organization);
    return tx.one(role_of, organization, caller.subject);
}

// Access first: a stranger makes nobody wait.
HeldProject project_behind_lock(Tx& tx, const Caller& caller, const ProjectId& id) {
    check_access(tx, caller, id, Right::see);
    HeldProject held;
    held.project = tx.one(lock_project, id);
    held.own = tx.one(role_in_project, id, caller.subject);
    return held;
}

} // namespace gravity::project
