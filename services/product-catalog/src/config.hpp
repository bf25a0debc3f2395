#pragma once

#include "languages.hpp"
#include "slug.hpp"

/// The service's own settings, CATALOG_<NAME> outside.
namespace gravity::product_catalog {

struct Settings {
    std::optional<Url> public_base_url; // of the pages, for canonical links, sitemaps and feeds
    Languages langs{"en"};
    Bounded<int, 1, 100'000> max_variants{10'000};
    SlugMode slug_mode = SlugMode::latin;
    Retention revision_retention{"P10Y"};
};
BOOST_DESCRIBE_STRUCT(Settings, (), (public_base_url, langs, max_variants, slug_mode, revision_retention))

} // namespace gravity::product_catalog
