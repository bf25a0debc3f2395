#include "types_domain.hpp"

#include "products_domain.hpp"

#include <algorithm>
#include <set>

namespace gravity::product_catalog {
namespace {

using Kind = AttributeKind;

// A value of one text, however its kind writes it.
std::optional<std::string> one_text(Kind kind, const Json& value) {
    if (kind == Kind::text || kind == Kind::enum_ || kind == Kind::date || kind == Kind::reference) return value.as_string();
    if (kind == Kind::number) return number_text(value.as_number());
    if (kind == Kind::boolean) return value.as_bool() ? "true" : "false";
    if (kind == Kind::set && value.size() == 1) return value.as_array().front().as_string();
    if (kind == Kind::localized_text && value.size() == 1) return value.as_object().begin()->second.as_string();
    return std::nullopt;
}

// Why the product's value cannot be each of its variants'; empty if it can.
std::string obstacle_to_variants(const AttributeDef& after, const std::vector<Variant>& variants) {
    if (variants.empty()) return "is set on the product, which has no variants to take it";
    if (after.unique && variants.size() > 1) return "is unique and would be of " + std::to_string(variants.size()) + " variants";
    return {};
}

// Why the variants' values cannot be one of the product.
std::string obstacle_to_product(const std::string& name, const std::vector<Variant>& variants) {
    const Json* first = nullptr;
    for (const Variant& variant : variants) {
        const auto value = variant.attributes.find(name);
        if (value == variant.attributes.end()) return "is not set on all variants and would be of their product";
        if (first != nullptr && value->second != *first) return "differs between variants and would be of their product";
        first = &value->second;
    }
    return {};
}

} // namespace

void check(const ProductTypeEdit& type, meta::Errors& errors) {
    meta::Errors::Step step(errors, "attributes");
    if (type.attributes.size() > 500) errors.reject("", "must have at most 500 items");
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < type.attributes.size(); ++i) {
        meta::Errors::Step item(errors, i);
        if (!names.insert(type.attributes[i].name.view()).second) errors.reject("name", "is there already");
    }
}

std::optional<Json> convert_value(const AttributeDef& from, const AttributeDef& to, const Json& value) {
    if (from.kind == to.kind) return value;
    const auto text = one_text(from.kind, value);
    if (!text) return std::nullopt;
    switch (to.kind) {
    case Kind::text:
    case Kind::enum_:
    case Kind::date:
    case Kind::reference: return Json(*text);
    case Kind::set: return Json::array({Json(*text)});
    case Kind::number: {
        const auto number = parse_number(*text);
        return number ? std::optional<Json>(*number) : std::nullopt;
    }
    case Kind::boolean: return *text == "true" || *text == "false" ? std::optional(Json(*text == "true")) : std::nullopt;
    case Kind::localized_text: // of which language it is nobody has said
    case Kind::measurement:    // nor of which unit
    case Kind::money: return std::nullopt;
    }
    return std::nullopt;
}

MovedValues move_values(const std::vector<AttributeDef>& from, const std::vector<AttributeDef>& to, AttributeValues& product, std::vector<Variant>& variants) {
    MovedValues result;
    for (const AttributeDef& before : from) {
        const AttributeDef* after = find_attribute(to, before.name.view());
        if (after == nullptr || bool{after->per_variant} == bool{before.per_variant}) continue;
        const std::string name = before.name.str();
        const auto has = [&](const Variant& variant) { return variant.attributes.contains(name); };
        if (after->per_variant ? !product.contains(name) : std::none_of(variants.begin(), variants.end(), has)) continue;

        const std::string obstacle = after->per_variant ? obstacle_to_variants(*after, variants) : obstacle_to_product(name, variants);
        const Json value = after->per_variant ? product.find(name)->second : std::find_if(variants.begin(), variants.end(), has)->attributes.find(name)->second;
        product.erase(name);
        for (Variant& variant : variants) variant.attributes.erase(name);
        if (!obstacle.empty()) {
            result.broken.push_back({before.name, obstacle});
            continue;
        }
        ++result.moved;
        if (!after->per_variant) product.emplace(name, value);
        if (after->per_variant)
            for (Variant& variant : variants) variant.attributes.emplace(name, value);
    }
    return result;
}

MigratedValues migrate_values(const std::vector<AttributeDef>& from, const std::vector<AttributeDef>& to, Level level, const AttributeValues& values) {
    MigratedValues migrated;
    for (const auto& [name, value] : values) {
        const AttributeDef* before = find_attribute(from, name);
        const AttributeDef* after = find_attribute(to, name);
        if (before == nullptr || after == nullptr) {
            ++migrated.changed;
            continue;
        }
        const auto broken = [&](std::string detail) { migrated.broken.push_back({after->name, std::move(detail)}); };
        if (after->per_variant != (level == Level::variant)) {
            broken(after->per_variant ? "is set on the product and would be of its variants" : "is set on a variant and would be of its product");
            continue; // none is left by move_values
        }
        const auto converted = convert_value(*before, *after, value);
        if (!converted) {
            broken("has no form as " + std::string(meta::enum_name(after->kind)));
            continue;
        }
        meta::Errors errors;
        check_value(*after, *converted, errors);
        if (!errors.empty()) {
            broken(errors.to_string());
            continue;
        }
        migrated.changed += *converted == value ? 0 : 1;
        migrated.values.emplace(name, *converted);
    }
    return migrated;
}

std::vector<BrokenValue> broken_options(const std::vector<AttributeDef>& to, const std::vector<OptionAxis>& axes) {
    std::vector<BrokenValue> broken;
    for (const OptionAxis& axis : axes) {
        const AttributeDef* def = find_attribute(to, axis.name.view());
        if (def == nullptr) continue;
        if (!def->per_variant) broken.push_back({def->name, "is an option axis and would be an attribute of the product"});
        for (const auto& value : axis.values)
            if (!option_value(*def, value.view())) broken.push_back({def->name, "the option " + value.str() + " would not be a value of it"});
    }
    return broken;
}

bool changes_index(const std::vector<AttributeDef>& from, const std::vector<AttributeDef>& to) {
    const auto same = [](const AttributeDef& a, const AttributeDef& b) {
        return a.name == b.name && a.kind == b.kind && index_unit(a) == index_unit(b) && bool{a.per_variant} == bool{b.per_variant};
    };
    const auto kept = [&](const AttributeDef& def) { return std::any_of(to.begin(), to.end(), [&](const AttributeDef& other) { return same(def, other); }); };
    return !std::all_of(from.begin(), from.end(), kept); // one more attribute changes nothing that is published
}

} // namespace gravity::product_catalog
