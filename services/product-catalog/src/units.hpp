#pragma once

#include <optional>
#include <string_view>

/// Units of measurement by the codes trade uses: UN/ECE Recommendation 20 ("KGM") and UCUM ("kg").
namespace gravity::product_catalog {

struct Unit {
    std::string_view ucum;      // case-sensitive code, http://unitsofmeasure.org
    std::string_view unece;     // UN/ECE Recommendation 20 common code
    std::string_view dimension; // units of one dimension convert into each other
    double factor;              // one of it in the dimension's base unit
    double offset = 0;          // of temperatures: base = value * factor + offset
};

/// By either code; null for one we do not know.
const Unit* find_unit(std::string_view code);
/// `value` of `from` in `to`; nothing if they measure different things.
std::optional<double> convert(double value, const Unit& from, const Unit& to);

} // namespace gravity::product_catalog
