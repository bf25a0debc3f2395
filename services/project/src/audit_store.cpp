#include "audit_store.hpp"

namespace gravity::project {

const Sql<void(AuditEntry)> insert_audit{"audit.insert", R"sql(
    insert into audit (id, occurred_at, action, subject, actor, address, organization_id, project_id, target, details)
    values ($id, $occurred_at, $action, $subject, $actor, $address, $organization_id, $project_id, $target, $details))sql"};
const Sql<AuditEntry(ListAudit, OrganizationId)> list_audit_of_organization{"audit.of_organization", R"sql(
    select * from audit
    where organization_id = $8 and ($from::timestamptz is null or occurred_at >= $from) and ($to::timestamptz is null or occurred_at < $to)
      and ($action::text is null or action = $action) and ($subject::text is null or subject = $subject)
      and ($project_id::uuid is null or project_id = $project_id) and $page(occurred_at desc, id desc))sql"};
const Sql<AuditEntry(ListAudit)> list_audit_of_project{"audit.of_project", R"sql(
    select * from audit
    where organization_id is null and ($from::timestamptz is null or occurred_at >= $from) and ($to::timestamptz is null or occurred_at < $to)
      and ($action::text is null or action = $action) and ($subject::text is null or subject = $subject)
      and ($project_id::uuid is null or project_id = $project_id) and $page(occurred_at desc, id desc))sql"};
const Sql<std::int64_t()> forget_audit{"audit.forget", "select audit_forget()"};

} // namespace gravity::project
