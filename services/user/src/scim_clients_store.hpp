#pragma once

#include "scim_clients_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of SCIM clients, by name. Their text is in scim_clients_store.cpp and nowhere else.
namespace gravity::user {

inline constexpr int most_scim_clients = 500;

extern const Sql<ScimClient(PageQuery)> list_scim_clients;
extern const Sql<ScimClient(ScimClientId)> get_scim_client, lock_scim_client;
/// Whose tokens those are; nothing where it is nobody's of whom more is known.
extern const Sql<ScimClient(std::string)> scim_client_of_subject;
/// Nothing where there are as many as there may be.
extern const Sql<ScimClient(ScimClient, int)> insert_scim_client;
extern const Sql<ScimClient(ScimClient)> save_scim_client;
extern const Sql<void(ScimClientId)> delete_scim_client;

} // namespace gravity::user
