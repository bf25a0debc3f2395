#pragma once

#include "quotas_model.hpp"

#include <gravity/pg/tx.hpp>

namespace gravity::project {

/// The limits of the project whose rows are seen, its own and those of this plan, and how far they are used up, by meter.
Page<QuotaState> quota_states_of(Tx& tx, const PageQuery& query, const std::vector<PlanQuota>& plan);

} // namespace gravity::project
