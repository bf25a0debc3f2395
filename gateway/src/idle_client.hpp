#pragma once

#include "core.hpp"
#include "stream.hpp"

#include <chrono>
#include <list>
#include <memory>

namespace gravity::gateway {

/// A client's connection on which nothing has happened for a while: only what a session needs to go on from. Most connections are this most of the time, so it
/// is small. When something comes a session takes its place.
class IdleClient final : public Client, public std::enable_shared_from_this<IdleClient> {
public:
    /// What of a connection outlives its requests.
    struct Connection {
        Stream stream;
        boost::asio::ip::address peer;
        ClientCertificatePtr certificate; // by which the client has said who he is; null: none
        std::list<Client*>::iterator place;              // on the core's list
        std::chrono::steady_clock::time_point deadline;  // for the next request
        bool fresh = true;                               // none has come yet
    };

    IdleClient(Core& core, Connection connection);
    ~IdleClient();

    /// Waits.
    void start();
    void check(std::chrono::steady_clock::time_point now) override;
    void begin_drain() override { close(); }
    bool waits() const override { return true; }
    void close() override;

private:
    Core& core_;
    Connection connection_;
    bool left_ = false; // closed, or a session's again
};

} // namespace gravity::gateway
