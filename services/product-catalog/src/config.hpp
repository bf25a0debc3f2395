#pragma once

#include "languages.hpp"
#include "names.hpp"
#include "public_hosts.hpp"
#include "slug.hpp"

/// The service's own settings, CATALOG_<NAME> outside.
namespace gravity::product_catalog {

struct Settings {
    std::optional<Url> public_base_url; // of the pages, for canonical links, sitemaps and feeds
    Languages langs{"en"};
    Bounded<int, 1, 100'000> max_variants{10'000};
    SlugMode slug_mode = SlugMode::latin;
    Retention revision_retention{"P10Y"};
    std::optional<Text<1, 100>> shop_name;    // in page titles and feeds
    std::optional<ProjectId> public_project;  // that everybody may look at, where there is only one
    std::optional<PublicHosts> public_hosts;  // where there are several
    std::optional<Key> public_channel;        // absent: what is shown in any
    std::optional<Url> media_base_url;        // of files in file-storage: "<url>/<file id>"
    std::optional<ProjectId> pricing_project; // whose prices the public is shown are those of the pricing service
    bool public_keys = true;                  // publishable access keys open reading routes
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (public_base_url, langs, max_variants, slug_mode, revision_retention, shop_name, public_project, public_hosts, public_channel,
                       media_base_url, pricing_project, public_keys))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, Settings)
