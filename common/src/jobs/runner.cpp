#include "jobs/running.hpp"
#include "jobs/scheduler.hpp"
#include "jobs/verdict.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/metrics/metrics.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>

namespace gravity::jobs {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

struct Meters {
    metrics::CounterFamily& ended = metrics::counter("gravity_jobs_total", "Runs of jobs that ended", {"kind", "outcome"});
    metrics::HistogramFamily& seconds = metrics::histogram("gravity_job_duration_seconds", "Time of one run of a job", {"kind"});
    metrics::Gauge running = metrics::gauge("gravity_jobs_running", "Jobs running in this process").with({});
};
Meters& meters() {
    static Meters all;
    return all;
}

} // namespace

struct Runner::Impl : std::enable_shared_from_this<Impl> {
    boost::asio::io_context& io;
    pg::Database& database;
    const Resources& resources;
    std::map<std::string, Function> functions;
    std::vector<std::string> plain_kinds, long_kinds;
    RunnerOptions options;
    boost::asio::steady_timer pause;   // of the loop; cancelled to wake it
    boost::asio::steady_timer drained; // cancelled when the loop ends
    std::set<std::shared_ptr<Running>> running;
    int plain_running = 0;
    bool started = false;
    bool looping = false;
    bool woken = false;
    bool stopping = false;
    std::atomic<bool> posted{false};
    std::atomic<int> count{0};
    std::mt19937_64 random{std::random_device{}()};

    Impl(boost::asio::io_context& context, pg::Database& store, const Resources& provided, std::vector<Function> list, RunnerOptions opts)
        : io(context), database(store), resources(provided), options(std::move(opts)), pause(context), drained(context) {
        for (Function& function : list) {
            (function.plain ? plain_kinds : long_kinds).push_back(function.kind);
            const std::string kind = function.kind;
            if (!functions.emplace(kind, std::move(function)).second) throw std::logic_error("two job functions for the kind " + kind);
        }
    }

    void wake() {
        if (posted.exchange(true)) return;
        const auto self = shared_from_this();
        boost::asio::post(io, [self] {
            self->posted = false;
            self->look_again();
        });
    }
    void look_again() {
        woken = true;
        pause.cancel();
    }

    // Jobs go on while the process drains, and so do their heartbeats; new ones are not taken.
    static Task<void> loop(std::shared_ptr<Impl> self) {
        std::uint32_t failures = 0;
        self->looping = true;
        while (!self->stopping || !self->running.empty()) {
            self->woken = false;
            Millis wait{0};
            std::string failure;
            try {
                wait = co_await look(self);
                failures = 0;
            } catch (const std::exception& error) {
                failure = error.what();
            }
            if (!failure.empty()) {
                if (failures == 0) log::warn("jobs could not be looked for", {{"error", failure}});
                wait = std::chrono::ceil<Millis>(resilience_pause(self->random, failures++));
                self->woken = false; // whatever woke it, the store is not there
            }
            if (self->woken) continue;
            self->pause.expires_after(wait);
            boost::system::error_code cancelled;
            co_await self->pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
        }
        self->looping = false;
        self->drained.cancel();
    }

    static Steady::duration resilience_pause(std::mt19937_64& random, std::uint32_t failures) {
        const Millis most = std::min<Millis>(10s, 200ms * (1 << std::min(failures, 6U)));
        return Millis(std::uniform_int_distribution<Millis::rep>(most.count() / 2, most.count())(random));
    }

