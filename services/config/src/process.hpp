#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

/// Programs that are run to their end. No shell.
namespace gravity::config {

struct ProcessLimits {
    std::chrono::steady_clock::time_point deadline;
    std::size_t output = 64 * 1024; // bytes
};

struct ProcessEnd {
    enum class How {
        exited,
        killed, // by a signal, such as that of a limit
        late,
        too_much_output,
        not_started
    };
    How how = How::not_started;
    int status = -1;      // of one that has exited
    std::string output{}; // what it wrote, at most as much as it may
    std::string errors{}; // the end of what it complained of, or why it was not started
};

/// Runs a program of the PATH, with these variables ("NAME=value") and no others, and waits for it: on the calling thread. It reads nothing, inherits no
/// descriptors, and whatever it started goes with it when it is late or says too much.
ProcessEnd run_process(const std::vector<std::string>& arguments, const std::vector<std::string>& environment, const ProcessLimits& limits);

} // namespace gravity::config
