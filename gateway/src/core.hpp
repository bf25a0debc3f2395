#pragma once

#include "balancer.hpp"
#include "buffer.hpp"
#include "client.hpp"
#include "head.hpp"
#include "shared.hpp"
#include "snapshot.hpp"
#include "upstream.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// One thread of the data path and all that it owns: a connection lives and dies here, so nothing on a request's way is locked or handed over.
/// Everything but the functions that say so on that thread.
class Core {
public:
    Core(Shared& shared, unsigned number);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    /// Binds; throws boost::system::system_error. Before `run`. Port 0 takes any free one.
    void listen(std::uint16_t port);
    /// The same for clients who speak TLS, with these certificates until others come.
    void listen_tls(std::uint16_t port, std::shared_ptr<boost::asio::ssl::context> certificates);
    std::uint16_t port() const { return plain_.acceptor.local_endpoint().port(); }
    std::uint16_t tls_port() const { return tls_.acceptor.local_endpoint().port(); }
    /// The life of the thread, until `stop`.
    void run();

    // Any thread; they take effect on the core's own a moment later.
    void publish(std::shared_ptr<const Snapshot> snapshot);
    void publish(std::shared_ptr<boost::asio::ssl::context> certificates); // for connections to come
    void drain();                            // no new connections; idle ones close, others after their answer
    void stop();
    std::size_t connections() const { return open_.load(std::memory_order_relaxed); }

    // For its clients.
    boost::asio::io_context& io() { return io_; }
    Shared& shared() { return shared_; }
    const Options& options() const { return shared_.options; }
    const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
    Slab& slab() { return slab_; }
    UpstreamPool& pool() { return pool_; }
    /// A connection that is still to be opened.
    std::shared_ptr<Upstream> upstream_to(std::shared_ptr<Endpoint> endpoint);
    Choices& choices() { return choices_; }
    bool draining() const { return draining_; }
    /// For the Date field, right to the second.
    std::string_view date() const { return date_; }
    /// Filled anew by each message; valid until the function that filled it returns.
    RequestHead& request_head() { return request_head_; }
    ResponseHead& response_head() { return response_head_; }

    /// `no`: a stream of a connection that is counted.
    enum class Counted : std::uint8_t {
        yes,
        no
    };
    /// There is no descriptor left for a request that is under way: closes some on which nothing is. False: there are none.
    bool make_room();
    std::list<Client*>::iterator add(Client& client, Counted counted = Counted::yes);
    void remove(std::list<Client*>::iterator place, Counted counted = Counted::yes);

private:
    using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                                    boost::asio::io_context::executor_type>;
    struct Listener {
        explicit Listener(boost::asio::io_context& io) : acceptor(io) {}
        boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type> acceptor;
        bool secure = false;
        bool accepting = false;
    };
    void open(Listener& listener, std::uint16_t port);
    bool shed(const Client* except);
    void accept();
    void accept(Listener& listener);
    void accepted(Listener& listener, boost::system::error_code error, Socket socket);
    void tick();
    void write_date();
    void judge_instances(std::chrono::steady_clock::time_point now);
    void drain_all();
    void cut_all();

    Shared& shared_;
    unsigned number_; // the first one judges for all
    Slab slab_; // outlives the context, whose last handlers give their buffers back
    // Sockets and timers are this thread's alone: their queues need no locks. Work that others hand over is still locked.
    boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    Listener plain_{io_}, tls_{io_};
    std::shared_ptr<boost::asio::ssl::context> certificates_;
    Timer tick_{io_}, retry_{io_};
    std::shared_ptr<const Snapshot> snapshot_;
    UpstreamPool pool_;
    Choices choices_;
    RequestHead request_head_;
    ResponseHead response_head_;
    std::string date_;
    std::list<Client*> clients_;
    std::atomic<std::size_t> open_{0};
    std::chrono::steady_clock::time_point pool_swept_{}, judged_{};
    bool draining_ = false;
};

} // namespace gravity::gateway