    // Everything the store is asked for, in one transaction. How long nothing need be asked again.
    static Task<Millis> look(std::shared_ptr<Impl> self) {
        std::vector<Claimed> claimed;
        std::vector<Heard> heard;
        std::optional<Timestamp> due, next; // job, schedule
        const Beats beats = self->beats();
        const bool takes = !self->stopping;
        ClaimQuery plain{self->plain_kinds, self->options.plain_slots - self->plain_running, beats.lease_seconds, now()};
        ClaimQuery lasting{self->long_kinds, self->options.long_slots - (static_cast<int>(self->running.size()) - self->plain_running), beats.lease_seconds,
                           plain.now};
        const bool room = takes && (plain.free > 0 || lasting.free > 0);
        std::function<void(Tx&)> work = [&](Tx& tx) {
            claimed.clear();
            heard.clear();
            due.reset();
            std::vector<std::string> open_kinds; // those that have a slot left: for the others the end of a job wakes the loop
            if (!beats.ids.empty()) heard = tx.all(beat_jobs, beats);
            if (!takes) return;
            next = run_schedules(tx, self->options.schedules, plain.now);
            if (!room) return;
            tx.one(reap_jobs, plain.now);
            for (const ClaimQuery* query : {&plain, &lasting}) {
                if (query->kinds.empty() || query->free <= 0) continue;
                std::vector<Claimed> taken = tx.all(claim_jobs, *query);
                if (std::ssize(taken) < query->free) open_kinds.insert(open_kinds.end(), query->kinds.begin(), query->kinds.end());
                claimed.insert(claimed.end(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
            }
            if (!open_kinds.empty()) due = tx.one(next_due, open_kinds);
        };
        pg::Run how;
        how.scope = pg::Scope::system("jobs");
        co_await self->database.run(std::move(how), std::move(work));

        self->listen_to(heard, beats);
        for (Claimed& job : claimed) self->begin(std::move(job));
        Millis wait = self->options.poll;
        if (!self->running.empty()) wait = std::min(wait, self->options.lease / 3);
        if (next) wait = std::min(wait, until(*next));
        if (due) {
            const Millis until_due = until(*due);
            wait = std::min(wait, std::max(until_due, Millis(50))); // due and not taken: another replica is at it
        }
        co_return wait;
    }

    static Millis until(Timestamp at) { return Millis(clock::real(std::max(at - now(), Duration::zero())).count_ms() + 1); }

    Beats beats() const {
        Beats beats;
        beats.lease_seconds = std::chrono::duration<double>(options.lease).count();
        for (const auto& job : running) {
            beats.ids.push_back(job->lease.id);
            beats.tokens.push_back(job->lease.token);
            beats.shares.push_back(job->share);
        }
        return beats;
    }

    void listen_to(const std::vector<Heard>& heard, const Beats& asked) {
        for (const auto& job : running) {
            if (std::find(asked.ids.begin(), asked.ids.end(), job->lease.id) == asked.ids.end()) continue; // began meanwhile
            const auto row = std::find_if(heard.begin(), heard.end(), [&](const Heard& h) { return h.id == job->lease.id; });
            if (row == heard.end())
                job->stop = JobStopped::Why::lost; // or it has just ended: then nobody asks any more
            else if (row->cancel_requested)
                job->stop = JobStopped::Why::cancelled;
        }
    }

    void begin(Claimed claimed) {
        const auto found = functions.find(claimed.kind);
        const auto job = std::make_shared<Running>(std::move(claimed), database, resources, options.lease);
        const Function* function = &found->second;
        if (stopping && function->coroutine) job->stop = JobStopped::Why::draining;
        running.insert(job);
        plain_running += function->plain ? 1 : 0;
        count = static_cast<int>(running.size());
        meters().running.set(count);
        const auto self = shared_from_this();
        spawn(io, "job " + job->claimed.kind, [self, job, function] { return run_job(self, job, function); });
    }

    static Task<void> run_job(std::shared_ptr<Impl> self, std::shared_ptr<Running> job, const Function* function) {
        const auto began = Steady::now();
        std::exception_ptr failure;
        try {
            if (function->plain)
                co_await run_plain(job, function);
            else
                co_await run_long(job, function);
        } catch (...) {
            failure = std::current_exception();
        }
        std::string outcome = "done";
        if (failure) outcome = co_await leave(self, job, failure);
        if (job->span) {
            job->span->set("gravity.job.outcome", outcome);
            job->span->end();
        }
        meters().ended.with({job->claimed.kind, outcome}).add();
        meters().seconds.with({job->claimed.kind}).observe(std::chrono::duration<double>(Steady::now() - began).count());

        self->running.erase(job);
        self->plain_running -= function->plain ? 1 : 0;
        self->count = static_cast<int>(self->running.size());
        meters().running.set(self->count);
        self->look_again();
    }

    // The effect and the end of the job are one transaction. Whoever lost the lease meanwhile finds the row changed and leaves no trace.
    static Task<void> run_plain(std::shared_ptr<Running> job, const Function* function) {
        std::function<void(Tx&)> work = [&](Tx& tx) {
            const log::ScopeGuard guard(job->scope);
            JobRun run(job->claimed.id, job->claimed.attempts, job->claimed.max_attempts);
            function->plain(tx, job->claimed.payload, run);
            if (tx.exec(finish_job, job->lease, run.result(), now()) == 0) throw JobStopped(JobStopped::Why::lost);
        };
        pg::Run how = job->how();
        co_await job->database.run(std::move(how), std::move(work));
    }

    static Task<void> run_long(std::shared_ptr<Running> job, const Function* function) {
        JobCtx ctx(job);
        Task<void> task = function->coroutine(ctx, job->claimed.payload);
        co_await std::move(task);
        std::function<void(Tx&)> work = [&](Tx& tx) {
            if (tx.exec(finish_job, job->lease, job->result, now()) == 0) throw JobStopped(JobStopped::Why::lost);
        };
        pg::Run how = job->how();
        co_await job->database.run(std::move(how), std::move(work));
    }

    static Task<std::string> leave(std::shared_ptr<Impl> self, std::shared_ptr<Running> job, std::exception_ptr failure) {
        const Claimed& c = job->claimed;
        const std::optional<Outcome> outcome = verdict_on(failure, c.attempts, c.max_attempts, now(), self->random());
        if (!outcome) {
            log::warn(job->scope, "a job was lost to another worker", {{"kind", c.kind}, {"job", c.id}});
            co_return "lost";
        }
        if (job->span && outcome->last_error) job->span->fail(*outcome->last_error);
        if (outcome->state == JobState::failed)
            log::error(job->scope, "a job has failed", {{"kind", c.kind}, {"job", c.id}, {"attempt", c.attempts}, {"error", outcome->last_error.value_or("")}});
        else if (outcome->last_error)
            log::warn(job->scope, "a job will be tried again",
                      {{"kind", c.kind}, {"job", c.id}, {"attempt", c.attempts}, {"due", outcome->due}, {"error", *outcome->last_error}});
        std::string unwritten;
        std::function<void(Tx&)> work = [&](Tx& tx) { tx.exec(leave_job, job->lease, *outcome); };
        try {
            pg::Run how = job->how();
            co_await self->database.run(std::move(how), std::move(work));
        } catch (const std::exception& error) {
            unwritten = error.what();
        }
        // Then its lease runs out, and it is tried again like that of a worker that died.
        if (!unwritten.empty()) log::warn(job->scope, "the end of a job could not be written", {{"kind", c.kind}, {"job", c.id}, {"error", unwritten}});
        if (outcome->state == JobState::waiting) co_return outcome->counted ? "retried" : "released";
        co_return std::string(meta::enum_name(outcome->state));
    }
};

Runner::Runner(boost::asio::io_context& io, pg::Database& database, const Resources& resources, std::vector<Function> functions, RunnerOptions options)
    : impl_(std::make_shared<Impl>(io, database, resources, std::move(functions), std::move(options))) {}

Runner::~Runner() = default;

void Runner::start() {
    if (std::exchange(impl_->started, true)) return;
    spawn(impl_->io, "jobs", [impl = impl_] { return Impl::loop(impl); });
}

void Runner::wake() { impl_->wake(); }
int Runner::running() const { return impl_->count; }

Task<void> Runner::drain(std::chrono::steady_clock::time_point deadline) {
    const auto impl = impl_;
    impl->stopping = true;
    for (const auto& job : impl->running)
        if (!job->stop && impl->functions.at(job->claimed.kind).coroutine) job->stop = JobStopped::Why::draining;
    impl->look_again();
    while (impl->looping && Steady::now() < deadline) { // also while it is just claiming
        impl->drained.expires_at(deadline);
        boost::system::error_code cancelled;
        co_await impl->drained.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
    if (!impl->running.empty()) log::warn("jobs are still running; their leases will run out", {{"count", impl->running.size()}});
}

} // namespace gravity::jobs
