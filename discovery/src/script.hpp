#pragma once

#include "check_machine.hpp"

#include <gravity/async/task.hpp>

namespace boost::asio {
class io_context;
}

namespace gravity::registry {

/// Runs the program of a script check, in a process group of its own, without our files: exit code 0 is passing, 1 a warning, everything else
/// critical. What it prints is kept up to OutputMaxSize, the end of it; when its time is over the group is killed. I/O thread only.
Task<ProbeResult> run_script(boost::asio::io_context& io, CheckDefinition definition);

} // namespace gravity::registry
