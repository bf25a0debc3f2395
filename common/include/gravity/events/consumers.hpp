#pragma once

#include <gravity/async/task.hpp>
#include <gravity/events/received.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

struct ConsumerOptions {
    std::chrono::milliseconds block{5'000};   // one wait for new events
    std::chrono::milliseconds lease{15'000};  // a consumer that has not been heard of for so long has lost its turn
    std::chrono::milliseconds retry_base{200};
    std::chrono::milliseconds retry_cap{30'000};
    int attempts = 8;    // then the dead letters; while a store is away none is counted
    int workers = 4;     // events handled at a time
    int window = 256;    // events held in memory of each producer
};

/// An event that could not be handled.
struct DeadLetter {
    std::string id;       // of the entry among the dead letters
    std::string event_id; // may be empty: it was no event
    std::string type;
    std::string reason;
    std::int64_t attempts = 0;
    std::string at;
    std::string event; // as it was received
};
BOOST_DESCRIBE_STRUCT(DeadLetter, (), (id, event_id, type, reason, attempts, at, event))

/// Receives the events of the handlers' types: a Redis Streams group named after the service on the stream of each producer. One replica at a
/// time consumes, by a lease whose token each effect's transaction checks, so the order of a subject holds across a change of replicas too.
/// I/O thread.
class Consumers {
public:
    Consumers(boost::asio::io_context& io, pg::Database& database, std::shared_ptr<redis::Client> redis, std::string service, std::vector<Handler> handlers,
              ConsumerOptions options = {});
    ~Consumers();
    Consumers(const Consumers&) = delete;
    Consumers& operator=(const Consumers&) = delete;

    void start();
    /// Takes no more events, ends what is being handled, gives the lease back.
    Task<void> drain(std::chrono::steady_clock::time_point deadline);
    /// Why nothing is received at the moment; nothing if that is not so.
    std::optional<std::string> problem() const;

    /// The dead letters of this service, oldest first.
    Task<std::vector<DeadLetter>> dead_letters(std::size_t limit);
    /// Hands dead letters to this service's handlers once more (all, or the one with this id), and to nobody else's; how many.
    Task<std::int64_t> replay(std::string id);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace gravity::events
