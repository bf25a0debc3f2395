#include <gravity/async/coroutine.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>

namespace gravity::resilience::detail {

namespace asio = boost::asio;

struct Landing::State {
    std::list<asio::steady_timer*> waiting; // each lives in the coroutine that waits
    bool open = false;
};

namespace {

/// On the list for as long as the coroutine waits, however it ends.
struct Enlisted {
    Enlisted(std::list<asio::steady_timer*>& all, asio::steady_timer* timer)
        : list(all), at(all.insert(all.end(), timer)) {}
    ~Enlisted() { list.erase(at); }
    Enlisted(const Enlisted&) = delete;
    Enlisted& operator=(const Enlisted&) = delete;
    std::list<asio::steady_timer*>& list;
    std::list<asio::steady_timer*>::iterator at;
};

} // namespace

Landing::Landing() : state_(std::make_shared<State>()) {}
Landing::~Landing() = default;

Task<bool> Landing::wait(std::chrono::steady_clock::time_point until) {
    auto state = state_;
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, until);
    Enlisted me(state->waiting, &timer);
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    // A cancelled coroutine leaves by the exception of its next await.
    while (!state->open && std::chrono::steady_clock::now() < until) {
        co_await timer.async_wait(token);
    }
    co_return state->open;
}

void Landing::open() {
    state_->open = true;
    for (auto* timer : state_->waiting) timer->cancel();
}

Task<void> launch(Task<void> work) {
    auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, std::move(work), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
}

} // namespace gravity::resilience::detail
