#include "collections_domain.hpp"

#include <algorithm>

namespace gravity::product_catalog {
namespace {

std::map<std::string, std::set<std::string>> by_attribute(const std::vector<IndexRow>& rows) {
    std::map<std::string, std::set<std::string>> values;
    for (const IndexRow& row : rows) {
        std::string value = (row.variant_id ? row.variant_id->to_string() : "") + (row.text ? "=" + *row.text : "#");
        if (row.number) json::append_number(value, *row.number);
        values[row.attribute.str()].insert(std::move(value));
    }
    return values;
}

const std::vector<IndexRow>& index_of(const std::optional<Facts>& facts) {
    static const std::vector<IndexRow> none;
    return facts ? facts->index : none;
}

} // namespace

void check(const CollectionRule& rule, meta::Errors& errors) {
    if (rule.attr.empty() && !rule.category && !rule.type_id && !rule.price_gte && !rule.price_lte) errors.reject("", "must ask for something");
    meta::Errors found; // the listing writes its parameters with a dot, here they are members of `attr`
    parse_filters(rule.attr, found);
    for (const auto& item : found.items()) {
        const auto dot = item.pointer.find('.');
        if (dot == std::string::npos)
            errors.reject("attr", item.detail);
        else {
            meta::Errors::Step step(errors, "attr");
            errors.reject(item.pointer.substr(dot + 1), item.detail);
        }
    }
}

void check(const PickProducts& picked, meta::Errors& errors) {
    std::set<ProductId> seen;
    meta::Errors::Step step(errors, "product_ids");
    for (std::size_t i = 0; i < picked.product_ids.size(); ++i) {
        meta::Errors::Step item(errors, i);
        if (!seen.insert(picked.product_ids[i]).second) errors.reject("", "is there already");
    }
}

std::vector<IndexRow> spread(const std::vector<IndexRow>& rows, const std::vector<Variant>& variants) {
    if (variants.empty()) return rows;
    std::vector<IndexRow> all;
    for (const IndexRow& row : rows) {
        if (row.variant_id) {
            all.push_back(row);
            continue;
        }
        for (const Variant& variant : variants) {
            all.push_back(row);
            all.back().variant_id = variant.id;
        }
    }
    return all;
}

std::vector<std::string> looks_at(const CollectionRule& rule) {
    std::set<std::string> looks;
    for (const auto& [key, value] : rule.attr) looks.insert("attr." + key.substr(0, key.find('.')));
    if (rule.category) looks.insert("category");
    if (rule.type_id) looks.insert("type");
    if (rule.price_gte || rule.price_lte) looks.insert("price");
    return {looks.begin(), looks.end()};
}

std::vector<std::string> differences(const std::optional<Facts>& before, const std::optional<Facts>& after) {
    std::set<std::string> differing;
    const auto was = by_attribute(index_of(before)), is = by_attribute(index_of(after));
    for (const auto* side : {&was, &is})
        for (const auto& [name, values] : *side) {
            const auto* other = side == &was ? &is : &was;
            const auto found = other->find(name);
            if (found == other->end() || found->second != values) differing.insert("attr." + name);
        }
    // A variant more or less may be the one that passes several filters, or the one that did.
    if ((before ? before->variants : std::vector<VariantId>{}) != (after ? after->variants : std::vector<VariantId>{}))
        for (const auto* side : {&was, &is})
            for (const auto& [name, values] : *side) differing.insert("attr." + name);
    const auto differs = [&](auto member) { return !before || !after || *before.*member != *after.*member; };
    if (differs(&Facts::categories)) differing.insert("category");
    if (differs(&Facts::type_id)) differing.insert("type");
    if (differs(&Facts::price)) differing.insert("price");
    return {differing.begin(), differing.end()};
}

bool matches(const Filter& filter, const IndexRow& row) {
    if (row.attribute != filter.attribute) return false;
    const bool bounded = filter.low || filter.high || filter.text_low || filter.text_high;
    if (!bounded) {
        if (row.text) return std::find(filter.texts.begin(), filter.texts.end(), *row.text) != filter.texts.end();
        return std::find(filter.numbers.begin(), filter.numbers.end(), *row.number) != filter.numbers.end();
    }
    const auto within = [&](const auto& value, const auto& low, const auto& high) {
        if (!low && !high) return false;
        if (low && (value < *low || (filter.low_open && value == *low))) return false;
        return !high || !(value > *high || (filter.high_open && value == *high));
    };
    return row.text ? within(*row.text, filter.text_low, filter.text_high) : within(*row.number, filter.low, filter.high);
}

bool matches(const CollectionRule& rule, const Facts& product) {
    if (rule.category && !product.categories.contains(*rule.category)) return false;
    if (rule.type_id && rule.type_id != product.type_id) return false;
    if (rule.price_gte && (!product.price || *product.price < *rule.price_gte)) return false;
    if (rule.price_lte && (!product.price || *product.price > *rule.price_lte)) return false;
    meta::Errors none; // checked when the rule was stored
    const auto filters = parse_filters(rule.attr, none);
    if (filters.empty()) return true;
    std::map<std::optional<VariantId>, std::set<std::string_view>> passed; // by each variant, the filters
    for (const IndexRow& row : product.index)
        for (const Filter& filter : filters)
            if (matches(filter, row)) passed[row.variant_id].insert(filter.attribute.view());
    return std::any_of(passed.begin(), passed.end(), [&](const auto& of_variant) { return of_variant.second.size() == filters.size(); });
}

} // namespace gravity::product_catalog
