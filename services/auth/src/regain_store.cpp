#include "regain_store.hpp"

namespace gravity::issuer {

const Sql<bool(IdentityId)> has_passkeys_alone{"credential.passkeys_alone", R"sql(
    select exists (select from credential where identity_id = $1 and type = 'passkey')
       and not exists (select from credential where identity_id = $1 and type = 'password'))sql"};
const Sql<bool(IdentityId, std::string)> has_address{"login_name.has_address", R"sql(
    select exists (select from login_name where identity_id = $1 and kind = 'email' and canonical = $2))sql"};
const Sql<StoredName(IdentityId)> names_to_reach{"login_name.to_reach", R"sql(
    select kind, canonical, value from login_name where identity_id = $1 and kind in ('email', 'phone') order by kind, canonical)sql"};

const Sql<Regaining(IdentityId, Timestamp)> regaining_of{"regaining.of", R"sql(
    select r.* from regaining r where r.identity_id = $1 and r.ends_at > $2
      and exists (select from login_name n where n.identity_id = r.identity_id and n.kind = 'email' and n.canonical = r.canonical))sql"};
const Sql<void(Regaining)> insert_regaining{"regaining.insert", R"sql(
    insert into regaining (identity_id, canonical, begun_at, good_from, ends_at)
    values ($identity_id, $canonical, $begun_at, $good_from, $ends_at))sql"};
const Sql<void(IdentityId)> delete_regaining{"regaining.delete", "delete from regaining where identity_id = $1"};
const Sql<Regaining(IdentityId, Timestamp)> tell_regaining{"regaining.tell", R"sql(
    update regaining set told = true where identity_id = $1 and good_from <= $2 and ends_at > $2 and not told returning *)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_regaining{"regaining.forget", R"sql(
    with gone as (delete from regaining where identity_id in (select identity_id from regaining where ends_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
