#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/caller.hpp>
#include <gravity/http/message.hpp>
#include <gravity/http/resources.hpp>
#include <gravity/pg/tx.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace gravity {

namespace pg {
class Database;
}

/// The surroundings of a coroutine handler; I/O thread, lives until the handler has returned.
class Ctx {
public:
    Ctx(const http::Request& request, const Caller* caller, pg::Database* database, const Resources& resources,
        std::chrono::steady_clock::time_point deadline, std::string traceparent)
        : request_(request), caller_(caller), database_(database), resources_(resources), deadline_(deadline), traceparent_(std::move(traceparent)) {}

    const http::Request& request() const { return request_; }
    /// Null on an open route without credentials.
    const Caller* caller() const { return caller_; }
    std::chrono::steady_clock::time_point deadline() const { return deadline_; }
    /// For calls that continue this request's trace.
    const std::string& traceparent() const { return traceparent_; }
    template <class T>
    T& get() const {
        return resources_.get<T>();
    }
    template <class T>
    T* find() const {
        return resources_.find<T>();
    }

    /// A transaction in the caller's project, on a thread of the pool: `Product p = co_await ctx.transaction(load, id);` runs `load(tx, id)`.
    /// Arguments are copied, since the transaction may be run again.
    template <class F, class... A>
    auto transaction(F function, A... arguments) -> Task<std::invoke_result_t<F, Tx&, A...>> {
        return in_scope(caller_scope(), std::move(function), std::move(arguments)...);
    }
    /// The same in a scope of the handler's choosing: routes open to the public.
    template <class F, class... A>
    auto in_scope(pg::Scope scope, F function, A... arguments) -> Task<std::invoke_result_t<F, Tx&, A...>> {
        using R = std::invoke_result_t<F, Tx&, A...>;
        using Done = Task<std::void_t<R>>; // of no known type yet, so that who only declares coroutines need not know what a Task is
        if constexpr (std::is_void_v<R>) {
            const auto work = [&](Tx& tx) { function(tx, arguments...); };
            Done done = run(std::move(scope), work);
            co_await std::move(done);
        } else {
            std::optional<R> result;
            const auto work = [&](Tx& tx) { result.emplace(function(tx, arguments...)); };
            Done done = run(std::move(scope), work);
            co_await std::move(done);
            co_return *std::move(result);
        }
    }

private:
    pg::Scope caller_scope() const;
    Task<void> run(pg::Scope scope, pg::WorkRef work);

    const http::Request& request_;
    const Caller* caller_;
    pg::Database* database_;
    const Resources& resources_;
    std::chrono::steady_clock::time_point deadline_;
    std::string traceparent_;
};

} // namespace gravity
