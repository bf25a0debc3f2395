#pragma once

#include "scim_call.hpp"
#include "scim_resource.hpp"
#include "scim_search_store.hpp"

/// What a list is asked for, by a query (RFC 7644 section 3.4.2) or by a message (section 3.4.3).
namespace gravity::user::scim {

inline constexpr std::int64_t most_results = 200;

struct ListRequest {
    Search search;
    std::int64_t start = 1;
    std::optional<std::string> cursor; // empty: from the beginning
    std::string filter_text;
    std::string attributes, excluded;
};
ListRequest list_request(const Call& call);
ListRequest search_request(const Json& message, bool as_entra_id = false);

/// ListResponse of so many in all.
Json list_response(std::int64_t total, std::int64_t start, Json resources);

} // namespace gravity::user::scim
