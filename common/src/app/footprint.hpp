#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace gravity::app {

/// Gives back what is not in use just now: free heap to the kernel, and the mapping of program text and constants of this executable and
/// its libraries. Those pages are the files' own and unchanged (segments that may be written, and so relocated, are left): they stay in the page cache
/// and come back with a minor fault each when they are used again. An idle daemon then holds what idling uses. Returns the bytes whose mapping was given back.
/// Any thread. Doing it under load only costs faults.
std::size_t give_back_what_is_unused();

/// Says when that is worth while: at once when the start is over, and from then on after each `period` in which the process hardly worked, so that neither
/// a start nor a busy hour stays in memory. Pure: it is told the time and what the process has used.
class Rest {
public:
    static constexpr std::chrono::seconds period{30};
    static constexpr double busy = 0.01; // of a core
    bool due(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds processor_time);

private:
    struct Mark {
        std::chrono::steady_clock::time_point at;
        std::chrono::nanoseconds processor_time;
    };
    std::optional<Mark> last_;
};

/// Of all threads of this process, user and system (clock_gettime(2)).
std::chrono::nanoseconds processor_time();

} // namespace gravity::app
