#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::pg {

/// What a listener hears.
struct Notification {
    std::string channel; // empty: notifications may have been missed before this point (connected anew): look for yourself
    std::string payload;
};

/// LISTEN on a connection of its own, which is made again whenever it breaks. For what cannot wait for a look every few seconds: it costs a
/// server process, idle or not, and every NOTIFY serialises commits, so jobs and events do without (docs/decisions/0012-events.md). I/O thread.
class Listener {
public:
    /// `heard` is called on the I/O thread and must not throw or destroy the listener.
    Listener(boost::asio::io_context& io, std::string url, std::vector<std::string> channels, std::function<void(const Notification&)> heard);
    ~Listener(); // ends it; nothing is heard from then on
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    bool connected() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace gravity::pg
