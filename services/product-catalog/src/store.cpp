#include "store.hpp"

#include "problems.hpp"

namespace gravity::product_catalog {

const Sql<Product(ProductId, NewProduct)> insert_product{"product.insert", R"sql(
    insert into product (id, name, slug, description, list_price_amount, list_price_currency)
    values ($1, $2, $3, $4, $5, $6) returning *)sql", {{"product_slug_key", slug_taken}}};

const Sql<Product(ProductId)> get_product{"product.get", "select * from product where id = $1"};

// Changes of one product queue here, so a rule and the write that follows it see the same row.
const Sql<Product(ProductId)> lock_product{"product.lock", "select * from product where id = $1 for update"};

const Sql<Product(ListProducts)> list_products{"product.list", R"sql(
    select * from product where ($status::text is null or status = $status) and $page(created_at desc, id desc))sql"};

const Sql<Product(Product)> save_product{"product.save", R"sql(
    update product set name = $name, slug = $slug, description = $description, list_price_amount = $list_price_amount,
           list_price_currency = $list_price_currency, status = $status, published_at = $published_at,
           version = version + 1, updated_at = now()
    where id = $id returning *)sql", {{"product_slug_key", slug_taken}}};

const Sql<void(ProductId)> delete_product{"product.delete", "delete from product where id = $1"};

} // namespace gravity::product_catalog
