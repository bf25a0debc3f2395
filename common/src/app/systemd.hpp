#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::app {

/// Tells a service manager of the systemd kind how this process is (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET names. Without
/// that variable nothing happens.
class Systemd {
public:
    /// From the environment.
    Systemd();
    Systemd(std::string socket, std::optional<std::chrono::microseconds> watchdog) : socket_(std::move(socket)), watchdog_(watchdog) {}

    bool listens() const { return !socket_.empty(); }
    /// False if it could not be told; that is not worth more than a line in the log.
    bool tell(std::string_view state) const;
    /// How often it wants to hear that the process is alive; nothing if it does not watch this one.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

private:
    std::string socket_;
    std::optional<std::chrono::microseconds> watchdog_;
};

} // namespace gravity::app
