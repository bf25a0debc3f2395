#pragma once

#include <gravity/async/coroutine.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace gravity {

/// Runs work on the CPU pool (two threads of the process) and returns to the awaiting coroutine's executor.
Task<void> run_blocking(std::function<void()> work);

/// Hashing, compression, rendering: `std::string hash = co_await blocking(hash_password, password);`. Arguments are copied or moved in.
template <class F, class... A>
auto blocking(F function, A... arguments) -> Task<std::invoke_result_t<F, A...>> {
    using R = std::invoke_result_t<F, A...>;
    if constexpr (std::is_void_v<R>) {
        std::function<void()> work = [&] { function(std::move(arguments)...); };
        co_await run_blocking(std::move(work));
    } else {
        std::optional<R> result;
        std::function<void()> work = [&] { result.emplace(function(std::move(arguments)...)); };
        co_await run_blocking(std::move(work));
        co_return *std::move(result);
    }
}

} // namespace gravity
