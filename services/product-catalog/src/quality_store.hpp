#pragma once

#include "products_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of the quality reports, by name. Their text is in quality_store.cpp and nowhere else.
namespace gravity::product_catalog {

struct ListQuality : PageQuery {
    std::optional<Locale> lang;
    std::optional<Key> channel; // only products that are shown in it
};
BOOST_DESCRIBE_STRUCT(ListQuality, (PageQuery), (lang, channel))

struct ProductRef {
    ProductId id;
};
BOOST_DESCRIBE_STRUCT(ProductRef, (), (id))
/// Published products; those that buyers see in the channel.
extern const Sql<ProductRef(ListQuality)> published_products;
/// All products, drafts too; those that say they are for the channel.
extern const Sql<ProductRow(ListQuality)> staged_products;
extern const Sql<Variant(std::vector<ProductId>)> staged_variants;

/// Another published product that says the same.
struct Twin {
    ProductId product_id;
    std::string field; // "name", "meta_title", "meta_description"
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Twin, (), (product_id, field, text))
/// Products whose base language has one of the texts.
extern const Sql<Twin(std::vector<std::string>, std::vector<std::string>, std::vector<std::string>)> base_twins;
/// Products whose translation to the language has the text.
struct TwinSought {
    std::string lang;
    std::string field;
    std::string text;
};
BOOST_DESCRIBE_STRUCT(TwinSought, (), (lang, field, text))
extern const Sql<Twin(std::vector<TwinSought>)> translated_twins;

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ListQuality, ProductRef, Twin, TwinSought)
