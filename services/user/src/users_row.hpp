#pragma once

#define GRAVITY_USER_SELF(u) u ".id, " u ".version, " u ".subject, " u ".handle, " u ".emails, " u ".phones"
#define GRAVITY_USER_TIMES(u) u ".created_at, " u ".updated_at, " u ".deleted_at, " u ".erase_at"
#define GRAVITY_USER_LIFE(u) u ".state, " u ".state_reason, " u ".state_actor, " u ".state_at, " GRAVITY_USER_TIMES(u)

/// The columns of a user, from a row of `users` of this name; for statements of stores. Addresses are among them (migration 0017).
#define GRAVITY_USER_ROW(u) GRAVITY_USER_ROW_UNNAMED(u) ", " u ".external_id"
/// The same but for what they are called elsewhere: that is for whoever asks to say.
#define GRAVITY_USER_ROW_UNNAMED(u) GRAVITY_USER_SELF(u) ", " GRAVITY_USER_LIFE(u) ", " u ".profile, " u ".locale, " u ".time_zone, " u ".custom"

/// The groups that they are in, directly: as list_groups_of_user has them.
#define GRAVITY_GROUPS_OF(u) \
    "(select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'display', g.display_name) order by g.id), '[]') " \
    "from (select ug.id, ug.display_name from user_group_member m join user_group ug on ug.id = m.group_id where m.user_id = " u ".id " \
    "order by ug.id limit 1000) g)"
