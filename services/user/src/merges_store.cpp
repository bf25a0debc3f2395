#include "merges_store.hpp"

#include "problems.hpp"
#include "users_row.hpp"

namespace gravity::user {

#define GRAVITY_MERGE_ROW "m.*, case when m.undone_at is not null then 'undone' when m.merged_at is not null then 'merged' else 'proposed' end as state"

const Sql<void(StoredMerge)> insert_merge{"user_merge.insert", R"sql(
    insert into user_merge (id, winner_id, loser_id, reason, choices, outcome, fingerprint, created_by, created_at)
    values ($id, $winner_id, $loser_id, $reason, $choices, $outcome, $fingerprint, $created_by, $created_at))sql"};
const Sql<StoredMerge(UserMergeId)> get_merge{"user_merge.get", "select " GRAVITY_MERGE_ROW " from user_merge m where m.id = $1"};
const Sql<UserMergeId(UserMergeId)> hold_merge{"user_merge.hold", "select id from user_merge where id = $1 for update"};
const Sql<UserMerge(ListMerges)> list_merges{"user_merge.list", R"sql(
    select l.* from (select )sql" GRAVITY_MERGE_ROW R"sql( from user_merge m) l
    where ($user_id::uuid is null or l.winner_id = $user_id or l.loser_id = $user_id) and ($state::text is null or l.state = $state)
      and $page(l.created_at desc, l.id desc))sql"};
const Sql<void(StoredMerge)> save_merge{
    "user_merge.save",
    R"sql(
    update user_merge set choices = $choices, outcome = $outcome, fingerprint = $fingerprint, record = $record, merged_at = $merged_at, merged_by = $merged_by,
           undo_until = $undo_until, undone_at = $undone_at, undone_by = $undone_by, version = version + 1
    where id = $id)sql",
    {{"user_merge_in_force", merged}}};

const Sql<UserId(UserId)> winner_of{"user.winner_of", "select merged_into from users where id = $1 and merged_into is not null"};
const Sql<UserId(UserId)> merged_users{"user.merged", "select id from users where merged_into = $1 order by id"};
const Sql<void(UserId)> let_go{"user.let_go", R"sql(
    update users set merged_into = null, version = version + 1 where merged_into = $1 and deleted_at is null)sql"};
const Sql<std::string(UserId)> merged_subjects{"user.merged_subjects", R"sql(
    select subject from users where merged_into = $1 and state = 'active' order by id)sql"};
const Sql<User(UserId)> get_merged_user{"user.get_merged", "select " GRAVITY_USER_ROW("u") " from users u where u.id = $1 and u.merged_into is not null"};
const Sql<UserId(UserId, UserId)> hold_merged_user{"user.hold_merged", "select id from users where id = $1 and merged_into = $2 for update"};
const Sql<void(UserId, UserId, Timestamp)> give_up_user{"user.give_up", R"sql(
    update users set merged_into = $2, version = version + 1, updated_at = $3 where id = $1)sql"};
const Sql<void(UserId, Version, Timestamp)> take_back_user{"user.take_back", R"sql(
    update users set merged_into = null, version = greatest(version, $2) + 1, updated_at = $3 where id = $1)sql"};
const Sql<void(UserId, Version)> raise_version{"user.raise_version", "update users set version = greatest(version, $2) where id = $1"};
const Sql<void(UserId, Timestamp)> free_names{"user.free_names", "update users set deleted_at = $2 where id = $1 and merged_into is not null"};
const Sql<void(MergedNames)> take_names{
    "user.take_names",
    R"sql(
    update users set handle = $handle, handle_key = $handle_key, handle_skeleton = $handle_skeleton, external_id = $external_id, deleted_at = $deleted_at
    where id = $id and merged_into is not null)sql",
    {{"users_handle_key", handle_taken}, {"users_external_id_key", external_id_taken}, {"user_external_id_key", external_id_taken}}};
const Sql<UserId(UserId, UserId)> lead_on{"user.lead_on", "update users set merged_into = $2 where merged_into = $1 returning id"};
const Sql<void(std::vector<UserId>, UserId)> lead_back{"user.lead_back", R"sql(
    update users set merged_into = $2 where id = any ($1::uuid[]) and state <> 'erased')sql"};

const Sql<ConsentBrief(UserId, int)> brief_consents{"consent.brief", R"sql(
    select id, purpose, given_at, withdrawn_at from consent where user_id = $1 order by given_at desc, id desc limit $2)sql"};
