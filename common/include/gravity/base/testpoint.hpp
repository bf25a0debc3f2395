#pragma once

#include <string_view>

/// Named places in code where a test can wait, look, throw or kill (testkit/testpoint.hpp). They cost one relaxed load where the build has them
/// (GRAVITY_TESTPOINTS: every preset but `release`) and do not exist where it has not.
///
///     GRAVITY_TESTPOINT("pg.before_commit");
#ifdef GRAVITY_TESTPOINTS
#include <atomic>

namespace gravity::testpoint {

extern std::atomic<bool> armed; // some test wants to hear of some place
/// Asks whoever armed `name`; may wait, or throw what the test gave.
void reach(std::string_view name);

} // namespace gravity::testpoint

#define GRAVITY_TESTPOINT(name) \
    do { \
        if (::gravity::testpoint::armed.load(std::memory_order_relaxed)) ::gravity::testpoint::reach(name); \
    } while (false)
#else
#define GRAVITY_TESTPOINT(name) \
    do { \
    } while (false)
#endif
