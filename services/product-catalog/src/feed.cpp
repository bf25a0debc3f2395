#include "feed.hpp"

#include "html.hpp"
#include "structured_data.hpp"

#include <algorithm>

namespace gravity::product_catalog::feed {
namespace {

using storefront::Product;
using storefront::Variant;

constexpr std::string_view columns[] = {"id", "title", "description", "link", "image_link", "additional_image_link", "availability", "price", "sale_price",
                                        "condition", "brand", "gtin", "mpn", "identifier_exists", "item_group_id", "color", "size", "size_system",
                                        "size_type", "material", "pattern", "age_group", "gender", "google_product_category", "product_type"};
// Of these Google reads the value as it is; the shop's attributes have the same names.
constexpr std::string_view details[] = {"color", "size", "size_system", "size_type", "material", "pattern", "age_group", "gender"};

std::string price_of(const Money& money) { return storefront::decimal(money) + " " + money.currency.to_string(); }

std::string detail_of(const Product& product, const Variant& variant, std::string_view name) {
    for (const auto& choice : variant.choices)
        if (choice.axis == name) return choice.value.label;
    for (const auto* properties : {&variant.properties, &product.properties})
        for (const auto& property : *properties)
            if (property.key == name) return property.value;
    return "";
}

Item item_of(const storefront::Shop& shop, const Product& product, const Variant& variant, const std::vector<std::string>& pictures) {
    Item item;
    const auto put = [&](std::string_view name, std::string value) {
        if (!value.empty()) item.emplace_back(name, std::move(value));
    };
    const bool grouped = !product.axes.empty();
    const std::string description = html::plain_text(product.description);
    put("id", variant.sku.size() <= 50 ? variant.sku : variant.id.to_string());
    put("title", html::excerpt(grouped ? product.title + " " + variant_title(variant) : product.title, 150));
    put("description", html::excerpt(description.empty() ? product.title : description, 5'000));
    put("link", grouped ? page_url(shop, product, variant) : page_url(shop, product));
    put("image_link", pictures.front());
    for (std::size_t i = 1; i < pictures.size() && i <= 10; ++i) put("additional_image_link", pictures[i]);
    put("availability", variant.stock == storefront::Stock::out_of_stock ? "out_of_stock" : "in_stock"); // what nobody counts is for sale
    const bool reduced = variant.compare_at && variant.compare_at->currency == variant.price->currency && variant.compare_at->amount > variant.price->amount;
    put("price", price_of(reduced ? *variant.compare_at : *variant.price));
    if (reduced) put("sale_price", price_of(*variant.price));
    put("condition", "new");
    put("brand", product.brand.value_or(""));
    if (variant.gtin) put("gtin", storefront::printed_gtin(*variant.gtin));
    put("mpn", variant.mpn.value_or(""));
    if (!variant.gtin && !(product.brand && variant.mpn)) put("identifier_exists", "no");
    if (grouped) put("item_group_id", product.id.to_string());
    for (const auto name : details) put(name, detail_of(product, variant, name));
    put("google_product_category", product.google_category.value_or(""));
    if (!product.breadcrumbs.empty()) {
        std::string path;
        for (const auto& crumb : product.breadcrumbs.front()) path += (path.empty() ? "" : " > ") + crumb.name;
        put("product_type", path);
    }
    return item;
}

std::vector<std::string> pictures_of(const Product& product, const Variant& variant) {
    std::vector<std::string> urls;
    for (const auto* list : {&variant.pictures, &product.pictures})
        for (const auto& picture : *list)
            if (html::is_web_url(picture.url) && std::find(urls.begin(), urls.end(), picture.url) == urls.end()) urls.push_back(picture.url);
    return urls;
}

// A value on one line; one with a quote is quoted, as spreadsheets write it.
std::string tsv_field(std::string_view value) {
    std::string out;
    for (const char c : value) out += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    if (out.find('"') == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

} // namespace

std::string_view to_string(Missing missing) { return missing == Missing::price ? "price" : "image"; }

Items items_of(const storefront::Shop& shop, const Product& product) {
    Items out;
    for (const Variant& variant : product.variants) {
        const auto pictures = pictures_of(product, variant);
        if (!variant.price)
            out.left_out.push_back({product.id, variant.id, variant.sku, Missing::price});
        else if (pictures.empty())
            out.left_out.push_back({product.id, variant.id, variant.sku, Missing::image});
        else
            out.items.push_back(item_of(shop, product, variant, pictures));
    }
    return out;
}

std::string rss_head(const storefront::Shop& shop) {
    const std::string name = html::escape(shop.name.empty() ? shop.base_url : shop.name);
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\">\n<channel>\n<title>" + name +
           "</title>\n<link>" + html::escape(shop.base_url) + "</link>\n<description>" + name + "</description>\n";
}

std::string rss_item(const Item& item) {
    std::string out = "<item>";
    for (const auto& [name, value] : item) out.append("<g:").append(name).append(">").append(html::escape(value)).append("</g:").append(name).append(">");
    return out + "</item>\n";
}

std::string rss_foot() { return "</channel>\n</rss>\n"; }

std::string tsv_head() {
    std::string out;
    for (const auto column : columns) out.append(out.empty() ? "" : "\t").append(column);
    return out + "\n";
}

std::string left_out_head() { return "product_id\tvariant_id\tsku\tmissing\n"; }

std::string left_out_line(const LeftOut& one) {
    return one.product.to_string() + "\t" + one.variant.to_string() + "\t" + tsv_field(one.sku) + "\t" + std::string(to_string(one.missing)) + "\n";
}

std::string tsv_line(const Item& item) {
    std::string out;
    bool first = true;
    for (const auto column : columns) {
        std::string value;
        for (const auto& [name, part] : item)
            if (name == column) value += (value.empty() ? "" : ",") + part;
        out += (first ? "" : "\t") + tsv_field(value);
        first = false;
    }
    return out + "\n";
}

} // namespace gravity::product_catalog::feed
