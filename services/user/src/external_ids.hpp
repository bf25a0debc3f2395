#pragma once

#include "external_ids_model.hpp"

#include <gravity/pg/tx.hpp>

/// People and groups as a directory knows them. Where it is none of the SCIM clients they are as their rows are.
namespace gravity::user {

void show_as_known(Tx& tx, const Directory& directory, std::vector<Group>& groups);
User as_known(Tx& tx, const Directory& directory, User user);
Group as_known(Tx& tx, const Directory& directory, Group group);

/// What a client calls somebody from now on, whose row is locked or new; false: it has called them so before. Refuses with `external_id_taken`.
bool call_user(Tx& tx, const ScimClientId& client, const UserId& user, const std::optional<ExternalId>& name);
bool call_group(Tx& tx, const ScimClientId& client, const GroupId& group, const std::optional<ExternalId>& name);

} // namespace gravity::user
