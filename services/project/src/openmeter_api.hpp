#pragma once

#include "usage_model.hpp"

#include <gravity/handlers.hpp>

/// The reading part of OpenMeter's API (openmeter.io, API v1), in its words; reporting is usage_api.hpp.
namespace gravity::project {

enum class WindowSize {
    HOUR,
    DAY,
    MONTH
};
BOOST_DESCRIBE_ENUM(WindowSize, HOUR, DAY, MONTH)

/// What is not here (`filterCustomerId`, say) is refused rather than left out of the question.
struct MeterQuery {
    std::optional<Timestamp> from;
    std::optional<Timestamp> to;
    std::optional<WindowSize> windowSize;
    TimeZone windowTimeZone = "UTC";
    std::vector<Text<0, 256>> subject;
    std::vector<Text<1, 64>> groupBy;
    GroupFilter filterGroupBy;
};
BOOST_DESCRIBE_STRUCT(MeterQuery, (), (from, to, windowSize, windowTimeZone, subject, groupBy, filterGroupBy))

/// The same as a body: of a group, one of several values will do.
struct MeterQueryRequest {
    std::optional<Timestamp> from;
    std::optional<Timestamp> to;
    std::optional<WindowSize> windowSize;
    std::optional<TimeZone> windowTimeZone;
    std::vector<Text<0, 256>> subject;
    std::vector<Text<1, 64>> groupBy;
    GroupValues filterGroupBy;
};
BOOST_DESCRIBE_STRUCT(MeterQueryRequest, (), (from, to, windowSize, windowTimeZone, subject, groupBy, filterGroupBy))

namespace openmeter {

Json list(Tx& tx);
Json get(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter);
Json query(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter, Params<MeterQuery> query);
Json query_by_body(Tx& tx, Path<"meterIdOrSlug", Text<1, 64>> meter, Body<MeterQueryRequest> in);

} // namespace openmeter
} // namespace gravity::project

GRAVITY_TABLES(project, WindowSize, MeterQuery, MeterQueryRequest)
