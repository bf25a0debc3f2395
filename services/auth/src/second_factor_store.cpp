#include "second_factor_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

const Sql<StoredTotp(IdentityId)> totp_of{"totp.of", R"sql(
    select t.* from identity i join credential c on c.identity_id = i.id and c.type = 'totp' join totp t on t.credential_id = c.id
    where i.id = $1 and i.state = 'active')sql"};
const Sql<FactorsHeld(IdentityId)> second_factors_of{"credential.second_factors", R"sql(
    select exists (select from credential where identity_id = $1 and type = 'totp') as app,
           exists (select from credential where identity_id = $1 and type = 'passkey') as passkeys)sql"};
const Sql<Credential(Credential)> insert_totp_credential{
    "credential.insert_totp",
    R"sql(
    insert into credential (id, identity_id, type, data, created_at) values ($id, $identity_id, $type, '{}', $created_at) returning *)sql",
    {{"credential_totp", totp_exists}}};
const Sql<void(CredentialId, std::string, std::int64_t)> insert_totp{"totp.insert", R"sql(
    insert into totp (credential_id, secret, last_step) values ($1, $2, $3))sql"};
const Sql<void(CredentialId, std::int64_t)> use_step{"totp.use_step", "update totp set last_step = $2 where credential_id = $1 and last_step < $2"};
const Sql<void(CredentialId, Timestamp)> note_use{"credential.note_use", "update credential set last_used_at = $2 where id = $1"};
const Sql<Credential(IdentityId)> delete_totp{"credential.delete_totp", R"sql(
    delete from credential where identity_id = $1 and type = 'totp' returning *)sql"};

const Sql<void(IdentityId, Bytes)> insert_recovery_code{"recovery_code.insert", "insert into recovery_code (identity_id, hash) values ($1, $2)"};
const Sql<void(IdentityId, Bytes)> insert_regained_code{"recovery_code.insert_regained", R"sql(
    insert into recovery_code (identity_id, hash, regained) values ($1, $2, true))sql"};
const Sql<void(IdentityId)> delete_regained_codes{"recovery_code.delete_regained", "delete from recovery_code where identity_id = $1 and regained"};
const Sql<std::int64_t(IdentityId)> count_recovery_codes{"recovery_code.count", "select count(*) from recovery_code where identity_id = $1"};
const Sql<void(IdentityId)> delete_recovery_codes{"recovery_code.delete", "delete from recovery_code where identity_id = $1"};
const Sql<void(IdentityId)> forget_recovery_codes{"recovery_code.forget", R"sql(
    delete from recovery_code where identity_id = $1
      and not exists (select from credential where identity_id = $1 and type in ('totp', 'passkey')))sql"};
const Sql<void(IdentityId, Bytes)> use_recovery_code{"recovery_code.use", R"sql(
    delete from recovery_code r using identity i where r.identity_id = $1 and r.hash = $2 and i.id = $1 and i.state = 'active')sql"};

const Sql<void(Bytes, IdentityId, Timestamp)> note_first_factor{"login_flow.note_first_factor", R"sql(
    update login_flow set identity_id = $2, first_at = $3 where hash = $1)sql"};

} // namespace gravity::issuer
