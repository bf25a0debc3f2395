#include "audit_store.hpp"

namespace gravity::config {

const Sql<void(AuditEntry)> insert_audit{"audit.insert", R"sql(
    insert into audit (id, occurred_at, action, subject, actor, address, set_id, target, details)
    values ($id, $occurred_at, $action, $subject, $actor, $address, $set_id, $target, $details))sql"};
const Sql<AuditEntry(ListAudit)> list_audit{"audit.list", R"sql(
    select * from audit
    where ($from::timestamptz is null or occurred_at >= $from) and ($to::timestamptz is null or occurred_at < $to)
      and ($action::text is null or action = $action) and ($subject::text is null or subject = $subject)
      and ($set_id::uuid is null or set_id = $set_id) and ($target::text is null or target = $target)
      and $page(occurred_at desc, id desc))sql"};
const Sql<std::int64_t(Timestamp, int)> forget_audit{"audit.forget", "select audit_forget_before($1, $2)"};

} // namespace gravity::config
