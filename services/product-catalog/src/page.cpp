#include "page.hpp"

#include "attributes.hpp"
#include "html.hpp"
#include "structured_data.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::product_catalog::storefront {
namespace {

constexpr std::string_view style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}img{max-width:100%;height:auto}"
                                   "table{border-collapse:collapse;width:100%}td{padding:.4rem .6rem;border-bottom:1px solid #ddd}nav ol,nav ul"
                                   "{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}.products{display:grid;gap:1rem;padding:0;list-style:none;"
                                   "grid-template-columns:repeat(auto-fill,minmax(12rem,1fr))}.products img{display:block}";

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

/// What stands in the head of a page.
struct Head {
    std::string title;
    std::string description;
    std::string url; // the canonical one
    std::string_view type; // of the Open Graph protocol
    PageKind kind;
    std::vector<Alternate> alternates;
    std::vector<Picture> pictures;
    std::vector<Json> documents;
    bool index = true; // by search engines
};

/// From the beginning to the body, which is open then.
void begin(Markup& page, const Shop& shop, std::string_view lang, const Head& head) {
    page.raw("<!doctype html>\n<html lang=\"").text(lang).raw("\" dir=\"").raw(is_right_to_left(lang) ? "rtl" : "ltr").raw("\">\n<head>\n");
    page.raw("<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>").text(head.title);
    if (!shop.name.empty()) page.raw(" – ").text(shop.name);
    page.raw("</title>\n");
    if (!head.description.empty()) page.meta("name", "description", head.description);
    if (!head.index) page.meta("name", "robots", "noindex");
    page.link("canonical", head.url);
    for (const Alternate& other : head.alternates) page.link("alternate", page_url(shop, head.kind, other.lang, other.slug), other.lang);
    for (const Alternate& other : head.alternates)
        if (other.lang == shop.default_lang) page.link("alternate", page_url(shop, head.kind, other.lang, other.slug), "x-default");
    page.meta("property", "og:type", head.type).meta("property", "og:title", head.title).meta("property", "og:url", head.url);
    if (!head.description.empty()) page.meta("property", "og:description", head.description);
    const auto picture = std::find_if(head.pictures.begin(), head.pictures.end(), [](const Picture& one) { return html::is_web_url(one.url); });
    if (picture != head.pictures.end()) page.meta("property", "og:image", picture->url);
    page.raw("<style>").raw(style).raw("</style>\n");
    for (const Json& document : head.documents) page.json_ld(document);
    page.raw("</head>\n<body>\n");
}

/// A name that leads to its page, if it has one.
void crumb(Markup& page, const Shop& shop, const Crumb& one) {
    page.raw("<li>");
    if (one.path.empty())
        page.text(one.name);
    else
        page.raw("<a href=\"").text(shop.base_url + one.path).raw("\">").text(one.name).raw("</a>");
    page.raw("</li>");
}

void breadcrumbs(Markup& page, const Shop& shop, const std::vector<Crumb>& way) {
    if (way.empty()) return;
    page.raw("<nav><ol>");
    for (const Crumb& one : way) crumb(page, shop, one);
    page.raw("</ol></nav>\n");
}

void variant_table(Markup& page, const Shop& shop, const Product& product, const VariantPage& shown) {
    if (product.variants.empty()) return;
    page.raw("<table>");
    for (const Variant& variant : product.variants) {
        page.raw("<tr id=\"v-").text(variant.id.to_string()).raw("\"><td>").text(variant_title(variant)).raw("</td><td>").text(variant.sku).raw("</td><td>");
        if (variant.price && variant.compare_at) page.raw("<del>").text(shown_price(*variant.compare_at)).raw("</del> ");
        if (variant.price) page.text(shown_price(*variant.price));
        page.raw("</td><td>");
        if (variant.stock != Stock::unknown) page.raw(variant.stock == Stock::in_stock ? "✓" : "✗");
        page.raw("</td></tr>");
    }
    page.raw("</table>\n");
    const std::string url = page_url(shop, product) + "?page=";
    if (shown.number > 1 || shown.more) page.raw("<p>");
    if (shown.number > 1) page.raw("<a rel=\"prev\" href=\"").text(url + std::to_string(shown.number - 1)).raw("\">‹</a> ");
    if (shown.more) page.raw("<a rel=\"next\" href=\"").text(url + std::to_string(shown.number + 1)).raw("\">›</a>");
    if (shown.number > 1 || shown.more) page.raw("</p>\n");
}

