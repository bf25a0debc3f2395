#include "sign_ins_store.hpp"

namespace gravity::user {

const Sql<void(UserId)> mark_stub{"user.mark_stub", "update users set stub = true where id = $1"};
const Sql<UserId(std::string)> hold_stub{"user.hold_stub", "select id from users where subject = $1 and stub and merged_into is null for update"};
const Sql<void(UserId, Timestamp)> see_user{"user_activity.see", R"sql(
    insert into user_activity (user_id, last_seen_at) values ($1, $2)
    on conflict on constraint user_activity_pkey do update set last_seen_at = excluded.last_seen_at
    where user_activity.last_seen_at <= excluded.last_seen_at - interval '1 minute')sql"};
const Sql<UserActivity(UserId)> get_activity{"user_activity.get", "select last_seen_at from user_activity where user_id = $1"};
const Sql<void(UserId)> forget_activity{"user_activity.forget", "delete from user_activity where user_id = $1"};

} // namespace gravity::user
