#pragma once

#include "exchange_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of exchange policies. They are made and deleted, never changed: what was let yesterday stays readable in the announcements.
namespace gravity::issuer::exchange_policies {

Created<ExchangePolicy> create(Tx& tx, Caller caller, Body<NewExchangePolicy> in);
Page<ExchangePolicy> list(Tx& tx, Params<ListExchangePolicies> query);
ExchangePolicy get(Tx& tx, Path<"id", ExchangePolicyId> id);
NoContent remove(Tx& tx, Path<"id", ExchangePolicyId> id);

} // namespace gravity::issuer::exchange_policies
