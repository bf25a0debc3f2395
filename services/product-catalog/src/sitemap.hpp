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

/// One sitemap file. `add` until it refuses, taking the text whenever it is large enough to be sent; then `finish`.
class File {
public:
    explicit File(const storefront::Shop& shop);

    /// False, and nothing written, if the entry would break a limit: it belongs into the next file.
    bool add(const Entry& entry);
    void finish();

    std::size_t buffered() const { return buffer_.size(); }
    std::string take() { return std::exchange(buffer_, {}); }
    std::size_t urls() const { return urls_; }

private:
    const storefront::Shop& shop_;
    std::string buffer_;
    std::size_t urls_ = 0;
    std::size_t bytes_ = 0; // written in all
};

/// Where the files of an index begin, found by the same rules as the files end by.
class Plan {
public:
    explicit Plan(const storefront::Shop& shop) : shop_(shop) {}
    /// True if the entry begins a file.
    bool add(const Entry& entry);

private:
    const storefront::Shop& shop_;
    std::optional<File> file_;
};

/// The sitemap index: head, an entry for each file by the id that it begins at, foot.
std::string index_head();
std::string index_entry(const storefront::Shop& shop, storefront::PageKind kind, const Uuid& start);
std::string index_foot();
/// "https://shop.example/sitemap-<id>.xml", of categories "https://shop.example/category-sitemap-<id>.xml"
std::string file_url(const storefront::Shop& shop, storefront::PageKind kind, const Uuid& start);

} // namespace gravity::product_catalog::sitemap
