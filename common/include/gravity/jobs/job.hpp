#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/pg/tx.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

/// Work for later. What is to be done is a described struct that names its kind; it is left by `tx.enqueue(...)` in the transaction it
/// belongs to, and done by a function that the service names in main.cpp:
///
///     struct ImportProducts { static constexpr JobKind job{"product-import"}; std::string file; };
///     Service{...}.job(import_products)
///
/// Two kinds of function, told apart by their signature:
///   void f(Tx&, const P&, JobRun&)   done in one transaction of the job's project, which also ends the job: its effect happens exactly once;
///   Task<void> f(JobCtx&, P)         long work in several short transactions, with progress, checkpoints and cancellation.
///
/// A job is leased to one worker at a time and fenced by a token that grows with each claim: a worker that stood still and lost its lease
/// cannot write any more, whatever it does. What throws is tried again with back-off; a Refusal that says the request itself is wrong (4xx but
/// 408, 409, 412, 429) fails the job at once, as does the last attempt.
namespace gravity {

/// The run of a plain job function.
class JobRun {
public:
    JobRun(JobId id, int attempt, int max_attempts) : id_(id), attempt_(attempt), max_attempts_(max_attempts) {}

    JobId id() const { return id_; }
    int attempt() const { return attempt_; } // 1 is the first
    bool last_attempt() const { return attempt_ >= max_attempts_; }
    /// What the job came to; shown by its resource.
    template <class R>
    void result(const R& value) {
        result_ = json::to_document(value);
    }
    const std::optional<Json>& result() const { return result_; }

private:
    JobId id_;
    int attempt_;
    int max_attempts_;
    std::optional<Json> result_;
};

/// Leaves a job function when its work must not go on: it was cancelled, lost to another worker, or the process ends. Not to be caught.
struct JobStopped : std::runtime_error {
    enum class Why : unsigned char {
        cancelled,
        lost,
        draining
    };
    explicit JobStopped(Why why);
    Why why;
};

/// Leaves a job function when something that it shares with others is busy: it is done again in so long, and this attempt does not count. Not for failures,
/// since nothing bounds how often.
struct JobPostponed : std::runtime_error {
    explicit JobPostponed(std::chrono::seconds pause);
    std::chrono::seconds pause;
};

namespace jobs {
struct Running; // src/jobs/running.hpp
}

/// The run of a long job; I/O thread. Every transaction made here is fenced: if the job was cancelled or lost meanwhile it is rolled back and
/// JobStopped is thrown.
class JobCtx {
public:
    explicit JobCtx(std::shared_ptr<jobs::Running> running) : running_(std::move(running)) {}

    JobId id() const;
    ProjectId project() const; // unset: the platform's own
    int attempt() const;
    /// For calls that continue the trace of whoever asked for the job.
    const std::string& traceparent() const;
    template <class T>
    T& get() const {
        return resources().template get<T>();
    }

    /// `R r = co_await ctx.transaction(load, id);` runs `load(tx, id)` in the job's project on a database worker. Arguments are copied, since it may run again.
    template <class F, class... A>
    auto transaction(F function, A... arguments) -> Task<std::invoke_result_t<F, Tx&, A...>> {
        using R = std::invoke_result_t<F, Tx&, A...>;
        using Done = Task<std::void_t<R>>; // as in Ctx
        if constexpr (std::is_void_v<R>) {
            const auto work = [&](Tx& tx) { function(tx, arguments...); };
            Done done = run(work, nullptr);
            co_await std::move(done);
        } else {
            std::optional<R> result;
            const auto work = [&](Tx& tx) { result.emplace(function(tx, arguments...)); };
            Done done = run(work, nullptr);
            co_await std::move(done);
            co_return *std::move(result);
        }
    }
    /// The same, and what the function returned is stored in that transaction as the place to go on from: a step counts wholly or not at all.
    template <class F, class... A>
    auto checkpointed(F function, A... arguments) -> Task<std::invoke_result_t<F, Tx&, A...>> {
        using R = std::invoke_result_t<F, Tx&, A...>;
        using Done = Task<std::void_t<R>>;
        std::optional<R> result;
        std::optional<Json> checkpoint;
        const auto work = [&](Tx& tx) {
            result.emplace(function(tx, arguments...));
            checkpoint = json::to_document(*result);
        };
        Done done = run(work, &checkpoint);
        co_await std::move(done);
        co_return *std::move(result);
    }
    /// What an earlier attempt stored last; nothing at the beginning.
    template <class C>
    std::optional<C> checkpoint() const {
        const Json* stored = stored_checkpoint();
        if (stored == nullptr) return std::nullopt;
        return json::decode<C>(stored->dump()).or_throw();
    }

    /// Share that is done, 0 to 1. Noted; written with the next transaction or heartbeat.
    void progress(double share);
    template <class R>
    void result(const R& value) {
        set_result(json::to_document(value));
    }
    /// True if the work is to stop: looked at between steps that are no transactions. The next transaction throws in any case.
    bool stopped() const;
    /// Throws JobStopped if so.
    void check() const;

private:
    /// `checkpoint`: what the work leaves there is stored with it; null: nothing is.
    Task<void> run(pg::WorkRef work, const std::optional<Json>* checkpoint);
    const Resources& resources() const;
    const Json* stored_checkpoint() const;
    void set_result(Json result);

    std::shared_ptr<jobs::Running> running_;
};

namespace jobs {

/// A job function as the runner knows it. One of the two is set.
struct Function {
    std::string kind;
    int max_attempts = 10;
    std::function<void(Tx&, const Json&, JobRun&)> plain{};
    std::function<Task<void>(JobCtx&, const Json&)> coroutine{};
};

/// The input of a job, of this release or an older one. Throws a Refusal that fails the job.
template <class P>
P input_of(const Json& payload) {
    auto input = json::decode<P>(payload.dump());
    if (!input) throw Refusal(problems::invalid, "The input of the job is not readable: " + std::string(input.why()));
    return *std::move(input);
}

template <class P>
Function function(void (*work)(Tx&, const P&, JobRun&)) {
    return {std::string(P::job.name), P::job.max_attempts, [work](Tx& tx, const Json& payload, JobRun& run) { work(tx, input_of<P>(payload), run); }};
}
template <class P>
Function function(Task<void> (*work)(JobCtx&, P)) {
    return {std::string(P::job.name), P::job.max_attempts, {}, [work](JobCtx& ctx, const Json& payload) { return work(ctx, input_of<P>(payload)); }};
}

/// The job `id` of that kind in the transaction's project; refuses with 404.
Job find(Tx& tx, const JobKind& kind, JobId id);
/// Cancels it: at once if it waits; a running one is told and stops at its next step. One that has ended is left as it is. Answers its state.
Job cancel(Tx& tx, const JobKind& kind, JobId id);

} // namespace jobs
} // namespace gravity
