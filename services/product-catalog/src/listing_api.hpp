#pragma once

#include "config.hpp"
#include "listing_model.hpp"

#include <gravity/handlers.hpp>

/// Handler of the list of products.
namespace gravity::product_catalog::listing {

Listing list(Tx& tx, Params<ListProducts> query, Caller caller, Given<Settings> settings);

} // namespace gravity::product_catalog::listing
