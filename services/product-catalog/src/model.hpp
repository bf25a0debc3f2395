#pragma once

#include <gravity/model.hpp>

/// What a product is, and what is said about it.
namespace gravity::product_catalog {

using ProductId = Id<"product">;

/// Active products are meant for buyers. Reads do not filter by it yet: `?status=active` does.
enum class Status { draft, active, archived };
BOOST_DESCRIBE_ENUM(Status, draft, active, archived)

struct ProductEdit {
    Text<1, 200> name;
    Slug slug;
    std::optional<Multiline<0, 20'000>> description;
    std::optional<Money> list_price; // where no pricing service sets one
};
BOOST_DESCRIBE_STRUCT(ProductEdit, (), (name, slug, description, list_price))

using NewProduct = ProductEdit;

struct Product : ProductEdit {
    ProductId id;
    Status status = Status::draft;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> published_at;
};
BOOST_DESCRIBE_STRUCT(Product, (ProductEdit), (id, status, version, created_at, updated_at, published_at))

struct ListProducts : PageQuery {
    std::optional<Status> status;
};
BOOST_DESCRIBE_STRUCT(ListProducts, (PageQuery), (status))

struct ProductCreated {
    static constexpr Event event{"gravity.product_catalog.product.created"};
    ProductId id;
    Slug slug;
};
BOOST_DESCRIBE_STRUCT(ProductCreated, (), (id, slug))

struct ProductUpdated {
    static constexpr Event event{"gravity.product_catalog.product.updated"};
    ProductId id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(ProductUpdated, (), (id, version))

struct ProductPublished {
    static constexpr Event event{"gravity.product_catalog.product.published"};
    ProductId id;
    Slug slug;
};
BOOST_DESCRIBE_STRUCT(ProductPublished, (), (id, slug))

struct ProductUnpublished {
    static constexpr Event event{"gravity.product_catalog.product.unpublished"};
    ProductId id;
};
BOOST_DESCRIBE_STRUCT(ProductUnpublished, (), (id))

struct ProductDeleted {
    static constexpr Event event{"gravity.product_catalog.product.deleted"};
    ProductId id;
};
BOOST_DESCRIBE_STRUCT(ProductDeleted, (), (id))

} // namespace gravity::product_catalog
