#include "passkeys_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

const Sql<Credential(Credential)> insert_passkey_credential{"credential.insert_passkey", R"sql(
    insert into credential (id, identity_id, type, data, created_at, name) values ($id, $identity_id, $type, '{}', $created_at, $name) returning *)sql"};
const Sql<void(StoredPasskey)> insert_passkey{
    "passkey.insert",
    R"sql(
    insert into passkey (credential_id, rp_id, raw_id, public_key, sign_count, user_verified, backup_eligible, backed_up, transports)
    values ($credential_id, $rp_id, $raw_id, $public_key, $sign_count, $user_verified, $backup_eligible, $backed_up, $transports))sql",
    {{"passkey_raw_id_key", passkey_exists}}};
const Sql<ShownPasskey(IdentityId)> passkeys_of{"passkey.of", R"sql(
    select c.id, c.name, c.created_at, c.last_used_at, p.backed_up, p.suspected_at
    from credential c join passkey p on p.credential_id = c.id where c.identity_id = $1 order by c.created_at, c.id)sql"};
const Sql<KnownPasskey(IdentityId, std::string)> passkeys_known{"passkey.known", R"sql(
    select p.raw_id, p.transports from credential c join passkey p on p.credential_id = c.id
    where c.identity_id = $1 and p.rp_id = $2 order by c.created_at, c.id)sql"};
const Sql<std::int64_t(IdentityId)> count_passkeys{"passkey.count", "select count(*) from credential where identity_id = $1 and type = 'passkey'"};

const Sql<PasskeyAtDoor(std::string, Bytes)> passkey_at_door{"passkey.at_door", R"sql(
    select p.credential_id, i.id as identity_id, i.state, p.public_key, u.handle, p.sign_count, p.backup_eligible
    from passkey p join credential c on c.id = p.credential_id join identity i on i.id = c.identity_id join passkey_user u on u.identity_id = i.id
    where p.rp_id = $1 and p.raw_id = $2 for update of p)sql"};
const Sql<void(CredentialId, std::int64_t, bool, bool)> use_passkey{"passkey.use", R"sql(
    update passkey set sign_count = $2, backed_up = $3, user_verified = user_verified or $4 where credential_id = $1)sql"};
const Sql<void(CredentialId, Timestamp)> suspect_passkey{"passkey.suspect", "update passkey set suspected_at = $2 where credential_id = $1"};

const Sql<void(IdentityId, Bytes)> insert_handle{"passkey_user.insert", R"sql(
    insert into passkey_user (identity_id, handle) values ($1, $2) on conflict on constraint passkey_user_pkey do nothing)sql"};
const Sql<Bytes(IdentityId)> handle_of{"passkey_user.handle", "select handle from passkey_user where identity_id = $1"};

const Sql<void(ChallengePurpose, std::string, Bytes, Timestamp)> put_challenge{"passkey_challenge.put", R"sql(
    insert into passkey_challenge (purpose, bound_to, challenge, expires_at) values ($1, $2, $3, $4)
    on conflict on constraint passkey_challenge_pkey do update set challenge = excluded.challenge, expires_at = excluded.expires_at)sql"};
const Sql<void(ChallengePurpose, std::string, Bytes, Timestamp)> take_challenge{"passkey_challenge.take", R"sql(
    delete from passkey_challenge where purpose = $1 and bound_to = $2 and challenge = $3 and expires_at > $4)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_challenges{"passkey_challenge.forget", R"sql(
    with gone as (delete from passkey_challenge where (purpose, bound_to) in (
        select purpose, bound_to from passkey_challenge where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
