#include <gravity/async/coroutine.hpp>
#include <gravity/async/signal.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <set>

namespace gravity {

namespace {

struct Waiter {
    boost::asio::steady_timer timer;
    bool notified = false;
};

} // namespace

struct Signal::State {
    std::set<Waiter*> waiters;
};

Signal::Signal() : state_(std::make_shared<State>()) {}
Signal::~Signal() = default;

Task<void> Signal::wait_until(std::chrono::steady_clock::time_point end) {
    const auto state = state_;
    const auto executor = co_await boost::asio::this_coro::executor;
    Waiter waiter{boost::asio::steady_timer(executor, end)};
    struct Entry { // also where the frame is destroyed while it waits
        State& state;
        Waiter* waiter;
        Entry(State& s, Waiter* w) : state(s), waiter(w) { state.waiters.insert(waiter); }
        ~Entry() { state.waiters.erase(waiter); }
    } const entry(*state, &waiter);
    boost::system::error_code error;
    co_await waiter.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error && !waiter.notified) throw boost::system::system_error(error);
}

void Signal::notify() {
    for (Waiter* waiter : state_->waiters) {
        waiter->notified = true;
        waiter->timer.cancel();
    }
}

} // namespace gravity
