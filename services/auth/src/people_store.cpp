#include "people_store.hpp"

namespace gravity::issuer {

// Each table whose rows go with an identity (on delete cascade), and the identity itself.
const Sql<std::int64_t(IdentityId)> count_rows_of_identity{"person.count", R"sql(
    select (select count(*) from identity where id = $1)
         + (select count(*) from login_name where identity_id = $1)
         + (select count(*) from credential where identity_id = $1)
         + (select count(*) from recovery_code where identity_id = $1)
         + (select count(*) from passkey_user where identity_id = $1)
         + (select count(*) from confirmed_address where identity_id = $1)
         + (select count(*) from link where identity_id = $1)
         + (select count(*) from mailed_code where identity_id = $1)
         + (select count(*) from regaining where identity_id = $1)
         + (select count(*) from auth_failure where identity_id = $1)
         + (select count(*) from user_of_identity where identity_id = $1)
         + (select count(*) from role_member where identity_id = $1)
         + (select count(*) from session where identity_id = $1)
         + (select count(*) from trusted_device where identity_id = $1)
         + (select count(*) from login_flow where identity_id = $1)
         + (select count(*) from consent where identity_id = $1)
         + (select count(*) from auth_code where identity_id = $1)
         + (select count(*) from device where identity_id = $1)
         + (select count(*) from refresh_family where identity_id = $1)
         + (select count(*) from refresh_token t join refresh_family f on f.id = t.family_id where f.identity_id = $1))sql"};

const Sql<std::int64_t(IdentityId)> count_items_of_identity{"person.count_items", R"sql(
    select (select count(*) from session where identity_id = $1)
         + (select count(*) from consent where identity_id = $1)
         + (select count(*) from device where identity_id = $1)
         + (select count(*) from auth_failure where identity_id = $1)
         + (select count(*) from refresh_family where identity_id = $1))sql"};

const Sql<Json(IdentityId)> export_identity{"person.export", R"sql(
    select jsonb_build_object(
        'identity', (select to_jsonb(i) - '{project,version,user_epoch,user_sequence,state_before}'::text[] from identity i where i.id = $1),
        'login_names', (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'value', value) order by kind, canonical), '[]')
                        from login_name where identity_id = $1),
        'confirmed_addresses', (select coalesce(jsonb_agg(jsonb_build_object('address', canonical, 'confirmed_at', confirmed_at) order by canonical), '[]')
                                from confirmed_address where identity_id = $1),
        'credentials', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'type', type, 'name', name, 'created_at', created_at,
                                                                     'last_used_at', last_used_at) order by id), '[]')
                        from credential where identity_id = $1),
        'roles', (select coalesce(jsonb_agg(r.name order by r.name), '[]') from role_member m join role r on r.id = m.role_id where m.identity_id = $1),
        'trusted_devices', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'trusted_at', created_at, 'last_used_at', last_used_at,
                                                                         'expires_at', expires_at) order by last_used_at, id), '[]')
                            from trusted_device where identity_id = $1),
        'regaining', (select coalesce(jsonb_agg(jsonb_build_object('address', canonical, 'begun_at', begun_at, 'good_from', good_from,
                                                                   'ends_at', ends_at)), '[]')
                      from regaining where identity_id = $1)))sql"};

const Sql<PersonItem(IdentityId, std::string, int)> sessions_to_show{"person.sessions", R"sql(
    select id::text as id, jsonb_build_object('id', id, 'amr', amr, 'signed_in_at', auth_time, 'expires_at', expires_at) as item
    from session where identity_id = $1 and id > $2::text::uuid order by session.id limit $3)sql"};
const Sql<PersonItem(IdentityId, std::string, int)> applications_to_show{"person.applications", R"sql(
    select g.id::text as id, jsonb_build_object('client', c.name, 'scopes', g.scopes, 'granted_at', g.granted_at) as item
    from consent g join client c on c.id = g.client_id where g.identity_id = $1 and g.id > $2::text::uuid order by g.id limit $3)sql"};
const Sql<PersonItem(IdentityId, std::string, int)> devices_to_show{"person.devices", R"sql(
    select d.id::text as id, jsonb_build_object('client', c.name, 'scopes', d.scopes, 'signed_in_at', d.auth_time) as item
    from device d join client c on c.id = d.client_id where d.identity_id = $1 and d.id > $2::text::uuid order by d.id limit $3)sql"};
const Sql<PersonItem(IdentityId, std::string, int)> refusals_to_show{"person.refusals", R"sql(
    select id::text as id, jsonb_build_object('at', at, 'failed', failed, 'network', network) as item
    from auth_failure where identity_id = $1 and id > $2::text::uuid order by auth_failure.id limit $3)sql"};
const Sql<PersonItem(IdentityId, std::string, int)> families_to_show{"person.families", R"sql(
    select f.id::text as id, jsonb_build_object('client', c.name, 'scopes', f.scopes, 'signed_in_at', f.auth_time, 'expires_at', f.expires_at,
                                                'revoked_at', f.revoked_at) as item
    from refresh_family f join client c on c.id = f.client_id where f.identity_id = $1 and f.id > $2::text::uuid order by f.id limit $3)sql"};

} // namespace gravity::issuer
