#include "trusted_devices_store.hpp"

namespace gravity::issuer {

// The hash comes behind the five fields of the device.
const Sql<void(TrustedDevice, Bytes)> trust_device{"trusted_device.trust", R"sql(
    insert into trusted_device (id, hash, identity_id, created_at, last_used_at, expires_at)
    values ($id, $6, $identity_id, $created_at, $last_used_at, $expires_at)
    on conflict on constraint trusted_device_hash_key do update set last_used_at = excluded.last_used_at, expires_at = excluded.expires_at)sql"};
const Sql<void(Bytes, Bytes)> rename_device{"trusted_device.rename", "update trusted_device set hash = $2 where hash = $1"};
const Sql<void(IdentityId, int)> untrust_older_devices{"trusted_device.untrust_older", R"sql(
    delete from trusted_device where id in (
        select id from trusted_device where identity_id = $1 order by last_used_at desc, id desc offset $2))sql"};
const Sql<void(IdentityId)> untrust_devices_of{"trusted_device.untrust_of", "delete from trusted_device where identity_id = $1"};
const Sql<void(TrustedDeviceId, IdentityId)> untrust_device{"trusted_device.untrust", "delete from trusted_device where id = $1 and identity_id = $2"};

const Sql<TrustedDevice(Bytes, LoginKind, std::string, Timestamp)> device_for_name{"trusted_device.for_name", R"sql(
    select d.* from trusted_device d join login_name n on n.identity_id = d.identity_id
    where d.hash = $1 and n.kind = $2 and n.canonical = $3 and d.expires_at > $4)sql"};
const Sql<TrustedDevice(Bytes, std::string, Bytes, Timestamp)> device_for_passkey{"trusted_device.for_passkey", R"sql(
    select d.* from trusted_device d join credential c on c.identity_id = d.identity_id join passkey p on p.credential_id = c.id
    where d.hash = $1 and p.rp_id = $2 and p.raw_id = $3 and d.expires_at > $4)sql"};
const Sql<TrustedDevice(Bytes, IdentityId, Timestamp)> device_for_identity{"trusted_device.for_identity", R"sql(
    select * from trusted_device where hash = $1 and identity_id = $2 and expires_at > $3)sql"};
const Sql<TrustedDeviceId(Bytes, Timestamp)> device_for_anybody{"trusted_device.for_anybody", R"sql(
    select id from trusted_device where hash = $1 and expires_at > $2 order by created_at, id limit 1)sql"};

const Sql<TrustedDevice(IdentityId, Timestamp)> devices_trusted_for{"trusted_device.of", R"sql(
    select * from trusted_device where identity_id = $1 and expires_at > $2 order by last_used_at desc, id desc limit 100)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_trusted_devices{"trusted_device.forget", R"sql(
    with gone as (delete from trusted_device where id in (
        select id from trusted_device where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
