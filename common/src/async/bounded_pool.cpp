#include "async/blocking_jobs.hpp"

#include <gravity/async/bounded_pool.hpp>
#include <gravity/base/problem.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace gravity {
namespace {

namespace asio = boost::asio;

struct Queued {
    std::chrono::steady_clock::time_point deadline;
    std::function<void()> work;
    std::function<void(std::exception_ptr)> done;
};

std::exception_ptr outcome_of(Queued& queued) {
    if (std::chrono::steady_clock::now() > queued.deadline) return std::make_exception_ptr(Refusal(problems::deadline_exceeded));
    try {
        queued.work();
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

} // namespace

struct BoundedPool::State {
    explicit State(const BoundedPoolOptions& options) : places(options.waiting + static_cast<std::size_t>(options.threads)) {
        for (int i = 0; i < options.threads; ++i) threads.emplace_back([this, niceness = options.niceness] { serve(niceness); });
    }
    ~State() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        more.notify_all();
        for (auto& thread : threads) thread.join();
    }

    bool take_place() {
        const std::lock_guard lock(mutex);
        if (taken >= places) return false;
        ++taken;
        return true;
    }
    void push(Queued queued) {
        {
            const std::lock_guard lock(mutex);
            queue.push_back(std::move(queued));
        }
        more.notify_one();
    }

    void serve(int niceness) {
        [[maybe_unused]] const int reached = nice(niceness); // of this thread alone, as Linux has it; where it may not, it stands back less
        std::unique_lock lock(mutex);
        while (true) {
            more.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            Queued queued = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            std::exception_ptr failure = outcome_of(queued);
            lock.lock();
            --taken; // before its caller goes on and may come again
            lock.unlock();
            queued.done(std::move(failure));
            queued = {};
            lock.lock();
        }
    }

    const std::size_t places;
    mutable std::mutex mutex;
    std::condition_variable more;
    std::deque<Queued> queue;
    std::size_t taken = 0;
    bool stopping = false;
    std::vector<std::thread> threads;
};

BoundedPool::BoundedPool(BoundedPoolOptions options) {
    if (options.threads < 1) throw std::invalid_argument("a pool needs a thread");
    state_ = std::make_unique<State>(options);
}
BoundedPool::~BoundedPool() = default;

std::size_t BoundedPool::load() const {
    const std::lock_guard lock(state_->mutex);
    return state_->taken;
}

Task<void> BoundedPool::run_work(std::chrono::steady_clock::time_point deadline, std::function<void()> work) {
    if (!state_->take_place()) throw Refusal(problems::overloaded).with_header("Retry-After", "1");
    auto initiate = [state = state_.get(), deadline](auto handler, std::function<void()> job) {
        auto& jobs = asio::use_service<BlockingJobs>(asio::query(asio::get_associated_executor(handler), asio::execution::context));
        jobs.begin();
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto done = [&jobs, shared](std::exception_ptr failure) mutable {
            const auto executor = asio::get_associated_executor(*shared);
            asio::post(executor, [shared = std::move(shared), failure = std::move(failure)] { (*shared)(failure); });
            jobs.end();
        };
        state->push({deadline, std::move(job), std::move(done)});
    };
    const auto& token = asio::use_awaitable;
    co_await asio::async_initiate<decltype(token), void(std::exception_ptr)>(initiate, token, std::move(work));
}

} // namespace gravity
