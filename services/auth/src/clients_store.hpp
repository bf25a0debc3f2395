#pragma once

#include "clients_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

/// Statements of clients, by name. Their text is in clients_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<Client(Client)> insert_client;
extern const Sql<void(ClientId)> list_in_directory;
extern const Sql<Client(ClientId)> get_client, lock_client;
extern const Sql<Client(ListClients)> list_clients;
extern const Sql<Client(Client)> save_client;
extern const Sql<void(ClientId)> delete_client;

extern const Sql<ClientSecret(ClientSecret, Bytes)> insert_client_secret;
extern const Sql<ClientSecret(ClientId)> list_client_secrets;
extern const Sql<void(ClientId, ClientSecretId)> delete_client_secret;

/// The project of a client, whoever asks: under Scope::system.
extern const Sql<ProjectId(ClientId)> find_in_directory;
extern const Sql<ClientAtDoor(ClientId, Timestamp)> client_at_door;
/// Touches no row if the assertion has been used.
extern const Sql<void(ClientId, std::string, Timestamp)> use_assertion;

} // namespace gravity::issuer
