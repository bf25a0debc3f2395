#pragma once

#include "projects_model.hpp"
#include "quantity.hpp"

#include <map>

/// Meters: what of a project's work is counted, and how. They belong to the project that is measured.
namespace gravity::project {

using MeterId = Id<"meter">;

/// What every sum can be split by, whatever its meter says.
inline constexpr std::string_view subject_group = "subject";

/// "requests.day": lower-case letters and digits with single dots, hyphens and underscores between them.
class MeterSlug : public TextValue<MeterSlug> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<MeterSlug>(
            {.pattern = "^[a-z0-9]+([._-][a-z0-9]+)*$", .doc = "Name of a meter", .example = "\"storage.bytes\"", .min = 1, .max = 64});
    }
};

/// Where in the data of an event something stands: the part of JSONPath (RFC 9535) that names one member, "$.usage.tokens".
class JsonPath : public TextValue<JsonPath> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<JsonPath>(
            {.pattern = R"(^\$(\.[A-Za-z_][A-Za-z0-9_-]*){1,8}$)", .doc = "Member of the data of an event", .example = "\"$.tokens\"", .min = 3, .max = 256});
    }
};

enum class Aggregation {
    sum,
    count,
    avg,
    min,
    max,
    unique_count
};
BOOST_DESCRIBE_ENUM(Aggregation, sum, count, avg, min, max, unique_count)

struct MeterEdit {
    std::optional<Text<1, 1000>> description;
};
BOOST_DESCRIBE_STRUCT(MeterEdit, (), (description))

/// All but the description stays as it was made: what has been counted was counted by it.
struct NewMeter : MeterEdit {
    MeterSlug slug;
    Text<1, 256> event_type;
    Aggregation aggregation{};
    std::optional<JsonPath> value_path;
    std::optional<std::map<std::string, JsonPath, std::less<>>> group_by;
    TimeZone time_zone = "UTC";
};
BOOST_DESCRIBE_STRUCT(NewMeter, (MeterEdit), (slug, event_type, aggregation, value_path, group_by, time_zone))
void check(const NewMeter& meter, meta::Errors& errors);

struct Meter : NewMeter {
    MeterId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Meter, (NewMeter), (id, version, created_at, updated_at))

struct ListMeters : PageQuery {
    std::optional<Text<1, 256>> event_type;
};
BOOST_DESCRIBE_STRUCT(ListMeters, (PageQuery), (event_type))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::MeterEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"description", "What it is for"}};
};
template <>
struct gravity::meta::docs<gravity::project::NewMeter> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"event_type", "The type of the events that it counts"},
        {"value_path", "Where in an event's data the number stands, or for `unique_count` the text, number or truth value; `count` has none"},
        {"group_by", "Names of what sums can be split by, and where in an event's data that stands; at most 8"},
        {"time_zone", "Whose days and months its quotas are of"},
    };
};

GRAVITY_TABLES(project, MeterId, MeterSlug, JsonPath, Decimal, Quantity, Aggregation, MeterEdit, NewMeter, Meter, ListMeters)
