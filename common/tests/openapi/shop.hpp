#pragma once

#include <gravity/async/coroutine.hpp>
#include <gravity/base/bytes.hpp>
#include <gravity/base/codes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/base/time.hpp>
#include <gravity/http/router.hpp>
#include <gravity/meta/money.hpp>

/// A made-up service with one of everything the route and type tables can say.
namespace gravity::shop {

using ProductId = Id<"product">;

enum class Status {
    draft,
    active,
    archived
};
BOOST_DESCRIBE_ENUM(Status, draft, active, archived)

struct Size {
    Bounded<int, 1, 5000> width;
    Bounded<int, 1, 5000> height;
    std::optional<double> weight;
};
BOOST_DESCRIBE_STRUCT(Size, (), (width, height, weight))

struct Supplier { // has a default: written differently for requests and answers
    Text<1, 80> name;
    Default<true> active;
    std::vector<Email> contacts;
};
BOOST_DESCRIBE_STRUCT(Supplier, (), (name, active, contacts))

struct Card {
    static constexpr std::string_view tag = "card";
    Text<4, 4> last_digits;
};
BOOST_DESCRIBE_STRUCT(Card, (), (last_digits))
struct Invoice {
    static constexpr std::string_view tag = "invoice";
    std::optional<Email> send_to;
};
BOOST_DESCRIBE_STRUCT(Invoice, (), (send_to))
using Payment = std::variant<Card, Invoice>;

struct Category {
    Slug name;
    std::vector<Category> children;
};
BOOST_DESCRIBE_STRUCT(Category, (), (name, children))

struct NewProduct {
    Slug sku;
    Text<1, 200> name;
    Money price;
    std::optional<Multiline<0, 4000>> description;
    Default<Status::draft> status;
    Bounded<int, 0, 1'000'000> stock{0};
    std::vector<Slug> labels;
    std::map<std::string, Text<0, 200>> attributes;
    std::optional<Size> size;
    std::optional<Supplier> supplier;
    Json extra;
};
BOOST_DESCRIBE_STRUCT(NewProduct, (),
                      (sku, name, price, description, status, stock, labels, attributes, size, supplier, extra))

struct Product : NewProduct {
    ProductId id;
    Version version;
    Timestamp created_at;
    Percent discount;
    std::optional<Duration> lead_time;
};
BOOST_DESCRIBE_STRUCT(Product, (NewProduct), (id, version, created_at, discount, lead_time))

struct ProductEdit {
    Text<1, 200> name;
    std::optional<Multiline<0, 4000>> description;
    Size size;
    std::optional<Supplier> supplier;
    std::map<std::string, Text<0, 200>> attributes;
    std::vector<Slug> labels;
    std::optional<Payment> payment;
};
BOOST_DESCRIBE_STRUCT(ProductEdit, (), (name, description, size, supplier, attributes, labels, payment))

struct ListProducts : PageQuery {
    std::optional<Status> status;
    std::vector<Slug> label;
    std::map<std::string, Text<1, 200>> attr;
    std::optional<bool> in_stock;
};
BOOST_DESCRIBE_STRUCT(ListProducts, (PageQuery), (status, label, attr, in_stock))

struct Order {
    Id<"order"> id;
    Payment payment;
    std::vector<Money> parts;
    std::int64_t number;
    bool paid;
    Url receipt;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, payment, parts, number, paid, receipt))

struct NewOrder {
    Payment payment;
    ProductId product;
    Secret<std::string> coupon;
    std::optional<Bytes> attachment;
};
BOOST_DESCRIBE_STRUCT(NewOrder, (), (payment, product, coupon, attachment))

inline constexpr Problem sku_taken{409, "sku-taken", "Another product has this SKU"};
inline constexpr Problem not_a_draft{422, "not-a-draft", "Only a draft can be published"};
inline constexpr Problem sold_out{410, "sold-out", "There is none left"};

inline Created<Product> create(Tx&, Body<NewProduct>) { return Product{}; }
inline Page<Product> list(Tx&, Params<ListProducts>) { return {}; }
inline Product show(Tx&, Path<"id", ProductId>) { return {}; }
inline Product edit(Tx&, Path<"id", ProductId>, IfMatch, Patch<ProductEdit>) { return {}; }
inline NoContent remove(Tx&, Path<"id", ProductId>, IfMatch) { return {}; }
inline Product publish(Tx&, Path<"id", ProductId>, IfMatch) { return {}; }
inline std::vector<Category> tree(Tx&) { return {}; }
inline Category replace_tree(Tx&, Body<Category>) { return {}; }

inline Task<Accepted<Order>> order(Ctx&, Caller, Body<NewOrder>) { co_return Order{}; }
inline Download file(Tx&, Path<"path", std::string>) { return {}; }
inline Redirect latest(Tx&, MaybeCaller, Header<"X-Channel">) { return {}; }
inline NoContent hook(Tx&, Path<"source", Slug>, RawBody) { return {}; }

inline void routes(Router& r) {
    auto products = r.collection("/api/v1/products", "products");
    products.get<list>("", {.summary = "List products"});
    products.post<create>("", {.summary = "Create a product", .problems = {sku_taken}});
    products.get<show>("/{id}", {.summary = "Show a product"});
    products.patch<edit>("/{id}", {.summary = "Change a product", .body_limit = 65'536});
    products.del<remove>("/{id}", {.summary = "Delete a product", .scope = "products:admin"});
    products.post<publish>(
        "/{id}/publish",
        {.summary = "Publish a draft", .description = "Once only.", .problems = {not_a_draft, sku_taken}});

    auto categories = r.collection("/api/v1/categories", "categories");
    categories.get<tree>("", {.summary = "The tree of categories"});
    categories.put<replace_tree>("", {.summary = "Replace the tree"});

    auto orders = r.collection("/api/v1/orders", "orders");
    orders.post<order>("", {.summary = "Order a product", .problems = {sold_out, problems::not_found}});

    auto files = r.surface("shop-files");
    files.get<file>("/files/{path...}", {.summary = "Read a file", .open = "files are published for everybody"});
    files.get<latest>("/latest", {.summary = "The newest file", .open = "leads to published files"});
    files.post<hook>("/hooks/{source}",
                     {.summary = "Take a notice", .open = "signed by its sender", .idempotency = false});
    r.finish();
}

} // namespace gravity::shop

namespace gravity::meta {
template <> struct docs<shop::NewProduct> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"sku", "Stock keeping unit, unique in the project"}};
};
template <> struct docs<shop::ListProducts> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"status", "Only products of this status"}, {"attr", "value an attribute must have"}};
};
} // namespace gravity::meta
