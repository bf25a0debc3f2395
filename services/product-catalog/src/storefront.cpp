#include "storefront.hpp"

#include <gravity/http/message.hpp>

#include <algorithm>

namespace gravity::product_catalog::storefront {

std::string page_path(PageKind kind, std::string_view lang, std::string_view slug) {
    return (kind == PageKind::product ? "/p/" : "/c/") + http::percent_encode(lang) + "/" + http::percent_encode(slug);
}

std::string page_url(const Shop& shop, PageKind kind, std::string_view lang, std::string_view slug) { return shop.base_url + page_path(kind, lang, slug); }

std::string page_url(const Shop& shop, const Product& product) { return page_url(shop, PageKind::product, product.lang, product.slug); }

std::string page_url(const Shop& shop, const Product& product, const Variant& variant) {
    return page_url(shop, product) + "?variant=" + variant.id.to_string();
}

std::string page_url(const Shop& shop, const Category& category, const std::optional<std::string>& cursor) {
    return page_url(shop, PageKind::category, category.lang, category.slug) + (cursor ? "?cursor=" + http::percent_encode(*cursor) : "");
}

std::string variant_title(const Variant& variant) {
    std::string title;
    for (const Choice& choice : variant.choices) title += (title.empty() ? "" : " / ") + choice.value.label;
    return title.empty() ? variant.sku : title;
}

std::optional<PriceRange> price_range(const Product& product) {
    if (product.prices) return product.prices;
    std::optional<PriceRange> range;
    for (const Variant& variant : product.variants) {
        if (!variant.price) continue;
        if (!range) range = PriceRange{*variant.price, *variant.price};
        if (variant.price->currency != range->min.currency) continue;
        range->min.amount = std::min(range->min.amount, variant.price->amount);
        range->max.amount = std::max(range->max.amount, variant.price->amount);
    }
    return range;
}

std::string decimal(const Money& money) {
    const int exponent = money.currency.exponent();
    const bool negative = money.amount < 0;
    std::string digits = std::to_string(money.amount).substr(negative ? 1 : 0);
    if (exponent > 0) {
        const auto places = static_cast<std::size_t>(exponent);
        if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
        digits.insert(digits.size() - places, ".");
    }
    return (negative ? "-" : "") + digits;
}

} // namespace gravity::product_catalog::storefront
