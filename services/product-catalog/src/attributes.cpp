#include "attributes.hpp"

#include "units.hpp"

#include <gravity/json/codec.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace gravity::product_catalog {
namespace {

using Kind = AttributeKind;

// A longer text is not what anybody filters by, and a B-tree could not hold it.
constexpr std::size_t max_indexed_bytes = 400;

// {"value": 1.5, "unit": "kg"}
struct Measurement {
    double value = 0;
    Text<1, 20> unit;
};
BOOST_DESCRIBE_STRUCT(Measurement, (), (value, unit))

// Decodes with every fault as one of the value: that a weight is an object is a rule of the type, not of the message.
template <class T>
bool read(const Json& json, T& out, meta::Errors& errors) {
    meta::Errors own;
    json::decode(json, meta::mutable_ref(out), own);
    errors.append_as(meta::Errors::Fault::value, own);
    return own.empty();
}

bool is_number(const Json& value) { return value.kind() == Json::Kind::integer || value.kind() == Json::Kind::number; }

void check_bounds(const AttributeDef& def, double value, std::string_view field, meta::Errors& errors) {
    if (def.min && value < *def.min) errors.reject(field, "must be at least " + number_text(*def.min));
    if (def.max && value > *def.max) errors.reject(field, "must be at most " + number_text(*def.max));
}

void check_enum(const AttributeDef& def, const Json& value, meta::Errors& errors) {
    if (!value.is_string()) return errors.reject("", "must be a text");
    const auto same = [&](const EnumValue& known) { return known.value.view() == value.as_string(); };
    if (std::none_of(def.values.begin(), def.values.end(), same)) errors.reject("", "is not one of the values of " + def.name.str());
}

void check_set(const AttributeDef& def, const Json& value, meta::Errors& errors) {
    if (!value.is_array()) return errors.reject("", "must be a list of values");
    if (value.size() > 1000) return errors.reject("", "must have at most 1000 values");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
        meta::Errors::Step step(errors, i);
        const Json& item = value.as_array()[i];
        check_enum(def, item, errors);
        if (item.is_string() && !seen.insert(item.as_string()).second) errors.reject("", "is in the set already");
    }
}

void check_measurement(const AttributeDef& def, const Json& json, meta::Errors& errors) {
    Measurement measurement;
    if (!read(json, measurement, errors)) return;
    const Unit* unit = find_unit(measurement.unit.view());
    if (unit == nullptr) return errors.reject("unit", "is not a unit of UCUM or UN/ECE Recommendation 20 that is known here");
    const auto converted = convert(measurement.value, *unit, *find_unit(def.unit->view()));
    if (!converted) return errors.reject("unit", "does not measure what " + def.unit->str() + " measures");
    check_bounds(def, *converted, "value", errors);
}

void check_money(const AttributeDef& def, const Json& json, meta::Errors& errors) {
    Money money;
    if (read(json, money, errors) && money.currency != *def.currency) errors.reject("currency", "must be " + def.currency->to_string());
}

template <class T>
void check_text_like(const Json& json, meta::Errors& errors) {
    T value;
    read(json, value, errors);
}

} // namespace

std::string number_text(double value) {
    std::array<char, 32> buffer{};
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string number_text(const Json& value) {
    return value.kind() == Json::Kind::integer ? std::to_string(value.as_integer()) : number_text(value.as_number());
}

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

void check(const AttributeDef& def, meta::Errors& errors) {
    const std::string kind(meta::enum_name(def.kind));
    const auto only_of = [&](bool present, std::string_view field, bool of_kind, std::string_view kinds) {
        if (present && !of_kind) errors.reject(field, "means nothing to the kind " + kind + "; it is of " + std::string(kinds));
    };
    const bool listed = def.kind == Kind::enum_ || def.kind == Kind::set;
    only_of(!def.values.empty(), "values", listed, "enum and set");
    only_of(def.unit.has_value(), "unit", def.kind == Kind::measurement, "measurement");
    only_of(def.currency.has_value(), "currency", def.kind == Kind::money, "money");
    only_of(def.target.has_value(), "target", def.kind == Kind::reference, "reference");
    const bool bounded = def.kind == Kind::number || def.kind == Kind::measurement;
    only_of(def.min.has_value(), "min", bounded, "number and measurement");
    only_of(def.max.has_value(), "max", bounded, "number and measurement");
    if (listed && def.values.empty()) errors.reject("values", "is required for the kind " + kind);
    if (listed && def.values.size() > 1000) errors.reject("values", "must have at most 1000 items");
    if (def.kind == Kind::measurement && !def.unit) errors.reject("unit", "is required for the kind measurement");
    if (def.unit && find_unit(def.unit->view()) == nullptr) errors.reject("unit", "is not a unit of UCUM or UN/ECE Recommendation 20 that is known here");
    if (def.kind == Kind::money && !def.currency) errors.reject("currency", "is required for the kind money");
    if (def.kind == Kind::reference && !def.target) errors.reject("target", "is required for the kind reference");
    if (def.min && def.max && *def.min > *def.max) errors.reject("max", "must not be below min");
    const bool may_be_unique = def.kind == Kind::text || def.kind == Kind::number || def.kind == Kind::enum_ || def.kind == Kind::date;
    if (def.unique && !may_be_unique) errors.reject("unique", "is possible for text, number, enum and date only");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < def.values.size(); ++i) {
        if (seen.insert(def.values[i].value.view()).second) continue;
        meta::Errors::Step values(errors, "values");
        meta::Errors::Step item(errors, i);
        errors.reject("value", "is there already");
    }
}

