#include "clients_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

const Sql<Client(Client)> insert_client{"client.insert", R"sql(
    insert into client (id, name, token_endpoint_auth_method, scopes, grant_types, token_alg, id_token_alg, jwks, require_dpop, redirect_uris,
                        post_logout_redirect_uris, backchannel_logout_uri, backchannel_logout_session_required, first_party,
                        require_pushed_authorization_requests, require_pkce, disabled, created_at, updated_at)
    values ($id, $name, $token_endpoint_auth_method, $scopes, $grant_types, $token_alg, $id_token_alg, $jwks, $require_dpop, $redirect_uris,
            $post_logout_redirect_uris, $backchannel_logout_uri, $backchannel_logout_session_required, $first_party,
            $require_pushed_authorization_requests, $require_pkce, $disabled, $created_at, $updated_at)
    returning *)sql"};
const Sql<void(ClientId)> list_in_directory{"client.list_in_directory", "insert into client_directory (client_id) values ($1)"};

const Sql<Client(ClientId)> get_client{"client.get", "select * from client where id = $1"};
const Sql<Client(ClientId)> lock_client{"client.lock", "select * from client where id = $1 for update"};
const Sql<Client(ListClients)> list_clients{"client.list", "select * from client where $page(created_at desc, id desc)"};
const Sql<Client(Client)> save_client{"client.save", R"sql(
    update client set name = $name, scopes = $scopes, grant_types = $grant_types, token_alg = $token_alg, id_token_alg = $id_token_alg,
           jwks = $jwks, require_dpop = $require_dpop,
           redirect_uris = $redirect_uris, post_logout_redirect_uris = $post_logout_redirect_uris,
           backchannel_logout_uri = $backchannel_logout_uri, backchannel_logout_session_required = $backchannel_logout_session_required,
           first_party = $first_party, require_pushed_authorization_requests = $require_pushed_authorization_requests, require_pkce = $require_pkce,
           disabled = $disabled, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql"};
const Sql<void(ClientId)> delete_client{"client.delete", "delete from client where id = $1"};

// The hash comes behind the four fields of the secret.
const Sql<ClientSecret(ClientSecret, Bytes)> insert_client_secret{
    "client_secret.insert",
    R"sql(
    insert into client_secret (id, client_id, hash, created_at, expires_at) values ($id, $client_id, $5, $created_at, $expires_at) returning *)sql",
    {{"client_secret_two_live", two_secrets_live}}};
const Sql<ClientSecret(ClientId)> list_client_secrets{"client_secret.list",
                                                      "select * from client_secret where client_id = $1 order by created_at desc, id desc"};
const Sql<void(ClientId, ClientSecretId)> delete_client_secret{"client_secret.delete", "delete from client_secret where client_id = $1 and id = $2"};

const Sql<ProjectId(ClientId)> find_in_directory{"client.find_in_directory", "select project from client_directory where client_id = $1"};

const Sql<ClientAtDoor(ClientId, Timestamp)> client_at_door{"client.at_door", R"sql($generic_plan
    with recursive held (id) as (
        select role_id from role_member where client_id = $1 union select p.parent_id from held h join role_parent p on p.role_id = h.id)
    select c.*, array(select encode(hash, 'hex') from client_secret s where s.client_id = c.id and (s.expires_at is null or s.expires_at > $2))
           as secret_hashes,
           array(select r.name from held h join role r on r.id = h.id order by r.name) as roles,
           array(select distinct s.scope from held h join role_scope s on s.role_id = h.id order by s.scope) as role_scopes,
           (select min(s.expires_at) from client_secret s where s.client_id = c.id and s.expires_at > $2) as same_until
    from client c where c.id = $1)sql"};

const Sql<void(ClientId, std::string, Timestamp)> use_assertion{"client.use_assertion", R"sql(
    insert into client_assertion (client_id, jti, expires_at) values ($1, $2, $3) on conflict (client_id, jti) do nothing)sql"};

} // namespace gravity::issuer
