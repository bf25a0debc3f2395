#include "exchange_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {

const Sql<ExchangePolicy(ExchangePolicy)> insert_exchange_policy{"exchange_policy.insert",
                                                                 R"sql(
    insert into exchange_policy (id, client_id, subject_client_id, scopes, created_at)
    values ($id, $client_id, $subject_client_id, $scopes, $created_at) returning *)sql",
                                                                 {{"exchange_policy_pair", exchange_policy_exists}}};
const Sql<ExchangePolicy(ExchangePolicyId)> get_exchange_policy{"exchange_policy.get", "select * from exchange_policy where id = $1"};
const Sql<ExchangePolicy(ListExchangePolicies)> list_exchange_policies{"exchange_policy.list", R"sql(
    select * from exchange_policy
    where ($client_id::uuid is null or client_id = $client_id) and ($subject_client_id::uuid is null or subject_client_id = $subject_client_id)
      and $page(created_at desc, id desc))sql"};
const Sql<void(ExchangePolicyId)> delete_exchange_policy{"exchange_policy.delete", "delete from exchange_policy where id = $1"};
const Sql<ExchangePolicy(ClientId, ClientId)> exchange_policy_for{"exchange_policy.for",
                                                                  "select * from exchange_policy where client_id = $1 and subject_client_id = $2"};

} // namespace gravity::issuer
