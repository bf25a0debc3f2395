#pragma once

#include "config.hpp"
#include "storefront.hpp"

#include <gravity/handlers.hpp>

/// The way from a request of the public to a project.
namespace gravity::product_catalog::storefront {

struct Visit {
    ProjectId project;
    Shop shop;
    std::string channel; // empty: whatever is shown anywhere
    Languages languages;
    std::string media_base;
    bool priced = false; // by the pricing service
    bool shared = true;  // the answer does not depend on what the client says its host is, so that caches may share it

    pg::Scope scope() const { return pg::Scope::project(project, "public"); }
};

/// Refuses an access key where keys are switched off (CATALOG_PUBLIC_KEYS).
void check_key(const Settings& settings, const Caller& caller);

/// The one look-up that opens a project to the public, in this order: the project of the credentials, if there are any (a publishable key); the
/// project of the host (CATALOG_PUBLIC_HOSTS); the only project (CATALOG_PUBLIC_PROJECT). Refuses with 404. Behind it row-level security holds as
/// for any caller.
Visit visit_of(const http::Request& request, const Settings& settings, const MaybeCaller& caller);

} // namespace gravity::product_catalog::storefront
