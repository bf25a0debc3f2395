#pragma once

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>

#include <functional>
#include <future>
#include <memory>
#include <type_traits>

namespace gravity::testkit {

/// A loop with a thread of its own, for what lives on one: make things on `io()`, then start. What they need must outlive the loop's end.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    boost::asio::io_context& io();
    void start();
    /// Ends at once, as kill -9 does: what waits is left as it is. Further calls do nothing.
    void stop();

    /// Runs a coroutine on the loop and waits for what it returns or throws.
    template <class T>
    T await(std::function<Task<T>()> coroutine) {
        std::promise<T> promise;
        spawn(io(), "test", [&] { return fulfil(&coroutine, &promise); });
        return promise.get_future().get();
    }

private:
    template <class T>
    static Task<void> fulfil(std::function<Task<T>()>* coroutine, std::promise<T>* promise) {
        try {
            Task<T> task = (*coroutine)();
            if constexpr (std::is_void_v<T>) {
                co_await std::move(task);
                promise->set_value();
            } else {
                promise->set_value(co_await std::move(task));
            }
        } catch (...) {
            promise->set_exception(std::current_exception());
        }
    }

    struct State;
    std::unique_ptr<State> state_;
};

/// Waits until `condition` holds, looking again every few milliseconds; std::runtime_error if it does not within 30 s.
void until(const std::function<bool()>& condition);

} // namespace gravity::testkit
