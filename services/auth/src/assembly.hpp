#pragma once

#include <gravity/app/service.hpp>

namespace gravity::issuer {

/// The service with all its parts: what main() runs, and what tests start on a free port.
Service assemble(std::uint16_t port);

} // namespace gravity::issuer
