#pragma once

#include <gravity/service.hpp>

namespace gravity::project {
/// The service as it runs, for main() and for tests.
Service assemble(std::uint16_t port);
} // namespace gravity::project
