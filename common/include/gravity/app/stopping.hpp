#pragma once

#include <functional>

namespace gravity::app {

/// Whether the process has been told to end: for what a service waits for before it serves, when nothing else can tell it. Any thread. A resource of every
/// service.
struct Stopping {
    std::function<bool()> asked;
};

} // namespace gravity::app
