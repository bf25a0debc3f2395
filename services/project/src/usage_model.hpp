#pragma once

#include "quotas_model.hpp"

#include <gravity/http/deep_object.hpp>

/// What has been used, as it is reported and as it is told.
namespace gravity::project {

/// An event that tells of something used (CloudEvents 1.0).
struct UsageEvent {
    std::string id;
    std::string source;
    std::string type;
    std::string subject; // whose use it was; may be empty
    Timestamp time;
    Json data;
    bool data_is_json = true; // of others nothing is read, and `data` is null
};

/// The names of an event: the same ones twice are the same event.
struct EventName {
    std::string source;
    std::string id;
    friend auto operator<=>(const EventName&, const EventName&) = default;
};
BOOST_DESCRIBE_STRUCT(EventName, (), (source, id))

/// What sums are cut by.
enum class UsageCut {
    hour,
    day,
    month,
    total
};
BOOST_DESCRIBE_ENUM(UsageCut, hour, day, month, total)

/// Only sums of what has these values: names of a meter's `group_by`, and what stood there ("" where it was missing), in any form of Unicode and with any
/// control characters, as it is kept.
using GroupFilter = DeepObject<std::string, 8>;

/// The same where one of several values will do.
using GroupValues = std::map<std::string, std::vector<std::string>, std::less<>>;

struct UsageQuery {
    std::optional<Timestamp> from;
    std::optional<Timestamp> to;
    Default<UsageCut::total> window;
    TimeZone time_zone = "UTC";
    std::optional<Text<0, 256>> subject;
    std::vector<Text<1, 64>> group_by;
    GroupFilter filter;
};
BOOST_DESCRIBE_STRUCT(UsageQuery, (), (from, to, window, time_zone, subject, group_by, filter))

struct UsageOfMeter : UsageQuery {
    MeterSlug meter;
};
BOOST_DESCRIBE_STRUCT(UsageOfMeter, (UsageQuery), (meter))

/// A question as the store takes it.
struct UsageRange {
    MeterId meter_id;
    Timestamp from;
    Timestamp to;
    UsageCut window{};
    TimeZone time_zone;
    std::vector<std::string> subjects; // none: all
    std::vector<std::string> groups;
    bool by_subject = false;
    GroupValues filter;
};
BOOST_DESCRIBE_STRUCT(UsageRange, (), (meter_id, from, to, window, time_zone, subjects, groups, by_subject, filter))

struct UsageWindow {
    Timestamp from;
    Timestamp to;
    double value = 0;
    std::map<std::string, std::string, std::less<>> group;
    std::optional<std::string> subject;
    std::optional<bool> at_least;
};
BOOST_DESCRIBE_STRUCT(UsageWindow, (), (from, to, value, group, subject, at_least))

/// What has been used of a meter. Windows in which there was nothing are left out.
struct UsageReport {
    MeterSlug meter;
    Aggregation aggregation{};
    UsageCut window{};
    TimeZone time_zone;
    std::vector<UsageWindow> items;
};
BOOST_DESCRIBE_STRUCT(UsageReport, (), (meter, aggregation, window, time_zone, items))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::UsageQuery> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"from", "The first moment that counts, on a quarter of an hour; left out: the first of all"},
        {"to", "The first moment that does not, on a quarter of an hour; left out: none"},
        {"window", "What sums are cut by"},
        {"time_zone", "Whose hours, days and months these are"},
        {"subject", "Whose use"},
        {"group_by", "Names of the meter's `group_by` that sums are split by, and `subject`"},
        {"filter", "Names of the meter's `group_by`, and what must have stood there: `filter[model]=gpt-4`"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::UsageWindow> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"subject", "Where sums are split by it"},
        {"value", "A JSON number: of more than 15 digits not all are exact, though they are kept"},
        {"at_least", "Of `unique_count`, where a quarter of an hour had more different values than are kept (10000): there were as many, or more"},
    };
};

GRAVITY_TABLES(project, EventName, UsageCut, GroupFilter, UsageQuery, UsageOfMeter, UsageRange, UsageWindow, UsageReport)
