#include "access.hpp"

#include "organizations_store.hpp"

namespace gravity::project {

MemberRole check_access(Tx& tx, const Caller& caller, const OrganizationId& organization, Right right) {
    const MemberRole role = tx.one(role_of, organization, caller.subject);
    check_right(role, right);
    return role;
}

} // namespace gravity::project
