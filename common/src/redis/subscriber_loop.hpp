#pragma once

#include "redis/keepalive_machine.hpp"
#include "redis/link.hpp"
#include "redis/subscription_machine.hpp"

#include <functional>
#include <list>

namespace gravity::redis {

/// SubscriptionMachine over a Link, and the queue between it and whoever awaits messages.
class SubscriberLoop final : public LinkUser, public std::enable_shared_from_this<SubscriberLoop> {
public:
    using Topic = SubscriptionMachine::Topic;
    using What = SubscriptionMachine::What;

    static std::shared_ptr<SubscriberLoop> open(boost::asio::io_context& io, LinkSettings settings,
                                                std::shared_ptr<EndpointSource> source, std::size_t queue_limit);
    SubscriberLoop(boost::asio::io_context& io, const LinkSettings& settings, std::size_t queue_limit);

    /// Notes the wish without waiting for it.
    void want(Topic topic);
    /// Returns when it is confirmed.
    Task<void> confirm(Topic topic, TimePoint deadline);
    void forget(const Topic& topic);
    Task<Message> next(TimePoint deadline);
    void close();

    bool is_connected() const { return link_->is_connected(); }
    std::uint64_t dropped() const { return dropped_; }

    void on_connected() override;
    void on_received() override;
    void on_reply(Value value) override;
    void on_disconnected(std::size_t transferred, const std::string& why) override;
    void on_connect_failed(const std::string&) override {}
    std::string next_batch() override;
    void on_written() override {}
    TimePoint on_timer(TimePoint now) override;

private:
    /// Somebody waiting for a topic or a message: the timer is woken by cancelling it.
    struct Waiter {
        boost::asio::steady_timer timer;
        const Topic* topic = nullptr;
        std::string refused{};
    };
    using Waiters = std::list<Waiter>;
    /// On the list for as long as the waiting coroutine lives, however it ends.
    struct Enlisted {
        Enlisted(boost::asio::io_context& io, Waiters& waiters, const Topic* topic);
        ~Enlisted() { waiters.erase(at); }
        Enlisted(const Enlisted&) = delete;
        Enlisted& operator=(const Enlisted&) = delete;
        Waiters& waiters;
        Waiters::iterator at;
    };

    void push(Message message);
    void refused(const Topic& topic, const std::string& why);
    static Task<bool> wait(boost::asio::steady_timer& timer, TimePoint deadline);
    static void wake(Waiters& waiters);

    boost::asio::io_context& io_;
    SubscriptionMachine machine_;
    KeepaliveMachine keepalive_;
    std::shared_ptr<Link> link_;
    std::deque<Message> queue_;
    Waiters confirming_;
    Waiters receiving_;
    std::string out_;
    std::size_t queue_limit_;
    std::uint64_t dropped_ = 0;
    bool lost_ = false; // a connection broke, and not everything is heard again yet
    bool closed_ = false;
};

} // namespace gravity::redis
