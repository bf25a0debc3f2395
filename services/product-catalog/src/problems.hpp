#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::product_catalog {

// Products
inline constexpr Problem slug_taken{409, "slug-taken", "Another page has this slug"};
inline constexpr Problem no_such_type{422, "no-such-product-type", "There is no such product type"};
inline constexpr Problem nothing_to_publish{422, "nothing-to-publish", "What is staged is published already"};
inline constexpr Problem incomplete{422, "incomplete", "The product lacks what its type requires to be published"};
inline constexpr Problem not_active{422, "not-active", "Only an active product can be unpublished"};
inline constexpr Problem still_active{409, "still-active", "An active product must be unpublished before it is deleted"};

inline constexpr Problem scheduled_already{409, "scheduled-already", "Something is planned for the product at this time"};
inline constexpr Problem in_the_past{422, "in-the-past", "What is planned must be ahead"};

// Variants
inline constexpr Problem sku_taken{409, "sku-taken", "Another variant has this SKU"};
inline constexpr Problem gtin_taken{409, "gtin-taken", "Another variant has this GTIN"};
inline constexpr Problem options_taken{409, "options-taken", "Another variant of the product has these options"};
inline constexpr Problem too_many_variants{422, "too-many-variants", "The product would have too many variants"};
inline constexpr Problem no_options{422, "no-options", "The product has no option axes with values"};

// Types and attributes
inline constexpr Problem type_key_taken{409, "product-type-key-taken", "Another product type has this key"};
inline constexpr Problem type_in_use{409, "product-type-in-use", "Products are of this type"};
inline constexpr Problem breaks_products{409, "breaks-products", "The change would break values of products"};
inline constexpr Problem attribute_differs{409, "attribute-differs", "Another type has an attribute of this name that is of another kind or unit"};
inline constexpr Problem not_unique{409, "attribute-not-unique", "Another product has this value of a unique attribute"};

// Categories
inline constexpr Problem no_such_parent{422, "no-such-parent", "There is no such parent category in this tree"};
inline constexpr Problem cycle{422, "category-cycle", "A category cannot be moved below itself"};
inline constexpr Problem has_children{409, "has-children", "The category has sub-categories"};

// Channels
inline constexpr Problem channel_key_taken{409, "channel-key-taken", "Another channel has this key"};
inline constexpr Problem channel_in_use{409, "channel-in-use", "Products are shown in this channel"};

// Collections
inline constexpr Problem has_rule{409, "has-rule", "The collection's members are found by its rule"};

// Listing
inline constexpr Problem cursor_expired{400, "cursor-expired", "The list has been rebuilt since this cursor was made"};

// What the public sees
inline constexpr Problem page_moved{301, "page-moved", "The page has another address now"};
inline constexpr Problem no_public_catalogue{404, "no-public-catalogue", "No catalogue is open to the public here"};

// Import and export
inline constexpr Problem file_unreadable{422, "file-unreadable", "The file cannot be read as what it is said to be"};
inline constexpr Problem export_not_done{409, "export-not-done", "The export is not done yet"};

} // namespace gravity::product_catalog
