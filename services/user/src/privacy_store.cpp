#include "privacy_store.hpp"

#include "problems.hpp"

namespace gravity::user {

// A request with who keeps data.
#define GRAVITY_PRIVACY_ROW \
    "r.*, (select coalesce(jsonb_agg(jsonb_build_object('holder', t.holder, 'state', t.state, 'attempts', t.attempts, 'answered_at', t.answered_at) " \
    "order by t.holder), '[]') from privacy_task t where t.request_id = r.id) as tasks, " \
    "(select coalesce(avg((t.state = 'answered')::integer), 0)::double precision from privacy_task t where t.request_id = r.id) as progress"

const Sql<void(PrivacyRequest)> insert_privacy_request{
    "privacy_request.insert",
    R"sql(
    insert into privacy_request (id, user_id, kind, state, reason, requested_by, received_at, due_at, identity_checked_at, cooling_off_until,
        created_at, updated_at)
    values ($id, $user_id, $kind, $state, $reason, $requested_by, $received_at, $due_at, $identity_checked_at, $cooling_off_until, $created_at,
        $updated_at))sql",
    {{"privacy_request_open", request_open}}};
const Sql<void(PrivacyRequest)> save_privacy_request{"privacy_request.save", R"sql(
    update privacy_request set state = $state, reason = $reason, due_at = $due_at, extension_reason = $extension_reason,
           identity_checked_at = $identity_checked_at, cooling_off_until = $cooling_off_until, finished_at = $finished_at, expires_at = $expires_at,
           version = version + 1, updated_at = $updated_at
    where id = $id)sql"};
const Sql<PrivacyRequest(PrivacyRequestId)> get_privacy_request{"privacy_request.get", "select " GRAVITY_PRIVACY_ROW " from privacy_request r where r.id = $1"};
const Sql<PrivacyRequest(PrivacyRequestId)> lock_privacy_request{"privacy_request.lock",
                                                                 "select " GRAVITY_PRIVACY_ROW " from privacy_request r where r.id = $1 for update of r"};
const Sql<PrivacyRequest(PrivacyRequestId, UserId)> privacy_request_of_user{
    "privacy_request.of_user", "select " GRAVITY_PRIVACY_ROW " from privacy_request r where r.id = $1 and r.user_id = $2"};
const Sql<PrivacyRequest(ListPrivacyRequests)> list_privacy_requests{"privacy_request.list", "select " GRAVITY_PRIVACY_ROW R"sql(
    from privacy_request r
    where ($user_id::uuid is null or r.user_id = $user_id) and ($kind::text is null or r.kind = $kind) and ($state::text is null or r.state = $state)
      and $page(r.created_at desc, r.id desc))sql"};
const Sql<std::int64_t(UserId, Timestamp)> count_own_requests{"privacy_request.count_own", R"sql(
    select count(*) from privacy_request where user_id = $1 and created_at > $2 and requested_by = 'self')sql"};
const Sql<void(PrivacyRequestId, Timestamp, Json, std::optional<std::string>)> certify_privacy_request{"privacy_request.certify", R"sql(
    update privacy_request set state = 'certified', finished_at = $2, certificate = $3, signature = $4, reason = null, extension_reason = null,
           whom = null, version = version + 1, updated_at = $2
    where id = $1)sql"};
const Sql<SignedCertificate(PrivacyRequestId)> get_certificate{"privacy_request.certificate", R"sql(
    select certificate, signature from privacy_request where id = $1 and certificate is not null)sql"};
const Sql<PrivacyRequest(UserId)> lock_open_erasure{"privacy_request.lock_open_erasure",
                                                    "select " GRAVITY_PRIVACY_ROW " from privacy_request r where r.user_id = $1 and r.kind = 'erasure' "
                                                    "and r.state in ('requested', 'cooling_off', 'erasing', 'blocked') for update of r"};
