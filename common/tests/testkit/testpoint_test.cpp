// Races and crashes at a chosen place, instead of by luck.
#include "bookshelf.hpp"

#include <gravity/base/testpoint.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/events.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace gravity {
namespace {

using testkit::Testpoint;

void place() { GRAVITY_TESTPOINT("test.place"); }

class Testpoints : public testing::Test {
protected:
    void SetUp() override {
        if (!Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    }
};

TEST_F(Testpoints, CountThrowAndLetGo) {
    place(); // nobody asks
    Testpoint point("test.place");
    place();
    EXPECT_EQ(point.reached(), 1u);
    point.fail(std::runtime_error("as told"), 2);
    EXPECT_THROW(place(), std::runtime_error);
    EXPECT_THROW(place(), std::runtime_error);
    EXPECT_NO_THROW(place());

    point.pause();
    std::thread walker(place);
    point.wait_until_paused();
    EXPECT_EQ(point.waiting(), 1u);
    point.release();
    walker.join();
    EXPECT_EQ(point.waiting(), 0u);
    point.wait_until_reached(5);
    Testpoint other("test.elsewhere");
    place();
    EXPECT_EQ(other.reached(), 0u);
}

TEST_F(Testpoints, TheEndOfOneLetsEverybodyGo) {
    auto point = std::make_unique<Testpoint>("test.place");
    point->pause();
    std::thread walker(place);
    point->wait_until_paused();
    point.reset();
    walker.join();
    place();
}

TEST_F(Testpoints, ADaemonCanBeKilledAtAPlace) {
    // In a process of its own, where the variable is read anew.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    ::setenv("GRAVITY_TESTPOINT_KILL", "test.place", 1);
    EXPECT_EXIT(place(), testing::KilledBySignal(SIGKILL), "");
    ::unsetenv("GRAVITY_TESTPOINT_KILL");
}

class Races : public Testpoints {
protected:
    testkit::RunningService service{bookshelf::service()};
    testkit::Callers as{service};
    const testkit::Members emma{{"title", "Emma"}, {"pages", 474}};

    testkit::Answer in_background(testkit::Call call, Testpoint& point, const std::function<void()>& meanwhile) {
        std::optional<testkit::Answer> answer;
        std::thread other([&] { answer = call.send(); });
        point.wait_until_paused();
        meanwhile();
        point.release();
        other.join();
        return *answer;
    }
};

TEST_F(Races, TwoRequestsWithOneKeyMakeOneRow) {
    Testpoint commit("pg.before_commit");
    commit.pause();
    const auto first = in_background(as.owner.post("/api/v1/books", emma).key("k"), commit, [&] {
        as.owner.post("/api/v1/books", emma).key("k").expect_problem(409, "request-running").expect_header("Retry-After", "1");
    });
    EXPECT_EQ(first.status(), 201);
    EXPECT_EQ(as.owner.post("/api/v1/books", emma).key("k").expect(201).body(), first.body());
    EXPECT_EQ(service.database().admin("select count(*) from book"), "1");
}

TEST_F(Races, NothingIsSeenBeforeItsCommit) {
    Testpoint commit("pg.before_commit");
    commit.pause();
    testkit::Events events(service);
    const auto made = in_background(as.owner.post("/api/v1/books", emma), commit, [&] {
        EXPECT_EQ(service.database().admin("select count(*) from book"), "0");
        EXPECT_EQ(events.pending(), "");
    });
    EXPECT_EQ(made.status(), 201);
    EXPECT_EQ(service.database().admin("select count(*) from book"), "1");
}

TEST_F(Races, AnErrorBeforeTheCommitUndoesAll) {
    Testpoint commit("pg.before_commit");
    commit.fail(std::runtime_error("at the last moment"));
    as.owner.post("/api/v1/books", emma).expect_problem(500, "internal");
    EXPECT_EQ(service.database().admin("select count(*) from book"), "0");
    as.owner.post("/api/v1/books", emma).expect(201); // and the connection is as good as before
}

TEST_F(Races, EventsAreTakenByTheirStructs) {
    testkit::Events events(service);
    const auto one = as.owner.post("/api/v1/books", emma).expect(201);
    as.owner.post(one.location() + "/lend").expect(200);
    EXPECT_EQ(events.pending(), "book.lent");
    const auto lent = events.take<bookshelf::BookLent>();
    ASSERT_EQ(lent.size(), 1u);
    EXPECT_EQ(lent[0].id.to_string(), one.text("/id"));
    EXPECT_EQ(lent[0].title.view(), "Emma");
    EXPECT_EQ(events.take<bookshelf::BookLent>().size(), 0u);
    as.owner.post(as.owner.post("/api/v1/books", {{"title", "Persuasion"}, {"pages", 249}}).expect(201).location() + "/lend").expect(200);
    events.forget();
    EXPECT_EQ(events.pending(), "");
}

TEST_F(Races, ATokenEndsByTheClock) {
    testkit::FakeClock clock(now());
    const auto reader = service.caller(service.project(), "books:read"); // for an hour
    reader.get("/api/v1/books").expect(200);
    clock.advance(Duration::minutes(59));
    reader.get("/api/v1/books").expect(200);
    clock.advance(Duration::minutes(2));
    reader.get("/api/v1/books").expect_problem(401, "unauthenticated");
}

} // namespace
} // namespace gravity
