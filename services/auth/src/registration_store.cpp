#include "registration_store.hpp"

namespace gravity::issuer {

const Sql<void(ClientId, Bytes, std::string, Json)> insert_registration{
    "registration.insert", "insert into client_registration (client_id, hash, auth_method, about) values ($1, $2, $3, $4)"};
const Sql<StoredRegistration(ClientId)> get_registration{"registration.get", "select * from client_registration where client_id = $1"};
const Sql<void(ClientId, std::string, Json)> save_registration{"registration.save",
                                                               "update client_registration set auth_method = $2, about = $3 where client_id = $1"};

} // namespace gravity::issuer
