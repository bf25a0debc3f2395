#pragma once

#include "project_members_model.hpp"

#include <gravity/json/json.hpp>
#include <gravity/pg/tx.hpp>

/// Statements over all that belongs to one person. Their text is in people_store.cpp and nowhere else.
namespace gravity::project {

/// Something that is kept of a person: in which part of an export it stands (people.cpp has their names), its id, and what is theirs to see.
struct PersonItem {
    int section = 0;
    std::string id;
    Json item;
};
BOOST_DESCRIBE_STRUCT(PersonItem, (), (section, id, item))

/// Those in which somebody else is an owner, or in which they are none.
extern const Sql<OrganizationId(std::string)> leave_organizations;
/// Projects that they were a member of alone.
extern const Sql<LeftProject(std::string)> leave_projects;
/// To the addresses by which they have accepted one.
extern const Sql<void(std::string)> delete_invitations_of;
/// Where they are the last owner; keys that they made; people whom they have invited.
extern const Sql<std::int64_t(std::string)> count_last_ownerships, count_deeds;
/// From where they did what they did; how often it was known. What they did stays written.
extern const Sql<std::int64_t(std::string)> forget_addresses;
extern const Sql<std::int64_t(std::string)> count_rows_of_person;
/// What is kept of them behind this section and id, in that order, and so many at most.
extern const Sql<PersonItem(std::string, int, std::string, int)> items_of_person;

} // namespace gravity::project

GRAVITY_TABLES(project, PersonItem)
