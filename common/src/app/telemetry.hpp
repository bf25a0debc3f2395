#pragma once

#include <gravity/app/settings.hpp>
#include <gravity/async/task.hpp>

#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::app {

/// Sends the process's spans to OTLP_ENDPOINT; lossy by design. I/O thread only.
class Telemetry {
public:
    Telemetry(boost::asio::io_context& io, const PlatformSettings& settings, const std::string& service);
    ~Telemetry();
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;

    void start();
    /// Sends what is left, for two seconds at most.
    Task<void> drain();

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::app
