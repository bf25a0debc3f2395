#include "usage_ranges.hpp"

#include "problems.hpp"
#include "usage_recording.hpp"
#include "usage_store.hpp"

#include <gravity/http/problem.hpp>

#include <algorithm>

namespace gravity::project {
namespace {

constexpr int most_windows = 10'000;
constexpr std::int64_t quarter_us = 900'000'000;

void check_quarter(const std::optional<Timestamp>& moment, std::string_view name, const GroupWords& words) {
    if (!moment || moment->unix_us() % quarter_us == 0) return;
    throw Refusal(problems::invalid)
        .with_faults({{"/" + std::string(name), "must be on a quarter of an hour: usage is added up by those", std::string(words.in)}});
}

bool has_group(const Meter& meter, std::string_view name) { return meter.group_by && meter.group_by->find(name) != meter.group_by->end(); }

[[noreturn]] void refuse_parameter(const GroupWords& words, const std::string& parameter, std::string why) {
    meta::Errors errors;
    const meta::Errors::Step step(errors, parameter);
    errors.add(words.fault, std::move(why));
    throw http::refusal_of(errors, words.in);
}

[[noreturn]] void refuse_filter(const GroupWords& words, const std::string& group, std::string why) {
    if (!words.in.empty()) refuse_parameter(words, std::string(words.filter) + "[" + group + "]", std::move(why));
    meta::Errors errors;
    const meta::Errors::Step step(errors, std::string(words.filter)), member(errors, group);
    errors.add(words.fault, std::move(why));
    throw http::refusal_of(errors, words.in);
}

constexpr std::string_view no_such_group = "names no group of this meter";

void split_by(UsageRange& range, const Meter& meter, const std::vector<Text<1, 64>>& groups, const GroupWords& words) {
    for (const auto& name : groups) {
        if (name.view() == subject_group)
            range.by_subject = true;
        else if (!has_group(meter, name.view()))
            refuse_parameter(words, std::string(words.group_by), std::string(no_such_group));
        else if (std::find(range.groups.begin(), range.groups.end(), name.str()) == range.groups.end())
            range.groups.push_back(name.str());
    }
}

} // namespace

UsageRange usage_range(const Meter& meter, const UsageQuery& query, Timestamp now, const GroupWords& words) {
    check_quarter(query.from, "from", words);
    check_quarter(query.to, "to", words);
    if (query.from && query.to && *query.to <= *query.from) refuse_parameter(words, "to", "must be after `from`");
    UsageRange range;
    range.meter_id = meter.id;
    range.from = query.from.value_or(Timestamp::from_unix_seconds(0));
    range.to = query.to.value_or(now + usage_ahead + Duration::minutes(15));
    range.window = query.window;
    range.time_zone = query.time_zone;
    if (query.subject) range.subjects.push_back(query.subject->str());
    split_by(range, meter, query.group_by, words);
    GroupValues values;
    for (const auto& [name, value] : query.filter) values[name] = {value};
    filter_by(range, meter, values, words);
    return range;
}

void filter_by(UsageRange& range, const Meter& meter, const GroupValues& values, const GroupWords& words) {
    for (const auto& [name, any] : values) {
        if (!has_group(meter, name)) refuse_filter(words, name, std::string(no_such_group));
        if (any.empty()) refuse_filter(words, name, "must have a value");
    }
    range.filter = values;
}

std::vector<UsageWindow> usage_in(Tx& tx, const Meter& meter, const UsageRange& range) {
    const auto& statement = meter.aggregation == Aggregation::unique_count ? unique_windows : usage_windows;
    std::vector<UsageWindow> windows = tx.all(statement, range, most_windows + 1);
    if (windows.size() > most_windows) throw Refusal(too_many_windows);
    return windows;
}

} // namespace gravity::project
