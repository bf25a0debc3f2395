#include "registration_store.hpp"

namespace gravity::issuer {

const Sql<void(ClientId, Bytes, std::string)> insert_registration{"registration.insert",
                                                                  "insert into client_registration (client_id, hash, auth_method) values ($1, $2, $3)"};
const Sql<StoredRegistration(ClientId)> get_registration{"registration.get", "select * from client_registration where client_id = $1"};
const Sql<void(ClientId, std::string)> save_registration{"registration.save", "update client_registration set auth_method = $2 where client_id = $1"};

} // namespace gravity::issuer
