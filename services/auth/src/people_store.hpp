#pragma once

#include "identities_model.hpp"

#include <gravity/json/json.hpp>
#include <gravity/pg/tx.hpp>

#include <string>

/// Statements over all that belongs to one identity. Their text is in people_store.cpp and nowhere else.
namespace gravity::issuer {

/// Something of which there may be any number: its id, and what is theirs to see.
struct PersonItem {
    std::string id;
    Json item;
};
BOOST_DESCRIBE_STRUCT(PersonItem, (), (id, item))

/// All of them, and those of the items below.
extern const Sql<std::int64_t(IdentityId)> count_rows_of_identity, count_items_of_identity;
/// That of which there are few.
extern const Sql<Json(IdentityId)> export_identity;
/// Of the rest, what stands behind this id, in the order of ids, and so many at most.
extern const Sql<PersonItem(IdentityId, std::string, int)> sessions_to_show, applications_to_show, devices_to_show, refusals_to_show, families_to_show;

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, PersonItem)
