#include "usage_ranges.hpp"

#include "problems.hpp"
#include "usage_recording.hpp"
#include "usage_store.hpp"

namespace gravity::project {
namespace {

constexpr int most_windows = 10'000;
constexpr std::int64_t quarter_us = 900'000'000;

void check_quarter(const std::optional<Timestamp>& moment, std::string_view name) {
    if (!moment || moment->unix_us() % quarter_us == 0) return;
    throw Refusal(problems::invalid).with_faults({{"/" + std::string(name), "must be on a quarter of an hour: usage is added up by those", "query"}});
}

} // namespace

void split_by(UsageRange& range, const std::vector<Text<1, 64>>& groups) {
    for (const auto& name : groups) {
        if (name.view() == subject_group)
            range.by_subject = true;
        else
            range.groups.push_back(name.str());
    }
}

UsageRange usage_range(const Meter& meter, const UsageQuery& query, Timestamp now) {
    check_quarter(query.from, "from");
    check_quarter(query.to, "to");
    UsageRange range;
    range.meter_id = meter.id;
    range.from = query.from.value_or(Timestamp::from_unix_seconds(0));
    range.to = query.to.value_or(now + usage_ahead + Duration::minutes(15));
    range.window = query.window;
    range.time_zone = query.time_zone;
    if (query.subject) range.subjects.push_back(query.subject->str());
    split_by(range, query.group_by);
    return range;
}

std::vector<UsageWindow> usage_in(Tx& tx, const Meter& meter, const UsageRange& range) {
    const auto& statement = meter.aggregation == Aggregation::unique_count ? unique_windows : usage_windows;
    std::vector<UsageWindow> windows = tx.all(statement, range, most_windows + 1);
    if (windows.size() > most_windows) throw Refusal(too_many_windows);
    return windows;
}

} // namespace gravity::project
