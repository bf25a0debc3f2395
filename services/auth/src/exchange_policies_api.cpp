#include "exchange_policies_api.hpp"

#include "clients_domain.hpp"
#include "clients_store.hpp"
#include "exchange_store.hpp"
#include "problems.hpp"

#include <gravity/http/problem.hpp>
#include <gravity/log/log.hpp>
#include <gravity/meta/errors.hpp>

namespace gravity::issuer::exchange_policies {

Created<ExchangePolicy> create(Tx& tx, Caller caller, Body<NewExchangePolicy> in) {
    meta::Errors errors;
    if (!tx.maybe(get_client, in->client_id)) errors.reject("client_id", "does not exist");
    if (!tx.maybe(get_client, in->subject_client_id)) errors.reject("subject_client_id", "does not exist");
    if (!errors.empty()) throw http::refusal_of(errors);
    check_scopes(caller, in->scopes);
    ExchangePolicy row;
    static_cast<NewExchangePolicy&>(row) = *in;
    row.id = tx.new_id<ExchangePolicyId>();
    row.created_at = tx.now();
    const ExchangePolicy made = tx.one(insert_exchange_policy, row);
    tx.after_commit([id = made.id.to_string(), by = caller.subject] { log::info("exchange policy made", {{"policy", id}, {"by", by}}); });
    return made;
}

Page<ExchangePolicy> list(Tx& tx, Params<ListExchangePolicies> query) { return tx.page(list_exchange_policies, *query); }
ExchangePolicy get(Tx& tx, Path<"id", ExchangePolicyId> id) { return tx.one(get_exchange_policy, *id); }

NoContent remove(Tx& tx, Path<"id", ExchangePolicyId> id) {
    if (tx.exec(delete_exchange_policy, *id) == 0) throw Refusal(problems::not_found);
    return {};
}

} // namespace gravity::issuer::exchange_policies
