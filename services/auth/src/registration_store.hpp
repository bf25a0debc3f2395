#pragma once

#include "clients_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

/// Statements of clients that registered themselves, by name. Their text is in registration_store.cpp and nowhere else.
namespace gravity::issuer {

struct StoredRegistration {
    Bytes hash;
    std::string auth_method;
};
BOOST_DESCRIBE_STRUCT(StoredRegistration, (), (hash, auth_method))

extern const Sql<void(ClientId, Bytes, std::string)> insert_registration;
extern const Sql<StoredRegistration(ClientId)> get_registration;
extern const Sql<void(ClientId, std::string)> save_registration;

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, StoredRegistration)