const Sql<RequestOfErased(PrivacyRequestId)> get_erased_again{"privacy_request.of_erased", R"sql(
    select whom from privacy_request where id = $1 and whom is not null)sql"};
const Sql<void(PrivacyRequestId, Json)> set_erased_again{"privacy_request.set_erased", "update privacy_request set whom = $2 where id = $1"};
const Sql<UserId(std::vector<UserId>)> returned_users{"privacy_request.returned_users", R"sql(
    select id from users where id = any ($1::uuid[]) and state <> 'erased' order by id)sql"};
const Sql<ReturnedUser(UserId, Timestamp, Timestamp)> lock_returned_user{"privacy_request.lock_returned_user", R"sql(
    select u.id, u.subject,
           u.updated_at > case when u.state = 'active' then $2::timestamptz else $3::timestamptz end
           or exists (select from legal_hold h where h.user_id = u.id and h.created_at > $3::timestamptz) as changed_since
    from users u where u.id = $1 and u.state <> 'erased' for update of u)sql"};
const Sql<ProjectId()> projects_of_ledger{"privacy_request.projects", "select id from gravity.project where purged_at is null order by id"};
const Sql<bool()> has_erased{"privacy_request.has_erased", "select exists (select from users where state = 'erased')"};
const Sql<PrivacyRequest(UserId)> blocked_requests{"privacy_request.blocked",
                                                   "select " GRAVITY_PRIVACY_ROW " from privacy_request r where r.state = 'blocked' "
                                                   "and (r.user_id = $1 or r.user_id = (select u.merged_into from users u where u.id = $1))"};

const Sql<void(PrivacyRequestId, std::string, Timestamp)> insert_tasks{"privacy_task.insert", R"sql(
    insert into privacy_task (request_id, holder, state, asked_at)
    select $1, h.service, 'asked', $3 from (select service from data_holder union select $2::text) h
    on conflict on constraint privacy_task_pkey do nothing)sql"};
const Sql<std::string(PrivacyRequestId, std::vector<std::string>, Timestamp)> add_tasks{"privacy_task.add", R"sql(
    insert into privacy_task (request_id, holder, state, asked_at) select $1, h, 'asked', $3 from unnest($2::text[]) h
    on conflict on constraint privacy_task_pkey do nothing returning holder)sql"};
#define GRAVITY_TASK_ROW \
    "t.*, (select count(*) from privacy_task_part p where p.request_id = t.request_id and p.holder = t.holder) as parts from privacy_task t"
const Sql<StoredTask(PrivacyRequestId)> list_tasks{"privacy_task.list", "select " GRAVITY_TASK_ROW " where t.request_id = $1 order by t.holder"};
const Sql<StoredTask(PrivacyRequestId, Slug)> lock_task{"privacy_task.lock",
                                                        "select " GRAVITY_TASK_ROW " where t.request_id = $1 and t.holder = $2 for update of t"};
const Sql<std::string(PrivacyRequestId, Timestamp, Timestamp, std::string)> remind_tasks{"privacy_task.remind", R"sql(
    update privacy_task set state = 'overdue', attempts = attempts + 1, asked_at = $3
    where request_id = $1 and state <> 'answered' and asked_at <= $2 and holder <> $4 returning holder)sql"};
const Sql<void(PrivacyRequestId, Slug, Timestamp, Receipt, std::optional<Json>)> answer_task{"privacy_task.answer", R"sql(
    update privacy_task set state = 'answered', answered_at = $3, data = $7,
           receipt = jsonb_build_object('rows', $rows::bigint, 'method', $method::text, 'kept', $kept::jsonb)
    where request_id = $1 and holder = $2)sql"};
const Sql<Json(PrivacyRequestId, Slug)> get_task_data{"privacy_task.data", R"sql(
    select coalesce(data, 'null') from privacy_task where request_id = $1 and holder = $2)sql"};
