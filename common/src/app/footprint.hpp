#pragma once

#include <cstddef>

namespace gravity::app {

/// Gives back what starting took and serving does not need: free heap to the kernel, and the mapping of program text and constants of this executable and
/// its libraries. Those pages are the files' own and unchanged (segments that may be written, and so relocated, are left): they stay in the page cache
/// and come back with a minor fault each when they are used again. An idle daemon then holds what idling uses. Returns the bytes whose mapping was given back.
/// Any thread. Call it once, when ready: doing it under load only costs faults.
std::size_t give_back_what_starting_took();

} // namespace gravity::app
