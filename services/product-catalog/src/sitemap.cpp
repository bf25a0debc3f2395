#include "sitemap.hpp"

#include "html.hpp"

#include <algorithm>
#include <utility>

namespace gravity::product_catalog::sitemap {
namespace {

constexpr std::string_view head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                  "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n";
constexpr std::string_view foot = "</urlset>\n";

std::string text_of(const storefront::Shop& shop, const Entry& entry) {
    // Every page names all languages, itself included, or none are believed; x-default is where others are sent.
    std::string links;
    const auto link = [&](std::string_view hreflang, const storefront::Alternate& page) {
        links.append("<xhtml:link rel=\"alternate\" hreflang=\"").append(html::escape(hreflang)).append("\" href=\"");
        links.append(html::escape(storefront::page_url(shop, entry.kind, page.lang, page.slug))).append("\"/>");
    };
    if (entry.pages.size() > 1)
        for (const auto& page : entry.pages) {
            link(page.lang, page);
            if (page.lang == shop.default_lang) link("x-default", page);
        }
    std::string out;
    for (const auto& page : entry.pages) {
        out.append("<url><loc>").append(html::escape(storefront::page_url(shop, entry.kind, page.lang, page.slug))).append("</loc><lastmod>");
        out.append(entry.updated_at.to_string()).append("</lastmod>").append(links).append("</url>\n");
    }
    return out;
}

} // namespace

std::size_t entries_a_file(const storefront::Shop& shop, std::size_t languages) {
    // The widest that there can be: every language has a page, with a slug of 80 letters of four bytes each.
    const std::string slug(4 * 80, '\xf0');
    Entry widest{{languages, storefront::Alternate{std::string(35, 'x'), slug}}, Timestamp::parse("9999-12-31T23:59:59.999999Z").or_throw()};
    storefront::Shop in_one_of_them = shop;
    in_one_of_them.default_lang = std::string(35, 'd');
    widest.pages.front().lang = in_one_of_them.default_lang;
    const std::size_t bytes = text_of(in_one_of_them, widest).size();
    return std::max<std::size_t>(1, std::min(max_urls / languages, (max_bytes - head.size() - foot.size()) / bytes));
}

File::File(const storefront::Shop& shop) : shop_(shop), buffer_(head) {}
void File::add(const Entry& entry) { buffer_ += text_of(shop_, entry); }
void File::finish() { buffer_ += foot; }

std::string file_url(const storefront::Shop& shop, storefront::PageKind kind, const Uuid& start) {
    return shop.base_url + (kind == storefront::PageKind::product ? "/sitemap-" : "/category-sitemap-") + start.to_string() + ".xml";
}

std::string index_head() { return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"; }

std::string index_entry(const storefront::Shop& shop, storefront::PageKind kind, const Uuid& start) {
    return "<sitemap><loc>" + html::escape(file_url(shop, kind, start)) + "</loc></sitemap>\n";
}

std::string index_foot() { return "</sitemapindex>\n"; }

} // namespace gravity::product_catalog::sitemap
