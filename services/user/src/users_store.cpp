#include "users_store.hpp"

#include "problems.hpp"
#include "users_row.hpp"

namespace gravity::user {

const Sql<void(StoredUser)> insert_user{
    "user.insert",
    R"sql(
    insert into users (id, subject, handle, handle_key, handle_skeleton, state, state_reason, state_actor, state_at, profile, locale, time_zone, external_id,
                       custom, created_at, updated_at)
    values ($id, $subject, $handle, $handle_key, $handle_skeleton, $state, $state_reason, $state_actor, $state_at, $profile, $locale, $time_zone, $external_id,
            $custom, $created_at, $updated_at))sql",
    {{"users_handle_key", handle_taken}, {"users_subject_key", subject_taken}, {"users_external_id_key", external_id_taken}}};
const Sql<void(StoredUser)> save_user{
    "user.save",
    R"sql(
    update users set handle = $handle, handle_key = $handle_key, handle_skeleton = $handle_skeleton, state = $state, state_reason = $state_reason,
           state_actor = $state_actor, state_at = $state_at, profile = $profile, locale = $locale, time_zone = $time_zone, external_id = $external_id,
           custom = $custom, stub = false, deleted_at = $deleted_at, erase_at = $erase_at, version = version + 1, updated_at = $updated_at
    where id = $id)sql",
    {{"users_handle_key", handle_taken}, {"users_external_id_key", external_id_taken}, {"user_external_id_key", external_id_taken}}};

const Sql<User(UserId)> get_user{"user.get", "select " GRAVITY_USER_ROW("u") R"sql(
    from users u where u.id = $1 and u.state <> 'erased' and u.merged_into is null)sql"};
const Sql<UserId(UserId)> hold_user{"user.hold", "select id from users where id = $1 and state <> 'erased' and merged_into is null for update"};
const Sql<UserId(std::string)> id_of_subject{"user.id_of_subject", "select coalesce(merged_into, id) from users where subject = $1"};
// What is looked for is looked up first, as an array: of a sub-select that is joined under `or` all users of the project would be read.
#define GRAVITY_LISTED_USER \
    "u.state <> 'erased' and u.merged_into is null and ($state::text is null or u.state = $state) " \
    "and ($prefix_from::text is null or (u.handle_key >= $prefix_from and u.handle_key < $prefix_to::text)) "
#define GRAVITY_FOUND_USER \
    GRAVITY_LISTED_USER \
    "and ($handle_key::text is null or u.id = any (array(" \
    "select coalesce(h.merged_into, h.id) from users h where h.handle_key = $handle_key and (h.merged_into is null or h.deleted_at is null)))) " \
    "and ($email::text is null or u.id = any (array(select c.user_id from user_contact c where c.kind = 'email' and c.canonical = $email))) " \
    "and ($group::uuid is null or exists (select from user_group_member m where m.group_id = $group and m.member_id = u.id))"

const Sql<User(FindUsers)> list_users{"user.list", "select " GRAVITY_USER_ROW("u") " from users u where " GRAVITY_FOUND_USER R"sql(
      and $page(u.created_at desc, u.id desc))sql"};
// By the members' own index, a page at a time, however many there are: in the order of ids, which is that of when they were made.
const Sql<User(FindUsers)> list_users_of_group{"user.list_of_group", "select " GRAVITY_USER_ROW("u") R"sql(, m.member_id
    from user_group_member m join users u on u.id = m.user_id
    where m.group_id = $group and )sql" GRAVITY_LISTED_USER R"sql(
      and $page(m.member_id desc))sql"};
// Who is at least half alike has at least half of the trigrams (the similarity of words divides by no less than theirs). It is computed of those who have most
// of them, and (`offset 0`) once of each: that is what takes time. Nearness is a whole number, so that a page begins exactly behind the one before.
const Sql<User(FindUsers)> list_users_by_name{"user.list_by_name", "select " GRAVITY_USER_ROW("u") R"sql(, n.nearness
    from users u, lateral (select (word_similarity($name::text, user_names(u.handle, u.profile)) * 1000000)::integer as nearness offset 0) n
    where )sql" GRAVITY_FOUND_USER R"sql(
      and n.nearness >= 500000 and u.id = any (array(
          select g.user_id from user_gram g where g.gram = any (show_trgm($name))
          group by g.user_id having count(*) * 2 >= cardinality(show_trgm($name)) order by count(*) desc, g.user_id limit 500))
      and $page(n.nearness desc, u.created_at desc, u.id desc))sql"};
const Sql<void(UserId, Timestamp)> erase_user{"user.erase", R"sql(
    update users set subject = null, handle = null, handle_key = null, handle_skeleton = null, state = 'erased', state_reason = null, state_actor = '',
           profile = null, locale = null, time_zone = null, external_id = null, custom = '{}', merged_into = null, erase_at = null, deleted_at = $2,
           version = version + 1, updated_at = $2
    where id = $1)sql"};

const Sql<UserId(Timestamp)> next_to_erase{"user.next_to_erase", R"sql(
    select u.id from users u
    where u.erase_at <= $1 and u.merged_into is null
      and not exists (select from legal_hold h
                      where (h.user_id = u.id or h.user_id in (select m.id from users m where m.merged_into = u.id)) and (h.until is null or h.until > $1))
      and not exists (select from privacy_request r where r.user_id = u.id and r.state in ('requested', 'cooling_off', 'collecting', 'erasing', 'blocked'))
    order by u.erase_at, u.id limit 1 for update of u skip locked)sql"};

const Sql<StoredContact(UserId)> list_contacts{"user_contact.list", R"sql(
    select kind, canonical, value, type, "primary", verified_at from user_contact where user_id = $1 order by position)sql"};
// By kind and address, so that two transactions that want the same take them in one order.
const Sql<void(UserId, std::vector<StoredContact>)> insert_contacts{
    "user_contact.insert",
    R"sql(
    insert into user_contact (user_id, kind, canonical, position, value, type, "primary", verified_at)
    select $1, c ->> 'kind', c ->> 'canonical', c.position, c ->> 'value', c ->> 'type', (c ->> 'primary')::boolean, (c ->> 'verified_at')::timestamptz
    from jsonb_array_elements($2::jsonb) with ordinality as c (c, position)
    order by 2, 3)sql",
    {{"user_contact_verified_key", contact_taken}}};
const Sql<void(UserId)> delete_contacts{"user_contact.delete", "delete from user_contact where user_id = $1"};

// By the clock and not by the transaction's time: one that began earlier may have waited for the row. The clock may have been set back meanwhile.
const Sql<void(UserId)> end_present{"user_history.end", R"sql(
    update user_history set valid = tstzrange(lower(valid), greatest(clock_timestamp(), lower(valid) + interval '1 microsecond'))
    where user_id = $1 and upper_inf(valid))sql"};
const Sql<void(UserId, Json, std::string)> begin_present{"user_history.begin", R"sql(
    insert into user_history (user_id, valid, row, actor)
    values ($1, tstzrange(coalesce((select max(upper(h.valid)) from user_history h where h.user_id = $1), clock_timestamp()), null), $2, $3))sql"};
const Sql<Json(UserId, Timestamp)> get_past{"user_history.get", "select h.row from user_history h where h.user_id = $1 and h.valid @> $2::timestamptz"};
const Sql<void(UserId)> forget_past{"user_history.forget", "delete from user_history where user_id = $1"};

} // namespace gravity::user
