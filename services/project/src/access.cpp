#include "access.hpp"

#include "organizations_store.hpp"
#include "problems.hpp"
#include "project_members_store.hpp"
#include "projects_store.hpp"

namespace gravity::project {

MemberRole check_access(Tx& tx, const Caller& caller, const OrganizationId& organization, Right right) {
    const MemberRole role = tx.one(role_of, organization, caller.subject);
    check_right(role, right);
    return role;
}

MemberRole check_access(Tx& tx, const Caller& caller, const ProjectId& project, Right right) {
    const MemberRole role = tx.one(role_in_project, project, caller.subject);
    check_right(role, right);
    return role;
}

void check_access_beyond(Tx& tx, const Caller& caller, const Project& project, Right right) {
    check_access(tx, caller, project.id, Right::see);
    const auto role = tx.maybe(role_of, project.organization_id, caller.subject);
    if (!role) throw Refusal(role_too_low, "It takes a role in the project's organisation");
    check_right(*role, right);
}

void check_own_project_stays(Tx& tx) {
    if (tx.one(own_project_has_ended)) throw Refusal(project_not_active);
}

} // namespace gravity::project
