#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <string>

namespace gravity {

Task<void> sleep_for(std::chrono::steady_clock::duration duration) {
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer(executor, duration);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

namespace {

// The function object lives in this frame, so a lambda's captures outlive the coroutine it returned.
Task<void> hold(std::function<Task<void>()> coroutine) {
    Task<void> task = coroutine();
    co_await std::move(task);
}

} // namespace

void spawn(boost::asio::io_context& io, std::string_view name, std::function<Task<void>()> coroutine) {
    auto report = [name = std::string(name)](const std::exception_ptr& failure) {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const boost::system::system_error& error) {
            if (error.code() != boost::asio::error::operation_aborted)
                log::error("a background task ended", {{"task", name}, {"error", error.what()}});
        } catch (const std::exception& error) {
            log::error("a background task ended", {{"task", name}, {"error", error.what()}});
        }
    };
    boost::asio::co_spawn(io, hold(std::move(coroutine)), std::move(report));
}

} // namespace gravity
