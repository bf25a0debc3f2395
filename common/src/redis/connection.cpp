#include "redis/connection.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

namespace gravity::redis {

namespace asio = boost::asio;

namespace {
constexpr std::size_t batch_bytes = 64 * 1024; // a write of this size costs little more than its bytes
}

void Request::add(const Command& command) {
    append_command(wire, command);
    ++expected;
}

std::vector<Value> Outcome::or_throw() && {
    if (failure) throw Error(failure->kind, failure->message, failure->maybe_executed);
    return std::move(replies);
}

/// Somebody who awaits an exchange.
class Connection::Waiting : public Exchange {
public:
    /// Wakes the caller later, from the loop: it may issue new calls, which must not happen inside the machine.
    virtual void finish(Outcome outcome) = 0;
    virtual void watch(std::weak_ptr<Connection> connection) = 0;
};

template <class Handler> class Connection::WaitingFor final : public Connection::Waiting {
public:
    WaitingFor(Handler handler, asio::io_context& io) : handler_(std::move(handler)), io_(io) {}

    void finish(Outcome outcome) override {
        auto executor = asio::get_associated_executor(handler_, io_.get_executor());
        asio::post(executor, [handler = std::move(handler_), outcome = std::move(outcome)]() mutable {
            asio::get_associated_cancellation_slot(handler).clear();
            std::move(handler)(std::move(outcome));
        });
    }

    void watch(std::weak_ptr<Connection> connection) override {
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        // By id, not by address: a cancellation that comes when the call is over must not hit a newer one.
        slot.assign([connection = std::move(connection), number = id](asio::cancellation_type) {
            if (auto alive = connection.lock()) alive->cancel(number);
        });
    }

private:
    Handler handler_;
    asio::io_context& io_;
};

std::shared_ptr<Connection> Connection::open(asio::io_context& io, LinkSettings settings,
                                             std::shared_ptr<EndpointSource> source, bool hold_while_down) {
    auto connection = std::make_shared<Connection>(io, settings, hold_while_down);
    connection->link_ = std::make_shared<Link>(io, std::move(settings), std::move(source), connection);
    connection->link_->start();
    return connection;
}

Connection::Connection(asio::io_context& io, const LinkSettings& settings, bool hold_while_down)
    : io_(io),
      machine_({settings.options.max_pending, settings.options.max_pending_bytes, hold_while_down}),
      keepalive_(settings.options.ping_interval, settings.options.stall_timeout) {}

Task<Outcome> Connection::execute(Request request) {
    // Not a shared pointer: it would stay in the awaiting coroutine, which we keep as the one to wake, and neither
    // would ever go. The caller keeps the connection until the call has begun, that is, until this is awaited.
    auto initiation = [this](auto handler, Request wanted) {
        using Handler = decltype(handler);
        auto waiting = std::make_unique<WaitingFor<Handler>>(std::move(handler), io_);
        waiting->wire = std::move(wanted.wire);
        waiting->expected = wanted.expected;
        waiting->deadline = wanted.deadline;
        submit(std::move(waiting));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>&, void(Outcome)>(std::move(initiation),
                                                                               asio::use_awaitable, std::move(request));
}

void Connection::submit(std::unique_ptr<Waiting> waiting) {
    Waiting& caller = *waiting;
    const TimePoint deadline = waiting->deadline;
    std::unique_ptr<Exchange> exchange = std::move(waiting);
    if (auto refused = machine_.submit(exchange)) {
        finish({std::move(exchange), std::move(refused)});
        return;
    }
    caller.watch(weak_from_this());
    link_->wake_by(deadline);
    link_->kick();
}

void Connection::cancel(std::uint64_t id) {
    if (auto finished = machine_.abandon(id)) finish(std::move(*finished));
}

void Connection::finish(Finished finished) {
    finished.failure ? ++failed_ : ++commands_;
    auto& waiting = static_cast<Waiting&>(*finished.exchange);
    Outcome outcome{std::move(waiting.replies), std::move(finished.failure)};
    waiting.finish(std::move(outcome));
}

void Connection::finish_all(std::vector<Finished> all) {
    for (auto& finished : all) finish(std::move(finished));
}

void Connection::close() {
    link_->stop();
    finish_all(machine_.close());
}

void Connection::add_to(Stats& stats) const {
    stats.commands += commands_;
    stats.failed += failed_;
    stats.late += machine_.late_replies();
    stats.connects += link_->connects();
    stats.pending += machine_.pending();
    stats.in_flight += machine_.in_flight();
    stats.connected += link_->is_connected() ? 1 : 0;
}

void Connection::on_connected() {
    machine_.connected();
    keepalive_.connected(std::chrono::steady_clock::now());
}

void Connection::on_received() { keepalive_.received(std::chrono::steady_clock::now()); }

void Connection::on_reply(Value value) {
    if (auto finished = machine_.reply(std::move(value))) finish(std::move(*finished));
}

void Connection::on_disconnected(std::size_t transferred, const std::string& why) {
    finish_all(machine_.disconnected(transferred, why));
}

void Connection::on_connect_failed(const std::string& why) { finish_all(machine_.connect_failed(why)); }

std::string Connection::next_batch() {
    const std::size_t due = machine_.in_flight();
    std::string batch = machine_.take(batch_bytes);
    if (!batch.empty()) {
        auto now = std::chrono::steady_clock::now();
        keepalive_.sending(now, due);
        link_->wake_by(keepalive_.next_check(machine_.in_flight()));
    }
    return batch;
}

TimePoint Connection::on_timer(TimePoint now) {
    finish_all(machine_.expire(now));
    TimePoint next = machine_.earliest_deadline().value_or(TimePoint::max());
    if (!machine_.is_connected()) return next;
    switch (keepalive_.check(now, machine_.in_flight())) {
    case KeepaliveMachine::Verdict::fine: break;
    case KeepaliveMachine::Verdict::dead: link_->drop("no reply within the stall time-out"); return next;
    case KeepaliveMachine::Verdict::ping:
        machine_.probe();
        link_->kick();
        return std::min(next, now + std::chrono::milliseconds(10)); // by then it is on its way and counts as due
    }
    return std::min(next, keepalive_.next_check(machine_.in_flight()));
}

} // namespace gravity::redis
