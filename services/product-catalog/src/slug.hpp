#pragma once

#include <gravity/meta/describe.hpp>

#include <string>
#include <string_view>

/// Names of pages: from a title in any script to a path segment. Pure functions; the only file that knows ICU.
namespace gravity::product_catalog {

/// `latin` romanises (UTS #35 transforms Any-Latin and Latin-ASCII); `keep` leaves the script, for readers of Chinese or Arabic whose
/// browsers show it decoded.
enum class SlugMode {
    latin,
    keep
};
BOOST_DESCRIBE_ENUM(SlugMode, latin, keep)

/// At most this many code points; in `latin` mode they are bytes.
inline constexpr std::size_t max_slug = 80;

/// Letters and digits in lower case, single hyphens between words, cut between words where there are several. A text whose script cannot be
/// romanised keeps it. Empty if the text has neither letters nor digits.
std::string make_slug(std::string_view text, SlugMode mode);

/// The n-th choice where a slug is taken: "mug", 2 -> "mug-2", never longer than `max_slug`.
std::string numbered_slug(std::string_view slug, int n);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, SlugMode)
