#include "usage_recording.hpp"

#include "meters_domain.hpp"
#include "meters_store.hpp"
#include "quotas_domain.hpp"
#include "quotas_store.hpp"
#include "usage_store.hpp"
#include "usage_sums.hpp"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace gravity::project {
namespace {

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

/// Of the event with this number in its report.
Refusal::Fault fault_at(std::size_t number, std::string_view member, std::string why) {
    return {"/" + std::to_string(number) + "/" + std::string(member), std::move(why), ""};
}

Reading reading_of(const UsageEvent& event, std::size_t number, const std::vector<Meter>& meters, Timestamp now) {
    Reading reading;
    if (auto why = out_of_time(event.time, now)) {
        reading.fault = fault_at(number, "time", *std::move(why));
        return reading;
    }
    for (const Meter& meter : meters) {
        if (meter.event_type.str() != event.type) continue;
        if (!event.data_is_json && meter.value_path) {
            reading.fault = fault_at(number, "data", "is not JSON, in which the meter " + meter.slug.str() + " reads " + meter.value_path->str());
            return reading;
        }
        auto measured = measure(meter, event.data);
        if (auto* why = std::get_if<std::string>(&measured)) {
            reading.fault = fault_at(number, "data", std::move(*why));
            return reading;
        }
        auto& read = std::get<Measured>(measured);
        reading.counted.push_back({&meter, event.time, event.subject, std::move(read.grouping), std::move(read.value), std::move(read.distinct)});
    }
    if (reading.counted.empty()) reading.fault = fault_at(number, "type", "is counted by no meter");
    return reading;
}

// What is counted once is kept by its hash, as long as there is room; of what comes beyond it is known that it was there.
void keep_distinct(Tx& tx, const std::vector<Counted>& counted) {
    std::vector<MeterId> ids;
    std::vector<Timestamp> times;
    std::vector<std::string> subjects, groupings, values;
    for (const Counted& each : counted) {
        if (!each.distinct) continue;
        ids.push_back(each.meter->id);
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
    std::map<MeterId, const Meter*> meters;
    for (const Counted& each : counted) meters.emplace(each.meter->id, each.meter);
    const UsageSums sums = sums_of(counted);
    // Totals first: whoever counts or reserves something of a meter waits there, and not halfway.
    const std::vector<UsageTotal> totals = tx.all(add_to_totals, sums.meters, sums.quarters, sums.sums);
    tx.exec(add_to_buckets, sums.meters, sums.quarters, sums.subjects, sums.groupings, sums.sums, sums.counts, sums.least, sums.most);
    keep_distinct(tx, counted);
    if (totals.empty()) return;
    std::vector<MeterId> ids;
    for (const auto& [id, meter] : meters) ids.push_back(id);
    const std::vector<QuotaRow> own = tx.all(quotas_of, ids);
    for (const UsageTotal& total : totals) {
        const Meter& meter = *meters.at(total.meter_id);
        if (const auto quota = holding(own, plan, meter)) warn(tx, meter, *quota, total);
    }
}

std::vector<Recorded> record_usage(Tx& tx, const std::vector<std::vector<UsageEvent>>& reports, const std::vector<PlanQuota>& plan) {
    const std::vector<Meter> meters = tx.all(meters_of_types, types_of(reports));
    std::vector<Recorded> recorded(reports.size());
    using Name = std::pair<std::string_view, std::string_view>; // source, id: of the reports
    struct First {
        std::size_t report = 0;
        Reading reading;
    };
    std::map<Name, First> firsts; // of each event the first that could be read
    for (std::size_t r = 0; r < reports.size(); ++r)
        for (std::size_t i = 0; i < reports[r].size(); ++i) {
            const UsageEvent& event = reports[r][i];
            const Name name(event.source, event.id);
            const auto at = firsts.lower_bound(name);
            if (at != firsts.end() && at->first == name) {
                ++recorded[r].repeated;
                continue;
            }
            Reading reading = reading_of(event, i, meters, tx.now());
            if (reading.fault)
                recorded[r].refused.push_back(*std::move(reading.fault));
            else
                firsts.emplace_hint(at, name, First{r, std::move(reading)});
        }
    std::vector<std::string> sources, ids;
    for (const auto& [name, first] : firsts) {
        sources.emplace_back(name.first);
        ids.emplace_back(name.second);
        ++recorded[first.report].counted; // unless it turns out to have been
    }
    for (const EventName& known : tx.all(note_seen, sources, ids, tx.now())) {
        const auto first = firsts.find(Name(known.source, known.id));
        Recorded& of = recorded[first->second.report];
        --of.counted;
        ++of.repeated;
        firsts.erase(first);
    }
    std::vector<Counted> counted;
    for (auto& [name, first] : firsts)
        for (Counted& each : first.reading.counted) counted.push_back(std::move(each));
    count(tx, counted, plan);
    return recorded;
}

} // namespace gravity::project
