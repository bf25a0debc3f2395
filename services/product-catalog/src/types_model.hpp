#pragma once

#include "attributes.hpp"
#include "products_model.hpp"

/// Product types: the schema that products of one kind follow.
namespace gravity::product_catalog {

struct ProductTypeEdit {
    Key key;
    Text<1, 100> name;
    std::vector<AttributeDef> attributes;
};
BOOST_DESCRIBE_STRUCT(ProductTypeEdit, (), (key, name, attributes))
void check(const ProductTypeEdit& type, meta::Errors& errors);

using NewProductType = ProductTypeEdit;

struct ProductType : ProductTypeEdit {
    ProductTypeId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(ProductType, (ProductTypeEdit), (id, version, created_at, updated_at))

struct ListProductTypes : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListProductTypes, (PageQuery), ())

/// Something that a change of a type would break.
struct Breakage {
    ProductId product_id;
    std::optional<VariantId> variant_id;
    AttributeName attribute;
    std::string detail;
};
BOOST_DESCRIBE_STRUCT(Breakage, (), (product_id, variant_id, attribute, detail))

/// What becomes of the values when a type is changed.
struct MigrationReport {
    std::int64_t products = 0;         // of the type
    std::int64_t changed_values = 0;   // converted to another kind, or removed with their attribute
    std::int64_t broken_values = 0;    // have no form under the new definition
    std::vector<Breakage> breakages;   // the first hundred of them
};
BOOST_DESCRIBE_STRUCT(MigrationReport, (), (products, changed_values, broken_values, breakages))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ProductTypeEdit, ProductType, ListProductTypes, Breakage, MigrationReport)
