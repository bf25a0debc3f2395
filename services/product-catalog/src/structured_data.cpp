#include "structured_data.hpp"

#include "html.hpp"

#include <algorithm>

namespace gravity::product_catalog::storefront {
namespace {

constexpr std::string_view schema = "https://schema.org/";

// Axes and properties that schema.org knows by a property of its own; the rest become additionalProperty.
constexpr std::string_view known[] = {"color", "material", "pattern", "size"};

bool is_known(std::string_view key) { return std::find(std::begin(known), std::end(known), key) != std::end(known); }

Json pictures_of(const std::vector<Picture>& pictures) {
    Json list = Json::array();
    for (const Picture& picture : pictures)
        if (html::is_web_url(picture.url)) list.push_back(picture.url);
    return list;
}

Json property_value(std::string_view name, std::string_view value) {
    return Json::object({{"@type", "PropertyValue"}, {"name", name}, {"value", value}});
}

Json offer_of(const Shop& shop, const Product& product, const Variant& variant, bool grouped) {
    Json offer = Json::object({{"@type", "Offer"},
                               {"url", grouped ? page_url(shop, product, variant) : page_url(shop, product)},
                               {"price", decimal(*variant.price)},
                               {"priceCurrency", variant.price->currency.view()},
                               {"itemCondition", "https://schema.org/NewCondition"}});
    if (variant.stock != Stock::unknown) offer["availability"] = std::string(schema) + (variant.stock == Stock::in_stock ? "InStock" : "OutOfStock");
    return offer;
}

void describe_variant(Json& out, const Shop& shop, const Product& product, const Variant& variant, bool grouped) {
    out["sku"] = variant.sku;
    if (variant.gtin) out["gtin"] = printed_gtin(*variant.gtin);
    if (variant.mpn) out["mpn"] = *variant.mpn;
    if (variant.price) out["offers"] = offer_of(shop, product, variant, grouped);
    Json more = Json::array();
    for (const Choice& choice : variant.choices) {
        if (is_known(choice.axis))
            out[choice.axis] = choice.value.label;
        else
            more.push_back(property_value(choice.axis, choice.value.label));
    }
    const auto add = [&](const Property& property) {
        if (is_known(property.key) && !property.unit) {
            out[property.key] = property.value;
            return;
        }
        Json value = property_value(property.name, property.value);
        if (property.unit) value["unitCode"] = *property.unit;
        more.push_back(std::move(value));
    };
    for (const Property& property : variant.properties) add(property);
    if (!grouped)
        for (const Property& property : product.properties) add(property);
    if (more.size() > 0) out["additionalProperty"] = std::move(more);
}

Json breadcrumb_list(const Shop& shop, const std::vector<Crumb>& path, std::string_view title, const std::string& page) {
    Json items = Json::array();
    int position = 0;
    const auto add = [&](std::string_view name, const std::string& url) {
        Json item = Json::object({{"@type", "ListItem"}, {"position", ++position}, {"name", name}});
        if (!url.empty()) item["item"] = url;
        items.push_back(std::move(item));
    };
    for (const Crumb& crumb : path) add(crumb.name, crumb.path.empty() ? "" : shop.base_url + crumb.path);
    add(title, page);
    return Json::object({{"@context", "https://schema.org"}, {"@type", "BreadcrumbList"}, {"itemListElement", std::move(items)}});
}

} // namespace

std::string printed_gtin(std::string_view gtin14) {
    if (gtin14.size() != 14 || gtin14[0] != '0') return std::string(gtin14);
    if (gtin14.starts_with("000000")) return std::string(gtin14.substr(6));
    return std::string(gtin14.substr(gtin14[1] == '0' ? 2 : 1));
}

Json product_document(const Shop& shop, const Product& product) {
    const bool grouped = !product.axes.empty();
    Json out = Json::object({{"@context", "https://schema.org"},
                             {"@type", grouped ? "ProductGroup" : "Product"},
                             {"@id", page_url(shop, product) + "#product"},
                             {"url", page_url(shop, product)},
                             {"name", product.title},
                             {"inLanguage", product.lang}});
    if (const std::string text = html::plain_text(product.description); !text.empty()) out["description"] = text;
    if (product.brand) out["brand"] = Json::object({{"@type", "Brand"}, {"name", *product.brand}});
    if (Json pictures = pictures_of(product.pictures); pictures.size() > 0) out["image"] = std::move(pictures);
    if (!product.breadcrumbs.empty()) {
        std::string path;
        for (const Crumb& crumb : product.breadcrumbs.front()) path += (path.empty() ? "" : " > ") + crumb.name;
        if (!path.empty()) out["category"] = path;
    }
    if (product.rating)
        out["aggregateRating"] = Json::object({{"@type", "AggregateRating"},
                                               {"ratingValue", product.rating->mean},
                                               {"reviewCount", product.rating->count},
                                               {"bestRating", 5},
                                               {"worstRating", 1}});
    if (!grouped) {
        if (!product.variants.empty()) describe_variant(out, shop, product, product.variants.front(), false);
        return out;
    }
    out["productGroupID"] = product.id.to_string();
    Json varies = Json::array();
    for (const Axis& axis : product.axes) varies.push_back(is_known(axis.key) ? std::string(schema) + axis.key : axis.name);
    out["variesBy"] = std::move(varies);
    Json variants = Json::array();
    for (const Variant& variant : product.variants) {
        Json one = Json::object({{"@type", "Product"}, {"name", product.title + " " + variant_title(variant)}, {"url", page_url(shop, product, variant)}});
        if (Json pictures = pictures_of(variant.pictures); pictures.size() > 0) one["image"] = std::move(pictures);
        describe_variant(one, shop, product, variant, true);
        variants.push_back(std::move(one));
    }
    out["hasVariant"] = std::move(variants);
    return out;
}

std::vector<Json> breadcrumb_documents(const Shop& shop, const Product& product) {
    std::vector<Json> lists;
    for (const auto& path : product.breadcrumbs) lists.push_back(breadcrumb_list(shop, path, product.title, page_url(shop, product)));
    return lists;
}

Json category_document(const Shop& shop, const Category& category) {
    const std::string url = page_url(shop, category, category.cursor);
    Json out = Json::object({{"@context", "https://schema.org"},
                             {"@type", "CollectionPage"},
                             {"@id", url + "#category"},
                             {"url", url},
                             {"name", category.title},
                             {"inLanguage", category.lang}});
    if (const std::string text = html::plain_text(category.description); !text.empty()) out["description"] = text;
    Json items = Json::array();
    int position = 0;
    for (const Product& product : category.products)
        items.push_back(
            Json::object({{"@type", "ListItem"}, {"position", ++position}, {"name", product.title}, {"url", page_url(shop, product)}}));
    if (items.size() > 0) out["mainEntity"] = Json::object({{"@type", "ItemList"}, {"itemListElement", std::move(items)}});
    return out;
}

std::vector<Json> breadcrumb_documents(const Shop& shop, const Category& category) {
    if (category.way.empty()) return {};
    return {breadcrumb_list(shop, category.way, category.title, page_url(shop, category, {}))};
}

} // namespace gravity::product_catalog::storefront
