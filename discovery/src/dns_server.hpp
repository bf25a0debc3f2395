#pragma once

#include "dns_zone.hpp"
#include "recursors.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::registry::dns {

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0; // 0: one that is free
    std::uint32_t answers_per_second = 0; // to a network of strangers, by UDP; 0: no limit
    std::vector<Recursor> recursors{};    // for who is no stranger
};

/// Answers from a zone over UDP and TCP at one port; what is not in it others may be asked for. I/O thread only.
class Server {
public:
    /// Binds both. Throws std::runtime_error with the port and the reason.
    Server(boost::asio::io_context& io, ServerOptions options, std::shared_ptr<Zone> zone);
    /// Closes its sockets; what is being answered is dropped.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::uint16_t port() const;

private:
    struct State;
    std::shared_ptr<State> state_; // coroutines that end late still find it
};

} // namespace gravity::registry::dns
