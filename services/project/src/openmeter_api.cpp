#include "openmeter_api.hpp"

#include "meters_store.hpp"
#include "usage_ranges.hpp"

namespace gravity::project::openmeter {
namespace {

/// An unknown group is a bad request there, as all is that does not validate.
constexpr GroupWords of_parameters{"groupBy", "filterGroupBy", meta::Errors::Fault::shape};
constexpr GroupWords of_body{"groupBy", "filterGroupBy", meta::Errors::Fault::shape, ""};

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

std::string_view word_of(WindowSize size) {
    switch (size) {
    case WindowSize::HOUR: return "HOUR";
    case WindowSize::DAY: return "DAY";
    case WindowSize::MONTH: return "MONTH";
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

/// What both questions have in common.
template <class Question>
UsageQuery asked_by(const Question& question) {
    UsageQuery asked;
    asked.from = question.from;
    asked.to = question.to;
    asked.window = cut_of(question.windowSize);
    asked.group_by = question.groupBy;
    return asked;
}

template <class Question>
Json answer_to(Tx& tx, const Question& question, const Meter& meter, UsageRange range) {
    for (const auto& subject : question.subject) range.subjects.push_back(subject.str());
    Json rows = Json::array();
    for (const UsageWindow& window : usage_in(tx, meter, range)) rows.push_back(row_of_window(window));
    Json answer = Json::object({{"data", std::move(rows)}});
    if (question.from) answer["from"] = question.from->to_string();
    if (question.to) answer["to"] = question.to->to_string();
    if (question.windowSize) answer["windowSize"] = word_of(*question.windowSize);
    return answer;
}

} // namespace

Json list(Tx& tx) {
    Json meters = Json::array();
    for (const Meter& meter : tx.all(all_meters)) meters.push_back(meter_of(meter));
    return meters;
}

Json get(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter) { return meter_of(tx.one(find_meter, meter->str())); }

Json query(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter, Params<MeterQuery> query) {
    UsageQuery asked = asked_by(*query);
    asked.time_zone = query->windowTimeZone;
    asked.filter = query->filterGroupBy;
    const Meter found = tx.one(find_meter, meter->str());
    return answer_to(tx, *query, found, usage_range(found, asked, tx.now(), of_parameters));
}

Json query_by_body(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter, Body<MeterQueryRequest> in) {
    UsageQuery asked = asked_by(*in);
    if (in->windowTimeZone) asked.time_zone = *in->windowTimeZone;
    const Meter found = tx.one(find_meter, meter->str());
    UsageRange range = usage_range(found, asked, tx.now(), of_body);
    filter_by(range, found, in->filterGroupBy, of_body);
    return answer_to(tx, *in, found, std::move(range));
}

} // namespace gravity::project::openmeter
