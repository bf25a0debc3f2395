#pragma once

#include "clients_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

/// Statements of clients that registered themselves, by name. Their text is in registration_store.cpp and nowhere else.
namespace gravity::issuer {

struct StoredRegistration {
    Bytes hash;
    std::string auth_method;
    Json about;
};
BOOST_DESCRIBE_STRUCT(StoredRegistration, (), (hash, auth_method, about))

extern const Sql<void(ClientId, Bytes, std::string, Json)> insert_registration;
extern const Sql<StoredRegistration(ClientId)> get_registration;
extern const Sql<void(ClientId, std::string, Json)> save_registration;

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, StoredRegistration)
