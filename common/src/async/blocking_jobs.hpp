#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <mutex>

namespace gravity {

/// Waits for the work of every `run_blocking` and `BoundedPool` that was awaited on this context, as its destructor does: for whoever destroys what such
/// work uses before the context. The context must have been stopped. Any thread but the pools'.
void finish_blocking(boost::asio::io_context& io);

/// How much work of a context is on other threads. Its end hands a coroutine back to the context, so that must not go before.
class BlockingJobs : public boost::asio::execution_context::service {
public:
    inline static boost::asio::execution_context::id id;

    explicit BlockingJobs(boost::asio::execution_context& context) : service(context) {}

    void begin() {
        const std::lock_guard lock(mutex_);
        ++count_;
    }
    void end() {
        const std::lock_guard lock(mutex_);
        --count_;
        none_left_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        none_left_.wait(lock, [this] { return count_ == 0; });
    }

private:
    void shutdown() override { wait(); } // the scheduler is older, and so shut down later

    std::mutex mutex_;
    std::condition_variable none_left_;
    int count_ = 0;
};

} // namespace gravity
