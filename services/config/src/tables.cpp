// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "checks.hpp"
#include "config.hpp"
#include "effective_model.hpp"
#include "flags_model.hpp"
#include "flags_store.hpp"
#include "forget_job.hpp"
#include "frames.hpp"
#include "instances_model.hpp"
#include "instances_store.hpp"
#include "layers_store.hpp"
#include "preview_model.hpp"
#include "releases_model.hpp"
#include "releases_store.hpp"
#include "rollout_job.hpp"
#include "rollouts_domain.hpp"
#include "rollouts_model.hpp"
#include "rollouts_store.hpp"
#include "schemas_model.hpp"
#include "secrets_model.hpp"
#include "secrets_store.hpp"
#include "sets_model.hpp"
#include "sets_store.hpp"
#include "tags_model.hpp"
