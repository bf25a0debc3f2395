#include "tokens_store.hpp"

namespace gravity::issuer {

const Sql<void(std::string, Timestamp)> revoke_token{"revoked_token.insert", R"sql(
    insert into revoked_token (jti, expires_at) values ($1, $2) on conflict on constraint revoked_token_pkey do nothing)sql"};
const Sql<bool(std::string, ClientId)> token_good{"revoked_token.good", R"sql(
    select not exists (select from revoked_token where jti = $1) and exists (select from client where id = $2 and not disabled))sql"};

const Sql<void(std::string, std::string, Timestamp)> use_proof{"dpop_proof.use", R"sql(
    insert into dpop_proof (jkt, jti, expires_at) values ($1, $2, $3) on conflict on constraint dpop_proof_pkey do nothing)sql"};

const Sql<std::int64_t(Timestamp, int)> forget_assertions{"client_assertion.forget", R"sql(
    with gone as (delete from client_assertion where (client_id, jti) in (
        select client_id, jti from client_assertion where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_revoked_tokens{"revoked_token.forget", R"sql(
    with gone as (delete from revoked_token where jti in (
        select jti from revoked_token where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_proofs{"dpop_proof.forget", R"sql(
    with gone as (delete from dpop_proof where (jkt, jti) in (
        select jkt, jti from dpop_proof where expires_at < $1 limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
