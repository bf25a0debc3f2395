#pragma once

#include "storefront.hpp"

#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

/// The Universal Commerce Protocol's catalog capability, version 2026-04-08 (ucp.dev), by which shopping agents search and look up: the shapes of its
/// requests and answers, as pure functions. Requests tolerate what they do not know, as the protocol asks.
namespace gravity::product_catalog::ucp {

inline constexpr std::string_view version = "2026-04-08";
inline constexpr std::string_view search_capability = "dev.ucp.shopping.catalog.search";
inline constexpr std::string_view lookup_capability = "dev.ucp.shopping.catalog.lookup";

inline constexpr int default_limit = 10; // of a search; the protocol's own
inline constexpr int max_limit = 50;     // more is answered with fewer, silently
inline constexpr std::size_t max_batch = 50;

struct PriceFilter {
    std::optional<std::int64_t> min, max; // minor units of context.currency
};
BOOST_DESCRIBE_STRUCT(PriceFilter, (), (min, max))

struct Filters {
    std::vector<std::string> categories;
    std::optional<PriceFilter> price;
};
BOOST_DESCRIBE_STRUCT(Filters, (), (categories, price))

struct Context {
    std::optional<std::string> language, currency;
};
BOOST_DESCRIBE_STRUCT(Context, (), (language, currency))

struct Pagination {
    std::optional<std::string> cursor;
    std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(Pagination, (), (cursor, limit))

struct Search {
    std::optional<std::string> query;
    std::optional<Filters> filters;
    std::optional<Context> context;
    std::optional<Pagination> pagination;
    std::optional<std::string> cursor; // where some clients put it
};
BOOST_DESCRIBE_STRUCT(Search, (), (query, filters, context, pagination, cursor))

struct Lookup {
    std::vector<std::string> ids;
    std::optional<Context> context;
};
BOOST_DESCRIBE_STRUCT(Lookup, (), (ids, context))

struct Selection {
    std::string name;
    std::optional<std::string> id;
    std::string label;
};
BOOST_DESCRIBE_STRUCT(Selection, (), (name, id, label))

struct GetProduct {
    std::string id;
    std::vector<Selection> selected;
    std::vector<std::string> preferences;
    std::optional<Context> context;
};
BOOST_DESCRIBE_STRUCT(GetProduct, (), (id, selected, preferences, context))

/// A request that cannot be handled: HTTP status and the protocol's code. Thrown; answered by `error_document`.
class Fault : public std::exception {
public:
    Fault(int status, std::string code, std::string content) : status_(status), code_(std::move(code)), content_(std::move(content)) {}
    int status() const { return status_; }
    const std::string& code() const { return code_; }
    const char* what() const noexcept override { return content_.c_str(); }

private:
    int status_;
    std::string code_;
    std::string content_;
};

/// The request out of a body; throws a Fault for what is no such request: malformed, without any input, or over the batch limit.
Search read_search(std::string_view body);
Lookup read_lookup(std::string_view body); // ids without repetition
GetProduct read_get_product(std::string_view body);

/// A page size as it is meant: the protocol's default, and at most ours.
int limit_of(const std::optional<Pagination>& pagination);
/// What is searched for; empty for everything ("*", or filters only).
std::string text_of(const Search& search);

/// One product and which of the asked identifiers led to it.
struct Found {
    storefront::Product product; // variants: those that were asked for, or the featured one first
    std::vector<std::pair<std::string, std::optional<Uuid>>> inputs; // identifier, and the variant it names (none: the product)
};

/// Products without a price have no place in the protocol and are left out.
Json search_document(const storefront::Shop& shop, const std::vector<storefront::Product>& products, const std::optional<std::string>& next_cursor);
Json lookup_document(const storefront::Shop& shop, const std::vector<Found>& found, const std::vector<std::string>& asked);
/// `product` with all its variants; `variant` is the one that was asked for, if the id was a variant's.
Json product_document(const storefront::Shop& shop, const storefront::Product& product, const std::optional<Uuid>& variant, const GetProduct& request);

/// An outcome that is no product: status "error" under HTTP 200.
Json error_document(std::string_view code, std::string_view content);
/// The body under the status of a Fault: the same, and the code at its top as the protocol's transport errors have it.
Json fault_document(const Fault& fault);

/// /.well-known/ucp: who we are and what we speak.
Json profile(const storefront::Shop& shop);

} // namespace gravity::product_catalog::ucp

GRAVITY_TABLES(product_catalog::ucp, PriceFilter, Filters, Context, Pagination, Search, Lookup, Selection, GetProduct)
