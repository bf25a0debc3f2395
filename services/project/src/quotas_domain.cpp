#include "quotas_domain.hpp"

#include "meters_domain.hpp"
#include "problems.hpp"

#include <gravity/json/json.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::project {
namespace {

std::string text_of(double value) {
    std::string text;
    json::append_number(text, value);
    return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

double burst_of(const QuotaEdit& quota) { return quota.burst ? quota.burst->value() : 0; }

QuotaEdit within(const QuotaEdit& given, const QuotaEdit& wanted) {
    if (wanted.period != given.period) return given;
    QuotaEdit least = wanted;
    if (given.limit.value() < wanted.limit.value()) least.limit = given.limit;
    if (burst_of(given) < burst_of(wanted)) least.burst = given.burst;
    return least;
}

HoldingQuota holding_of(const QuotaEdit& quota, QuotaSource source) {
    HoldingQuota holds;
    static_cast<QuotaEdit&>(holds) = quota;
    holds.source = source;
    return holds;
}

} // namespace

void check(const NewReservation& wanted, meta::Errors& errors) {
    if (wanted.amount.is_set() && wanted.amount.value() == 0) errors.reject("amount", "must be more than 0");
}

const PlanQuota* given_by(const std::vector<PlanQuota>& plan, const MeterSlug& meter) {
    const auto found = std::find_if(plan.begin(), plan.end(), [&](const PlanQuota& each) { return each.meter == meter; });
    return found == plan.end() ? nullptr : &*found;
}

std::optional<HoldingQuota> holding(const QuotaRow* own, const PlanQuota* given) {
    if (own == nullptr && given == nullptr) return std::nullopt;
    if (own == nullptr) return holding_of(*given, QuotaSource::plan);
    if (given == nullptr || own->granted) return holding_of(*own, QuotaSource::project);
    const QuotaEdit least = within(*given, *own);
    const bool own_limit = least.period == own->period && least.limit == own->limit;
    return holding_of(least, own_limit ? QuotaSource::project : QuotaSource::plan);
}

std::optional<HoldingQuota> holding(const std::vector<QuotaRow>& own, const std::vector<PlanQuota>& plan, const Meter& meter) {
    const auto found = std::find_if(own.begin(), own.end(), [&](const QuotaRow& each) { return each.meter_id == meter.id; });
    return holding(found != own.end() ? &*found : nullptr, given_by(plan, meter.slug));
}

void check_within_plan(const std::vector<PlanQuota>& plan, const MeterSlug& meter, const QuotaEdit& wanted) {
    const PlanQuota* const given = given_by(plan, meter);
    if (given == nullptr) return;
    const QuotaEdit left = within(*given, wanted);
    if (left.period != wanted.period || left.limit != wanted.limit) throw Refusal(above_the_plan, "The plan gives " + text_of(given->limit.value()));
    if (burst_of(left) < burst_of(wanted)) throw Refusal(above_the_plan, "The plan gives a burst of " + text_of(burst_of(*given)));
}

void check_amount(const NewMeter& meter, const Quantity& amount, std::string_view field) {
    if (meter.aggregation != Aggregation::count || amount.is_whole()) return;
    throw Refusal(problems::invalid).with_faults({{"/" + std::string(field), "must be whole: the meter counts one by one", ""}});
}

void refuse_over_limit(const QuotaEdit& quota, const UsageTotal& total) {
    throw Refusal(quota_exceeded)
        .with("limit", text_of(quota.limit.value()))
        .with("burst", text_of(burst_of(quota)))
        .with("used", text_of(total.used))
        .with("reserved", text_of(total.reserved));
}

Reservation seen_at(Reservation reservation, Timestamp now) {
    if (reservation.state == ReservationState::open && reservation.expires_at <= now) reservation.state = ReservationState::expired;
    return reservation;
}

void check_repeated(const Reservation& present, const NewReservation& wanted) {
    if (present.state == ReservationState::released || present.state == ReservationState::expired) throw Refusal(reservation_ended);
    if (present.amount != wanted.amount || present.subject != wanted.subject) throw Refusal(reservation_differs);
}

bool settles(const Reservation& present, const Quantity& amount) {
    if (present.state == ReservationState::settled && present.settled == amount) return false;
    if (present.state != ReservationState::open) throw Refusal(reservation_ended);
    if (amount.value() > present.amount.value()) throw Refusal(more_than_reserved);
    return true;
}

bool releases(const Reservation& present) {
    if (present.state == ReservationState::settled) throw Refusal(reservation_ended);
    return present.state == ReservationState::open;
}

} // namespace gravity::project
