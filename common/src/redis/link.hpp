#pragma once

#include "redis/codec.hpp"
#include "redis/handshake_machine.hpp"
#include "redis/transport.hpp"

#include <gravity/redis/options.hpp>
#include <gravity/redis/value.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <random>
#include <string>

namespace gravity::redis {

/// Says where to connect next. Throws Error when it cannot be told now (asked again after a pause).
class EndpointSource {
public:
    virtual ~EndpointSource() = default;
    virtual Task<Endpoint> next() = 0;
};

/// What uses a link. Called on the I/O thread, never from inside a call of its own into the link.
class LinkUser {
public:
    virtual ~LinkUser() = default;
    virtual void on_connected() = 0;
    /// Bytes came in, perhaps not a whole reply yet.
    virtual void on_received() = 0;
    /// A reply or push. May throw Error{protocol}: the link drops the connection.
    virtual void on_reply(Value value) = 0;
    /// `transferred`: bytes of the last batch that left.
    virtual void on_disconnected(std::size_t transferred, const std::string& why) = 0;
    virtual void on_connect_failed(const std::string& why) = 0;
    /// Bytes to write now, empty if none; called again when they are written or after kick().
    virtual std::string next_batch() = 0;
    virtual void on_written() = 0;
    /// Something may be due; returns when to be called again.
    virtual TimePoint on_timer(TimePoint now) = 0;
};

struct LinkSettings {
    Options options;
    HandshakeSettings handshake;
    std::shared_ptr<boost::asio::ssl::context> tls; // null: none
};

/// Keeps one connection to a server: connects, logs in, reads, writes, and comes back with back-off when it breaks. All
/// deciding is in the machines and in its user. Lives by shared pointers held in its own operations until stop() has
/// ended them.
class Link : public std::enable_shared_from_this<Link> {
public:
    Link(boost::asio::io_context& io, LinkSettings settings, std::shared_ptr<EndpointSource> source,
         std::weak_ptr<LinkUser> user);

    void start();
    /// Ends it for good; the user hears nothing more.
    void stop();
    /// There may be something to write. Written at the end of this turn of the loop, so that calls made together leave
    /// together.
    void kick();
    /// Breaks the connection, to connect anew at once.
    void drop(std::string why);
    /// on_timer() is wanted at `when`, or earlier.
    void wake_by(TimePoint when);

    bool is_connected() const { return connected_; }
    bool is_stopped() const { return stopped_; }
    const std::string& last_error() const { return last_error_; }
    const Endpoint& endpoint() const { return endpoint_; }
    std::uint64_t connects() const { return connects_; }
    boost::asio::io_context& io() { return io_; }

private:
    static Task<void> run(std::shared_ptr<Link> self);
    Task<void> connect_once();
    Task<void> log_in(std::shared_ptr<Transport> transport);
    Task<void> read_until_broken(std::shared_ptr<Transport> transport);
    Task<void> end_of_write();
    Task<void> pause(std::chrono::milliseconds delay);
    void flush();
    void established();
    void broke(std::string why);
    void connect_failed(std::string why);
    void arm(TimePoint when);
    void timer_fired();
    void report(Event::Kind kind, const std::string& reason);

    boost::asio::io_context& io_;
    LinkSettings settings_;
    std::shared_ptr<EndpointSource> source_;
    std::weak_ptr<LinkUser> user_;
    std::shared_ptr<Transport> transport_;
    boost::asio::steady_timer timer_; // for on_timer
    boost::asio::steady_timer pause_; // back-off, and waiting for the last write to end
    boost::asio::steady_timer connect_limit_;
    std::optional<ReplyReader> reader_;
    std::mt19937_64 random_;
    Endpoint endpoint_;
    std::string out_; // the batch being written
    std::string last_error_ = "not connected yet";
    std::string drop_why_;
    TimePoint connected_at_{};
    TimePoint armed_for_ = TimePoint::max();
    std::size_t transferred_ = 0;
    std::uint64_t connects_ = 0;
    std::uint32_t failures_ = 0;
    bool writing_ = false;
    bool kicked_ = false;
    bool connected_ = false;
    bool stopped_ = false;
    bool started_ = false;
};

} // namespace gravity::redis
