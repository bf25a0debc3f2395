#pragma once

#include <gravity/base/problem.hpp>

/// Every way this service says no, beyond what all services share.
namespace gravity::product_catalog {

inline constexpr Problem slug_taken{409, "slug-taken", "Another product has this slug"};
inline constexpr Problem not_a_draft{422, "not-a-draft", "Only a draft can be published"};
inline constexpr Problem not_active{422, "not-active", "Only an active product can be unpublished"};
inline constexpr Problem still_active{409, "still-active", "An active product must be unpublished before it is deleted"};

} // namespace gravity::product_catalog
