#pragma once

#include "exchange_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of exchange policies, by name. Their text is in exchange_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<ExchangePolicy(ExchangePolicy)> insert_exchange_policy;
extern const Sql<ExchangePolicy(ExchangePolicyId)> get_exchange_policy;
extern const Sql<ExchangePolicy(ListExchangePolicies)> list_exchange_policies;
extern const Sql<void(ExchangePolicyId)> delete_exchange_policy;
/// Of who exchanges and whom the token was issued to.
extern const Sql<ExchangePolicy(ClientId, ClientId)> exchange_policy_for;

} // namespace gravity::issuer
