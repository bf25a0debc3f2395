#include "@id@_migrations.hpp"
#include "api.hpp"

#include <gravity/testkit/conformance.hpp>

namespace gravity::@id@ {
namespace {

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(@Service@, Service{"@service@", 0}.postgres(@id@_migrations()).routes(routes))

} // namespace
} // namespace gravity::@id@