void product_card(Markup& page, const Shop& shop, const Product& product) {
    page.raw("<li><a href=\"").text(page_url(shop, product)).raw("\">");
    const auto picture = std::find_if(product.pictures.begin(), product.pictures.end(), [](const Picture& one) { return html::is_web_url(one.url); });
    if (picture != product.pictures.end()) page.raw("<img src=\"").text(picture->url).raw("\" alt=\"").text(picture->alt).raw("\" loading=\"lazy\">");
    page.text(product.title).raw("</a>");
    if (const auto range = price_range(product)) {
        page.raw(" ").text(shown_price(range->min));
        if (range->max != range->min) page.raw(" – ").text(shown_price(range->max));
    }
    page.raw("</li>\n");
}

} // namespace

std::string product_page(const Shop& shop, const Product& product, const VariantPage& variants) {
    Head head{product.meta_title.value_or(product.title),
              product.meta_description.value_or(html::excerpt(html::plain_text(product.description), 160)),
              page_url(shop, product),
              "product",
              PageKind::product,
              product.alternates,
              product.pictures,
              breadcrumb_documents(shop, product)};
    head.documents.insert(head.documents.begin(), product_document(shop, product));
    Markup page;
    begin(page, shop, product.lang, head);
    breadcrumbs(page, shop, product.breadcrumbs.empty() ? std::vector<Crumb>{} : product.breadcrumbs.front());
    page.raw("<main>\n<h1>").text(product.title).raw("</h1>\n");
    if (product.brand) page.raw("<p>").text(*product.brand).raw("</p>\n");
    if (product.rating) page.raw("<p>★ ").raw(number_text(product.rating->mean)).raw(" (").raw(std::to_string(product.rating->count)).raw(")</p>\n");
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

std::string category_page(const Shop& shop, const Category& category) {
    Head head{category.title,
              html::excerpt(html::plain_text(category.description), 160),
              page_url(shop, category, category.cursor),
              "website",
              PageKind::category,
              category.cursor ? std::vector<Alternate>{} : category.alternates, // the parts of two languages need not begin at the same product
              {},
              breadcrumb_documents(shop, category)};
    head.documents.insert(head.documents.begin(), category_document(shop, category));
    head.index = !category.products.empty();
    Markup page;
    begin(page, shop, category.lang, head);
    breadcrumbs(page, shop, category.way);
    page.raw("<main>\n<h1>").text(category.title).raw("</h1>\n").raw(html::sanitise(category.description)).raw("\n");
    if (!category.children.empty()) {
        page.raw("<nav><ul>");
        for (const Crumb& child : category.children) crumb(page, shop, child);
        page.raw("</ul></nav>\n");
    }
    page.raw("<ul class=\"products\">");
    for (const Product& product : category.products) product_card(page, shop, product);
    page.raw("</ul>\n");
    if (category.cursor) page.raw("<a rel=\"first\" href=\"").text(page_url(shop, category, {})).raw("\">«</a>\n");
    if (category.next) page.raw("<a rel=\"next\" href=\"").text(page_url(shop, category, category.next)).raw("\">›</a>\n");
    page.raw("</main>\n</body>\n</html>\n");
    return page.take();
}

const std::string& page_policy() {
    static const std::string policy = "default-src 'none'; img-src https: http:; style-src 'sha256-" + base64_encode(sha256(style)) +
                                      "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return policy;
}

} // namespace gravity::product_catalog::storefront
