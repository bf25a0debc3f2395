#include "usage_recording.hpp"

#include "meters_domain.hpp"
#include "meters_store.hpp"
#include "quotas_domain.hpp"
#include "quotas_store.hpp"
#include "usage_store.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace gravity::project {
namespace {

/// The limits that hold: a project's own in the place of its plan's.
class Limits {
public:
    Limits(Tx& tx, const std::vector<MeterId>& meters, const std::vector<PlanQuota>& plan) : own_(tx.all(quotas_of, meters)), plan_(plan) {}

    const QuotaEdit* of(const Meter& meter) const {
        const auto own = std::find_if(own_.begin(), own_.end(), [&](const QuotaRow& each) { return each.meter_id == meter.id; });
        return own != own_.end() ? static_cast<const QuotaEdit*>(&*own) : given_by(plan_, meter.slug);
    }

private:
    std::vector<QuotaRow> own_;
    const std::vector<PlanQuota>& plan_;
};

template <class E>
void announce(Tx& tx, const Meter& meter, const QuotaEdit& quota, const UsageTotal& total) {
    tx.emit(E{tx.project(), meter.slug, quota.limit, quota.period, total.starts_at, total.used}, tx.project().to_string());
}

// Each share of a limit is told once in a period. Whoever comes there first writes it down; the total is locked, so nobody comes between.
void warn(Tx& tx, const Meter& meter, const QuotaEdit& quota, const UsageTotal& total) {
    if (quota.period != total.period || total.used <= 0) return;
    const double limit = quota.limit.value();
    if (total.used >= limit * 0.8 && tx.exec(note_alert, total, quota.limit, 80) == 1) announce<QuotaWarned>(tx, meter, quota, total);
    if (total.used >= limit && tx.exec(note_alert, total, quota.limit, 100) == 1) announce<QuotaExceeded>(tx, meter, quota, total);
}

std::optional<std::string> out_of_time(Timestamp time, Timestamp now) {
    if (time < now - usage_horizon) return "comes more than 35 days late";
    if (time > now + usage_ahead) return "is more than a day ahead";
    return std::nullopt;
}

/// What the meters make of an event, or why they cannot.
struct Reading {
    std::vector<Counted> counted;
    std::optional<Refusal::Fault> fault;
};

Reading reading_of(const UsageEvent& event, const std::string& at, const std::vector<Meter>& meters, Timestamp now) {
    Reading reading;
    if (const auto why = out_of_time(event.time, now)) {
        reading.fault = Refusal::Fault{at + "/time", *why, ""};
        return reading;
    }
    for (const Meter& meter : meters) {
        if (meter.event_type.str() != event.type) continue;
        auto measured = measure(meter, event.data);
        if (const auto* why = std::get_if<std::string>(&measured)) {
            reading.fault = Refusal::Fault{at + "/data", *why, ""};
            return reading;
        }
        auto& number = std::get<Measured>(measured);
        reading.counted.push_back({meter, event.time, event.subject, std::move(number.grouping), std::move(number.value)});
    }
    if (reading.counted.empty()) reading.fault = Refusal::Fault{at + "/type", "is counted by no meter", ""};
    return reading;
}

std::vector<std::string> types_of(const std::vector<UsageEvent>& events) {
    std::set<std::string> types;
    for (const UsageEvent& event : events) types.insert(event.type);
    return {types.begin(), types.end()};
}

} // namespace

void count(Tx& tx, const std::vector<Counted>& counted, const std::vector<PlanQuota>& plan) {
    if (counted.empty()) return;
    std::vector<MeterId> ids;
    std::vector<Timestamp> times;
    std::vector<std::string> subjects, groupings;
    std::vector<Decimal> values;
    std::map<MeterId, const Meter*> meters;
    for (const Counted& each : counted) {
        ids.push_back(each.meter.id);
        times.push_back(each.time);
        subjects.push_back(each.subject);
        groupings.push_back(each.grouping);
        values.push_back(each.value);
        meters.emplace(each.meter.id, &each.meter);
    }
    // Totals first: whoever counts or reserves something of a meter waits there, and not halfway.
    const std::vector<UsageTotal> totals = tx.all(add_to_totals, ids, times, values);
    tx.exec(add_to_buckets, ids, times, subjects, groupings, values);
    if (totals.empty()) return;
    const Limits limits(tx, ids, plan);
    for (const UsageTotal& total : totals) {
        const Meter& meter = *meters.at(total.meter_id);
        if (const QuotaEdit* const quota = limits.of(meter)) warn(tx, meter, *quota, total);
    }
}

Recorded record_usage(Tx& tx, const std::vector<UsageEvent>& events, const std::vector<PlanQuota>& plan) {
    const std::vector<Meter> meters = tx.all(meters_of_types, types_of(events));
    Recorded recorded;
    std::map<EventName, Reading> readings; // of each event the first in the batch
    for (std::size_t i = 0; i < events.size(); ++i) {
        EventName name{events[i].source, events[i].id};
        if (readings.contains(name)) {
            ++recorded.repeated;
            continue;
        }
        Reading reading = reading_of(events[i], "/" + std::to_string(i), meters, tx.now());
        if (reading.fault)
            recorded.refused.push_back(*reading.fault);
        else
            readings.emplace(std::move(name), std::move(reading));
    }
    std::vector<std::string> sources, ids;
    for (const auto& [name, reading] : readings) {
        sources.push_back(name.source);
        ids.push_back(name.id);
    }
    std::vector<Counted> counted;
    const std::vector<EventName> fresh = tx.all(note_seen, sources, ids, tx.now());
    for (const EventName& name : fresh)
        for (Counted& each : readings.at(name).counted) counted.push_back(std::move(each));
    count(tx, counted, plan);
    recorded.counted = static_cast<std::int64_t>(fresh.size());
    recorded.repeated += static_cast<std::int64_t>(readings.size() - fresh.size());
    return recorded;
}

} // namespace gravity::project
