#pragma once

#include "storefront.hpp"

/// Google product data as RSS 2.0 with the `g:` namespace and as tab-separated values, one item a variant, in bounded memory. No I/O here.
namespace gravity::product_catalog::feed {

/// Attributes by Google's names, in the order they are written.
using Item = std::vector<std::pair<std::string_view, std::string>>;

/// Why a variant is not in the feed: Google takes no item without these.
enum class Missing {
    price,
    image
};
std::string_view to_string(Missing missing);

/// One variant left out, for the report.
struct LeftOut {
    Uuid product;
    Uuid variant;
    std::string sku;
    Missing missing;
};

struct Items {
    std::vector<Item> items;
    std::vector<LeftOut> left_out;
};

Items items_of(const storefront::Shop& shop, const storefront::Product& product);

std::string rss_head(const storefront::Shop& shop);
std::string rss_item(const Item& item);
std::string rss_foot();

/// Column names, then a line an item; `additional_image_link` holds several, apart by commas.
std::string tsv_head();
std::string tsv_line(const Item& item);

/// The report of what is left out, in the same form: product, variant, SKU, and what is missing.
std::string left_out_head();
std::string left_out_line(const LeftOut& left_out);

} // namespace gravity::product_catalog::feed