// In one order, whoever wants them: see add_member, which holds a group before it looks at a user.
const Sql<GroupId(UserId)> hold_groups_of{"user_group.hold_of", R"sql(
    select g.id from user_group g where g.id in (select m.group_id from user_group_member m where m.user_id = $1) order by g.id for no key update of g)sql"};
const Sql<GroupId(std::vector<GroupId>)> hold_groups{"user_group.hold", R"sql(
    select g.id from user_group g where g.id = any ($1::uuid[]) order by g.id for no key update of g)sql"};
const Sql<void(std::vector<GroupId>, Timestamp)> touch_groups{"user_group.touch", R"sql(
    update user_group set version = version + 1, updated_at = $2 where id = any ($1::uuid[]))sql"};

const Sql<void(UserId, UserId)> move_memberships{"user_group_member.move", R"sql(
    update user_group_member m set user_id = $2
    where m.user_id = $1 and not exists (select from user_group_member t where t.group_id = m.group_id and t.user_id = $2))sql"};
const Sql<void(UserId)> leave_groups{"user_group_member.leave", "delete from user_group_member where user_id = $1"};
const Sql<void(std::vector<GroupId>, UserId, UserId)> move_memberships_back{"user_group_member.move_back", R"sql(
    update user_group_member set user_id = $3 where user_id = $2 and group_id = any ($1::uuid[]))sql"};
const Sql<void(std::vector<GroupId>, UserId)> join_groups{
    "user_group_member.join",
    R"sql(
    insert into user_group_member (group_id, user_id)
    select g.id, $2 from user_group g where g.id = any ($1::uuid[]))sql",
    {{"user_group_full", undo_conflicts}}};
const Sql<GroupOfUser(std::vector<GroupId>, UserId)> groups_without{"user_group.without", R"sql(
    select g.id, g.display_name as display from user_group g
    where g.id = any ($1::uuid[])
      and not exists (select from user_group_member m where m.group_id = g.id and m.user_id = $2)
    order by g.id)sql"};
const Sql<GroupOfUser(std::vector<GroupId>, std::int64_t)> full_groups{"user_group.full", R"sql(
    select g.id, g.display_name as display from user_group g where g.id = any ($1::uuid[]) and g.member_count >= $2 order by g.id)sql"};

const Sql<void(std::vector<ConsentId>, UserId)> move_consents{"consent.move", R"sql(
    update consent set user_id = $2, version = version + 1 where id = any ($1::uuid[]))sql"};
const Sql<void(std::vector<std::string>, UserId, UserId)> copy_preferences{"preference_value.copy", R"sql(
    insert into preference_value (layer, owner, key, value)
    select v.layer, $3, v.key, v.value from preference_value v where v.layer = 'user' and v.owner = $2 and v.key = any ($1::text[]))sql"};
const Sql<void(std::vector<LayerValue>, UserId)> drop_preferences{"preference_value.drop", R"sql(
    delete from preference_value v using jsonb_to_recordset($1::jsonb) as d (key text, value jsonb)
    where v.layer = 'user' and v.owner = $2 and v.key = d.key and v.value = d.value)sql"};

const Sql<std::string(UserId, UserId)> open_request_of{"privacy_request.open_of", R"sql(
    select kind from privacy_request
    where user_id in ($1, $2) and state in ('requested', 'cooling_off', 'collecting', 'erasing', 'blocked', 'ready') order by id limit 1)sql"};

const Sql<std::int64_t(Timestamp, int)> forget_proposals{"user_merge.forget_proposals", R"sql(
    with old as (select id from user_merge where merged_at is null and created_at < $1 limit $2 for update skip locked),
         gone as (delete from user_merge where id in (select id from old) returning 1)
    select count(*) from gone)sql"};
// What was lost is lost for good, and the names of accounts that were given up are free.
const Sql<std::int64_t(Timestamp, int)> finish_merges{"user_merge.finish", R"sql(
    with done as (
        update user_merge set record = null, outcome = null, fingerprint = null, choices = '[]', version = version + 1
        where id in (select id from user_merge where record is not null and undo_until <= $1 limit $2 for update skip locked) returning loser_id),
    freed as (
        update users set deleted_at = coalesce(deleted_at, $1), profile = null, locale = null, time_zone = null, external_id = null, custom = '{}'
        where id in (select loser_id from done) and merged_into is not null),
    unnamed as (delete from user_external_id where user_id in (select loser_id from done))
    select count(*) from done)sql"};
const Sql<void(UserId)> forget_merges_of{"user_merge.forget_of", R"sql(
    update user_merge set record = null, outcome = null, fingerprint = null, reason = null, choices = '[]', version = version + 1
    where $1 in (winner_id, loser_id))sql"};

} // namespace gravity::user
