#pragma once

#include "collections_model.hpp"

/// Lists of products: as buyers filter and page through them, and as editors do.
namespace gravity::product_catalog {

/// The orders of the list of published products; '-' is descending.
class ListingSort : public TextValue<ListingSort> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<ListingSort>({.pattern = "^(-published_at|price|-price|name)$",
                                             .doc = "Order: newest first, by price or by name",
                                             .example = "\"price\"",
                                             .min = 4,
                                             .max = 13});
    }
};

struct ListProducts : PageQuery {
    std::map<std::string, std::string> attr; // attr.color=red,blue  attr.size.gte=38
    std::vector<AttributeName> facets;       // attributes whose values are to be counted
    std::optional<Text<1, 80>> category;     // id or slug; everything below it too
    std::optional<CollectionId> collection;
    std::optional<Key> channel;
    std::optional<Locale> lang;              // of titles and slugs
    std::optional<Text<1, 100>> q;           // part of a name, SKU or GTIN
    ListingSort sort{"-published_at"};
    Default<false> staged;                   // the editors' list, newest first: drafts too, without filters; needs products:write
    std::optional<Status> status;            // of the editors' list
};
BOOST_DESCRIBE_STRUCT(ListProducts, (PageQuery), (attr, facets, category, collection, channel, lang, q, sort, staged, status))
void check(const ListProducts& query, meta::Errors& errors);

struct ListedProduct {
    ProductId id;
    PageSlug slug;
    Text<1, 200> title;
    Status status = Status::active;
    std::int64_t revision = 0;
    std::optional<Money> price_from;
    std::optional<MediaRef> image; // the first of its media
    std::vector<VariantId> matching_variants; // that pass the filters (the first hundred); empty without filters
    std::optional<Timestamp> published_at;
};
BOOST_DESCRIBE_STRUCT(ListedProduct, (), (id, slug, title, status, revision, price_from, image, matching_variants, published_at))

struct FacetCount {
    Json value; // a text or a number
    std::int64_t count = 0; // products, whatever the filter on this attribute says
};
BOOST_DESCRIBE_STRUCT(FacetCount, (), (value, count))

struct Listing {
    std::vector<ListedProduct> items;
    std::map<std::string, std::vector<FacetCount>, std::less<>> facets;
    std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(Listing, (), (items, facets, next_cursor))

/// A filter on one attribute: one of some values, or within bounds. What the store takes.
struct Filter {
    AttributeName attribute;
    std::vector<std::string> texts;  // the values, and those among them that are numbers
    std::vector<double> numbers;
    std::optional<double> low, high; // bounds of numbers
    std::optional<std::string> text_low, text_high; // bounds of texts (dates)
    bool low_open = false, high_open = false;
};
BOOST_DESCRIBE_STRUCT(Filter, (), (attribute, texts, numbers, low, high, text_low, text_high, low_open, high_open))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ListProducts, ListedProduct, FacetCount, Listing, Filter)