const AttributeDef* find_attribute(const std::vector<AttributeDef>& defs, std::string_view name) {
    const auto found = std::find_if(defs.begin(), defs.end(), [&](const AttributeDef& def) { return def.name.view() == name; });
    return found == defs.end() ? nullptr : &*found;
}

void check_value(const AttributeDef& def, const Json& value, meta::Errors& errors) {
    switch (def.kind) {
    case Kind::text:
        if (def.unique && value.is_string() && value.as_string().size() > max_indexed_bytes)
            return errors.reject("", "must have at most " + std::to_string(max_indexed_bytes) + " bytes, being unique");
        return check_text_like<Multiline<1, 5000>>(value, errors);
    case Kind::localized_text: return check_text_like<std::map<std::string, Multiline<1, 5000>, std::less<>>>(value, errors);
    case Kind::number:
        if (!is_number(value)) return errors.reject("", "must be a number");
        return check_bounds(def, value.as_number(), "", errors);
    case Kind::boolean:
        if (value.kind() != Json::Kind::boolean) errors.reject("", "must be true or false");
        return;
    case Kind::date: return check_text_like<Date>(value, errors);
    case Kind::enum_: return check_enum(def, value, errors);
    case Kind::set: return check_set(def, value, errors);
    case Kind::measurement: return check_measurement(def, value, errors);
    case Kind::money: return check_money(def, value, errors);
    case Kind::reference: return check_text_like<Uuid>(value, errors);
    }
}

void check_attributes(const std::vector<AttributeDef>& defs, Level level, const AttributeValues& values, meta::Errors& errors) {
    for (const auto& [name, value] : values) {
        meta::Errors::Step step(errors, name);
        const AttributeDef* def = find_attribute(defs, name);
        if (def == nullptr)
            errors.reject("", "is not an attribute of the product's type");
        else if (def->per_variant != (level == Level::variant))
            errors.reject("", def->per_variant ? "is set on variants" : "is set on the product");
        else
            check_value(*def, value, errors);
    }
}

void check_complete(const std::vector<AttributeDef>& defs, Level level, const AttributeValues& values, const Options& options, meta::Errors& errors) {
    for (const AttributeDef& def : defs)
        if (def.required && def.per_variant == (level == Level::variant) && !values.contains(def.name.view()) && !options.contains(def.name.view()))
            errors.reject(def.name.view(), "is required");
}

IndexedAs indexed_as(AttributeKind kind) {
    return kind == Kind::number || kind == Kind::measurement || kind == Kind::money ? IndexedAs::number : IndexedAs::text;
}

std::string index_unit(const AttributeDef& def) {
    if (def.kind == Kind::measurement) return def.unit->str();
    return def.kind == Kind::money ? def.currency->to_string() : "";
}

std::vector<IndexValue> index_values(const AttributeDef& def, const Json& value) {
    switch (def.kind) {
    case Kind::text:
        if (value.as_string().size() > max_indexed_bytes) return {};
        return {{value.as_string(), std::nullopt}};
    case Kind::date:
    case Kind::enum_:
    case Kind::reference: return {{value.as_string(), std::nullopt}};
    case Kind::boolean: return {{value.as_bool() ? "true" : "false", std::nullopt}};
    case Kind::number: return {{std::nullopt, value.as_number()}};
    case Kind::money: return {{std::nullopt, static_cast<double>(value.find("amount")->as_integer())}};
    case Kind::measurement: {
        const auto number = convert(value.find("value")->as_number(), *find_unit(value.find("unit")->as_string()), *find_unit(def.unit->view()));
        return {{std::nullopt, number}};
    }
    case Kind::set: {
        std::vector<IndexValue> values;
        for (const Json& item : value.as_array()) values.push_back({item.as_string(), std::nullopt});
        return values;
    }
    case Kind::localized_text: return {}; // found by its words (search), not by its value
    }
    return {};
}

std::string canonical_text(const AttributeDef& def, const Json& value) {
    const auto values = index_values(def, value);
    return values.front().text ? *values.front().text : number_text(*values.front().number);
}

std::optional<Json> option_value(const AttributeDef& def, std::string_view option) {
    std::optional<Json> value;
    if (def.kind == Kind::number) {
        if (const auto number = parse_number(option)) value = Json(*number);
    } else if (def.kind == Kind::boolean) {
        if (option == "true" || option == "false") value = Json(option == "true");
    } else if (def.kind == Kind::text || def.kind == Kind::enum_ || def.kind == Kind::date) {
        value = Json(option);
    }
    meta::Errors errors;
    if (value) check_value(def, *value, errors);
    if (!errors.empty()) value.reset();
    return value;
}

} // namespace gravity::product_catalog
