#pragma once

#include "http/client_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace gravity::http {

/// Connections of a client, by origin and pinned addresses. The figures of an origin bound idle and busy ones together.
class ClientPool : public std::enable_shared_from_this<ClientPool> {
public:
    ClientPool(boost::asio::io_context& io, const ClientOptions& options) : io_(io), options_(options), sweeper_(io) {}

    /// A kept connection, or a new one that is not connected yet (`used_before` tells); waits while the origin has all it may.
    /// With `fresh`, idle ones are passed over. Throws ClientError (timeout).
    Task<std::shared_ptr<ClientConnection>> take(std::string key, Deadline deadline, bool fresh);
    /// Every connection taken is given back once: kept if it may serve again, else closed.
    void give_back(const std::string& key, std::shared_ptr<ClientConnection> connection);
    void close_all();

    std::size_t idle() const;
    std::size_t busy() const;

private:
    struct Turn { // of a request that waits
        explicit Turn(boost::asio::io_context& io, Deadline deadline) : timer(io, deadline) {}
        boost::asio::steady_timer timer; // cancelled: your turn
        bool listed = true;
    };
    struct Origin {
        std::deque<std::shared_ptr<ClientConnection>> idle; // the newest at the back, used first
        std::size_t busy = 0;
        std::list<std::shared_ptr<Turn>> waiting;
    };
    void wake_next(Origin& origin);
    void sweep();

    boost::asio::io_context& io_;
    const ClientOptions& options_;
    boost::asio::steady_timer sweeper_;
    bool sweeping_ = false, closed_ = false;
    std::map<std::string, Origin> origins_;
};

} // namespace gravity::http
