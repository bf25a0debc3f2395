#pragma once

#include "quotas_model.hpp"

/// Rules of limits and of what is reserved: pure. A refusal is thrown.
namespace gravity::project {

/// What a plan gives of a meter.
const PlanQuota* given_by(const std::vector<PlanQuota>& plan, const MeterSlug& meter);

/// The limit that holds for a project, and whose it is.
struct HoldingQuota : QuotaEdit {
    QuotaSource source{};
};

/// What holds of a project's own limit and what its plan gives, if there is any: of both the lower limit and the lower burst, each for itself, for the
/// plan may have come to give less since the other was set. Of two periods it is the plan's: amounts of different times cannot be compared. What those who
/// sell plans gave (`granted`) holds as it is. This is the one place where the two are held against one another.
std::optional<HoldingQuota> holding(const QuotaRow* own, const PlanQuota* given);
/// The same, looked for in what a project has and what its plan gives.
std::optional<HoldingQuota> holding(const std::vector<QuotaRow>& own, const std::vector<PlanQuota>& plan, const Meter& meter);

/// Nobody gives themselves what would not hold: more than their plan does, or a larger burst, or the same over a shorter time, which may be more.
void check_within_plan(const std::vector<PlanQuota>& plan, const MeterSlug& meter, const QuotaEdit& wanted);

/// What is counted one by one has no halves.
void check_amount(const NewMeter& meter, const Quantity& amount, std::string_view field);

/// What is left of a limit does not do.
[[noreturn]] void refuse_over_limit(const QuotaEdit& quota, const UsageTotal& total);

/// As it is now: one that nobody settled in time holds nothing any more.
Reservation seen_at(Reservation reservation, Timestamp now);

/// The same was asked before. Another thing under the same id is refused, and what has been given back is not given again.
void check_repeated(const Reservation& present, const NewReservation& wanted);

/// Whether it is to be settled now; false if that has been done, with the same amount.
bool settles(const Reservation& present, const Quantity& amount);
/// Whether it is to be released now; false if it holds nothing any more.
bool releases(const Reservation& present);

} // namespace gravity::project
