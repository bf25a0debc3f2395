#pragma once

#include <cstdint>

namespace gravity::testkit {

/// A loopback TCP port on which nothing listens, and which no other test takes while this process lives: whoever runs beside it asks here as well
/// (tests/support/throwaway.py takes part), and it lies below the ports that the kernel gives to connections. std::runtime_error if there is none.
std::uint16_t free_port();

} // namespace gravity::testkit
