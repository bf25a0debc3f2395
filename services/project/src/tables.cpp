// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "api_keys_model.hpp"
#include "audit_model.hpp"
#include "clones_model.hpp"
#include "config.hpp"
#include "deletions_model.hpp"
#include "explanations_model.hpp"
#include "forget_usage.hpp"
#include "invitations_model.hpp"
#include "leaks_model.hpp"
#include "meters_model.hpp"
#include "openmeter_api.hpp"
#include "organizations_model.hpp"
#include "people_store.hpp"
#include "project_members_model.hpp"
#include "projects_model.hpp"
#include "quotas_model.hpp"
#include "usage_announced.hpp"
#include "usage_model.hpp"
