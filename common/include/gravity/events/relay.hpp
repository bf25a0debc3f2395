#pragma once

#include <gravity/async/task.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::pg {
class Database;
}
namespace gravity::redis {
class Client;
}

namespace gravity::events {

/// The stream that a service's events are published to: "gravity:events:{product_catalog}". The braces are Redis Cluster's hash tag, so that
/// all that belongs to one producer lies in one slot.
std::string stream_of(std::string_view service);
/// `source` of its events: "urn:gravity:service:product-catalog".
std::string source_of(std::string_view service);

struct RelayOptions {
    std::chrono::milliseconds poll{5'000};   // how long events committed by another replica that died may lie
    std::chrono::milliseconds lease{15'000}; // a relay that has not been heard of for so long has lost its turn
    int batch = 256;
    std::uint64_t stream_length = 200'000; // the oldest entries beyond are trimmed
};

/// Publishes the outbox of this database to its stream, as CloudEvents 1.0 in JSON, in order, at least once, and each event under one number
/// whatever happens: the entry's id is `<epoch>-<sequence>`, given in the database before anything is sent, so the stream itself refuses an
/// event that it has already. Replicas take turns by a lease that is given back when nothing is left. What Redis has lost since (a restart
/// without its last writes, a fail-over) is published again; a database that was restored starts a new epoch. I/O thread, but for what says
/// otherwise.
class Relay {
public:
    Relay(boost::asio::io_context& io, pg::Database& database, std::shared_ptr<redis::Client> redis, std::string service, RelayOptions options = {});
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    void start();
    /// An event has been committed here. Any thread; cheap.
    void wake();
    /// Publishes what is there, until the deadline, and ends.
    Task<void> drain(std::chrono::steady_clock::time_point deadline);
    /// Why events wait at the moment; nothing if they do not.
    std::optional<std::string> problem() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace gravity::events
