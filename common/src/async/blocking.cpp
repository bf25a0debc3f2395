#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>

namespace gravity {
namespace {

boost::asio::thread_pool& cpu_pool() { // made at the first use: most services never need its threads
    static boost::asio::thread_pool pool(2);
    return pool;
}

} // namespace

Task<void> run_blocking(std::function<void()> work) {
    auto initiate = [](auto handler, std::function<void()> job) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        boost::asio::post(cpu_pool(), [shared, job = std::move(job)] {
            std::exception_ptr failure;
            try {
                job();
            } catch (...) {
                failure = std::current_exception();
            }
            const auto executor = boost::asio::get_associated_executor(*shared);
            boost::asio::post(executor, [shared, failure] { (*shared)(failure); });
        });
    };
    const auto& token = boost::asio::use_awaitable;
    co_await boost::asio::async_initiate<decltype(token), void(std::exception_ptr)>(initiate, token, std::move(work));
}

} // namespace gravity
