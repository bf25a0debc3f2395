#pragma once

#include "config.hpp"
#include "types_model.hpp"

/// The rules of products: pure functions of values and a reading of the clock. A refusal is thrown.
namespace gravity::product_catalog {

Product shown(ProductRow row);
Product shown(RevisionRow row);

/// What the settings and the type say about content to be staged; refuses with everything that is wrong. Whether referred things exist is not
/// its matter.
void check_stageable(const ProductContent& content, const std::vector<AttributeDef>& defs, const Settings& settings);

/// The row as it is once its staged content is published. Refuses if buyers see that content already.
ProductRow publish(ProductRow row, Timestamp now);
ProductRow unpublish(ProductRow row);
void check_deletable(const ProductState& product);

/// A slug of the content, of a language that has one of its own.
struct SlugOf {
    Locale lang;
    PageSlug slug;
};
BOOST_DESCRIBE_STRUCT(SlugOf, (), (lang, slug))
std::vector<SlugOf> slugs_of(const ProductContent& content, const Languages& languages);

/// How an attribute name of the project is indexed: of a type's definitions, and of option axes that are no attribute of the type.
struct AttributeUse {
    AttributeName name;
    IndexedAs indexed_as = IndexedAs::text;
    std::string unit;
};
BOOST_DESCRIBE_STRUCT(AttributeUse, (), (name, indexed_as, unit))
std::vector<AttributeUse> attribute_uses(const std::vector<AttributeDef>& defs, const std::vector<OptionAxis>& options);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, SlugOf, AttributeUse)
