#include "quota_states.hpp"

#include "quotas_domain.hpp"
#include "quotas_store.hpp"

namespace gravity::project {

Page<QuotaState> quota_states_of(Tx& tx, const PageQuery& query, const std::vector<PlanQuota>& plan) {
    std::vector<MeterSlug> in_plan;
    for (const PlanQuota& given : plan) in_plan.push_back(given.meter);
    // A cursor belongs to what was asked for, and the moment is another each time: so it is asked for apart.
    const Page<Meter> limited = tx.page(list_limited_meters, query, in_plan);
    std::vector<MeterId> ids;
    for (const Meter& meter : limited.items) ids.push_back(meter.id);
    const std::vector<QuotaRow> own = tx.all(quotas_of, ids);
    ids.clear();
    std::vector<Quantity> limits, bursts;
    std::vector<QuotaPeriod> periods;
    std::vector<QuotaSource> sources;
    for (const Meter& meter : limited.items) {
        const auto holds = holding(own, plan, meter);
        if (!holds) continue; // it was removed between the two looks
        ids.push_back(meter.id);
        limits.push_back(holds->limit);
        bursts.push_back(holds->burst.value_or(Quantity::of(0)));
        periods.push_back(holds->period);
        sources.push_back(holds->source);
    }
    return {tx.all(quota_states, tx.now(), ids, limits, bursts, periods, sources), limited.next_cursor};
}

} // namespace gravity::project
