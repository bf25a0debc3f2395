#pragma once

#include "storefront.hpp"

#include <gravity/base/time.hpp>

/// Sitemaps 0.9 (sitemaps.org), piece by piece in bounded memory. No I/O here: whoever reads the products feeds them in and takes the text out.
namespace gravity::product_catalog::sitemap {

inline constexpr std::size_t max_urls = 50'000;
inline constexpr std::size_t max_bytes = 50 * 1024 * 1024; // uncompressed

/// The pages of a product or category in all its languages: they stand together in one file, each naming the others (hreflang).
struct Entry {
    std::vector<storefront::Alternate> pages;
    Timestamp updated_at;
    storefront::PageKind kind = storefront::PageKind::product;
};

/// How many products or categories, of so many languages, a file holds so that it keeps both limits whatever their slugs are: where the next file begins is
/// then found by counting ids, without a look at what is in them.
std::size_t entries_a_file(const storefront::Shop& shop, std::size_t languages);

/// One sitemap file, of at most `entries_a_file` entries. `add`, taking the text whenever it is large enough to be sent; then `finish`.
class File {
public:
    explicit File(const storefront::Shop& shop);

    void add(const Entry& entry);
    void finish();

    std::size_t buffered() const { return buffer_.size(); }
    std::string take() { return std::exchange(buffer_, {}); }

private:
    const storefront::Shop& shop_;
    std::string buffer_;
};

/// The sitemap index: head, an entry for each file by the id that it begins at, foot.
std::string index_head();
std::string index_entry(const storefront::Shop& shop, storefront::PageKind kind, const Uuid& start);
std::string index_foot();
/// "https://shop.example/sitemap-<id>.xml", of categories "https://shop.example/category-sitemap-<id>.xml"
std::string file_url(const storefront::Shop& shop, storefront::PageKind kind, const Uuid& start);

} // namespace gravity::product_catalog::sitemap
