#pragma once

#include "collections_model.hpp"
#include "listing_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of lists and facets, by name. Their text is in listing_store.cpp and nowhere else.
namespace gravity::product_catalog {

/// Which published products are meant: what all statements of one listing share.
struct Selection {
    std::vector<Filter> filters;
    std::string channel;                  // "" : only what is shown in every channel
    Timestamp at;
    std::optional<CategoryId> category;   // with all below it
    std::optional<CollectionId> collection;
    std::optional<std::string> pattern;   // of `like`
    std::int64_t epoch = 1;
};
BOOST_DESCRIBE_STRUCT(Selection, (), (filters, channel, at, category, collection, pattern, epoch))

struct ListedRow {
    ProductId product_id;
    std::int64_t revision = 0;
    ProductContent body;
    std::int64_t sort_price = 0;
    std::optional<Currency> currency;
    Timestamp published_at;
};
BOOST_DESCRIBE_STRUCT(ListedRow, (), (product_id, revision, body, sort_price, currency, published_at))

extern const Sql<ListedRow(PageQuery, Selection)> list_newest;
extern const Sql<ListedRow(PageQuery, Selection)> list_by_price;
extern const Sql<ListedRow(PageQuery, Selection)> list_by_price_descending;
extern const Sql<ListedRow(PageQuery, Selection)> list_by_name;

struct MatchingVariants {
    ProductId product_id;
    std::vector<VariantId> variants;
};
BOOST_DESCRIBE_STRUCT(MatchingVariants, (), (product_id, variants))
/// Of these products, the variants that pass all filters.
extern const Sql<MatchingVariants(std::vector<ProductId>, Selection)> matching_variants;

struct FacetRow {
    AttributeName attribute;
    std::optional<std::string> text;
    std::optional<double> number;
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(FacetRow, (), (attribute, text, number, count))
/// Of each attribute, how many of the products meant have each value.
extern const Sql<FacetRow(std::vector<AttributeName>, Selection)> count_facets;
/// The same where no filter is set: then it does not matter which variant has which value.
extern const Sql<FacetRow(std::vector<AttributeName>, Selection)> count_unfiltered_facets;

extern const Sql<std::int64_t()> get_index_epoch;

struct ListStaged : PageQuery {
    std::optional<Status> status;
};
BOOST_DESCRIBE_STRUCT(ListStaged, (PageQuery), (status))
extern const Sql<ProductRow(ListStaged)> list_staged;

} // namespace gravity::product_catalog
