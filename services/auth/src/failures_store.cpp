#include "failures_store.hpp"

namespace gravity::issuer {

// It may have gone meanwhile.
const Sql<void(StoredFailure)> insert_failure{"auth_failure.insert", R"sql(
    insert into auth_failure (id, trace_id, at, endpoint, failed, detail, client_id, identity_id, network, expires_at)
    values ($id, $trace_id, $at, $endpoint, $failed, $detail, $client_id,
            (select i.id from identity i where i.id = $identity_id for key share), $network, $expires_at))sql"};
const Sql<AuthFailure(std::string, int)> failures_of_trace{"auth_failure.of_trace", R"sql(
    select * from auth_failure where trace_id = $1 order by at, id limit $2)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_failures{"auth_failure.forget", R"sql(
    with gone as (delete from auth_failure where id in (
        select id from auth_failure where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
