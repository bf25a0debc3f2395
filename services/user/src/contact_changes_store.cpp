#include "contact_changes_store.hpp"

namespace gravity::user {

const Sql<bool(ContactKind, std::string)> lock_address{"contact_change.lock_address", R"sql(
    select pg_advisory_xact_lock(hashtextextended('contact_change ' || gravity.current_project() || ' ' || $1::text || ' ' || $2::text, 0)) is not null)sql"};
// The greater of the two: each has the same budget.
const Sql<std::int64_t(UserId, ContactKind, std::string, Timestamp)> count_changes{"contact_change.count", R"sql(
    select greatest((select count(*) from contact_change where user_id = $1 and created_at > $4),
                    (select count(*) from contact_change where kind = $2 and canonical = $3 and created_at > $4)))sql"};
const Sql<StoredChange(StoredChange)> insert_change{"contact_change.insert", R"sql(
    insert into contact_change (id, user_id, kind, canonical, value, type, replaces, code_hash, created_at, expires_at)
    values ($id, $user_id, $kind, $canonical, $value, $type, $replaces, $code_hash, $created_at, $expires_at)
    returning *, 5 - attempts as attempts_left)sql"};
const Sql<StoredChange(ContactChangeId, UserId, ContactKind)> get_change{"contact_change.get", R"sql(
    select *, case when code_hash is null then 0 else 5 - attempts end as attempts_left from contact_change where id = $1 and user_id = $2 and kind = $3)sql"};
const Sql<StoredChange(ContactChangeId, UserId, ContactKind)> lock_change{"contact_change.lock", R"sql(
    select *, case when code_hash is null then 0 else 5 - attempts end as attempts_left from contact_change where id = $1 and user_id = $2 and kind = $3
    for update)sql"};
const Sql<void(ContactChangeId)> note_attempt{"contact_change.note_attempt", R"sql(
    update contact_change set attempts = attempts + 1, code_hash = case when attempts < 4 then code_hash end, version = version + 1 where id = $1)sql"};
const Sql<void(ContactChangeId)> end_change{"contact_change.end", "update contact_change set code_hash = null, version = version + 1 where id = $1"};
const Sql<void(UserId)> delete_contact_changes{"contact_change.delete", "delete from contact_change where user_id = $1"};
const Sql<std::int64_t(Timestamp, int)> forget_changes{"contact_change.forget", R"sql(
    with gone as (delete from contact_change where id in (select id from contact_change where created_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::user
