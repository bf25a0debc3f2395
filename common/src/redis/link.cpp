#include "redis/link.hpp"

#include "redis/backoff.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace gravity::redis {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr std::size_t read_size = 16 * 1024;
}

Link::Link(asio::io_context& io, LinkSettings settings, std::shared_ptr<EndpointSource> source,
           std::weak_ptr<LinkUser> user)
    : io_(io),
      settings_(std::move(settings)),
      source_(std::move(source)),
      user_(std::move(user)),
      timer_(io),
      pause_(io),
      connect_limit_(io),
      random_(std::random_device{}()) {}

void Link::start() {
    if (started_ || stopped_) return;
    started_ = true;
    // A defect of ours must come out of io_context::run(), not vanish with a detached coroutine.
    asio::co_spawn(io_, run(shared_from_this()), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
}

void Link::stop() {
    if (stopped_) return;
    stopped_ = true;
    connected_ = false;
    user_.reset();
    if (transport_) transport_->close();
    timer_.cancel();
    pause_.cancel();
    connect_limit_.cancel();
}

void Link::drop(std::string why) {
    drop_why_ = std::move(why);
    if (transport_) transport_->close();
    if (!connected_) pause_.cancel(); // the next try need not wait
}

void Link::kick() {
    if (!connected_ || writing_ || kicked_) return;
    kicked_ = true;
    asio::post(io_, [self = shared_from_this()] {
        self->kicked_ = false;
        self->flush();
    });
}

void Link::flush() {
    auto user = user_.lock();
    if (!connected_ || writing_ || !user) return;
    out_ = user->next_batch();
    if (out_.empty()) return;
    writing_ = true;
    transport_->write(asio::buffer(out_),
                      [self = shared_from_this(), transport = transport_](error_code error, std::size_t written) {
                          self->writing_ = false;
                          self->transferred_ = error ? written : 0;
                          if (error) {
                              transport->close(); // the reader finds out and ends the connection
                              self->pause_.cancel();
                              return;
                          }
                          if (auto owner = self->user_.lock()) owner->on_written();
                          if (!self->connected_) self->pause_.cancel(); // end_of_write() waits for this
                          self->flush();
                      });
}

Task<void> Link::run(std::shared_ptr<Link> self) {
    while (!self->stopped_) {
        std::string failure;
        try {
            co_await self->connect_once();
        } catch (const std::exception& error) {
            failure = error.what();
        }
        self->connect_limit_.cancel();
        if (self->stopped_) break;
        if (!failure.empty()) {
            self->connect_failed(std::move(failure));
        } else {
            self->established();
            try {
                co_await self->read_until_broken(self->transport_);
            } catch (const std::exception& error) {
                failure = error.what();
            }
            self->connected_ = false;
            self->transport_->close();
            co_await self->end_of_write();
            self->broke(std::move(failure));
        }
        auto delay = reconnect_delay(self->settings_.options.backoff_base, self->settings_.options.backoff_cap,
                                     self->failures_++, self->random_());
        co_await self->pause(delay);
    }
    if (self->transport_) self->transport_->close();
}

Task<void> Link::connect_once() {
    drop_why_.clear();
    Endpoint endpoint = co_await source_->next();
    if (stopped_) co_return;
    endpoint_ = endpoint;
    auto transport = std::make_shared<Transport>(io_, endpoint.path.empty() ? settings_.tls : nullptr);
    transport_ = transport;
    auto late = std::make_shared<bool>(false);
    connect_limit_.expires_after(settings_.options.connect_timeout);
    connect_limit_.async_wait([transport, late](error_code error) {
        if (error) return;
        *late = true;
        transport->close();
    });
    std::string failure;
    try {
        co_await transport->connect(endpoint, settings_.options.tls.server_name, settings_.options.tls.verify);
        co_await log_in(transport);
    } catch (const std::exception& error) {
        failure = *late ? "timed out" : error.what();
    }
    if (!failure.empty()) throw Error(ErrorKind::unavailable, endpoint.to_string() + ": " + failure);
}

Task<void> Link::log_in(std::shared_ptr<Transport> transport) {
    const Options& options = settings_.options;
    reader_.emplace(ReplyLimits{options.max_reply_bytes, options.max_reply_elements});
    HandshakeMachine handshake(settings_.handshake);
    co_await transport->write(asio::buffer(handshake.wire()), asio::use_awaitable);
    std::string bytes(read_size, '\0');
    auto status = HandshakeMachine::Status::more;
    while (status == HandshakeMachine::Status::more) {
        std::size_t size = co_await transport->read_some(asio::buffer(bytes));
        reader_->feed(std::string_view(bytes.data(), size));
        while (status == HandshakeMachine::Status::more) {
            auto value = reader_->next();
            if (!value) break;
            status = handshake.reply(*value);
        }
    }
    if (status == HandshakeMachine::Status::failed) throw Error(ErrorKind::unavailable, handshake.why());
}

Task<void> Link::read_until_broken(std::shared_ptr<Transport> transport) {
    std::string bytes(read_size, '\0');
    while (true) {
        std::size_t size = co_await transport->read_some(asio::buffer(bytes));
        auto user = user_.lock();
        if (!user) co_return;
        user->on_received();
        reader_->feed(std::string_view(bytes.data(), size));
        while (auto value = reader_->next()) user->on_reply(std::move(*value));
    }
}

/// The write under way ends soon after the socket is closed; only then is it known how much of it left.
Task<void> Link::end_of_write() {
    while (writing_) {
        error_code woken;
        auto token = asio::redirect_error(asio::use_awaitable, woken);
        pause_.expires_at(TimePoint::max());
        co_await pause_.async_wait(token);
    }
}

Task<void> Link::pause(std::chrono::milliseconds delay) {
    if (stopped_) co_return;
    error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    pause_.expires_after(delay);
    co_await pause_.async_wait(token);
}

void Link::established() {
    connected_ = true;
    connected_at_ = std::chrono::steady_clock::now();
    ++connects_;
    transferred_ = 0;
    last_error_.clear();
    if (auto user = user_.lock()) user->on_connected();
    report(Event::Kind::connected, {});
    arm(connected_at_);
    kick();
}

void Link::broke(std::string why) {
    // A server that takes connections only to break them is not up: the pauses go on growing.
    if (std::chrono::steady_clock::now() - connected_at_ >= settings_.options.backoff_cap) failures_ = 0;
    last_error_ = drop_why_.empty() ? std::move(why) : std::exchange(drop_why_, {});
    if (auto user = user_.lock()) user->on_disconnected(std::exchange(transferred_, 0), last_error_);
    report(Event::Kind::disconnected, last_error_);
}

void Link::connect_failed(std::string why) {
    last_error_ = std::move(why);
    if (auto user = user_.lock()) user->on_connect_failed(last_error_);
    report(Event::Kind::connect_failed, last_error_);
}

void Link::wake_by(TimePoint when) {
    if (!stopped_) arm(when);
}

void Link::arm(TimePoint when) {
    if (when >= armed_for_) return;
    armed_for_ = when;
    timer_.expires_at(when);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
        auto self = weak.lock();
        if (!error && self) self->timer_fired();
    });
}

void Link::timer_fired() {
    armed_for_ = TimePoint::max();
    auto user = user_.lock();
    if (!user) return;
    auto now = std::chrono::steady_clock::now();
    // Not more often than each millisecond: deadlines that lie close together are looked at together.
    auto next = user->on_timer(now);
    if (!stopped_) arm(std::max(next, now + std::chrono::milliseconds(1)));
}

void Link::report(Event::Kind kind, const std::string& reason) {
    if (!settings_.options.on_event || stopped_) return;
    settings_.options.on_event(Event{kind, endpoint_.to_string(), reason});
}

} // namespace gravity::redis
