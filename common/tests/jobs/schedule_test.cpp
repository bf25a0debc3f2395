// Schedules on a real PostgreSQL with a clock of the test's own: once over all replicas, whatever the clock and the replicas do.
#include "jobs/cleanup.hpp"
#include "jobs/scheduler.hpp"
#include "jobs/support.hpp"

#include <gravity/base/clock.hpp>

#include <thread>

namespace gravity::jobs {
namespace {

using namespace test;

struct Ring {
    static constexpr JobKind job{"ring"};
    std::string bell;
};
BOOST_DESCRIBE_STRUCT(Ring, (), (bell))

Timestamp at(const char* text) { return Timestamp::parse(text).or_throw(); }

class SchedulesTest : public testing::Test {
protected:
    testkit::TestDatabase store{pg::Migrations{}};
    clock::Fake time{at("2026-11-26T11:59:00Z")};
    Replica replica{store.url(), {}};

    std::optional<Timestamp> run(const std::vector<Schedule>& schedules) {
        std::optional<Timestamp> next;
        replica.in(pg::Scope::system("test"), [&](Tx& tx) { next = run_schedules(tx, schedules, now()); });
        return next;
    }
    std::string jobs() { return store.admin("select count(*) from gravity.job"); }
    void finish_jobs() { store.admin("update gravity.job set state = 'done', finished_at = now() where state = 'waiting'"); }
};

TEST_F(SchedulesTest, LeavesAJobAtEachTimeAndNoneBefore) {
    const std::vector schedules{schedule("0 * * * *", Ring{"noon"})};
    EXPECT_EQ(run(schedules), at("2026-11-26T12:00:00Z"));
    EXPECT_EQ(jobs(), "0");
    time.advance(Duration::minutes(1));
    EXPECT_EQ(run(schedules), at("2026-11-26T13:00:00Z"));
    EXPECT_EQ(jobs(), "1");
    EXPECT_EQ(run(schedules), at("2026-11-26T13:00:00Z"));
    EXPECT_EQ(jobs(), "1");
    EXPECT_EQ(store.admin("select kind || ' ' || (payload ->> 'bell') || ' ' || caller from gravity.job"), "ring noon schedule:ring");
}

TEST_F(SchedulesTest, AnUnfinishedOneIsNotJoinedByASecond) {
    const std::vector schedules{schedule("0 * * * *", Ring{"noon"})};
    run(schedules);
    for (int hour = 0; hour < 3; ++hour) {
        time.advance(Duration::hours(1));
        run(schedules);
    }
    EXPECT_EQ(jobs(), "1");
    finish_jobs();
    time.advance(Duration::hours(1));
    run(schedules);
    EXPECT_EQ(jobs(), "2");
}

TEST_F(SchedulesTest, MissedTimesAreMadeGoodByOneRunOrLeftOut) {
    const std::vector schedules{schedule("0 * * * *", Ring{"once"}, {.name = "once"}),
                                schedule("0 * * * *", Ring{"skip"}, {.name = "skip", .missed = Missed::skip})};
    run(schedules);
    time.advance(Duration::hours(30));
    run(schedules);
    EXPECT_EQ(store.admin("select string_agg(payload ->> 'bell', ' ') from gravity.job"), "once");
    finish_jobs();
    time.set(at("2026-11-27T18:00:00Z"));
    run(schedules);
    EXPECT_EQ(store.admin("select string_agg(payload ->> 'bell', ' ' order by payload ->> 'bell') from gravity.job where state = 'waiting'"), "once skip");
}

TEST_F(SchedulesTest, ReadsTheClockOfItsZone) {
    const std::vector schedules{schedule("0 3 * * *", Ring{"night"}, {.zone = TimeZone("Europe/Berlin")})};
    EXPECT_EQ(run(schedules), at("2026-11-27T02:00:00Z"));
    time.set(at("2026-07-01T12:00:00Z"));
    EXPECT_EQ(run(schedules), at("2026-07-02T01:00:00Z"));
    EXPECT_EQ(jobs(), "0");
}

TEST_F(SchedulesTest, AClockSetBackDoesNotSilenceIt) {
    const std::vector schedules{schedule("0 * * * *", Ring{"noon"})};
    time.set(at("2031-01-01T00:30:00Z")); // wrong by years
    run(schedules);
    time.set(at("2026-11-26T11:59:00Z"));
    EXPECT_EQ(run(schedules), at("2026-11-26T12:00:00Z"));
    EXPECT_EQ(jobs(), "0");
    time.advance(Duration::minutes(1));
    run(schedules);
    EXPECT_EQ(jobs(), "1");
}

TEST_F(SchedulesTest, AnExpressionThatWasChangedCountsFromNow) {
    run({schedule("0 12 * * *", Ring{"noon"})});
    time.advance(Duration::minutes(2));
    EXPECT_EQ(run({schedule("30 12 * * *", Ring{"noon"})}), at("2026-11-26T12:30:00Z"));
    EXPECT_EQ(jobs(), "0");
    EXPECT_EQ(store.admin("select cron from gravity.schedule"), "30 12 * * *");
}

TEST_F(SchedulesTest, MakesAJobForEachProjectThatHasWritten) {
    const ProjectId ours = ProjectId::fresh(), theirs = ProjectId::fresh(), gone = ProjectId::fresh();
    for (const ProjectId& project : {ours, theirs, gone}) replica.enqueue(project, Ring{"first"});
    store.admin("delete from gravity.job; update gravity.project set purged_at = now() where id = '" + gone.to_string() + "'");
    const std::vector schedules{schedule("0 * * * *", Ring{"each"}, {.each_project = true})};
    run(schedules);
    time.advance(Duration::minutes(1));
    run(schedules);
    EXPECT_EQ(store.admin("select count(*) || ' ' || count(distinct project) from gravity.job where project in ('" + ours.to_string() + "', '" +
                          theirs.to_string() + "')"),
              "2 2");
    EXPECT_EQ(jobs(), "2");
}

TEST_F(SchedulesTest, ManyReplicasLeaveOneJob) {
    const std::vector schedules{schedule("0 * * * *", Ring{"noon"})};
    run(schedules);
    time.advance(Duration::minutes(1));
    std::vector<std::thread> replicas;
    for (int i = 0; i < 8; ++i) replicas.emplace_back([&] { run(schedules); });
    for (auto& thread : replicas) thread.join();
    EXPECT_EQ(jobs(), "1");
}

TEST_F(SchedulesTest, RunInAReplicaWithoutAnythingElse) {
    std::atomic<int> rung{0};
    RunnerOptions options{.poll = 20ms};
    options.schedules = {schedule("0 * * * *", Ring{"noon"})};
    const Function ring{"ring", 3, [&](Tx& tx, const Json&, JobRun&) {
                            EXPECT_FALSE(tx.project().is_set());
                            ++rung;
                        }};
    Replica ringing(store.url(), {ring}, options);
    ringing.start();
    until([&] { return store.admin("select count(*) from gravity.schedule") == "1"; });
    time.advance(Duration::minutes(1));
    ringing.runner->wake();
    until([&] { return rung == 1; });
}

TEST_F(SchedulesTest, ThePlatformCleansUpAfterItself) {
    const std::string old = "now() - interval '30 days'";
    store.admin("insert into gravity.inbox select 'c', n::text, " + old + " from generate_series(1, 2500) n; insert into gravity.inbox values ('c', 'new')");
    store.admin("insert into gravity.idempotency (project, key, caller, fingerprint, status, headers, body, created_at) values "
                "(gen_random_uuid(), 'k', '', '', 200, '{}', '', " +
                old + "), (gen_random_uuid(), 'k', '', '', 200, '{}', '', now())");
    store.admin("insert into gravity.outbox (id, project, type, subject, data, time, published_at) values "
                "(gen_random_uuid(), gen_random_uuid(), 't', 's', '{}', " +
                old + ", " + old + "), (gen_random_uuid(), gen_random_uuid(), 't', 's', '{}', " + old + ", null)");
    time.set(Timestamp::from_unix_seconds(std::stoll(store.admin("select extract(epoch from now())::bigint"))));
    Replica cleaning(store.url(), {cleanup_function()}, {.poll = 20ms});
    cleaning.start();
    cleaning.in(pg::Scope::system("test"), [](Tx&) {});
    store.admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values "
                "(gen_random_uuid(), '00000000-0000-0000-0000-000000000000', 'gravity.cleanup', '{\"tables\": []}', '', '2020-01-01', 3, now())");
    cleaning.runner->wake();
    until([&] { return store.admin("select state from gravity.job") == "done"; });
    EXPECT_EQ(store.admin("select count(*) from gravity.inbox"), "1");
    EXPECT_EQ(store.admin("select count(*) from gravity.idempotency"), "1");
    EXPECT_EQ(store.admin("select count(*) from gravity.outbox"), "1"); // what is not published stays, however old
}

} // namespace
} // namespace gravity::jobs
