#pragma once

#include <gravity/service.hpp>

namespace gravity::config {
/// The service as it runs, for main() and for tests.
Service assemble(std::uint16_t port);
} // namespace gravity::config
