#include "async/blocking_jobs.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace gravity {
namespace {

namespace asio = boost::asio;

asio::thread_pool& cpu_pool() { // made at the first use: most services never need its threads
    static asio::thread_pool pool(2);
    return pool;
}

} // namespace

Task<void> run_blocking(std::function<void()> work) {
    auto initiate = [](auto handler, std::function<void()> job) {
        auto& jobs = asio::use_service<BlockingJobs>(asio::query(asio::get_associated_executor(handler), asio::execution::context));
        jobs.begin();
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        asio::post(cpu_pool(), [&jobs, shared = std::move(shared), job = std::move(job)]() mutable {
            std::exception_ptr failure;
            try {
                job();
            } catch (...) {
                failure = std::current_exception();
            }
            job = nullptr;
            const auto executor = asio::get_associated_executor(*shared);
            asio::post(executor, [shared = std::move(shared), failure = std::move(failure)] { (*shared)(failure); });
            jobs.end();
        });
    };
    const auto& token = asio::use_awaitable;
    co_await asio::async_initiate<decltype(token), void(std::exception_ptr)>(initiate, token, std::move(work));
}

void finish_blocking(asio::io_context& io) { asio::use_service<BlockingJobs>(io).wait(); }

} // namespace gravity
