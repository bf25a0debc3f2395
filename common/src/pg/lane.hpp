#pragma once

#include "pg/connection.hpp"
#include "pg/fiber.hpp"

#include <gravity/pg/database.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

namespace gravity::pg {

/// One piece of work for the pool.
struct Unit {
    const Run* run = nullptr; // lives in the awaiting coroutine's frame or the blocked caller's
    const std::function<void(Tx&)>* work = nullptr;
    std::function<void(std::exception_ptr)> done{}; // called once, or destroyed uncalled when the loop ends
    bool by_lane = false;                           // may run on the I/O thread
    bool fresh = false;                             // on a new connection only: those that lay idle may be as dead as the one it had
};

/// Works on the I/O thread, one unit at a time: while that waits for the server, its fiber is stopped and the thread does other things. To hand a read to
/// a thread of its own and back costs more than the read itself.
class Lane final : public Wait, public std::enable_shared_from_this<Lane> {
public:
    /// Thrown by `ready` out of a unit that is not to go on. No std::exception, so that nobody takes it for a failure to report.
    struct Abandoned {};
    using Serve = std::function<void(Lane&)>;

    /// `serve` works off what `unit` and `connection` hold, on the lane's fiber.
    Lane(boost::asio::io_context& io, const Serve& serve, std::function<void()> on_wait);
    ~Lane() override;

    Unit unit;
    std::unique_ptr<Connection> connection;

    bool busy() const { return busy_; }
    void start();
    bool ready(int socket, For what, std::chrono::steady_clock::time_point limit) override;
    /// The connection as it was before the lane had it; null if it was dropped.
    std::unique_ptr<Connection> release();
    void drop_connection();
    /// Ends the wait if its limit has passed. False if the lane does not wait with a limit.
    bool check(std::chrono::steady_clock::time_point now);
    /// Ends what it does, if anything.
    void abandon();

private:
    void wake(bool is_ready);
    void forget_socket(); // before it is another's, or closed

    boost::asio::posix::stream_descriptor socket_;
    std::function<void()> on_wait_;
    std::chrono::steady_clock::time_point limit_{};
    std::uint64_t waits_ = 0; // a wait that was given up may still be answered
    bool busy_ = false;
    bool waiting_ = false;
    bool ready_ = false;
    bool abandoned_ = false;
    bool ending_ = false;
    Fiber fiber_; // last: it uses the others
};

/// The lanes of one loop, which one thread runs.
class Lanes : public std::enable_shared_from_this<Lanes> {
public:
    Lanes(boost::asio::io_context& io, Lane::Serve serve) : io_(io), serve_(std::move(serve)) {}

    boost::asio::io_context& loop() { return io_; }
    /// Whether this is the thread that the lanes run on.
    bool here() const { return io_.get_executor().running_in_this_thread(); }
    void start(Unit unit, std::unique_ptr<Connection> connection); // here
    /// Abandons all that run. On any thread; waits for the loop unless that has stopped.
    void end();

private:
    void watch();

    boost::asio::io_context& io_;
    Lane::Serve serve_;
    std::vector<std::shared_ptr<Lane>> lanes_; // the loop's
    std::atomic<bool> used_{false};
    bool watching_ = false;
};

} // namespace gravity::pg
