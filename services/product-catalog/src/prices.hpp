#pragma once

#include "visit.hpp"

#include <chrono>

/// What the public pays, where a pricing service says so (CATALOG_PRICING_PROJECT).
namespace gravity::product_catalog::storefront {

/// How long a page waits for prices; a feed may take its time.
inline constexpr std::chrono::milliseconds page_patience{400};
inline constexpr std::chrono::milliseconds feed_patience{10'000};

/// Puts shelf prices in the place of list prices, if the visited project has such. A variant that the pricing service does not name has no price.
/// False if prices were not to be had: then no product has any, for a wrong price is worse than none. `products` outlive the call.
Task<bool> put_prices(Ctx& ctx, Visit visit, std::vector<Product*> products, std::chrono::milliseconds patience);

/// What leaves it to others to come again: 503.
Refusal prices_unavailable();

} // namespace gravity::product_catalog::storefront
