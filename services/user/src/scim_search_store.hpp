#pragma once

#include "external_ids_model.hpp"
#include "scim_schema.hpp"

#include <gravity/pg/tx.hpp>

/// Lists of SCIM: filters and orders as SQL. What is compared with is a bound parameter; all else of a statement is text that stands in scim_search_store.cpp.
namespace gravity::user::scim {

struct Search {
    std::optional<Filter> filter;
    std::optional<AttrPath> sort_by;
    bool descending = false;
    std::int64_t skip = 0;
    std::int64_t count = 100;
    bool by_cursor = false;    // by id, behind one of them
    bool all_types = false;    // as of one type among all: what another type has is nothing here (RFC 7644 section 3.4.2.1)
    std::optional<Uuid> after;
};

template <class Row>
struct Found {
    std::int64_t total = 0;
    std::vector<Row> rows;
    bool more = false; // of a search by cursor: there are others behind
};

/// Users whom no directory has deleted; refuses with `invalidFilter`, and with `invalidPath` an attribute that has no order. By `externalId` those that the
/// directory calls so. Users have the external id of the directory, groups that of the project.
Found<UserInGroups> find_users(Tx& tx, const Search& search, const Directory& directory, bool with_groups);
Found<Group> find_groups(Tx& tx, const Search& search, const Directory& directory);

/// The `where` of a filter, and the values behind its `($1::text[])[n]`: for tests.
struct Condition {
    std::string sql;
    std::vector<std::string> values;
};
Condition condition_of(const ResourceType& type, const Filter& filter, const Directory& directory = {});

} // namespace gravity::user::scim
