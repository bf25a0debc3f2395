// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "config.hpp"
#include "effective_model.hpp"
#include "flags_model.hpp"
#include "flags_store.hpp"
#include "frames.hpp"
#include "layers_store.hpp"
#include "releases_model.hpp"
#include "releases_store.hpp"
#include "secrets_model.hpp"
#include "secrets_store.hpp"
#include "sets_model.hpp"
#include "sets_store.hpp"
