#pragma once

#include <gravity/async/coroutine.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace gravity {

struct BoundedPoolOptions {
    int threads = 2;
    std::size_t waiting = 64; // work that waits for a thread; beyond it, refused
    int niceness = 0;         // 0 to 19: by how much the threads stand back behind others where processors are short (nice)
};

/// Threads of its own for work that takes a processor for long and comes in floods, as hashing of passwords does: a flood waits, then is refused, and neither
/// the I/O thread nor what `blocking` does waits for it. Any thread may ask. It outlives who awaits it, and what it runs when the process ends is waited for as
/// `blocking` is.
class BoundedPool {
public:
    /// Throws std::invalid_argument without a thread.
    explicit BoundedPool(BoundedPoolOptions options);
    ~BoundedPool();
    BoundedPool(const BoundedPool&) = delete;
    BoundedPool& operator=(const BoundedPool&) = delete;

    /// `function(arguments...)` on a thread of the pool; back on the awaiting coroutine's executor with its result or what it threw. Arguments are copied or
    /// moved in. Throws Refusal: `overloaded` (503, Retry-After) at once if too much waits, `deadline_exceeded` if its turn comes after the deadline.
    template <class F, class... A>
    auto run(std::chrono::steady_clock::time_point deadline, F function, A... arguments) -> Task<std::invoke_result_t<F, A...>> {
        using R = std::invoke_result_t<F, A...>;
        if constexpr (std::is_void_v<R>) {
            std::function<void()> work = [&] { function(std::move(arguments)...); };
            co_await run_work(deadline, std::move(work));
        } else {
            std::optional<R> result;
            std::function<void()> work = [&] { result.emplace(function(std::move(arguments)...)); };
            co_await run_work(deadline, std::move(work));
            co_return *std::move(result);
        }
    }

    /// Work that waits or runs now.
    std::size_t load() const;

private:
    Task<void> run_work(std::chrono::steady_clock::time_point deadline, std::function<void()> work);

    struct State;
    std::unique_ptr<State> state_;
};

} // namespace gravity
