#include "page.hpp"

#include "html.hpp"
#include "structured_data.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::product_catalog::storefront {
namespace {

constexpr std::string_view style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}img{max-width:100%;height:auto}"
                                   "table{border-collapse:collapse;width:100%}td{padding:.4rem .6rem;border-bottom:1px solid #ddd}nav "
                                   "ol{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}";

// Languages written from right to left, unless the tag names another script.
bool is_right_to_left(std::string_view lang) {
    constexpr std::string_view languages[] = {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"};
    constexpr std::string_view scripts[] = {"Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"};
    const auto dash = lang.find('-');
    if (dash != std::string_view::npos && lang.size() >= dash + 5 && (lang.size() == dash + 5 || lang[dash + 5] == '-'))
        return std::find(std::begin(scripts), std::end(scripts), lang.substr(dash + 1, 4)) != std::end(scripts);
    return std::find(std::begin(languages), std::end(languages), lang.substr(0, dash)) != std::end(languages);
}

class Markup {
public:
    Markup& raw(std::string_view text) {
        out_ += text;
        return *this;
    }
    Markup& text(std::string_view value) {
        out_ += html::escape(value);
        return *this;
    }
    Markup& link(std::string_view rel, std::string_view url, std::string_view hreflang = {}) {
        raw("<link rel=\"").text(rel).raw("\"");
        if (!hreflang.empty()) raw(" hreflang=\"").text(hreflang).raw("\"");
        return raw(" href=\"").text(url).raw("\">\n");
    }
    Markup& meta(std::string_view kind, std::string_view name, std::string_view content) {
        return raw("<meta ").raw(kind).raw("=\"").raw(name).raw("\" content=\"").text(content).raw("\">\n");
    }
    Markup& json_ld(const Json& document) {
        return raw("<script type=\"application/ld+json\">").raw(html::script_json(document.dump())).raw("</script>\n");
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

std::string shown_price(const Money& money) { return decimal(money) + "\u00a0" + money.currency.to_string(); }

void head(Markup& page, const Shop& shop, const Product& product) {
    const std::string url = page_url(shop, product);
    const std::string title = product.meta_title.value_or(product.title);
    const std::string description = product.meta_description.value_or(html::excerpt(html::plain_text(product.description), 160));
    page.raw("<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>").text(title);
    if (!shop.name.empty()) page.raw(" – ").text(shop.name);
    page.raw("</title>\n");
    if (!description.empty()) page.meta("name", "description", description);
    page.link("canonical", url);
    for (const Alternate& other : product.alternates) page.link("alternate", page_url(shop, other.lang, other.slug), other.lang);
    for (const Alternate& other : product.alternates)
        if (other.lang == shop.default_lang) page.link("alternate", page_url(shop, other.lang, other.slug), "x-default");
    page.meta("property", "og:type", "product").meta("property", "og:title", title).meta("property", "og:url", url);
    if (!description.empty()) page.meta("property", "og:description", description);
    for (const Picture& picture : product.pictures)
        if (html::is_web_url(picture.url)) {
            page.meta("property", "og:image", picture.url);
            break;
        }
    page.raw("<style>").raw(style).raw("</style>\n").json_ld(product_document(shop, product));
    for (const Json& list : breadcrumb_documents(shop, product)) page.json_ld(list);
}

void breadcrumbs(Markup& page, const Shop& shop, const Product& product) {
    if (product.breadcrumbs.empty()) return;
    page.raw("<nav><ol>");
    for (const Crumb& crumb : product.breadcrumbs.front()) {
        page.raw("<li>");
        if (crumb.path.empty())
            page.text(crumb.name);
        else
            page.raw("<a href=\"").text(shop.base_url + crumb.path).raw("\">").text(crumb.name).raw("</a>");
        page.raw("</li>");
    }
    page.raw("</ol></nav>\n");
}

void variant_table(Markup& page, const Shop& shop, const Product& product, const VariantPage& shown) {
    if (product.variants.empty()) return;
    page.raw("<table>");
    for (const Variant& variant : product.variants) {
        page.raw("<tr id=\"v-").text(variant.id.to_string()).raw("\"><td>").text(variant_title(variant)).raw("</td><td>").text(variant.sku).raw("</td><td>");
        if (variant.price) page.text(shown_price(*variant.price));
        page.raw("</td></tr>");
    }
    page.raw("</table>\n");
    const std::string url = page_url(shop, product) + "?page=";
    if (shown.number > 1 || shown.more) page.raw("<p>");
    if (shown.number > 1) page.raw("<a rel=\"prev\" href=\"").text(url + std::to_string(shown.number - 1)).raw("\">‹</a> ");
    if (shown.more) page.raw("<a rel=\"next\" href=\"").text(url + std::to_string(shown.number + 1)).raw("\">›</a>");
    if (shown.number > 1 || shown.more) page.raw("</p>\n");
}

} // namespace

std::string product_page(const Shop& shop, const Product& product, const VariantPage& variants) {
    Markup page;
    page.raw("<!doctype html>\n<html lang=\"").text(product.lang).raw("\" dir=\"").raw(is_right_to_left(product.lang) ? "rtl" : "ltr").raw("\">\n<head>\n");
    head(page, shop, product);
    page.raw("</head>\n<body>\n");
    breadcrumbs(page, shop, product);
    page.raw("<main>\n<h1>").text(product.title).raw("</h1>\n");
    if (product.brand) page.raw("<p>").text(*product.brand).raw("</p>\n");
    for (const Picture& picture : product.pictures)
        if (html::is_web_url(picture.url)) page.raw("<img src=\"").text(picture.url).raw("\" alt=\"").text(picture.alt).raw("\">\n");
    page.raw(html::sanitise(product.description)).raw("\n");
    if (!product.properties.empty()) {
        page.raw("<dl>");
        for (const Property& property : product.properties) page.raw("<dt>").text(property.name).raw("</dt><dd>").text(property.value).raw("</dd>");
        page.raw("</dl>\n");
    }
    variant_table(page, shop, product, variants);
    page.raw("</main>\n</body>\n</html>\n");
    return page.take();
}

const std::string& page_policy() {
    static const std::string policy = "default-src 'none'; img-src https: http:; style-src 'sha256-" + base64_encode(sha256(style)) +
                                      "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return policy;
}

} // namespace gravity::product_catalog::storefront
