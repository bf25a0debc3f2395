#include "user_events_store.hpp"

namespace gravity::issuer {

const Sql<void(UserId, IdentityId)> note_user{"user_of_identity.note", R"sql(
    insert into user_of_identity (user_id, identity_id) values ($1, $2)
    on conflict on constraint user_of_identity_pkey do update set identity_id = excluded.identity_id)sql"};
const Sql<IdentityId(UserId)> identity_of_user{"user_of_identity.identity", "select identity_id from user_of_identity where user_id = $1"};

} // namespace gravity::issuer
