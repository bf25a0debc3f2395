// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "authorize_domain.hpp"
#include "clients_model.hpp"
#include "config.hpp"
#include "credentials_api.hpp"
#include "credentials_model.hpp"
#include "credentials_store.hpp"
#include "devices_model.hpp"
#include "exchange_key_model.hpp"
#include "exchange_model.hpp"
#include "forget_job.hpp"
#include "grants_model.hpp"
#include "identities_model.hpp"
#include "keys_model.hpp"
#include "links_model.hpp"
#include "login_budgets_store.hpp"
#include "networks.hpp"
#include "passkeys_model.hpp"
#include "password_sign_in.hpp"
#include "redirects.hpp"
#include "registration_store.hpp"
#include "roles_model.hpp"
#include "scopes.hpp"
#include "second_factor_store.hpp"
#include "sign_in_model.hpp"
