#pragma once

#include <gravity/base/money.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/meta/describe.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the outside sees: one published product or category, in one language and one channel, with every text already chosen. Pages, feeds and
/// agents are pure functions of it; how it is read from the tables is store.cpp's business.
namespace gravity::product_catalog::storefront {

enum class Stock {
    unknown,
    in_stock,
    out_of_stock
};

struct Picture {
    std::string url; // absolute
    std::string alt;
};

/// A value of an option axis ("red") as a machine and as a person knows it.
struct OptionValue {
    std::string id;
    std::string label;
};

/// What a buyer can know about materials, weights and the like beyond the axes.
struct Property {
    std::string key;
    std::string name;
    std::string value;
    std::optional<std::string> unit; // UN/ECE Recommendation 20
};

/// What buyers think of it, of 1 to 5 stars.
struct Rating {
    double mean = 0;
    std::int64_t count = 0;
};

struct Axis {
    std::string key;  // of the attribute: "color"
    std::string name; // in the language: "Farbe"
    std::vector<OptionValue> values;
};

struct Choice {
    std::string axis; // key
    OptionValue value;
};

struct Variant {
    Uuid id;
    std::string sku;
    std::optional<std::string> gtin; // 14 digits
    std::optional<std::string> mpn;
    std::vector<Choice> choices;     // one for each axis, in their order
    std::optional<Money> price;
    std::optional<Money> compare_at; // the price before a reduction
    Stock stock = Stock::unknown;
    std::vector<Picture> pictures;   // empty: the product's
    std::vector<Property> properties; // its own, beyond the axes
};

struct Crumb {
    std::string name;
    std::string path; // below the base URL, or empty for none
};

struct Alternate {
    std::string lang;
    std::string slug;
};
BOOST_DESCRIBE_STRUCT(Alternate, (), (lang, slug))

struct PriceRange {
    Money min;
    Money max;
};

struct Product {
    Uuid id;
    std::string lang;
    std::string slug;
    std::string title;
    std::string description; // as it was written: HTML of the allowed kind, or plain text
    std::optional<std::string> brand;
    std::optional<std::string> meta_title;
    std::optional<std::string> meta_description;
    std::optional<std::string> google_category; // of Google's product taxonomy
    std::vector<Picture> pictures;
    std::vector<Axis> axes;
    std::vector<Variant> variants;    // those that are asked for: the first page, or all
    std::optional<PriceRange> prices; // over all variants, where only some are here
    std::vector<Property> properties;
    std::vector<std::vector<Crumb>> breadcrumbs; // one path from the root per category
    std::vector<Alternate> alternates;           // every language the product has a page in, this one too
    std::optional<Rating> rating;
    Timestamp updated_at;
    std::int64_t revision = 0;
};

/// A category with a part of the products in it and below it.
struct Category {
    Uuid id;
    std::string lang;
    std::string slug;
    std::string title;
    std::string description;      // as that of a product
    std::vector<Crumb> way;       // from the root to its parent
    std::vector<Crumb> children;
    std::vector<Product> products; // without their variants
    std::vector<Alternate> alternates;
    std::optional<std::string> cursor; // of this part; the first has none
    std::optional<std::string> next;   // of the part behind it
};

/// Where the pages are and what the shop is called.
struct Shop {
    std::string base_url; // without a slash at its end
    std::string name;
    std::string default_lang;
};

/// Pages of each kind stand in a folder of their own.
enum class PageKind {
    product,
    category
};
/// Below the base URL: "/p/de/laufschuh-7", "/c/de/schuhe".
std::string page_path(PageKind kind, std::string_view lang, std::string_view slug);
std::string page_url(const Shop& shop, PageKind kind, std::string_view lang, std::string_view slug);
std::string page_url(const Shop& shop, const Product& product);
/// The page with this variant chosen.
std::string page_url(const Shop& shop, const Product& product, const Variant& variant);
/// The page with the part of the products that a cursor leads to.
std::string page_url(const Shop& shop, const Category& category, const std::optional<std::string>& cursor);
/// "Blau / 42", or the SKU where a variant has no options.
std::string variant_title(const Variant& variant);
/// Over the variants in the currency of the first that has a price; nothing without one.
std::optional<PriceRange> price_range(const Product& product);
/// "19.99": the amount in major units, as schema.org and Google want it.
std::string decimal(const Money& money);

} // namespace gravity::product_catalog::storefront

GRAVITY_TABLES(product_catalog::storefront, Alternate)
