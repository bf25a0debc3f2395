#pragma once

#include "meters_model.hpp"

#include <gravity/json/json.hpp>

#include <variant>

/// What a meter makes of an event: pure.
namespace gravity::project {

/// Only what is added up can have a limit: "at most so much of the largest" means nothing.
inline bool adds_up(Aggregation aggregation) { return aggregation == Aggregation::sum || aggregation == Aggregation::count; }

/// The member of `data` that a path names; null where there is none.
const Json* member_at(const Json& data, const JsonPath& path);

/// What a meter counts of an event.
struct Measured {
    Decimal value;
    std::string grouping = "{}"; // a JSON object of texts, in the order of their names
    std::optional<std::string> distinct{}; // what is counted once, however often it comes; `value` is 1 then
};
/// The number, exactly as it was written: a JSON integer, a text, or a JSON number of at most 15 significant digits, for of more a double is not sure (IEEE
/// 754: 53 bits). What an event splits by is a text, a number or a truth value of at most 128 bytes, and "" where it is missing. What is counted once is
/// such a text of at most 256 bytes, which must be there: 1 and "1" are the same. Else one clause that says why not.
std::variant<Measured, std::string> measure(const NewMeter& meter, const Json& data);

} // namespace gravity::project
