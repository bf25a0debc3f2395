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

/// The limits that hold: a project's own, or its plan's.
class Limits {
public:
    Limits(Tx& tx, const std::vector<MeterId>& meters, const std::vector<PlanQuota>& plan) : own_(tx.all(quotas_of, meters)), plan_(plan) {}

    const QuotaEdit* of(const Meter& meter) const {
        const auto own = std::find_if(own_.begin(), own_.end(), [&](const QuotaRow& each) { return each.meter_id == meter.id; });
        return holding(own != own_.end() ? &*own : nullptr, given_by(plan_, meter.slug));
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
        reading.counted.push_back({meter, event.time, event.subject, std::move(number.grouping), std::move(number.value), std::move(number.distinct)});
    }
    if (reading.counted.empty()) reading.fault = Refusal::Fault{at + "/type", "is counted by no meter", ""};
    return reading;
}

// What is counted once is kept by its hash, as long as there is room; of what comes beyond it is known that it was there.
void keep_distinct(Tx& tx, const std::vector<Counted>& counted) {
    std::vector<MeterId> ids;
    std::vector<Timestamp> times;
    std::vector<std::string> subjects, groupings, values;
    for (const Counted& each : counted) {
        if (!each.distinct) continue;
        ids.push_back(each.meter.id);
        times.push_back(each.time);
        subjects.push_back(each.subject);
        groupings.push_back(each.grouping);
        values.push_back(*each.distinct);
    }
    if (ids.empty()) return;
    tx.exec(take_unique_room, ids, times);
    tx.exec(add_unique, ids, times, subjects, groupings, values, most_unique);
}

std::vector<std::string> types_of(const std::vector<std::vector<UsageEvent>>& reports) {
    std::set<std::string> types;
    for (const auto& events : reports)
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
    keep_distinct(tx, counted);
    if (totals.empty()) return;
    const Limits limits(tx, ids, plan);
    for (const UsageTotal& total : totals) {
        const Meter& meter = *meters.at(total.meter_id);
        if (const QuotaEdit* const quota = limits.of(meter)) warn(tx, meter, *quota, total);
    }
}

std::vector<Recorded> record_usage(Tx& tx, const std::vector<std::vector<UsageEvent>>& reports, const std::vector<PlanQuota>& plan) {
    const std::vector<Meter> meters = tx.all(meters_of_types, types_of(reports));
    std::vector<Recorded> recorded(reports.size());
    struct First {
        std::size_t report = 0;
        Reading reading;
    };
    std::map<EventName, First> firsts; // of each event the first that could be read
    for (std::size_t r = 0; r < reports.size(); ++r)
        for (std::size_t i = 0; i < reports[r].size(); ++i) {
            const UsageEvent& event = reports[r][i];
            EventName name{event.source, event.id};
            if (firsts.contains(name)) {
                ++recorded[r].repeated;
                continue;
            }
            Reading reading = reading_of(event, "/" + std::to_string(i), meters, tx.now());
            if (reading.fault)
                recorded[r].refused.push_back(*reading.fault);
            else
                firsts.emplace(std::move(name), First{r, std::move(reading)});
        }
    std::vector<std::string> sources, ids;
    for (const auto& [name, first] : firsts) {
        sources.push_back(name.source);
        ids.push_back(name.id);
        ++recorded[first.report].repeated; // unless it turns out to be fresh
    }
    std::vector<Counted> counted;
    for (const EventName& name : tx.all(note_seen, sources, ids, tx.now())) {
        First& first = firsts.at(name);
        --recorded[first.report].repeated;
        ++recorded[first.report].counted;
        for (Counted& each : first.reading.counted) counted.push_back(std::move(each));
    }
    count(tx, counted, plan);
    return recorded;
}

} // namespace gravity::project
