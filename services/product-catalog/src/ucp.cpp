#include "ucp.hpp"

#include "html.hpp"
#include "structured_data.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace gravity::product_catalog::ucp {
namespace {

using storefront::Axis;
using storefront::Choice;
using storefront::Product;
using storefront::Shop;
using storefront::Stock;
using storefront::Variant;

constexpr std::size_t listed_variants = 10;   // of one product in a search
constexpr std::size_t detailed_variants = 100; // of one product on its own
constexpr std::size_t max_id = 200;

template <class Request>
Request read(std::string_view body) {
    auto document = Json::parse(body);
    if (!document) throw Fault(400, "invalid_request", "The body is not JSON: " + document.why());
    Request request;
    meta::Errors errors;
    json::decode(*document, meta::mutable_ref(request), errors, json::Unknown::ignore);
    if (!errors.empty()) throw Fault(400, "invalid_request", errors.to_string());
    return request;
}

Json envelope(std::string_view capability) {
    Json capabilities = Json::object();
    capabilities[capability] = Json::array({Json::object({{"version", version}})});
    return Json::object({{"version", version}, {"status", "success"}, {"capabilities", std::move(capabilities)}});
}

Json price(const Money& money) { return Json::object({{"amount", money.amount}, {"currency", money.currency.view()}}); }

Json description(std::string_view text, const std::string& instead) {
    const std::string plain = html::plain_text(text);
    if (plain.empty()) return Json::object({{"plain", instead}});
    Json out = Json::object({{"plain", plain}});
    if (text.find('<') != std::string_view::npos) out["html"] = html::sanitise(text);
    return out;
}

Json media(const std::vector<storefront::Picture>& pictures) {
    Json list = Json::array();
    for (const auto& picture : pictures) {
        if (!html::is_web_url(picture.url)) continue;
        Json one = Json::object({{"type", "image"}, {"url", picture.url}});
        if (!picture.alt.empty()) one["alt_text"] = picture.alt;
        list.push_back(std::move(one));
    }
    return list;
}

std::string axis_name(const Product& product, std::string_view key) {
    for (const Axis& axis : product.axes)
        if (axis.key == key) return axis.name;
    return std::string(key);
}

Json selected_option(const Product& product, const Choice& choice) {
    return Json::object({{"name", axis_name(product, choice.axis)}, {"id", choice.value.id}, {"label", choice.value.label}});
}

bool is_available(const Variant& variant) { return variant.price && variant.stock != Stock::out_of_stock; }

Json variant_document(const Shop& shop, const Product& product, const Variant& variant) {
    Json out = Json::object({{"id", variant.id.to_string()},
                             {"sku", variant.sku},
                             {"title", variant_title(variant)},
                             {"description", Json::object({{"plain", product.title + (variant.choices.empty() ? "" : " " + variant_title(variant))}})},
                             {"url", product.axes.empty() ? page_url(shop, product) : page_url(shop, product, variant)},
                             {"price", price(*variant.price)}});
    if (variant.gtin) out["barcodes"] = Json::array({Json::object({{"type", "GTIN"}, {"value", storefront::printed_gtin(*variant.gtin)}})});
    if (variant.compare_at) out["list_price"] = price(*variant.compare_at);
    Json availability = Json::object({{"available", is_available(variant)}});
    if (variant.stock != Stock::unknown) availability["status"] = variant.stock == Stock::in_stock ? "in_stock" : "out_of_stock";
    out["availability"] = std::move(availability);
    if (!variant.choices.empty()) {
        Json options = Json::array();
        for (const Choice& choice : variant.choices) options.push_back(selected_option(product, choice));
        out["options"] = std::move(options);
    }
    if (Json pictures = media(variant.pictures); pictures.size() > 0) out["media"] = std::move(pictures);
    return out;
}

/// Everything but `variants` and `options`; nothing if the product has no price at all.
std::optional<Json> product_frame(const Shop& shop, const Product& product) {
    const auto range = price_range(product);
    if (!range) return std::nullopt;
    Json out = Json::object({{"id", product.id.to_string()},
                             {"handle", product.slug},
                             {"title", product.title},
                             {"description", description(product.description, product.title)},
                             {"url", page_url(shop, product)},
                             {"price_range", Json::object({{"min", price(range->min)}, {"max", price(range->max)}})}});
    if (product.rating)
        out["rating"] = Json::object({{"value", product.rating->mean}, {"scale_min", 1}, {"scale_max", 5}, {"count", product.rating->count}});
    Json categories = Json::array();
    for (const auto& path : product.breadcrumbs) {
        std::string value;
        for (const auto& crumb : path) value += (value.empty() ? "" : " > ") + crumb.name;
        if (!value.empty()) categories.push_back(Json::object({{"value", value}, {"taxonomy", "merchant"}}));
    }
    if (product.google_category) categories.push_back(Json::object({{"value", *product.google_category}, {"taxonomy", "google_product_category"}}));
    if (categories.size() > 0) out["categories"] = std::move(categories);
    if (Json pictures = media(product.pictures); pictures.size() > 0) out["media"] = std::move(pictures);
    Json metadata = Json::object();
    if (product.brand) metadata["brand"] = *product.brand;
    for (const auto& property : product.properties) metadata[property.key] = property.unit ? property.value + " " + *property.unit : property.value;
    if (metadata.size() > 0) out["metadata"] = std::move(metadata);
    return out;
}

Json plain_options(const Product& product) {
    Json options = Json::array();
    for (const Axis& axis : product.axes) {
        Json values = Json::array();
        for (const auto& value : axis.values) values.push_back(Json::object({{"id", value.id}, {"label", value.label}}));
        if (values.size() > 0) options.push_back(Json::object({{"name", axis.name}, {"values", std::move(values)}}));
    }
    return options;
}

using Chosen = std::map<std::string, std::string>; // axis key -> value id

bool matches(const Variant& variant, const Chosen& chosen, std::string_view except = {}) {
    for (const auto& [axis, value] : chosen) {
        if (axis == except) continue;
        const auto found = std::find_if(variant.choices.begin(), variant.choices.end(), [&](const Choice& choice) { return choice.axis == axis; });
        if (found == variant.choices.end() || found->value.id != value) return false;
    }
    return true;
}

const Axis* find_axis(const Product& product, std::string_view name) {
    for (const Axis& axis : product.axes)
        if (ascii::iequals(axis.name, name) || axis.key == name) return &axis;
    return nullptr;
}

// What a client has chosen, by our ids; what we do not have is dropped, as relaxed.
Chosen chosen_of(const Product& product, const std::vector<Selection>& selected) {
    Chosen chosen;
    for (const Selection& one : selected) {
        const Axis* axis = find_axis(product, one.name);
        if (axis == nullptr) continue;
        for (const auto& value : axis->values)
            if (one.id ? value.id == *one.id : ascii::iequals(value.label, one.label)) chosen[axis->key] = value.id;
    }
    return chosen;
}

bool any_matches(const Product& product, const Chosen& chosen) {
    return std::any_of(product.variants.begin(), product.variants.end(), [&](const Variant& variant) { return variant.price && matches(variant, chosen); });
}

// Drops choices until some variant has what remains: those not named in `preferences` first, the last axis before the first, then from the
// end of `preferences`.
Chosen relax(const Product& product, Chosen chosen, const std::vector<std::string>& preferences) {
    std::vector<std::string> order;
    for (auto axis = product.axes.rbegin(); axis != product.axes.rend(); ++axis)
        if (std::none_of(preferences.begin(), preferences.end(), [&](const std::string& name) { return find_axis(product, name) == &*axis; }))
            order.push_back(axis->key);
    for (auto name = preferences.rbegin(); name != preferences.rend(); ++name)
        if (const Axis* axis = find_axis(product, *name)) order.push_back(axis->key);
    for (const auto& axis : order) {
        if (any_matches(product, chosen)) break;
        chosen.erase(axis);
    }
    return chosen;
}

Json options_with_signals(const Product& product, const Chosen& chosen) {
    // One pass over the variants: a value exists if a variant has it and agrees with every other choice.
    std::map<std::pair<std::string_view, std::string_view>, bool> available;
    for (const Variant& variant : product.variants)
        for (const Choice& choice : variant.choices)
            if (variant.price && matches(variant, chosen, choice.axis)) available[{choice.axis, choice.value.id}] |= is_available(variant);
    Json options = Json::array();
    for (const Axis& axis : product.axes) {
        Json values = Json::array();
        for (const auto& value : axis.values) {
            const auto found = available.find({axis.key, value.id});
            values.push_back(Json::object({{"id", value.id},
                                           {"label", value.label},
                                           {"exists", found != available.end()},
                                           {"available", found != available.end() && found->second}}));
        }
        if (values.size() > 0) options.push_back(Json::object({{"name", axis.name}, {"values", std::move(values)}}));
    }
    return options;
}

} // namespace

