#pragma once

#include "api.hpp"

#include <gravity/http/exchange.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

/// `agent/monitor`: the daemon's log, as it is written, to whoever asks.
namespace gravity::registry {

/// A line of the log as Consul shows it; nothing if it is below the level that is asked for. Pure.
///
///     2026-11-26T12:00:00.123Z [INFO]  discovery: ready: port=8500
std::optional<std::string> monitor_line(std::string_view line, const api::MonitorPlan& plan);

/// Until the client goes or the daemon ends. What comes faster than the client takes it is left out, and said.
Task<void> follow_log(boost::asio::io_context& io, http::Exchange& exchange, api::MonitorPlan plan);

} // namespace gravity::registry
