// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "config.hpp"
#include "consents_model.hpp"
#include "contact_changes_model.hpp"
#include "external_ids_model.hpp"
#include "forget_job.hpp"
#include "groups_model.hpp"
#include "merges_model.hpp"
#include "preferences_model.hpp"
#include "privacy_model.hpp"
#include "profile_schemas_model.hpp"
#include "scim_clients_model.hpp"
#include "sign_ins.hpp"
#include "users_model.hpp"