Search read_search(std::string_view body) {
    Search search = read<Search>(body);
    const bool filtered = search.filters && (!search.filters->categories.empty() || search.filters->price);
    if ((!search.query || ascii::trim(*search.query).empty()) && !filtered)
        throw Fault(400, "invalid_request", "Send a query, or filters (categories, price)");
    if (search.query && search.query->size() > 1'000) throw Fault(400, "invalid_request", "The query is longer than 1000 bytes");
    if (search.pagination && search.pagination->limit && *search.pagination->limit < 1)
        throw Fault(400, "invalid_request", "pagination.limit must be at least 1");
    return search;
}

Lookup read_lookup(std::string_view body) {
    Lookup lookup = read<Lookup>(body);
    if (lookup.ids.empty()) throw Fault(400, "invalid_request", "ids must name at least one product or variant");
    if (lookup.ids.size() > max_batch) throw Fault(400, "request_too_large", "At most " + std::to_string(max_batch) + " ids can be looked up at once");
    std::vector<std::string> once;
    std::set<std::string_view> seen;
    for (const auto& id : lookup.ids) {
        if (id.size() > max_id) throw Fault(400, "invalid_request", "An id is longer than " + std::to_string(max_id) + " bytes");
        if (seen.insert(id).second) once.push_back(id);
    }
    lookup.ids = std::move(once);
    return lookup;
}

GetProduct read_get_product(std::string_view body) {
    GetProduct request = read<GetProduct>(body);
    if (request.id.empty() || request.id.size() > max_id) throw Fault(400, "invalid_request", "id must name a product or variant");
    if (request.selected.size() > 50 || request.preferences.size() > 50)
        throw Fault(400, "invalid_request", "selected and preferences hold at most 50 entries");
    return request;
}

int limit_of(const std::optional<Pagination>& pagination) {
    if (!pagination || !pagination->limit) return default_limit;
    return static_cast<int>(std::clamp<std::int64_t>(*pagination->limit, 1, max_limit));
}

std::string text_of(const Search& search) {
    const std::string_view text = ascii::trim(search.query ? std::string_view(*search.query) : std::string_view{});
    return text == "*" ? "" : std::string(text);
}

Json search_document(const Shop& shop, const std::vector<Product>& products, const std::optional<std::string>& next_cursor) {
    Json list = Json::array();
    for (const Product& product : products) {
        auto one = product_frame(shop, product);
        if (!one) continue;
        Json variants = Json::array();
        for (const Variant& variant : product.variants)
            if (variant.price && variants.size() < listed_variants) variants.push_back(variant_document(shop, product, variant));
        if (variants.size() == 0) continue;
        if (Json options = plain_options(product); options.size() > 0) (*one)["options"] = std::move(options);
        (*one)["variants"] = std::move(variants);
        list.push_back(std::move(*one));
    }
    Json pagination = Json::object({{"has_next_page", next_cursor.has_value()}});
    if (next_cursor) pagination["cursor"] = *next_cursor;
    return Json::object({{"ucp", envelope(search_capability)}, {"products", std::move(list)}, {"pagination", std::move(pagination)}});
}

Json lookup_document(const Shop& shop, const std::vector<Found>& found, const std::vector<std::string>& asked) {
    std::set<std::string_view> answered;
    Json list = Json::array();
    for (const Found& each : found) {
        auto one = product_frame(shop, each.product);
        const auto featured = std::find_if(each.product.variants.begin(), each.product.variants.end(), [](const Variant& v) { return v.price.has_value(); });
        if (!one || featured == each.product.variants.end()) continue;
        Json variants = Json::array();
        for (const Variant& variant : each.product.variants) {
            if (!variant.price) continue;
            Json inputs = Json::array();
            for (const auto& [id, named] : each.inputs) {
                const bool exact = named == variant.id;
                if (!exact && (named || variant.id != featured->id)) continue;
                inputs.push_back(Json::object({{"id", id}, {"match", exact ? "exact" : "featured"}}));
                answered.insert(id);
            }
            if (inputs.size() == 0) continue; // a variant that nobody asked for does not belong here
            Json document = variant_document(shop, each.product, variant);
            document["inputs"] = std::move(inputs);
            variants.push_back(std::move(document));
        }
        if (variants.size() == 0) continue;
        if (Json options = plain_options(each.product); options.size() > 0) (*one)["options"] = std::move(options);
        (*one)["variants"] = std::move(variants);
        list.push_back(std::move(*one));
    }
    Json out = Json::object({{"ucp", envelope(lookup_capability)}, {"products", std::move(list)}});
    Json messages = Json::array();
    for (const auto& id : asked)
        if (!answered.contains(id)) messages.push_back(Json::object({{"type", "info"}, {"code", "not_found"}, {"content", id}}));
    if (messages.size() > 0) out["messages"] = std::move(messages);
    return out;
}

Json product_document(const Shop& shop, const Product& product, const std::optional<Uuid>& variant, const GetProduct& request) {
    auto one = product_frame(shop, product);
    if (!one) return error_document("not_found", "The product has no price: " + request.id);
    const Variant* featured = nullptr;
    Chosen chosen;
    if (variant) { // it alone decides what is selected
        for (const Variant& candidate : product.variants)
            if (candidate.id == *variant && candidate.price) featured = &candidate;
        if (featured == nullptr) return error_document("not_found", "The variant has no price: " + request.id);
        for (const Choice& choice : featured->choices) chosen[choice.axis] = choice.value.id;
    } else {
        chosen = relax(product, chosen_of(product, request.selected), request.preferences);
        for (const bool in_stock : {true, false})
            for (const Variant& candidate : product.variants)
                if (featured == nullptr && candidate.price && matches(candidate, chosen) && (!in_stock || is_available(candidate))) featured = &candidate;
        if (featured == nullptr) return error_document("not_found", "The product has no variant with a price: " + request.id);
        if (request.selected.empty())
            for (const Choice& choice : featured->choices) chosen[choice.axis] = choice.value.id;
    }
    Json variants = Json::array({variant_document(shop, product, *featured)});
    for (const Variant& other : product.variants)
        if (&other != featured && other.price && matches(other, chosen) && variants.size() < detailed_variants)
            variants.push_back(variant_document(shop, product, other));
    (*one)["variants"] = std::move(variants);
    if (!product.axes.empty()) {
        Json selected = Json::array();
        for (const Axis& axis : product.axes)
            for (const auto& value : axis.values)
                if (const auto found = chosen.find(axis.key); found != chosen.end() && found->second == value.id)
                    selected.push_back(Json::object({{"name", axis.name}, {"id", value.id}, {"label", value.label}}));
        (*one)["selected"] = std::move(selected);
        (*one)["options"] = options_with_signals(product, chosen);
    }
    return Json::object({{"ucp", envelope(lookup_capability)}, {"product", std::move(*one)}});
}

Json error_document(std::string_view code, std::string_view content) {
    return Json::object({{"ucp", Json::object({{"version", version}, {"status", "error"}})},
                         {"messages", Json::array({Json::object({{"type", "error"}, {"code", code}, {"content", content}, {"severity", "unrecoverable"}})})}});
}

Json fault_document(const Fault& fault) {
    Json out = error_document(fault.code(), fault.what());
    out["code"] = fault.code();
    out["content"] = fault.what();
    return out;
}

Json profile(const Shop& shop) {
    const std::string base = "https://ucp.dev/" + std::string(version);
    const auto capability = [&](std::string_view page, std::string_view schema) {
        return Json::array({Json::object({{"version", version},
                                          {"spec", base + "/specification/catalog/" + std::string(page)},
                                          {"schema", base + "/schemas/shopping/" + std::string(schema)}})});
    };
    Json capabilities = Json::object();
    capabilities[search_capability] = capability("search", "catalog_search.json");
    capabilities[lookup_capability] = capability("lookup", "catalog_lookup.json");
    Json services = Json::object();
    services["dev.ucp.shopping"] = Json::array({Json::object({{"version", version},
                                                              {"transport", "rest"},
                                                              {"endpoint", shop.base_url},
                                                              {"spec", base + "/specification/overview"},
                                                              {"schema", base + "/services/shopping/rest.openapi.json"}})});
    return Json::object({{"ucp", Json::object({{"version", version},
                                               {"services", std::move(services)},
                                               {"capabilities", std::move(capabilities)},
                                               {"payment_handlers", Json::object()}})}});
}

} // namespace gravity::product_catalog::ucp
