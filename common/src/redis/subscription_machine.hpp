#pragma once

#include <gravity/redis/subscriber.hpp>
#include <gravity/redis/value.hpp>

#include <deque>
#include <map>
#include <string>
#include <utility>

namespace gravity::redis {

/// What a publish/subscribe connection wants to hear, has asked for and has been promised; RESP2 pushes are told from
/// replies here.
class SubscriptionMachine {
public:
    enum class What : std::uint8_t {
        channel,
        pattern
    };
    using Topic = std::pair<What, std::string>;

    struct Action {
        enum class Kind : std::uint8_t {
            none,
            message,   // `message` is set
            confirmed, // `topic` is now heard
            refused,   // `topic` is not allowed, `why` says it; the wish is forgotten
        };
        Kind kind = Kind::none;
        Message message;
        Topic topic;
        std::string why;
    };

    /// Notes a wish. Bytes to send now, empty if none: not connected, or already asked for.
    std::string want(Topic topic);
    std::string forget(const Topic& topic);
    bool is_confirmed(const Topic& topic) const;

    /// A new connection: the bytes that ask for everything wanted.
    std::string connected();
    void disconnected();
    /// Throws Error{protocol} for what a subscriber cannot be sent.
    Action reply(Value value);
    /// A PING of our own.
    std::string probe();

    /// Replies still due.
    std::size_t due() const { return asked_.size(); }

private:
    enum class Ask : std::uint8_t {
        subscribe,
        unsubscribe,
        ping
    };
    struct Asked {
        Ask ask;
        Topic topic;
    };
    enum class State : std::uint8_t {
        wanted,
        asked,
        confirmed
    };

    std::string ask(Ask what, const Topic& topic);
    Action answered(Ask what, const Topic& topic);

    std::map<Topic, State> topics_;
    std::deque<Asked> asked_; // in the order sent: replies come in the same order
    bool connected_ = false;
};

} // namespace gravity::redis
