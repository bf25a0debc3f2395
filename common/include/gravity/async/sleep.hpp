#pragma once

#include <gravity/async/task.hpp>

#include <chrono>
#include <functional>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace gravity {

/// Waits on the I/O thread; ends early by exception if the awaiting coroutine is cancelled.
Task<void> sleep_for(std::chrono::steady_clock::duration duration);

/// Starts a coroutine that nobody awaits. An exception that leaves it is logged under `name`; a cancelled or stopped one ends silently.
void spawn(boost::asio::io_context& io, std::string_view name, std::function<Task<void>()> coroutine);

} // namespace gravity
