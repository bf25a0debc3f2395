#pragma once

#include "organizations_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements over all that belongs to one person. Their text is in people_store.cpp and nowhere else.
namespace gravity::project {

/// Those in which somebody else is an owner, or in which they are none.
extern const Sql<OrganizationId(std::string)> leave_organizations;
/// To the addresses by which they have accepted one.
extern const Sql<void(std::string)> delete_invitations_of;
/// Where they are the last owner; keys that they made; people whom they have invited.
extern const Sql<std::int64_t(std::string)> count_last_ownerships, count_deeds;
/// From where they did what they did; how often it was known. What they did stays written.
extern const Sql<std::int64_t(std::string)> forget_addresses;
extern const Sql<std::int64_t(std::string)> count_rows_of_person;
extern const Sql<Json(std::string)> export_person;

} // namespace gravity::project
