#pragma once

#include <gravity/async/task.hpp>
#include <gravity/redis/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gravity::redis {

class Client;
class SubscriberLoop;

/// What a subscriber hears.
struct Message {
    enum class Kind : std::uint8_t {
        message,
        gap, // messages may have been missed before this point (reconnected, or our queue was full): reload what you
             // keep
    };
    Kind kind = Kind::message;
    std::string channel;
    std::string payload;
    std::string pattern; // the pattern that matched; empty for a plain subscription
};

/// Publish/subscribe on a connection of its own, which subscribes again to everything after a reconnect. At most once,
/// as Redis has it. Cluster: any node (messages reach all of them). I/O thread only.
class Subscriber {
public:
    /// Same server, log-in and options as the client; independent of its life.
    explicit Subscriber(const Client& client, std::size_t queue_limit = 10000);
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    /// Return when the server has confirmed: from then on messages are heard. Throw Error{timeout} past the deadline
    /// (default Options::timeout); the wish stays noted and is carried out when a connection is there. Repeating one is
    /// harmless.
    Task<void> subscribe(std::string channel, std::optional<TimePoint> deadline = std::nullopt);
    Task<void> psubscribe(std::string pattern, std::optional<TimePoint> deadline = std::nullopt);
    /// Noted at once; messages already queued are still delivered.
    void unsubscribe(std::string_view channel);
    void punsubscribe(std::string_view pattern);

    /// The next message, in order. One caller at a time. Throws Error{closed} after close() once the queue is empty,
    /// Error{timeout} past the deadline if one is given, Error{cancelled}.
    Task<Message> next(std::optional<TimePoint> deadline = std::nullopt);

    bool connected() const;
    std::uint64_t dropped() const; // messages lost because the queue was full (oldest go first)
    void close();

private:
    std::shared_ptr<SubscriberLoop> loop_;
    std::chrono::milliseconds timeout_;
};

} // namespace gravity::redis
