#include "units.hpp"

namespace gravity::product_catalog {
namespace {

// Factors are exact by definition (international yard and pound, 1959; US liquid measures; degree by SI brochure 2.3.4).
constexpr Unit units[] = {
    {"mm", "MMT", "length", 0.001},
    {"cm", "CMT", "length", 0.01},
    {"dm", "DMT", "length", 0.1},
    {"m", "MTR", "length", 1},
    {"km", "KMT", "length", 1000},
    {"[in_i]", "INH", "length", 0.0254},
    {"[ft_i]", "FOT", "length", 0.3048},
    {"[yd_i]", "YRD", "length", 0.9144},
    {"[mi_i]", "SMI", "length", 1609.344},
    {"um", "4H", "length", 0.000001},

    {"mg", "MGM", "mass", 0.000001},
    {"g", "GRM", "mass", 0.001},
    {"kg", "KGM", "mass", 1},
    {"t", "TNE", "mass", 1000},
    {"[oz_av]", "ONZ", "mass", 0.028349523125},
    {"[lb_av]", "LBR", "mass", 0.45359237},
    {"[car_m]", "CTM", "mass", 0.0002},

    {"mL", "MLT", "volume", 0.000001},
    {"cL", "CLT", "volume", 0.00001},
    {"dL", "DLT", "volume", 0.0001},
    {"L", "LTR", "volume", 0.001},
    {"hL", "HLT", "volume", 0.1},
    {"m3", "MTQ", "volume", 1},
    {"cm3", "CMQ", "volume", 0.000001},
    {"[foz_us]", "OZA", "volume", 0.0000295735295625},
    {"[gal_us]", "GLL", "volume", 0.003785411784},
    {"[pt_us]", "PTL", "volume", 0.000473176473},
    {"[qt_us]", "QTL", "volume", 0.000946352946},

    {"mm2", "MMK", "area", 0.000001},
    {"cm2", "CMK", "area", 0.0001},
    {"m2", "MTK", "area", 1},
    {"har", "HAR", "area", 10000},
    {"[sft_i]", "FTK", "area", 0.09290304},

    {"ms", "C26", "time", 0.001},
    {"s", "SEC", "time", 1},
    {"min", "MIN", "time", 60},
    {"h", "HUR", "time", 3600},
    {"d", "DAY", "time", 86400},
    {"wk", "WEE", "time", 604800},

    {"W", "WTT", "power", 1},
    {"kW", "KWT", "power", 1000},
    {"mW", "C31", "power", 0.001},
    {"J", "JOU", "energy", 1},
    {"kJ", "KJO", "energy", 1000},
    {"kW.h", "KWH", "energy", 3600000},
    {"W.h", "WHR", "energy", 3600},
    {"kcal", "E14", "energy", 4184},
    {"V", "VLT", "voltage", 1},
    {"mV", "2Z", "voltage", 0.001},
    {"A", "AMP", "current", 1},
    {"mA", "4K", "current", 0.001},
    {"A.h", "AMH", "charge", 3600},
    {"mA.h", "E09", "charge", 3.6},
    {"Hz", "HTZ", "frequency", 1},
    {"kHz", "KHZ", "frequency", 1000},
    {"MHz", "MHZ", "frequency", 1000000},
    {"GHz", "A86", "frequency", 1000000000},
    {"K", "KEL", "temperature", 1},
    {"Cel", "CEL", "temperature", 1, 273.15},
    {"[degF]", "FAH", "temperature", 5.0 / 9.0, 459.67 * 5.0 / 9.0},
    {"Pa", "PAL", "pressure", 1},
    {"kPa", "KPA", "pressure", 1000},
    {"bar", "BAR", "pressure", 100000},
    {"lm", "LUM", "luminous flux", 1},
    {"cd", "CDL", "luminous intensity", 1},
    {"lx", "LUX", "illuminance", 1},
    {"dB", "2N", "level", 1},
    {"N", "NEW", "force", 1},
    {"km/h", "KMH", "speed", 1000.0 / 3600.0},
    {"m/s", "MTS", "speed", 1},
    {"g/m2", "GM", "areal density", 0.001},
    {"deg", "DD", "angle", 1},
    {"By", "AD", "information", 1},
    {"MBy", "4L", "information", 1000000},
    {"GBy", "E34", "information", 1000000000},
    {"TBy", "E35", "information", 1000000000000},
    {"%", "P1", "share", 0.01},
    {"{piece}", "H87", "count", 1},
    {"{pair}", "PR", "count", 2},
    {"1", "C62", "count", 1},
    {"{dozen}", "DZN", "count", 12},
};

} // namespace

const Unit* find_unit(std::string_view code) {
    for (const Unit& unit : units)
        if (unit.ucum == code || unit.unece == code) return &unit;
    return nullptr;
}

std::optional<double> convert(double value, const Unit& from, const Unit& to) {
    if (from.dimension != to.dimension) return std::nullopt;
    if (&from == &to) return value; // without a rounding
    return (value * from.factor + from.offset - to.offset) / to.factor;
}

} // namespace gravity::product_catalog
