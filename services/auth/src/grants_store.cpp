#include "grants_store.hpp"

namespace gravity::issuer {

const Sql<Grant(FindGrants)> list_grants{"grant.list", R"sql(
    select * from (
        select s.id, 'session' as kind, s.identity_id, null::uuid as client_id, null::text as client_name, s.id as session_id, '{}'::text[] as scopes, s.amr,
               false as offline, s.auth_time as since, s.expires_at
        from session s where s.expires_at > $now
        union all
        select k.id, 'consent', k.identity_id, k.client_id, c.name, null, k.scopes, '{}', 'offline_access' = any (k.scopes), k.granted_at, null
        from consent k join client c on c.id = k.client_id
        union all
        select f.id, 'refresh_tokens', f.identity_id, f.client_id, c.name, f.session_id, f.scopes, f.amr, f.offline, f.auth_time, f.expires_at
        from refresh_family f join client c on c.id = f.client_id where f.revoked_at is null and f.expires_at > $now
        union all
        select d.id, 'trusted_device', d.identity_id, null, null, null, '{}', '{}', false, d.last_used_at, d.expires_at
        from trusted_device d where d.expires_at > $now) g
    where not $none and ($identity_id::uuid is null or identity_id = $identity_id) and ($kind::text is null or kind = $kind) and ($id::uuid is null or id = $id)
      and $page(since desc, id desc))sql"};
const Sql<Session(IdentityId, Timestamp)> live_sessions_of{"session.live_of", R"sql(
    select * from session where identity_id = $1 and expires_at > $2 order by auth_time desc, id desc limit 100)sql"};
const Sql<Application(IdentityId, Timestamp)> applications_of{"grant.applications", R"sql(
    select c.id, c.name, array(select distinct unnest(k.scopes || f.scopes) order by 1) as scopes, coalesce(f.offline, false) as offline
    from client c
    left join (select client_id, scopes from consent where identity_id = $1) k on k.client_id = c.id
    left join (select f.client_id, bool_or(f.offline) as offline, array_remove(array_agg(distinct s.scope), null) as scopes
               from refresh_family f left join lateral unnest(f.scopes) as s (scope) on true
               where f.identity_id = $1 and f.revoked_at is null and f.expires_at > $2 group by f.client_id) f on f.client_id = c.id
    where k.client_id is not null or f.client_id is not null
    order by c.name, c.id limit 100)sql"};

const Sql<void(IdentityId, ClientId)> delete_consent{"consent.delete", "delete from consent where identity_id = $1 and client_id = $2"};
const Sql<void(IdentityId, ClientId, Timestamp)> revoke_families_of_client{"refresh_family.revoke_of_client", R"sql(
    update refresh_family set revoked_at = $3 where identity_id = $1 and client_id = $2 and revoked_at is null)sql"};
const Sql<void(IdentityId, ClientId)> delete_codes_of_client{"auth_code.delete_of_client", R"sql(
    delete from auth_code where identity_id = $1 and client_id = $2 and used_at is null)sql"};
const Sql<void(IdentityId, ClientId)> delete_devices_of_client{"device.delete_of_client", R"sql(
    delete from device where identity_id = $1 and client_id = $2 and state = 'approved')sql"};

} // namespace gravity::issuer
