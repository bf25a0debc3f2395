#pragma once

#include "config.hpp"
#include "listing_model.hpp"

/// What a listing's parameters mean. Pure.
namespace gravity::product_catalog {

inline constexpr std::size_t max_filters = 20;

/// "color" = "red,blue", "size.gte" = "38": one filter for each attribute; everything that is not understood goes to `errors`.
std::vector<Filter> parse_filters(const std::map<std::string, std::string>& parameters, meta::Errors& errors);
/// Title and slug in the first language of the chain that has them.
struct Titled {
    Text<1, 200> title;
    PageSlug slug;
};
template <class Content> // of a product or a category: whatever has translations
Titled titled(const Content& content, const std::vector<std::string>& chain) {
    Titled out{content.name, content.slug};
    bool named = false, slugged = false;
    for (const auto& lang : chain) {
        const auto translation = content.translations.find(lang);
        if (translation == content.translations.end()) continue;
        if (!named && translation->second.name) out.title = *translation->second.name;
        if (!slugged && translation->second.slug) out.slug = *translation->second.slug;
        named = named || translation->second.name;
        slugged = slugged || translation->second.slug;
    }
    return out; // the chain ends in the base language, whose texts are the content's own
}

/// A place in a listing: besides the store's own cursor the index's epoch, so that one from before a type's migration is told from one that never
/// was, the time of the first page, so that all pages show the products of one moment, and by which statement the list goes on.
struct ListingCursor {
    std::int64_t epoch = 1;
    Timestamp at;
    bool walking = false;
    Text<1, 1000> inner; // bound to all of them: they cannot be edited
};
std::string to_text(const ListingCursor& cursor);
/// Refuses what is no cursor of this epoch.
ListingCursor read_listing_cursor(std::string_view text, std::int64_t epoch);

/// A text as `like` finds it anywhere, its wildcards taken for themselves.
std::string like_pattern(std::string_view part);

} // namespace gravity::product_catalog
