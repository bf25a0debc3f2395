// Leased jobs on a real PostgreSQL: exactly one effect whatever happens to the worker.
#include "jobs/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/model.hpp>
#include <gravity/testkit/check_sql.hpp>
#include <gravity/trace/buffer.hpp>
#include <gravity/trace/span.hpp>

#include <atomic>
#include <map>
#include <mutex>

namespace gravity::jobs {
namespace {

using namespace test;

constexpr pg::Migration migrations[] = {{"0001_marks", R"sql(
    create table mark (id bigint generated always as identity primary key, project uuid, job uuid not null, what text not null);
    call gravity.isolate('mark');)sql"}};

struct Paint {
    static constexpr JobKind job{"paint", 3};
    std::string colour;
};
BOOST_DESCRIBE_STRUCT(Paint, (), (colour))
struct Count {
    static constexpr JobKind job{"count"};
    int to = 0;
};
BOOST_DESCRIBE_STRUCT(Count, (), (to))
struct CountedTo {
    int n = 0;
};
BOOST_DESCRIBE_STRUCT(CountedTo, (), (n))

const Sql<void(JobId, std::string)> insert_mark{"mark.insert", "insert into mark (job, what) values ($1, $2)"};

Function paint(std::function<void(Tx&, const Paint&, JobRun&)> work) {
    return {"paint", Paint::job.max_attempts, [work](Tx& tx, const Json& payload, JobRun& run) { work(tx, input_of<Paint>(payload), run); }};
}
Function counting(std::function<Task<void>(JobCtx&, Count)> work) {
    return {"count", Count::job.max_attempts, {}, [work](JobCtx& ctx, const Json& payload) { return work(ctx, input_of<Count>(payload)); }};
}

CountedTo mark_one(Tx& tx, JobId job, int n) {
    tx.exec(insert_mark, job, std::to_string(n));
    return {n};
}
// Counts from the checkpoint on, one transaction a step; stands still before step `halt` until `go`.
Task<void> count_up(JobCtx& ctx, Count input, int halt, std::atomic<bool>* go, std::atomic<int>* halted) {
    int n = ctx.checkpoint<CountedTo>().value_or(CountedTo{}).n;
    while (n < input.to) {
        if (n + 1 == halt) {
            ++*halted;
            while (!*go) {
                co_await sleep_for(std::chrono::milliseconds(2));
                ctx.check();
            }
        }
        const CountedTo step = co_await ctx.checkpointed(mark_one, ctx.id(), n + 1);
        n = step.n;
        ctx.progress(static_cast<double>(n) / input.to);
    }
    ctx.result(CountedTo{n});
}

class JobsTest : public testing::Test {
protected:
    testkit::TestDatabase store{migrations};
    ProjectId ours = ProjectId::fresh(), theirs = ProjectId::fresh();
    std::atomic<bool> go{false};
    std::atomic<int> halted{0};

    Function halting(int before) {
        return counting([this, before](JobCtx& ctx, Count input) { return count_up(ctx, input, before, &go, &halted); });
    }
    std::string marks() { return store.admin("select coalesce(string_agg(what, ' ' order by id), '') from mark"); }
    std::string column(JobId id, const std::string& name) { return store.admin("select " + name + " from gravity.job where id = '" + id.to_string() + "'"); }
    void make_due() { store.admin("update gravity.job set due_at = '2020-01-01' where state = 'waiting'"); }
};

TEST_F(JobsTest, EveryStatementFitsTheSchema) { EXPECT_EQ(testkit::check_sql(store), std::vector<std::string>{}); }

TEST_F(JobsTest, IsDoneOnceInItsProjectAndName) {
    std::string subject;
    Replica replica(store.url(), {paint([&](Tx& tx, const Paint& input, JobRun& run) {
                        subject = tx.scope().subject;
                        EXPECT_EQ(tx.project(), ours);
                        tx.exec(insert_mark, run.id(), input.colour);
                        run.result(input);
                    })});
    replica.start();
    const Job asked = replica.enqueue(ours, Paint{"red"});
    EXPECT_EQ(asked.state, JobState::waiting);
    const Job done = replica.wait_for<Paint>(ours, asked.id, JobState::done);
    EXPECT_EQ(done.progress, 1);
    EXPECT_EQ(done.result->dump(), "{\"colour\":\"red\"}");
    EXPECT_TRUE(done.finished_at);
    EXPECT_EQ(subject, "tester");
    EXPECT_EQ(marks(), "red");
    replica.in(pg::Scope::project(theirs), [&](Tx& tx) { EXPECT_THROW(find(tx, Paint::job, asked.id), Refusal); });
}

TEST_F(JobsTest, DoesNotExistIfItsTransactionDoesNotCommit) {
    Replica replica(store.url(), {paint([](Tx&, const Paint&, JobRun&) {})});
    replica.start();
    EXPECT_THROW(replica.in(pg::Scope::project(ours),
                            [](Tx& tx) {
                                tx.enqueue(Paint{"red"});
                                throw Refusal(problems::conflict);
                            }),
                 Refusal);
    EXPECT_EQ(store.admin("select count(*) from gravity.job"), "0");
}

TEST_F(JobsTest, WaitsUntilItIsDue) {
    clock::Fake time(Timestamp::parse("2026-11-26T12:00:00Z").or_throw());
    Replica replica(store.url(), {paint([](Tx&, const Paint&, JobRun&) {})});
    replica.start();
    const Job later = replica.enqueue(ours, Paint{"red"}, {.due = now() + Duration::hours(1)});
    const Job at_once = replica.enqueue(ours, Paint{"blue"});
    replica.wait_for<Paint>(ours, at_once.id, JobState::done);
    EXPECT_EQ(replica.find<Paint>(ours, later.id).state, JobState::waiting);
    time.advance(Duration::hours(1));
    replica.runner->wake();
    replica.wait_for<Paint>(ours, later.id, JobState::done);
}

TEST_F(JobsTest, IsTriedAgainAndLeavesNothingOfAFailedAttempt) {
    std::atomic<int> attempts{0};
    Replica replica(store.url(), {paint([&](Tx& tx, const Paint& input, JobRun& run) {
                        tx.exec(insert_mark, run.id(), input.colour);
                        attempts = run.attempt();
                        if (run.attempt() < 3) throw std::runtime_error("the brush broke");
                    })});
    replica.start();
    const Job job = replica.enqueue(ours, Paint{"red"});
    bool told = false;
    until([&] { // on a slow machine its time may come by itself
        const std::string now = column(job.id, "state || ' ' || coalesce(last_error, '')");
        if (now == "waiting the brush broke") {
            told = true;
            make_due();
        }
        return now.starts_with("done");
    });
    EXPECT_TRUE(told);
    EXPECT_EQ(attempts, 3);
    EXPECT_EQ(marks(), "red");
}

TEST_F(JobsTest, FailsForGoodAfterItsLastAttempt) {
    Replica replica(store.url(), {paint([&](Tx&, const Paint&, JobRun&) -> void { throw std::runtime_error("secret detail"); })});
    replica.start();
    const Job job = replica.enqueue(ours, Paint{"red"});
    until([&] {
        make_due();
        return column(job.id, "state") == "failed";
    });
    const Job failed = replica.find<Paint>(ours, job.id);
    EXPECT_EQ(failed.error->type, "urn:gravity:problem:internal");
    EXPECT_FALSE(failed.error->detail); // the cause is the operator's
    EXPECT_EQ(column(job.id, "last_error"), "secret detail");
    EXPECT_EQ(column(job.id, "attempts"), "3");
}

TEST_F(JobsTest, ARefusalOfTheInputFailsAtOnce) {
    Replica replica(store.url(), {paint([&](Tx&, const Paint&, JobRun&) -> void { throw Refusal(problems::invalid, "no such colour"); })});
    replica.start();
    const Job job = replica.enqueue(ours, Paint{"red"});
    const Job failed = replica.wait_for<Paint>(ours, job.id, JobState::failed);
    EXPECT_EQ(failed.error->type, "urn:gravity:problem:invalid-value");
    EXPECT_EQ(failed.error->detail, "no such colour");
    store.admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) select gen_random_uuid(), '" +
                ours.to_string() + "', 'paint', '[1]', '', now() - interval '1 hour', 5, now()");
    until([&] { return store.admin("select count(*) from gravity.job where state = 'failed'") == "2"; }); // an input nobody can read
}

TEST_F(JobsTest, OneUnfinishedJobForEachKey) {
    Replica replica(store.url(), {});
    replica.start();
    const Job first = replica.enqueue(ours, Paint{"red"}, {.key = "wall", .due = now() + Duration::hours(2)});
    const Job second = replica.enqueue(ours, Paint{"blue"}, {.key = "wall", .due = now() + Duration::hours(1)});
    EXPECT_EQ(second.id, first.id);
    EXPECT_NE(replica.enqueue(ours, Paint{"red"}, {.key = "door"}).id, first.id);
    EXPECT_NE(replica.enqueue(theirs, Paint{"red"}, {.key = "wall"}).id, first.id);
    EXPECT_EQ(column(first.id, "payload ->> 'colour'"), "red");
    EXPECT_EQ(column(first.id, "due_at < now() + interval '90 minutes'"), "t");
}

TEST_F(JobsTest, RunsOnceMoreIfAskedForWhileItRan) {
    std::atomic<int> runs{0};
    Replica replica(store.url(), {paint([&](Tx&, const Paint&, JobRun&) {
                        ++runs;
                        until([&] { return go.load(); });
                    })});
    replica.start();
    const Job job = replica.enqueue(ours, Paint{"red"}, {.key = "wall", .again = true});
    until([&] { return runs == 1; });
    EXPECT_EQ(replica.enqueue(ours, Paint{"red"}, {.key = "wall", .again = true}).id, job.id);
    EXPECT_EQ(replica.enqueue(ours, Paint{"red"}, {.key = "wall", .again = true}).id, job.id);
    go = true;
    replica.wait_for<Paint>(ours, job.id, JobState::done);
    EXPECT_EQ(runs, 2);
}

TEST_F(JobsTest, WhatIsPostponedAndAskedForAgainRunsAtOnce) {
    std::atomic<int> runs{0};
    Replica replica(store.url(), {paint([&](Tx&, const Paint&, JobRun&) {
                        if (++runs > 1) return;
                        until([&] { return go.load(); });
                        throw JobPostponed(3'600s);
                    })});
    replica.start();
    const Job job = replica.enqueue(ours, Paint{"red"}, {.key = "wall"});
    until([&] { return runs == 1; });
    replica.enqueue(ours, Paint{"red"}, {.key = "wall", .again = true});
    go = true;
    replica.wait_for<Paint>(ours, job.id, JobState::done);
    EXPECT_EQ(runs, 2) << "and not once more for having been asked";
}

TEST_F(JobsTest, SixtyFourClaimantsRunNothingTwice) {
    constexpr int count = 400;
    std::mutex mutex;
    std::map<std::string, int> runs;
    const Function once = paint([&](Tx& tx, const Paint& input, JobRun& run) {
        tx.exec(insert_mark, run.id(), input.colour);
        const std::lock_guard lock(mutex);
        ++runs[run.id().to_string()];
    });
    std::vector<std::unique_ptr<Replica>> replicas;
    for (int i = 0; i < 4; ++i) replicas.push_back(std::make_unique<Replica>(store.url(), std::vector{once}, RunnerOptions{.poll = 20ms, .plain_slots = 16}));
    replicas[0]->in(pg::Scope::project(ours), [&](Tx& tx) {
        for (int i = 0; i < count; ++i) tx.enqueue(Paint{std::to_string(i)});
    });
    for (auto& replica : replicas) replica->start();
    until([&] { return store.admin("select count(*) from gravity.job where state <> 'done'") == "0"; });
    for (const auto& [id, times] : runs) EXPECT_EQ(times, 1) << id;
    EXPECT_EQ(runs.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(store.admin("select count(*) || ' ' || count(distinct job) || ' ' || max(token) from mark join gravity.job j on j.id = job"), "400 400 1");
}

TEST_F(JobsTest, AnotherProjectsBacklogHoldsNobodyUp) {
    std::vector<std::string> order;
    Replica replica(store.url(), {paint([&](Tx&, const Paint& input, JobRun&) { order.push_back(input.colour); })}, {.poll = 100ms, .plain_slots = 1});
    replica.in(pg::Scope::project(ours), [&](Tx& tx) {
        for (int i = 0; i < 200; ++i) tx.enqueue(Paint{"ours"});
    });
    const Job late = replica.enqueue(theirs, Paint{"theirs"});
    replica.start();
    replica.wait_for<Paint>(theirs, late.id, JobState::done);
    until([&] { return store.admin("select count(*) from gravity.job where state <> 'done'") == "0"; });
    EXPECT_NE(std::find(order.begin(), order.begin() + 100, "theirs"), order.begin() + 100); // by lot: behind 100 others once in 2^100
}

TEST_F(JobsTest, GoesOnFromItsCheckpointAfterKillNine) {
    const RunnerOptions quick{.poll = 50ms, .lease = 400ms};
    Replica dying(store.url(), {halting(3)}, quick);
    dying.start();
    const Job job = dying.enqueue(ours, Count{5});
    until([&] { return halted == 1; });
    EXPECT_EQ(marks(), "1 2");
    dying.kill();
    go = true;
    Replica heir(store.url(), {halting(0)}, quick);
    heir.start();
    const Job done = heir.wait_for<Count>(ours, job.id, JobState::done);
    EXPECT_EQ(done.result->dump(), "{\"n\":5}");
    EXPECT_EQ(marks(), "1 2 3 4 5");
    EXPECT_EQ(column(job.id, "token || ' ' || attempts"), "2 2");
}

TEST_F(JobsTest, AWorkerThatStoodStillCanNoLongerWrite) {
    const RunnerOptions quick{.poll = 50ms, .lease = 300ms};
    std::atomic<bool> resume{false}, stands{false};
    std::atomic<int> stale_steps{0};
    // Blocks its whole I/O thread, as a paused virtual machine would: no heartbeat is sent, and it does not notice.
    const auto freeze = [&](JobCtx& ctx, Count input) {
        stands = true;
        until([&] { return resume.load(); });
        ++stale_steps;
        return count_up(ctx, input, 0, &go, &halted);
    };
    Replica stale(store.url(), {counting(freeze)}, quick);
    stale.start();
    const Job job = stale.enqueue(ours, Count{3});
    until([&] { return stands.load(); });
    Replica heir(store.url(), {halting(0)}, quick);
    heir.start();
    heir.wait_for<Count>(ours, job.id, JobState::done);
    resume = true;
    until([&] { return stale.runner->running() == 0; });
    EXPECT_EQ(stale_steps, 1);
    EXPECT_EQ(marks(), "1 2 3");
    EXPECT_EQ(column(job.id, "state || ' ' || token"), "done 2");
}

TEST_F(JobsTest, ThePlainKindIsFencedToo) {
    const RunnerOptions quick{.poll = 50ms, .lease = 300ms};
    std::atomic<bool> resume{false};
    std::atomic<int> entered{0};
    Replica first(store.url(), {paint([&](Tx& tx, const Paint&, JobRun& run) {
                      tx.exec(insert_mark, run.id(), "stale");
                      ++entered;
                      until([&] { return resume.load(); });
                  })},
                  quick);
    first.start();
    const Job job = first.enqueue(ours, Paint{"red"});
    until([&] { return entered == 1; });
    store.admin("update gravity.job set lease_until = now() + interval '1 hour', token = token + 1"); // stolen in the middle
    resume = true;
    until([&] { return first.runner->running() == 0; });
    EXPECT_EQ(marks(), "");
    EXPECT_EQ(column(job.id, "state || ' ' || token"), "running 2"); // the other's
}

TEST_F(JobsTest, AHeartbeatKeepsALongJob) {
    const RunnerOptions quick{.poll = 50ms, .lease = 300ms};
    Replica first(store.url(), {halting(2)}, quick), second(store.url(), {halting(2)}, quick);
    first.start();
    second.start();
    const Job job = first.enqueue(ours, Count{3});
    until([&] { return halted == 1; });
    const std::string until_then = column(job.id, "lease_until");
    until([&] { return column(job.id, "lease_until > timestamptz '" + until_then + "' + interval '1 second'") == "t"; }); // more than three leases
    go = true;
    first.wait_for<Count>(ours, job.id, JobState::done);
    EXPECT_EQ(column(job.id, "token || ' ' || attempts"), "1 1");
}

TEST_F(JobsTest, AClockThatJumpsTakesNoLease) {
    clock::Fake time(Timestamp::parse("2026-11-26T12:00:00Z").or_throw());
    Replica first(store.url(), {halting(2)}, {.poll = 20ms, .lease = 30s}), second(store.url(), {halting(2)}, {.poll = 20ms, .lease = 30s});
    first.start();
    second.start();
    const Job job = first.enqueue(ours, Count{3});
    until([&] { return halted == 1; });
    for (const char* jump : {"2027-11-26T12:00:00Z", "2020-01-01T00:00:00Z"}) {
        time.set(Timestamp::parse(jump).or_throw());
        const Job other = second.enqueue(theirs, Count{1}); // both runners have looked again once this is done
        second.runner->wake();
        first.wait_for<Count>(theirs, other.id, JobState::done);
    }
    go = true;
    first.wait_for<Count>(ours, job.id, JobState::done);
    EXPECT_EQ(column(job.id, "token || ' ' || attempts"), "1 1");
}

TEST_F(JobsTest, CancelsWhatWaitsAtOnceAndWhatRunsAtItsNextStep) {
    Replica replica(store.url(), {halting(2)}, {.poll = 5s, .lease = 60s});
    replica.start();
    const Job running = replica.enqueue(ours, Count{3});
    until([&] { return halted == 1; });
    const Job waiting = replica.enqueue(ours, Count{3}, {.due = now() + Duration::hours(1)});
    replica.in(pg::Scope::project(ours), [&](Tx& tx) {
        EXPECT_EQ(cancel(tx, Count::job, waiting.id).state, JobState::cancelled);
        EXPECT_EQ(cancel(tx, Count::job, running.id).state, JobState::running);
        EXPECT_THROW(cancel(tx, Paint::job, running.id), Refusal); // another kind's
    });
    replica.in(pg::Scope::project(theirs), [&](Tx& tx) { EXPECT_THROW(cancel(tx, Count::job, running.id), Refusal); });
    const Job stopped = replica.wait_for<Count>(ours, running.id, JobState::cancelled);
    EXPECT_TRUE(stopped.finished_at);
    EXPECT_EQ(marks(), "1");
    replica.in(pg::Scope::project(ours), [&](Tx& tx) { EXPECT_EQ(cancel(tx, Count::job, running.id).state, JobState::cancelled); });
}

TEST_F(JobsTest, GivesItsJobsBackWhenTheProcessEnds) {
    Replica ending(store.url(), {halting(3)}, {.poll = 50ms, .lease = 60s});
    ending.start();
    const Job job = ending.enqueue(ours, Count{4});
    until([&] { return halted == 1; });
    ending.drain();
    EXPECT_EQ(column(job.id, "state || ' ' || attempts"), "waiting 0"); // not counted: it did nothing wrong
    go = true;
    Replica next(store.url(), {halting(0)});
    next.start();
    next.wait_for<Count>(ours, job.id, JobState::done);
    EXPECT_EQ(marks(), "1 2 3 4");
}

TEST_F(JobsTest, AJobThatKillsItsWorkersFailsForGood) {
    Replica replica(store.url(), {paint([](Tx&, const Paint&, JobRun&) {})}, {.poll = 20ms});
    const Job job = replica.enqueue(ours, Paint{"red"});
    store.admin("update gravity.job set state = 'running', attempts = 3, token = 3, lease_until = '-infinity'"); // the third worker died of it
    replica.start();
    const Job failed = replica.wait_for<Paint>(ours, job.id, JobState::failed);
    EXPECT_EQ(failed.error->type, "urn:gravity:problem:internal");
    EXPECT_EQ(column(job.id, "last_error"), "the worker was lost");
}

TEST_F(JobsTest, OutlivesTheStoresRestart) {
    Replica replica(store.url(), {paint([&](Tx& tx, const Paint& input, JobRun& run) { tx.exec(insert_mark, run.id(), input.colour); })}, {.poll = 20ms});
    replica.start();
    for (int i = 0; i < 5; ++i) {
        const Job job = replica.enqueue(ours, Paint{std::to_string(i)});
        store.cut_connections();
        until([&] {
            try {
                return replica.find<Paint>(ours, job.id).state == JobState::done;
            } catch (const Refusal&) { // this reader was cut off too
                return false;
            }
        });
    }
    EXPECT_EQ(marks(), "0 1 2 3 4");
}

TEST_F(JobsTest, IsASpanOfTheTraceThatAskedForIt) {
    const auto kept = std::make_shared<trace::Buffer>(100);
    trace::set_buffer(kept);
    std::string inside;
    Replica replica(store.url(), {paint([&](Tx& tx, const Paint& input, JobRun& run) {
                                      if (input.colour == "none") throw Refusal(problems::invalid, "no such colour");
                                      tx.exec(insert_mark, run.id(), input.colour);
                                  }),
                                  counting([&](JobCtx& ctx, Count) -> Task<void> {
                                      inside = ctx.traceparent();
                                      co_return;
                                  })});
    replica.start();
    const trace::Context asker = trace::new_trace(1);
    const auto ask = [&](const auto& input) {
        Job job;
        pg::Run run;
        run.scope = pg::Scope::project(ours, "tester");
        run.traceparent = trace::format_traceparent(asker);
        replica.database->run_blocking(run, [&](Tx& tx) { job = tx.enqueue(input); });
        return job;
    };
    const Job done = ask(Paint{"red"}), failed = ask(Paint{"none"}), counted = ask(Count{0});
    replica.wait_for<Paint>(ours, done.id, JobState::done);
    replica.wait_for<Paint>(ours, failed.id, JobState::failed);
    replica.wait_for<Count>(ours, counted.id, JobState::done);
    const Job untraced = replica.enqueue(ours, Paint{"blue"});
    replica.wait_for<Paint>(ours, untraced.id, JobState::done);
    replica.drain();
    trace::set_buffer(nullptr);

    const auto spans = kept->take(100);
    const auto of = [&](const Job& job) -> const trace::SpanData* {
        for (const auto& span : spans)
            for (const auto& attribute : span.attributes)
                if (attribute.name == "gravity.job.id" && std::get<std::string>(attribute.value) == job.id.to_string()) return &span;
        return nullptr;
    };
    ASSERT_TRUE(of(done) && of(failed) && of(counted));
    EXPECT_EQ(of(untraced), nullptr);
    EXPECT_EQ(of(done)->name, "job paint");
    EXPECT_EQ(of(done)->kind, trace::Kind::consumer);
    EXPECT_EQ(of(done)->parent, asker.span_id);
    EXPECT_EQ(of(done)->context.trace_id, asker.trace_id);
    EXPECT_FALSE(of(done)->failed);
    EXPECT_TRUE(of(failed)->failed);
    EXPECT_EQ(of(failed)->failure, "no such colour");
    EXPECT_EQ(inside, trace::format_traceparent(of(counted)->context)) << "what it calls is part of it";
    const auto statement = std::find_if(spans.begin(), spans.end(), [](const auto& span) { return span.name == "mark.insert"; });
    ASSERT_NE(statement, spans.end());
    EXPECT_EQ(statement->parent, of(done)->context.span_id) << "and so are its statements";
}

TEST_F(JobsTest, LeavesKindsItDoesNotKnowToOthers) {
    Replica old(store.url(), {paint([](Tx&, const Paint&, JobRun&) {})}, {.poll = 20ms});
    old.start();
    const Job unknown = old.enqueue(ours, Count{1});
    const Job known = old.enqueue(ours, Paint{"red"});
    old.wait_for<Paint>(ours, known.id, JobState::done);
    EXPECT_EQ(column(unknown.id, "state"), "waiting");
}

} // namespace
} // namespace gravity::jobs
