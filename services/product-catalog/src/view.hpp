#pragma once

#include "categories_model.hpp"
#include "languages.hpp"
#include "storefront.hpp"
#include "types_model.hpp"

/// From what is published to what the outside sees of it in one language. Pure.
namespace gravity::product_catalog::storefront {

/// A category on the way from the root to one that the product is in.
struct CrumbRow {
    ProductId product_id;
    CategoryId category_id; // the one at the end of the way
    Text<1, 200> name;
    PageSlug slug;
    CategoryTranslations translations; // names and slugs
};
BOOST_DESCRIBE_STRUCT(CrumbRow, (), (product_id, category_id, name, slug, translations))

/// What there is to be known about one product.
struct Source {
    const RevisionRow& revision;
    const std::vector<product_catalog::Variant>& variants;
    const std::vector<AttributeDef>& defs;
    const std::vector<CrumbRow>& crumbs;       // of this product: way by way, each from the root
    const std::vector<Alternate>& alternates;  // its current slugs
};

/// Where files of file-storage are read: "<base>/<file id>". Empty: media without a URL of their own are not shown.
struct MediaBase {
    std::string url;
};

/// The category that ends the way, without its products.
Category view_of(const std::vector<product_catalog::Category>& way, const std::vector<product_catalog::Category>& children, std::string_view lang,
                 const Languages& languages);

Product view_of(const Source& source, std::string_view lang, const Languages& languages, const MediaBase& media);

/// A value of an attribute as a person reads it; nothing for one that has no such form: a reference,
/// and what was published before its type changed.
std::optional<Property> property_of(const AttributeDef& def, const Json& value, const std::vector<std::string>& chain);

} // namespace gravity::product_catalog::storefront

GRAVITY_TABLES(product_catalog::storefront, CrumbRow)
