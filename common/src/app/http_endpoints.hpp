#pragma once

#include <gravity/app/service.hpp>
#include <gravity/http/dispatcher.hpp>

#include <string>

namespace gravity::app {

/// A service's /openapi.json: made when it is asked for, which takes a megabyte for a moment. Its text may be forgotten at any time; its tag is kept, so that
/// who has it already can be told so without making it again. I/O thread only.
struct Description {
    std::string text; // empty: not at hand
    std::string etag; // quoted; empty: it has not been made yet
};

/// /health/live, /health/ready, /metrics, /openapi.json and /docs of a service. `collect` brings up to date what is read as metrics.
void add_fixed_paths(http::DispatcherOptions& options, const Definition& definition, const PlatformSettings& settings, const Health& health,
                     Description& description, std::function<void()> collect);
/// Metrics and access log of every answered request.
std::function<void(const http::Observation&)> observer(AccessLog access_log);

} // namespace gravity::app
