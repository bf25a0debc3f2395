#include "credentials_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

Credential fresh_password(Tx& tx, IdentityId identity) {
    Credential row;
    row.id = tx.new_id<CredentialId>();
    row.identity_id = identity;
    row.type = CredentialType::password;
    row.created_at = tx.now();
    return row;
}

// The hash comes behind the seven fields of the credential.
const Sql<Credential(Credential, std::string)> insert_password{
    "credential.insert_password",
    R"sql(
    insert into credential (id, identity_id, type, data, created_at)
    values ($id, $identity_id, $type, jsonb_build_object('hash', $8::text), $created_at) returning *)sql",
    {{"credential_password", password_exists}}};

const Sql<Credential(CredentialId)> get_credential{"credential.get", "select * from credential where id = $1"};
const Sql<Credential(CredentialId)> lock_credential{"credential.lock", "select * from credential where id = $1 for update"};
const Sql<Credential(ListCredentials)> list_credentials{"credential.list", R"sql(
    select * from credential
    where ($identity_id::uuid is null or identity_id = $identity_id) and ($type::text is null or type = $type) and $page(created_at desc, id desc))sql"};
const Sql<void(CredentialId)> delete_credential{"credential.delete", "delete from credential where id = $1"};
const Sql<Credential(IdentityId)> delete_password{"credential.delete_password", R"sql(
    delete from credential where identity_id = $1 and type = 'password' returning *)sql"};

const Sql<Credential(CredentialId, IdentityId)> own_credential{"credential.own", "select * from credential where id = $1 and identity_id = $2"};
const Sql<Credential(CredentialId, IdentityId)> lock_own_credential{"credential.lock_own", R"sql(
    select * from credential where id = $1 and identity_id = $2 for update)sql"};
const Sql<Credential(CredentialId, IdentityId)> delete_own_credential{"credential.delete_own", R"sql(
    delete from credential where id = $1 and identity_id = $2 returning *)sql"};
const Sql<bool(IdentityId, CredentialId, std::string)> is_last_way_in{"credential.is_last_way_in", R"sql(
    with way_in as (
        select c.id from credential c left join passkey p on p.credential_id = c.id
        where c.identity_id = $1 and (c.type = 'password' or (c.type = 'passkey' and p.rp_id = $3 and p.user_verified)))
    select exists (select from way_in where id = $2) and not exists (select from way_in where id <> $2))sql"};

const Sql<PasswordAtDoor(LoginKind, std::string)> password_at_door{"credential.password_at_door", R"sql(
    select i.id as identity_id, i.state, c.id as credential_id, c.data ->> 'hash' as hash
    from login_name n join identity i on i.id = n.identity_id left join credential c on c.identity_id = i.id and c.type = 'password'
    where n.kind = $1 and n.canonical = $2)sql"};

const Sql<void(CredentialId, std::string, std::string, Timestamp)> use_password{"credential.use_password", R"sql(
    update credential c set last_used_at = $4, version = c.version + 1, data = jsonb_build_object('hash', $3::text)
    from identity i
    where c.id = $1 and c.data ->> 'hash' = $2 and i.id = c.identity_id and i.state = 'active')sql"};

} // namespace gravity::issuer
