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

    bool restricted() const { return !filters.empty() || category || collection || pattern; }
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

/// One page of the list in each order.
class ListingPages {
public:
    using Statement = Sql<ListedRow(PageQuery, Selection)>;
    ListingPages(std::string name, std::string_view text);
    const Statement& sorted(const ListingSort& sort) const;

private:
    std::string names_[4], texts_[4]; // what the statements refer to
    Statement newest_, by_price_, by_price_descending_, by_name_;
};
extern const ListingPages list_all;       // of a selection that asks for a channel and a time only
extern const ListingPages list_walking;   // quick where much is found
extern const ListingPages list_gathering; // quick where little is found
/// How many products the selection finds.
extern const Sql<std::int64_t(Selection)> count_found;

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
/// Of each attribute, how many products have each value, of those that pass all filters but its own.
extern const Sql<FacetRow(std::vector<AttributeName>, Selection)> count_facets;
extern const Sql<std::int64_t()> get_index_epoch;

struct ListStaged : PageQuery {
    std::optional<Status> status;
};
BOOST_DESCRIBE_STRUCT(ListStaged, (PageQuery), (status))
extern const Sql<ProductRow(ListStaged)> list_staged;

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, Selection, ListedRow, MatchingVariants, FacetRow, ListStaged)
