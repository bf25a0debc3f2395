#include "user_events_store.hpp"

namespace gravity::issuer {

const Sql<void(IdentityId, std::int64_t, std::int64_t)> note_word{"identity.note_word", R"sql(
    update identity set user_epoch = $2, user_sequence = $3 where id = $1 and (user_epoch, user_sequence) < ($2, $3))sql"};
const Sql<void(IdentityId, IdentityState)> keep_state_before{"identity.keep_state_before", "update identity set state_before = $2 where id = $1"};
const Sql<void(IdentityId)> forget_state_before{"identity.forget_state_before", "update identity set state_before = null where id = $1"};
const Sql<void(IdentityId, Timestamp)> put_back_state{"identity.put_back_state", R"sql(
    update identity set state = state_before, state_before = null, version = version + 1, updated_at = $2
    where id = $1 and state = 'disabled' and state_before is not null)sql"};

const Sql<void(UserId, IdentityId)> note_user{"user_of_identity.note", R"sql(
    insert into user_of_identity (user_id, identity_id) values ($1, $2) on conflict on constraint user_of_identity_pkey do nothing)sql"};
const Sql<void(IdentityId)> forget_users_of{"user_of_identity.forget", "delete from user_of_identity where identity_id = $1"};
const Sql<IdentityId(UserId)> identities_of_user{"user_of_identity.identities", R"sql(
    select identity_id from user_of_identity where user_id = $1 order by identity_id)sql"};

} // namespace gravity::issuer
