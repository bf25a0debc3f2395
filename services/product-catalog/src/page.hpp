#pragma once

#include "storefront.hpp"

/// The pages of products and categories, rendered here so that a crawler needs no script. Pure functions.
namespace gravity::product_catalog::storefront {

/// Which part of the variants a page shows; a product may have thousands.
struct VariantPage {
    int number = 1;
    bool more = false; // there is a next one
};

/// HTML, whole: canonical and hreflang links, meta tags, JSON-LD, and what a person reads. Everything from the catalogue is escaped or sanitised.
std::string product_page(const Shop& shop, const Product& product, const VariantPage& variants);
/// The same for a category. One that shows no product asks not to be indexed.
std::string category_page(const Shop& shop, const Category& category);

/// The Content-Security-Policy the page is to be served with: no script, no frame, no form; pictures from the web; its own style by hash.
const std::string& page_policy();

} // namespace gravity::product_catalog::storefront
