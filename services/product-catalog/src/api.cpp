#include "api.hpp"

#include "domain.hpp"
#include "problems.hpp"
#include "store.hpp"

#include <gravity/service.hpp>

namespace gravity::product_catalog {
namespace {

Created<Product> create(Tx& tx, Body<NewProduct> in) {
    Product product = tx.one(insert_product, tx.new_id<ProductId>(), *in);
    tx.emit(ProductCreated{product.id, product.slug});
    return product;
}

Page<Product> list(Tx& tx, Params<ListProducts> query) { return tx.page(list_products, *query); }

Product get(Tx& tx, Path<"id", ProductId> id) { return tx.one(get_product, *id); }

Product update(Tx& tx, Path<"id", ProductId> id, Patch<ProductEdit> patch, IfMatch expected) {
    Product product = expected.check(tx.one(lock_product, *id));
    static_cast<ProductEdit&>(product) = patch.apply(product);
    product = tx.one(save_product, product);
    tx.emit(ProductUpdated{product.id, product.version});
    return product;
}

Product publish_one(Tx& tx, Path<"id", ProductId> id, IfMatch expected) {
    const Product published = publish(expected.check(tx.one(lock_product, *id)), tx.now());
    tx.emit(ProductPublished{published.id, published.slug});
    return tx.one(save_product, published);
}

Product unpublish_one(Tx& tx, Path<"id", ProductId> id, IfMatch expected) {
    const Product withdrawn = unpublish(expected.check(tx.one(lock_product, *id)));
    tx.emit(ProductUnpublished{withdrawn.id});
    return tx.one(save_product, withdrawn);
}

NoContent remove(Tx& tx, Path<"id", ProductId> id, IfMatch expected) {
    check_deletable(expected.check(tx.one(lock_product, *id)));
    tx.exec(delete_product, *id);
    tx.emit(ProductDeleted{*id});
    return {};
}

} // namespace

void routes(Router& router) {
    auto products = router.collection("/api/v1/products", "products");
    products.get<list>("", {.summary = "List products, newest first"});
    products.post<create>("", {.summary = "Create a product, as a draft", .problems = {slug_taken}});
    products.get<get>("/{id}", {.summary = "Read a product"});
    products.patch<update>("/{id}", {.summary = "Change a product", .problems = {slug_taken}});
    products.del<remove>("/{id}", {.summary = "Delete a product that is not active", .problems = {still_active}});
    products.post<publish_one>("/{id}/publish", {.summary = "Publish a draft", .problems = {not_a_draft}});
    products.post<unpublish_one>("/{id}/unpublish", {.summary = "Make an active product a draft again", .problems = {not_active}});
}

} // namespace gravity::product_catalog
