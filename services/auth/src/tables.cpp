// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "clients_model.hpp"
#include "config.hpp"
#include "exchange_model.hpp"
#include "forget_job.hpp"
#include "keys_model.hpp"
#include "roles_model.hpp"
#include "scopes.hpp"
