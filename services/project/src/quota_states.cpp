#include "quota_states.hpp"

#include "quotas_store.hpp"

namespace gravity::project {

Page<QuotaState> quota_states_of(Tx& tx, const PageQuery& query, const std::vector<PlanQuota>& plan) {
    std::vector<MeterSlug> meters;
    std::vector<Quantity> limits, bursts;
    std::vector<QuotaPeriod> periods;
    for (const PlanQuota& given : plan) {
        meters.push_back(given.meter);
        limits.push_back(given.limit);
        bursts.push_back(given.burst.value_or(Quantity::of(0)));
        periods.push_back(given.period);
    }
    // A cursor belongs to what was asked for, and the moment is another each time: so it is asked for apart.
    const Page<Meter> limited = tx.page(list_limited_meters, query, meters);
    std::vector<MeterId> ids;
    for (const Meter& meter : limited.items) ids.push_back(meter.id);
    return {tx.all(quota_states, tx.now(), ids, meters, limits, bursts, periods), limited.next_cursor};
}

} // namespace gravity::project
