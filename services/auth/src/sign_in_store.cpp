#include "sign_in_store.hpp"

namespace gravity::issuer {

const Sql<ClientToVisit(ClientId)> client_to_visit{"client.to_visit", R"sql($generic_plan
    with recursive held (id) as (
        select role_id from role_member where client_id = $1 union select p.parent_id from held h join role_parent p on p.role_id = h.id)
    select c.*, array(select distinct s.scope from held h join role_scope s on s.role_id = h.id order by s.scope) as role_scopes
    from client c where c.id = $1)sql"};
const Sql<RedirectUri(ClientId)> logout_redirects{"client.logout_redirects", "select unnest(post_logout_redirect_uris) from client where id = $1"};

const Sql<IdentityId(IdentityId)> hold_active_identity{"identity.hold_active", "select id from identity where id = $1 and state = 'active' for key share"};
// The hash comes behind the five fields of the session.
const Sql<void(Session, Bytes)> insert_session{"session.insert", R"sql(
    insert into session (id, hash, identity_id, amr, auth_time, expires_at) values ($id, $6, $identity_id, $amr, $auth_time, $expires_at))sql"};
const Sql<Session(Bytes, Timestamp)> live_session{"session.live", R"sql(
    select s.* from session s join identity i on i.id = s.identity_id where s.hash = $1 and s.expires_at > $2 and i.state = 'active')sql"};
const Sql<bool(IdentityId, SessionId, bool, Timestamp)> still_signed_in{"session.still_signed_in", R"sql(
    select exists (select from identity where id = $1 and state = 'active')
       and ($3 or exists (select from session where id = $2 and identity_id = $1 and expires_at > $4)))sql"};
const Sql<Session(SessionId, IdentityId, Timestamp)> session_of_identity{"session.of_identity", R"sql(
    select * from session where id = $1 and identity_id = $2 and expires_at > $3)sql"};
const Sql<Session(SessionId)> end_session{"session.end", "delete from session where id = $1 returning *"};
const Sql<SessionId(IdentityId)> sessions_of{"session.of", "select id from session where identity_id = $1 order by id"};
const Sql<void(SessionId, Timestamp)> revoke_families_of_session{"refresh_family.revoke_of_session", R"sql(
    update refresh_family set revoked_at = $2 where session_id = $1 and not offline and revoked_at is null)sql"};

const Sql<void(IdentityId, std::optional<SessionId>, Timestamp)> revoke_other_families{"refresh_family.revoke_others", R"sql(
    update refresh_family set revoked_at = $3 where identity_id = $1 and session_id is distinct from $2 and revoked_at is null)sql"};

// The hashes come behind the nine fields of the flow.
const Sql<void(LoginFlow, Bytes, Bytes)> insert_flow{"login_flow.insert", R"sql(
    insert into login_flow (hash, binding, id, kind, headless, client_id, request, begun_at, expires_at)
    select $10, $11, $id, $kind, $headless, c.id, $request, $begun_at, $expires_at from client c where c.id = $client_id for key share)sql"};
const Sql<LoginFlow(Bytes, std::optional<Bytes>, Timestamp)> get_flow{"login_flow.get", R"sql(
    select * from login_flow where hash = $1 and (headless or binding = $2) and expires_at > $3)sql"};
const Sql<void(Bytes, Timestamp)> prolong_flow{"login_flow.prolong", R"sql(
    update login_flow set expires_at = greatest(expires_at, least($2, begun_at + interval '1 hour')) where hash = $1)sql"};
const Sql<void(Bytes, FlowKind)> turn_flow{"login_flow.turn", "update login_flow set kind = $2 where hash = $1"};
const Sql<void(Bytes)> delete_flow{"login_flow.delete", "delete from login_flow where hash = $1"};

const Sql<void(Bytes, ClientId, Json, Timestamp)> insert_pushed{"pushed_request.insert", R"sql(
    insert into pushed_request (hash, client_id, parameters, expires_at) select $1, c.id, $3, $4 from client c where c.id = $2 for key share)sql"};
const Sql<PushedRequest(Bytes, ClientId, Timestamp)> take_pushed{"pushed_request.take", R"sql(
    delete from pushed_request where hash = $1 and client_id = $2 and expires_at > $3 returning *)sql"};

const Sql<bool(IdentityId, ClientId, std::vector<std::string>)> has_consented{"consent.covers", R"sql(
    select exists (select from consent where identity_id = $1 and client_id = $2 and scopes @> $3::text[]))sql"};
const Sql<void(IdentityId, ClientId, std::vector<std::string>, Timestamp)> save_consent{"consent.save", R"sql(
    insert into consent as c (identity_id, client_id, scopes, granted_at) values ($1, $2, $3, $4)
    on conflict on constraint consent_pkey do update
    set scopes = array(select distinct unnest(c.scopes || excluded.scopes) order by 1), granted_at = excluded.granted_at)sql"};

// The hash comes behind the twelve fields of the code.
const Sql<void(AuthCode, Bytes)> insert_code{"auth_code.insert", R"sql(
    insert into auth_code (hash, client_id, identity_id, session_id, redirect_uri, code_challenge, nonce, dpop_jkt, id_token_claims, scopes, amr, auth_time,
                           expires_at)
    select $13, c.id, i.id, $session_id, $redirect_uri, $code_challenge, $nonce, $dpop_jkt, $id_token_claims, $scopes, $amr, $auth_time, $expires_at
    from identity i, client c where i.id = $identity_id and i.state = 'active' and c.id = $client_id for key share)sql"};
const Sql<AuthCode(Bytes, ClientId, Timestamp, std::string)> use_code{"auth_code.use", R"sql(
    update auth_code set used_at = $3, access_jti = $4 where hash = $1 and client_id = $2 and used_at is null and expires_at > $3 returning *)sql"};
const Sql<void(Bytes, FamilyId)> set_family_of_code{"auth_code.set_family", "update auth_code set family_id = $2 where hash = $1"};
const Sql<SpentCode(Bytes)> spent_code{"auth_code.spent", "select * from auth_code where hash = $1 and used_at is not null"};

const Sql<void(RefreshFamily)> insert_family{"refresh_family.insert", R"sql(
    insert into refresh_family (id, client_id, identity_id, session_id, offline, scopes, amr, auth_time, dpop_jkt, generation, expires_at)
    values ($id, $client_id, $identity_id, $session_id, $offline, $scopes, $amr, $auth_time, $dpop_jkt, $generation, $expires_at))sql"};
const Sql<RefreshFamily(FamilyId)> live_family{"refresh_family.live", "select * from refresh_family where id = $1 and revoked_at is null"};
const Sql<RefreshFamily(FamilyId)> lock_family{"refresh_family.lock", "select * from refresh_family where id = $1 and revoked_at is null for update"};
const Sql<void(FamilyId, int)> advance_family{"refresh_family.advance", "update refresh_family set generation = $2 where id = $1"};
const Sql<void(FamilyId, Timestamp)> revoke_family{"refresh_family.revoke", R"sql(
    update refresh_family set revoked_at = $2 where id = $1 and revoked_at is null)sql"};
const Sql<void(Bytes, FamilyId, int, Timestamp)> insert_refresh_token{"refresh_token.insert", R"sql(
    insert into refresh_token (hash, family_id, generation, expires_at) values ($1, $2, $3, $4))sql"};
const Sql<RefreshToken(Bytes)> get_refresh_token{"refresh_token.get", "select * from refresh_token where hash = $1"};
const Sql<FamilyId(Bytes, ClientId)> family_of_token{"refresh_token.family", R"sql(
    select f.id from refresh_token t join refresh_family f on f.id = t.family_id where t.hash = $1 and f.client_id = $2)sql"};
const Sql<void(Bytes, Bytes, Timestamp)> use_refresh_token{"refresh_token.use", R"sql(
    with before as (
        update refresh_token b set answer = null from refresh_token t
        where t.hash = $1 and b.family_id = t.family_id and b.generation = t.generation - 1)
    update refresh_token set answer = $2, used_at = $3 where hash = $1)sql"};

const Sql<HeldRoles(IdentityId)> roles_held{"role.held", R"sql($generic_plan
    with recursive held (id) as (
        select role_id from role_member where identity_id = $1 union select p.parent_id from held h join role_parent p on p.role_id = h.id)
    select array(select r.name from held h join role r on r.id = h.id order by r.name) as names,
           array(select distinct s.scope from held h join role_scope s on s.role_id = h.id order by s.scope) as scopes)sql"};
const Sql<KnownName(IdentityId)> names_of{"login_name.of", R"sql(
    select n.kind, n.canonical, n.value, a.canonical is not null as confirmed
    from login_name n left join confirmed_address a on n.kind = 'email' and a.identity_id = n.identity_id and a.canonical = n.canonical
    where n.identity_id = $1 order by n.kind, n.canonical)sql"};

const Sql<std::int64_t(Timestamp, int)> forget_sessions{"session.forget", R"sql(
    with gone as (delete from session where id in (select id from session where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_flows{"login_flow.forget", R"sql(
    with gone as (delete from login_flow where hash in (select hash from login_flow where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
// A code that comes again is known for an hour after its end.
const Sql<std::int64_t(Timestamp, int)> forget_codes{"auth_code.forget", R"sql(
    with gone as (delete from auth_code where hash in (
        select hash from auth_code where expires_at < $1::timestamptz - interval '1 hour' limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_pushed{"pushed_request.forget", R"sql(
    with gone as (delete from pushed_request where hash in (
        select hash from pushed_request where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_refresh_tokens{"refresh_token.forget", R"sql(
    with gone as (delete from refresh_token where hash in (
        select hash from refresh_token where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
// Of which nothing is left: thousands of tokens would go with each.
const Sql<std::int64_t(Timestamp, int)> forget_families{"refresh_family.forget", R"sql(
    with gone as (delete from refresh_family where id in (
        select f.id from refresh_family f where f.expires_at < $1 and not exists (select from refresh_token t where t.family_id = f.id)
        limit $2 for update of f skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
