#include "identities_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

const Sql<void(IdentityId, FirstState, Timestamp)> insert_identity{"identity.insert", R"sql(
    insert into identity (id, state, created_at, updated_at) values ($1, $2, $3, $3))sql"};

const Sql<Identity(IdentityId)> get_identity{"identity.get", R"sql(
    select i.*, (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'value', n.value) order by n.kind, n.canonical), '[]')
                 from login_name n where n.identity_id = i.id) as login_names
    from identity i where i.id = $1)sql"};
const Sql<Identity(IdentityId)> lock_identity{"identity.lock", R"sql(
    select i.*, (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'value', n.value) order by n.kind, n.canonical), '[]')
                 from login_name n where n.identity_id = i.id) as login_names
    from identity i where i.id = $1 for update of i)sql"};
const Sql<Identity(FindIdentities)> list_identities{"identity.list", R"sql(
    select i.*, (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'value', n.value) order by n.kind, n.canonical), '[]')
                 from login_name n where n.identity_id = i.id) as login_names
    from identity i
    where ($state::text is null or i.state = $state)
      and ($canonical::text is null or i.id = (select n.identity_id from login_name n where n.kind = $kind and n.canonical = $canonical))
      and $page(created_at desc, id desc))sql"};

const Sql<void(IdentityId, IdentityState, Timestamp)> save_identity{"identity.save", R"sql(
    update identity set state = $2, state_before = case when $2::text = 'disabled' then state_before end, version = version + 1, updated_at = $3
    where id = $1)sql"};
const Sql<void(IdentityId)> delete_identity{"identity.delete", "delete from identity where id = $1"};

const Sql<void(IdentityId, std::vector<StoredName>)> insert_login_names{
    "login_name.insert",
    R"sql(
    insert into login_name (identity_id, kind, canonical, value)
    select $1, n.kind, n.canonical, n.value from jsonb_to_recordset($2::jsonb) as n (kind text, canonical text, value text)
    order by n.kind, n.canonical)sql",
    {{"login_name_pkey", login_name_taken}}};
const Sql<void(IdentityId)> delete_login_names{"login_name.delete", "delete from login_name where identity_id = $1"};

} // namespace gravity::issuer
