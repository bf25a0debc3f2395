#pragma once

#include <gravity/log/log.hpp>

#include <chrono>
#include <string>

namespace gravity::log {

/// One line of the log without its line feed. Pure but for nothing: the time is given.
std::string make_line(std::string_view service, Level level, const Scope* scope, std::string_view msg, Fields fields,
                      std::chrono::system_clock::time_point when);

} // namespace gravity::log
