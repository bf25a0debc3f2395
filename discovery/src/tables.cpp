// Makes the tables of all types that are described in headers: see GRAVITY_TABLES in meta/describe.hpp.
// clang-format off
#include <gravity/meta/make_tables.hpp> // before what follows
// clang-format on

#include "acl_records.hpp"
#include "api_acl.hpp"
#include "api_input.hpp"
#include "api_output.hpp"
#include "call_graph.hpp"
#include "deltas.hpp"
#include "explain.hpp"
#include "records.hpp"