const Sql<void(PrivacyRequestId)> forget_task_data{"privacy_task.forget_data", R"sql(
    with parts as (delete from privacy_task_part where request_id = $1)
    update privacy_task set data = null, place = null where request_id = $1)sql"};

const Sql<std::int64_t(PrivacyRequestId)> count_parts{"privacy_task_part.count", "select count(*) from privacy_task_part where request_id = $1"};
const Sql<std::int64_t(PrivacyRequestId, Slug)> rows_in_parts{"privacy_task_part.rows", R"sql(
    select coalesce(sum(rows), 0)::bigint from privacy_task_part where request_id = $1 and holder = $2)sql"};
const Sql<void(PrivacyRequestId, Slug, std::int64_t, std::int64_t, Json)> put_part{"privacy_task_part.put", R"sql(
    insert into privacy_task_part (request_id, holder, part, rows, data) values ($1, $2, $3, $4, $5)
    on conflict on constraint privacy_task_part_pkey do update set rows = excluded.rows, data = excluded.data)sql"};
const Sql<void(PrivacyRequestId, Slug, std::string)> set_place{"privacy_task.set_place", R"sql(
    update privacy_task set place = $3 where request_id = $1 and holder = $2)sql"};
const Sql<Json(PrivacyRequestId, Slug, std::int64_t)> get_part{"privacy_task_part.get", R"sql(
    select data from privacy_task_part where request_id = $1 and holder = $2 and part = $3)sql"};

const Sql<void(UserId, Timestamp)> end_requests_of{"privacy_request.end_of", R"sql(
    update privacy_request
    set reason = null, extension_reason = null, version = version + 1, updated_at = $2,
        finished_at = case when state in ('requested', 'cooling_off', 'collecting', 'blocked') then $2 else finished_at end,
        state = case when state = 'ready' then 'expired' when state in ('requested', 'cooling_off', 'collecting', 'blocked') then 'cancelled' else state end
    where user_id = $1)sql"};
const Sql<void(UserId)> forget_exports{"privacy_task.forget_exports", R"sql(
    with parts as (delete from privacy_task_part where request_id in (select id from privacy_request where user_id = $1))
    update privacy_task set data = null, place = null
    where (data is not null or place is not null) and request_id in (select id from privacy_request where user_id = $1))sql"};

const Sql<DataHolder(PageQuery)> list_holders{"data_holder.list", "select * from data_holder where $page(service)"};
const Sql<DataHolder(Slug)> get_holder{"data_holder.get", "select * from data_holder where service = $1"};
const Sql<DataHolder(Slug)> lock_holder{"data_holder.lock", "select * from data_holder where service = $1 for update"};
const Sql<DataHolder(DataHolder, int)> insert_holder{"data_holder.insert", R"sql(
    insert into data_holder (service, client, holds, created_at, updated_at)
    select $service, $client, $holds, $created_at, $updated_at where (select count(*) from data_holder) < $10
    on conflict on constraint data_holder_pkey do nothing returning *)sql"};
const Sql<DataHolder(DataHolder)> save_holder{"data_holder.save", R"sql(
    update data_holder set client = $client, holds = $holds, version = version + 1, updated_at = $updated_at where service = $service returning *)sql"};
const Sql<void(Slug)> delete_holder{"data_holder.delete", "delete from data_holder where service = $1"};
const Sql<void(Slug, std::string, Timestamp)> flag_holder{"data_holder.flag", R"sql(
    update data_holder set flags = flags + 1, flagged = $2, flagged_at = $3, version = version + 1 where service = $1)sql"};
const Sql<FormerAccount(UserId)> former_accounts{"data_holder.former", "select id as user_id, subject from users where merged_into = $1 order by id"};
const Sql<HolderTask(ListHolderTasks)> list_holder_tasks{"data_holder.tasks", R"sql(
    select t.request_id, r.kind, r.user_id, coalesce(u.subject, r.whom ->> 'subject') as subject, r.due_at, t.attempts,
           (select coalesce(jsonb_agg(jsonb_build_object('user_id', f.id, 'subject', f.subject) order by f.id), '[]')
            from users f where f.merged_into = u.id) as former
    from privacy_task t join privacy_request r on r.id = t.request_id join users u on u.id = r.user_id
    where t.holder = $service and t.state <> 'answered' and r.state in ('collecting', 'erasing') and (u.subject is not null or r.whom is not null)
      and $page(t.request_id))sql"};

