#pragma once

#include <gravity/base/clock.hpp>

namespace gravity::testkit {

/// Time of the whole process in a test's hand: stands still until it is moved. Timers of the I/O thread go on by the system's clock.
using FakeClock = clock::Fake;

} // namespace gravity::testkit
