#pragma once

#include <gravity/app/service.hpp>
#include <gravity/http/dispatcher.hpp>

namespace gravity::app {

/// /health/live, /health/ready, /metrics, /openapi.json and /docs of a service. `collect` brings up to date what is read as metrics.
void add_fixed_paths(http::DispatcherOptions& options, const Definition& definition, const PlatformSettings& settings, const Health& health,
                     std::function<void()> collect);
/// Metrics and access log of every answered request.
std::function<void(const http::Observation&)> observer(AccessLog access_log);

} // namespace gravity::app
