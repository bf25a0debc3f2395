#pragma once

#include <gravity/async/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace gravity::registry {

/// What a probe wants of TLS.
struct TlsWish {
    bool verify = true;         // chain and name
    std::string server_name{};  // empty: the host's
    std::string protocol{};     // by ALPN; empty: none
};

/// One connection of a probe, over TCP or TLS, which is over at its deadline whatever the other side does. I/O thread only; one operation at a time.
class Connection {
public:
    Connection(boost::asio::io_context& io, std::int64_t timeout_us);
    ~Connection(); // cuts it

    /// Connects to the first address that answers. Empty: done; else why not, in the words of Consul's checks.
    Task<std::string> connect(std::string host, std::string port);
    Task<std::string> start_tls(std::string host, TlsWish wish);
    /// False if it broke, or time is over.
    Task<bool> write(std::string bytes);
    /// What has come, at most 16 KiB; empty if it ended or time is over.
    Task<std::string> read();
    bool late() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::registry
