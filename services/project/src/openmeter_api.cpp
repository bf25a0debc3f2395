#include "openmeter_api.hpp"

#include "meters_store.hpp"
#include "usage_ranges.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::project::openmeter {
namespace {

/// An unknown group is a bad request there, as all is that does not validate.
constexpr GroupWords of_openmeter{"groupBy", "filterGroupBy", meta::Errors::Fault::shape};

std::string_view word_of(Aggregation aggregation) {
    switch (aggregation) {
    case Aggregation::sum: return "SUM";
    case Aggregation::count: return "COUNT";
    case Aggregation::avg: return "AVG";
    case Aggregation::min: return "MIN";
    case Aggregation::max: return "MAX";
    case Aggregation::unique_count: return "UNIQUE_COUNT";
    }
    return {};
}

UsageCut cut_of(std::optional<WindowSize> size) {
    if (!size) return UsageCut::total;
    switch (*size) {
    case WindowSize::HOUR: return UsageCut::hour;
    case WindowSize::DAY: return UsageCut::day;
    case WindowSize::MONTH: return UsageCut::month;
    }
    return UsageCut::total;
}

Json meter_of(const Meter& meter) {
    Json document = Json::object({{"id", meter.id.to_string()},
                                  {"slug", meter.slug.str()},
                                  {"aggregation", word_of(meter.aggregation)},
                                  {"eventType", meter.event_type.str()},
                                  {"createdAt", meter.created_at.to_string()},
                                  {"updatedAt", meter.updated_at.to_string()}});
    if (meter.description) document["description"] = meter.description->str();
    if (meter.value_path) document["valueProperty"] = meter.value_path->str();
    if (!meter.group_by) return document;
    document["groupBy"] = Json::object();
    for (const auto& [name, path] : *meter.group_by) document["groupBy"][name] = path.str();
    return document;
}

Json row_of_window(const UsageWindow& window) {
    Json groups = Json::object();
    for (const auto& [name, value] : window.group) groups[name] = value;
    Json row = Json::object({{"value", window.value},
                             {"windowStart", window.from.to_string()},
                             {"windowEnd", window.to.to_string()},
                             {"subject", window.subject ? Json(*window.subject) : Json()},
                             {"groupBy", std::move(groups)}});
    if (window.at_least) row["atLeast"] = true; // beyond their API: no other number would be true
    return row;
}

} // namespace

Json list(Tx& tx) {
    Json meters = Json::array();
    for (const Meter& meter : tx.all(all_meters)) meters.push_back(meter_of(meter));
    return meters;
}

Json get(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter) { return meter_of(tx.one(find_meter, meter->str())); }

Json query(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter, Params<MeterQuery> query) {
    UsageQuery asked;
    asked.from = query->from;
    asked.to = query->to;
    asked.window = cut_of(query->windowSize);
    asked.time_zone = query->windowTimeZone;
    asked.group_by = query->groupBy;
    asked.filter = query->filterGroupBy;
    const Meter found = tx.one(find_meter, meter->str());
    UsageRange range = usage_range(found, asked, tx.now(), of_openmeter);
    for (const auto& subject : query->subject) range.subjects.push_back(subject.str());
    Json rows = Json::array();
    for (const UsageWindow& window : usage_in(tx, found, range)) rows.push_back(row_of_window(window));
    Json answer = Json::object({{"data", std::move(rows)}});
    if (query->from) answer["from"] = query->from->to_string();
    if (query->to) answer["to"] = query->to->to_string();
    if (query->windowSize) answer["windowSize"] = ascii::upper(asked.window == UsageCut::hour ? "hour" : asked.window == UsageCut::day ? "day"
                                                                                                                                       : "month");
    return answer;
}

} // namespace gravity::project::openmeter
