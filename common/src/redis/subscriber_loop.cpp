#include "redis/subscriber_loop.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/redirect_error.hpp>

namespace gravity::redis {

namespace asio = boost::asio;

std::shared_ptr<SubscriberLoop> SubscriberLoop::open(asio::io_context& io, LinkSettings settings,
                                                     std::shared_ptr<EndpointSource> source, std::size_t queue_limit) {
    auto loop = std::make_shared<SubscriberLoop>(io, settings, queue_limit);
    loop->link_ = std::make_shared<Link>(io, std::move(settings), std::move(source), loop);
    loop->link_->start();
    return loop;
}

SubscriberLoop::SubscriberLoop(asio::io_context& io, const LinkSettings& settings, std::size_t queue_limit)
    : io_(io),
      keepalive_(settings.options.ping_interval, settings.options.stall_timeout),
      queue_limit_(std::max<std::size_t>(queue_limit, 2)) {}

void SubscriberLoop::want(Topic topic) {
    out_ += machine_.want(std::move(topic));
    link_->kick();
}

void SubscriberLoop::forget(const Topic& topic) {
    out_ += machine_.forget(topic);
    link_->kick();
}

void SubscriberLoop::wake(Waiters& waiters) {
    for (auto& waiter : waiters) waiter.timer.cancel();
}

SubscriberLoop::Enlisted::Enlisted(asio::io_context& io, Waiters& list, const Topic* topic)
    : waiters(list), at(list.emplace(list.end(), Waiter{asio::steady_timer(io), topic})) {}

/// False once the deadline has passed; true when woken before.
Task<bool> SubscriberLoop::wait(asio::steady_timer& timer, TimePoint deadline) {
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    timer.expires_at(deadline);
    co_await timer.async_wait(token);
    auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw Error(ErrorKind::cancelled, "waiting for Redis was cancelled");
    co_return woken == asio::error::operation_aborted;
}

Task<void> SubscriberLoop::confirm(Topic topic, TimePoint deadline) {
    auto self = shared_from_this();
    if (closed_) throw Error(ErrorKind::closed, "the Redis subscriber is closed");
    want(topic);
    if (machine_.is_confirmed(topic)) co_return;
    Enlisted me(io_, confirming_, &topic);
    bool in_time = true;
    while (in_time && !closed_ && me.at->refused.empty() && !machine_.is_confirmed(topic)) {
        in_time = co_await wait(me.at->timer, deadline);
    }
    if (!me.at->refused.empty()) throw Error(ErrorKind::server, me.at->refused);
    if (machine_.is_confirmed(topic)) co_return;
    if (closed_) throw Error(ErrorKind::closed, "the Redis subscriber was closed");
    throw Error(ErrorKind::timeout, "no confirmation of the subscription before the deadline");
}

Task<Message> SubscriberLoop::next(TimePoint deadline) {
    auto self = shared_from_this();
    if (queue_.empty() && !closed_) {
        Enlisted me(io_, receiving_, nullptr);
        bool in_time = true;
        while (in_time && queue_.empty() && !closed_) {
            in_time = co_await wait(me.at->timer, deadline);
        }
    }
    if (queue_.empty()) {
        if (closed_) throw Error(ErrorKind::closed, "the Redis subscriber was closed");
        throw Error(ErrorKind::timeout, "no message before the deadline");
    }
    Message message = std::move(queue_.front());
    queue_.pop_front();
    co_return message;
}

void SubscriberLoop::close() {
    if (closed_) return;
    closed_ = true;
    link_->stop();
    machine_.disconnected();
    wake(confirming_);
    wake(receiving_);
}

void SubscriberLoop::push(Message message) {
    const bool gap = message.kind == Message::Kind::gap;
    if (gap && !queue_.empty() && queue_.back().kind == Message::Kind::gap) return; // said already
    if (queue_.size() >= queue_limit_) {
        // The oldest go, and the reader learns it before the first that is left. One step makes room for the mark and
        // the newcomer.
        while (queue_.size() > queue_limit_ - 2) {
            if (queue_.front().kind == Message::Kind::message) ++dropped_;
            queue_.pop_front();
        }
        queue_.push_front(Message{Message::Kind::gap, {}, {}, {}});
    }
    queue_.push_back(std::move(message));
    wake(receiving_);
}

void SubscriberLoop::on_connected() {
    keepalive_.connected(std::chrono::steady_clock::now());
    out_ = machine_.connected();
    if (out_.empty()) lost_ = false; // nothing was listened to, so nothing was missed
}

void SubscriberLoop::on_received() { keepalive_.received(std::chrono::steady_clock::now()); }

void SubscriberLoop::on_reply(Value value) {
    auto action = machine_.reply(std::move(value));
    switch (action.kind) {
    case SubscriptionMachine::Action::Kind::none: break;
    case SubscriptionMachine::Action::Kind::message: push(std::move(action.message)); break;
    case SubscriptionMachine::Action::Kind::confirmed:
        wake(confirming_);
        // After a reconnect every topic is confirmed anew; what was published in between is lost, and only now is
        // listening complete.
        if (lost_ && machine_.due() == 0) {
            lost_ = false;
            push(Message{Message::Kind::gap, {}, {}, {}});
        }
        break;
    case SubscriptionMachine::Action::Kind::refused: refused(action.topic, action.why); break;
    }
}

void SubscriberLoop::refused(const Topic& topic, const std::string& why) {
    bool told = false;
    for (auto& waiter : confirming_) {
        if (*waiter.topic != topic) continue;
        waiter.refused = why;
        told = true;
    }
    wake(confirming_);
    if (told) return;
    // It was heard before, so somebody relies on it. Losing it silently would be worse than trying again with a
    // connection error shown.
    out_ += machine_.want(topic);
    link_->drop("subscription refused: " + why);
}

void SubscriberLoop::on_disconnected(std::size_t, const std::string&) {
    machine_.disconnected();
    out_.clear();
    lost_ = true;
}

std::string SubscriberLoop::next_batch() {
    if (!out_.empty()) {
        auto now = std::chrono::steady_clock::now();
        // The replies to these bytes are noted as due already, so waiting for them begins now.
        keepalive_.sending(now, 0);
        link_->wake_by(keepalive_.next_check(machine_.due()));
    }
    return std::exchange(out_, {});
}

TimePoint SubscriberLoop::on_timer(TimePoint now) {
    if (!link_->is_connected()) return TimePoint::max();
    switch (keepalive_.check(now, machine_.due())) {
    case KeepaliveMachine::Verdict::fine: break;
    case KeepaliveMachine::Verdict::dead: link_->drop("no reply within the stall time-out"); return TimePoint::max();
    case KeepaliveMachine::Verdict::ping:
        out_ += machine_.probe();
        link_->kick();
        // The PING is noted as due at once but leaves at the end of this turn; a check in between would take it for a
        // stall.
        keepalive_.sending(now, 0);
        break;
    }
    return keepalive_.next_check(machine_.due());
}

} // namespace gravity::redis
