#include "publishing_domain.hpp"

#include "characters.hpp"
#include "problems.hpp"
#include "variants_domain.hpp"

#include <gravity/meta/refuse.hpp>

#include <algorithm>

namespace gravity::product_catalog {
namespace {

void add_rows(std::vector<IndexRow>& rows, const AttributeDef& def, const Json& value, const std::optional<VariantId>& variant) {
    for (IndexValue& indexed : index_values(def, value)) rows.push_back({def.name, variant, std::move(indexed.text), indexed.number});
}

void add_rows(std::vector<IndexRow>& rows, const std::vector<AttributeDef>& defs, const AttributeValues& values, const std::optional<VariantId>& variant) {
    for (const auto& [name, value] : values)
        if (const AttributeDef* def = find_attribute(defs, name)) add_rows(rows, *def, value, variant);
}

} // namespace

void check_publishable(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs) {
    meta::Errors errors;
    {
        meta::Errors::Step step(errors, "attributes");
        check_complete(defs, Level::product, content.attributes, {}, errors);
    }
    meta::Errors::Step step(errors, "variants");
    for (const Variant& variant : variants) {
        meta::Errors::Step of(errors, variant.id.to_string());
        {
            meta::Errors::Step options(errors, "options"); // the axes may have changed since it was made
            check_options(variant.options, content.options, errors);
        }
        meta::Errors::Step attributes(errors, "attributes");
        check_complete(defs, Level::variant, variant.attributes, variant.options, errors);
    }
    refuse_if_any(errors, incomplete);
}

std::vector<IndexRow> index_rows(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs) {
    std::vector<IndexRow> rows;
    add_rows(rows, defs, content.attributes, std::nullopt);
    for (const Variant& variant : variants) {
        add_rows(rows, defs, variant.attributes, variant.id);
        for (const auto& [axis, option] : variant.options) {
            const AttributeDef* def = find_attribute(defs, axis);
            if (def == nullptr)
                rows.push_back({AttributeName::parse(axis).or_throw(), variant.id, option.str(), std::nullopt});
            else if (const auto value = option_value(*def, option.view()))
                add_rows(rows, *def, *value, variant.id);
        }
    }
    return rows;
}

std::vector<ListingRow> listing_rows(const ProductContent& content) {
    std::vector<ListingRow> rows;
    for (const Visibility& visibility : content.channels) rows.push_back({visibility.channel.str(), visibility.visible_from, visibility.visible_until});
    if (rows.empty()) rows.push_back({"", std::nullopt, std::nullopt});
    return rows;
}

std::optional<Money> price_from(const ProductContent& content, const std::vector<Variant>& variants) {
    std::optional<Money> lowest;
    for (const Variant& variant : variants) {
        const auto& price = variant.list_price ? variant.list_price : content.list_price;
        if (price && (!lowest || price->amount < lowest->amount)) lowest = price;
    }
    return variants.empty() ? content.list_price : lowest;
}

std::vector<VariantPrices> prices_of(const std::vector<Variant>& variants) {
    std::vector<VariantPrices> prices;
    for (const Variant& variant : variants) {
        const auto currency = variant.list_price ? std::optional(variant.list_price->currency) : std::nullopt;
        auto found = std::find_if(prices.begin(), prices.end(), [&](const VariantPrices& one) { return one.currency == currency; });
        if (found == prices.end()) found = prices.insert(prices.end(), VariantPrices{currency, {}, {}, 0});
        ++found->variants;
        if (!currency) continue;
        found->lowest = std::min(found->lowest.value_or(variant.list_price->amount), variant.list_price->amount);
        found->highest = std::max(found->highest.value_or(variant.list_price->amount), variant.list_price->amount);
    }
    std::stable_sort(prices.begin(), prices.end(), [](const VariantPrices& a, const VariantPrices& b) { return a.variants > b.variants; });
    return prices;
}

std::string search_text(const ProductContent& content, const std::vector<Variant>& variants) {
    std::string text = content.name.str();
    for (const auto& [lang, translation] : content.translations)
        if (translation.name) text += '\n' + translation.name->str();
    for (const Variant& variant : variants) {
        text += '\n' + variant.sku.str();
        if (variant.gtin) text += '\n' + variant.gtin->str();
    }
    return characters::lower(text);
}

} // namespace gravity::product_catalog
