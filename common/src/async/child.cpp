#include <gravity/async/child.hpp>
#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <optional>

namespace gravity {

namespace asio = boost::asio;

struct Child::State {
    std::function<Task<void>()> work;
    std::function<void()> on_end;
    asio::cancellation_signal cancel;
    std::optional<asio::steady_timer> landing; // cancelled: it has ended
    std::exception_ptr failure;
    bool started = false, ended = false, cancelled = false;

    // The function object lives in the state, so a lambda's captures outlive the coroutine it returned.
    static Task<void> hold(std::shared_ptr<State> state) {
        Task<void> task = state->work();
        co_await std::move(task);
    }
};

Child::Child() : state_(std::make_shared<State>()) {}
Child::~Child() = default;
bool Child::ended() const { return !state_->started || state_->ended; }

Task<void> Child::start(std::function<Task<void>()> work, std::function<void()> on_end) {
    const auto executor = co_await asio::this_coro::executor;
    const auto state = state_;
    state->work = std::move(work);
    state->on_end = std::move(on_end);
    state->landing.emplace(executor, asio::steady_timer::time_point::max());
    state->started = true;
    auto land = [state](std::exception_ptr failure) {
        state->failure = std::move(failure);
        state->ended = true;
        state->landing->cancel();
        if (state->on_end) state->on_end();
        state->on_end = nullptr;
    };
    asio::co_spawn(executor, State::hold(state), asio::bind_cancellation_slot(state->cancel.slot(), std::move(land)));
}

Task<void> Child::stop() {
    const auto state = state_;
    if (!state->started) co_return;
    if (!state->ended) {
        state->cancelled = true;
        state->cancel.emit(asio::cancellation_type::terminal);
    }
    // Not to be hurried by a cancellation of the maker itself: a child must not be left behind.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    while (!state->ended) {
        auto waiting = state->landing->async_wait(asio::as_tuple(asio::deferred));
        co_await std::move(waiting);
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    const auto failure = std::exchange(state->failure, nullptr);
    if (!failure) co_return;
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (!state->cancelled || error.code() != asio::error::operation_aborted) throw;
    }
}

} // namespace gravity
