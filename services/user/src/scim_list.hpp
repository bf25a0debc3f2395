#pragma once

#include "scim_call.hpp"
#include "scim_query.hpp"

/// Lists of SCIM, whatever they are of: by index (RFC 7644 section 3.4.2.4) or by cursor (RFC 9865).
namespace gravity::user::scim {

/// Those of a list as they are shown, and how many there are in all.
struct Listed {
    std::int64_t total = 0;
    Json resources = Json::array();
    std::optional<Uuid> next; // behind it there are more; of lists by cursor
};
using ListPage = Listed (*)(Tx&, const Call&, const ListRequest&);

/// As the query asks for it.
Web list_of(Tx& tx, const Call& call, const ResourceType& type, ListPage page);
/// As a message does.
Web search_of(Tx& tx, const Call& call, const ResourceType& type, ListPage page);

} // namespace gravity::user::scim