const Sql<LegalHold(LegalHold)> insert_hold{"legal_hold.insert", R"sql(
    insert into legal_hold (id, user_id, reason, until, actor, created_at) values ($id, $user_id, $reason, $until, $actor, $created_at) returning *)sql"};
const Sql<LegalHold(LegalHoldId)> get_hold{"legal_hold.get", "select * from legal_hold where id = $1"};
const Sql<LegalHold(ListLegalHolds)> list_holds{"legal_hold.list", R"sql(
    select * from legal_hold where ($user_id::uuid is null or user_id = $user_id) and $page(created_at desc, id desc))sql"};
const Sql<LegalHold(LegalHoldId)> delete_hold{"legal_hold.delete", "delete from legal_hold where id = $1 returning *"};
const Sql<void(UserId)> delete_holds_of_user{"legal_hold.delete_of_user", "delete from legal_hold where user_id = $1"};
const Sql<LegalHold(UserId, Timestamp)> hold_of_user{"legal_hold.of_user", R"sql(
    select * from legal_hold
    where (user_id = $1 or user_id in (select u.id from users u where u.merged_into = $1)) and (until is null or until > $2) order by id limit 1)sql"};

const Sql<Json(UserId, std::int64_t, std::int64_t)> export_history{"export.history", R"sql(
    select coalesce(jsonb_agg(jsonb_build_object('from', lower(h.valid), 'to', upper(h.valid), 'user', h.row - 'state_actor') order by h.valid), '[]')
    from (select p.valid, p.row from user_history p where p.user_id = $1 or p.user_id in (select u.id from users u where u.merged_into = $1)
          order by p.valid, p.user_id limit $3 offset $2) h)sql"};
const Sql<Json(UserId)> export_preferences{"export.preferences", R"sql(
    select coalesce(jsonb_object_agg(key, value), '{}') from preference_value where layer = 'user' and owner = $1)sql"};
const Sql<Json(UserId)> export_groups{"export.groups", R"sql(
    select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'display_name', g.display_name) order by g.id), '[]')
    from user_group_member m join user_group g on g.id = m.group_id where m.user_id = $1)sql"};
const Sql<Json(UserId)> export_consents{"export.consents", R"sql(
    select coalesce(jsonb_agg(to_jsonb(c) - '{project, actor, withdrawn_by}'::text[] || jsonb_build_object('text', t.text, 'language', t.language)
                              order by c.given_at, c.id), '[]')
    from consent c join consent_text t on t.sha256 = c.text_sha256
    where c.user_id = $1 or c.user_id in (select u.id from users u where u.merged_into = $1))sql"};
const Sql<Json(UserId)> export_merged{"export.merged", R"sql(
    select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'subject', u.subject, 'handle', u.handle, 'profile', u.profile, 'locale', u.locale,
               'time_zone', u.time_zone, 'external_id', u.external_id, 'custom', u.custom, 'outcome', m.outcome,
               'preferences', (select jsonb_object_agg(v.key, v.value) from preference_value v where v.layer = 'user' and v.owner = u.id)) order by u.id), '[]')
    from users u left join user_merge m on m.loser_id = u.id and m.merged_at is not null and m.undone_at is null
    where u.merged_into = $1)sql"};
const Sql<Json(UserId)> export_changes{"export.contact_changes", R"sql(
    select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'value', value, 'replaces', replaces, 'created_at', created_at) order by id), '[]')
    from contact_change where user_id = $1)sql"};

} // namespace gravity::user
