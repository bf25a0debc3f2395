#include "keys_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

const Sql<bool()> lock_keys{"signing_key.lock_all", "select pg_advisory_xact_lock(hashtextextended('signing keys', 0)) is not null"};
const Sql<bool()> try_lock_keys{"signing_key.try_lock_all", "select pg_try_advisory_xact_lock(hashtextextended('signing keys', 0))"};

const Sql<StoredKey()> live_keys{"signing_key.live", "select * from signing_key where state in ('next', 'active', 'retiring') order by created_at, kid"};
const Sql<std::int64_t()> keys_revision{"signing_key.revision", "select coalesce(sum(version), 0)::bigint from signing_key"};

const Sql<SigningKey(ListKeys)> list_keys{"signing_key.list", R"sql(
    select * from signing_key where ($state::text is null or state = $state) and $page(created_at desc, kid desc))sql"};
const Sql<SigningKey(Kid)> get_key{"signing_key.get", "select * from signing_key where kid = $1"};

const Sql<SigningKey(StoredKey)> insert_key{"signing_key.insert", R"sql(
    insert into signing_key (kid, alg, state, private_sealed, public_jwk, created_at, activates_at)
    values ($kid, $alg, $state, $private_sealed, $public_jwk, $created_at, $activates_at)
    returning *)sql"};

const Sql<Kid(SigningAlgorithm, Timestamp)> retire_active{"signing_key.retire_active", R"sql(
    update signing_key set state = 'retiring', private_sealed = null, retires_at = $2, version = version + 1
    where alg = $1 and state = 'active' returning kid)sql"};
const Sql<void(Kid, Timestamp)> activate_key{"signing_key.activate", R"sql(
    update signing_key set state = 'active', activates_at = $2, version = version + 1 where kid = $1)sql"};
const Sql<void(Kid, Timestamp)> end_retiring{"signing_key.end_retiring", R"sql(
    update signing_key set state = 'retired', ended_at = $2, version = version + 1 where kid = $1)sql"};
const Sql<void(SigningAlgorithm, Timestamp)> hurry_next{"signing_key.hurry_next", R"sql(
    update signing_key set activates_at = $2, version = version + 1 where alg = $1 and state = 'next')sql"};
const Sql<SigningKey(Kid, Timestamp)> revoke_key{"signing_key.revoke", R"sql(
    update signing_key set state = 'revoked', private_sealed = null, ended_at = $2, version = version + 1 where kid = $1 returning *)sql"};

} // namespace gravity::issuer
