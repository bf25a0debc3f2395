// Limits: by plan and by project, what is reserved of them, and who is told.
#include "usage_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class Quotas : public UsageApi {
protected:
    const std::string plan = "/api/v1/organizations/plans/free/quotas/tokens";
    void sell(double most, const std::string& period = "ever") {
        ada.put(plan, limit(most, period)).expect(200);
        ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200).field("/plan", "free");
    }
    testkit::Answer state() { return ada.get(quotas()).expect(200); }
};
class Reservations : public UsageApi {
protected:
    void give(double most, const std::string& period = "ever") { ada.put(quotas() + "/tokens", limit(most, period)).expect(200); }
    Json held() { return ada.get(quotas()).expect(200).at("/items/0/reserved"); }
    testkit::Call settle(const std::string& at, double amount) { return worker.post(at + "/settle", {{"amount", amount}}); }
    std::string totals() { return service.database().admin("select trim_scale(used) || ' ' || trim_scale(reserved) from usage_total where period = 'ever'"); }
};

TEST_F(Quotas, AreThePlansOrTheProjectsOwn) {
    meter(worker);
    ada.get(quotas()).expect(200).field("/items", Json::array());
    ada.get(quotas() + "/tokens").expect_problem(404, "not-found");
    event_types();
    sell(100);
    ada.get(quotas() + "/tokens").expect(200).field("/source", "plan").field("/limit", 100.0);
    report(worker, event("1", tokens(30))).expect(204);
    state()
        .field("/items/0/meter", "tokens")
        .field("/items/0/source", "plan")
        .field("/items/0/used", 30.0)
        .field("/items/0/limit", 100.0)
        .field("/items/0/until", Json());
    const auto made = owner().put(quotas() + "/tokens", limit(50)).expect(200).field("/source", "project").field("/version", 1);
    owner().put(quotas() + "/tokens", limit(60)).if_match(made.etag()).expect(200).field("/version", 2);
    owner().put(quotas() + "/tokens", limit(70)).if_match(made.etag()).expect_problem(412, "stale-version");
    state().field("/items/0/source", "project").field("/items/0/limit", 60.0).field("/items/0/used", 30.0);
    owner().del(quotas() + "/tokens").if_match("\"1\"").expect_problem(412, "stale-version");
    owner().del(quotas() + "/tokens").expect(204);
    owner().del(quotas() + "/tokens").expect_problem(404, "not-found");
    state().field("/items/0/source", "plan");
    EXPECT_EQ(event_types(), "quota.changed quota.changed quota.changed quota.changed ");
    ada.put(acme.location() + "/plan", {{"plan", Json()}}).expect(200).field("/plan", Json());
    state().field("/items", Json::array());
}

TEST_F(Quotas, OfPlansAreKeptByThoseWhoSellThem) {
    ada.put(plan, limit(100)).if_match("\"1\"").expect_problem(412, "stale-version");
    const auto made = ada.put(plan, limit(100)).expect(200).field("/plan", "free").field("/meter", "tokens");
    ada.get(plan).expect(200).field("/limit", 100.0).field("/period", "ever");
    ada.put(plan, limit(200, "month")).if_match(made.etag()).expect(200).field("/version", 2).field("/period", "month");
    ada.get("/api/v1/organizations/plans/free/quotas").expect(200).field("/items/0/limit", 200.0).field("/items/1", Json());
    ada.del(plan).if_match(made.etag()).expect_problem(412, "stale-version");
    const auto founder = service.caller(service.project(), "organizations:write", "ada"); // an owner, and no seller of plans
    for (const auto& call : {founder.put(plan, limit(1e9)), founder.get(plan), founder.get("/api/v1/organizations/plans/free/quotas"), founder.del(plan),
                             founder.put(acme.location() + "/plan", {{"plan", "gold"}})})
        call.expect_problem(403, "forbidden");
    as.stranger.get(plan).expect_problem(404, "not-found");
    as.stranger.del(plan).expect_problem(404, "not-found");
    as.stranger.put(acme.location() + "/plan", {{"plan", "gold"}}).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/organizations/plans/free/quotas").expect(200).field("/items", Json::array());
    ada.del(plan).expect(204);
    ada.del(plan).expect_problem(404, "not-found");
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).if_match("\"9\"").expect_problem(412, "stale-version");
    ada.patch(acme.location(), {{"plan", "gold"}}).expect_problem(400, "malformed-request");
    service.database().admin("insert into plan_quota (plan, meter, project, \"limit\", period, created_at, updated_at) select 'free', 'm' || n, '" +
                             service.project().to_string() + "', 1, 'day', now(), now() from generate_series(1, 500) n");
    ada.put(plan, limit(1)).expect_problem(409, "too-many-meters");
}

TEST_F(Quotas, OfAProjectStayWithinItsPlan) {
    meter(worker);
    sell(100, "month");
    owner().put(quotas() + "/tokens", limit(100.5, "month")).expect_problem(403, "above-the-plan");
    owner().put(quotas() + "/tokens", limit(50, "day")).expect_problem(403, "above-the-plan"); // thirty of them are more
    worker.put(quotas() + "/tokens", limit(101, "month")).expect_problem(403, "above-the-plan");
    // Who may sell plans in the project itself sells none of those who administer it.
    of(shop_id, "projects:admin organizations:admin").put(quotas() + "/tokens", limit(101, "month")).expect_problem(403, "above-the-plan");
    worker.put(quotas() + "/tokens", limit(99, "month")).expect(200);
    owner().put(quotas() + "/tokens", limit(100, "month")).expect(200);
    ada.put(quotas() + "/tokens", limit(1000, "day")).expect(200);
    worker.del("/api/v1/meters/tokens").expect_problem(409, "meter-in-plan");
}

// Whoever has set themselves less than their plan gives has no more than it either, once it gives less: whether it was lowered, came later, or is another one.
TEST_F(Quotas, OfAProjectGiveWayToAPlanThatGivesLess) {
    meter(worker);
    owner().put(quotas() + "/tokens", limit(500)).expect(200); // no plan yet
    sell(100);
    state().field("/items/0/limit", 100.0).field("/items/0/source", "plan");
    owner().put(quotas() + "/tokens", limit(90)).expect(200);
    state().field("/items/0/limit", 90.0).field("/items/0/source", "project");
    const std::string held = reservation();
    reserve(worker, held, 60).expect(200);
    ada.put(plan, limit(50)).expect(200);
    state().field("/items/0/limit", 50.0).field("/items/0/source", "plan").field("/items/0/reserved", 60.0);
    ada.get(quotas() + "/tokens").expect(200).field("/limit", 50.0).field("/source", "plan");
    reserve(worker, reservation(), 1).expect_problem(409, "quota-exceeded").field("/limit", "50").field("/reserved", "60");
    event_types();
    worker.post(held + "/settle", {{"amount", 50}}).expect(200); // it was admitted
    EXPECT_EQ(event_types(), "quota.warned quota.exceeded ");
    ada.put(plan, limit(50, "month")).expect(200);
    state().field("/items/0/source", "plan").field("/items/0/period", "month");
    ada.put(plan, limit(100)).expect(200);
    state().field("/items/0/limit", 90.0).field("/items/0/source", "project").field("/items/0/used", 50.0);
    reserve(worker, reservation(), 41).expect_problem(409, "quota-exceeded").field("/limit", "90");
    // What those gave who sell plans holds whatever the plan gives.
    ada.put(quotas() + "/tokens", limit(80)).expect(200);
    ada.put(plan, limit(20)).expect(200);
    state().field("/items/0/limit", 80.0).field("/items/0/source", "project");
    reserve(worker, reservation(), 30).expect(200);
}

// Of a limit and its burst each is held against the plan's for itself: a plan that is lowered gives nobody more than they wanted, nor more than it says.
TEST_F(Quotas, AreTheLesserOfBothInEachPart) {
    meter(worker);
    const auto both = [](double most, double burst) { return Json::object({{"limit", most}, {"burst", burst}, {"period", "ever"}}); };
    ada.put(plan, testkit::Members(both(100, 20))).expect(200);
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    owner().put(quotas() + "/tokens", testkit::Members(both(60, 20))).expect(200);
    ada.put(plan, limit(100)).expect(200); // no burst any more
    state().field("/items/0/limit", 60.0).field("/items/0/burst", Json()).field("/items/0/source", "project");
    const auto shown = ada.get(quotas() + "/tokens").expect(200).field("/limit", 60.0).field("/burst", Json()).field("/source", "project");
    reserve(worker, reservation(), 61).expect_problem(409, "quota-exceeded").field("/limit", "60").field("/burst", "0");
    owner().put(quotas() + "/tokens", limit(60)).if_match(shown.etag()).expect(200);
    ada.put(plan, testkit::Members(both(50, 100))).expect(200);
    state().field("/items/0/limit", 50.0).field("/items/0/burst", Json()).field("/items/0/source", "plan");
    reserve(worker, reservation(), 51).expect_problem(409, "quota-exceeded").field("/limit", "50");
    reserve(worker, reservation(), 50).expect(200);
    event_types();
    report(worker, event("1", tokens(50))).expect(204);
    EXPECT_EQ(event_types(), "quota.warned quota.exceeded ") << "of the limit that holds";
}

// Services that keep stock quotas ask again and again: what has not changed is not sent again.
TEST_F(Quotas, AreAskedForAgainByTheirTag) {
    meter(worker);
    ada.put(quotas() + "/tokens", limit(5)).expect(200);
    const auto seen = worker.get(quotas()).expect(200);
    ASSERT_FALSE(seen.etag().empty());
    const auto again = worker.get(quotas()).header("If-None-Match", seen.etag()).expect(304);
    EXPECT_EQ(again.body(), "");
    EXPECT_EQ(again.etag(), seen.etag());
    reserve(worker, reservation(), 1).expect(200);
    const auto held = worker.get(quotas()).header("If-None-Match", seen.etag()).expect(200).field("/items/0/reserved", 1.0);
    EXPECT_NE(held.etag(), seen.etag());
    ada.put(quotas() + "/tokens", limit(6)).expect(200);
    worker.get(quotas()).header("If-None-Match", held.etag()).expect(200).field("/items/0/limit", 6.0);
}

TEST_F(Quotas, AreOfWhatAddsUp) {
    meter(worker, "largest", "max");
    ada.put(quotas() + "/largest", limit(5)).expect_problem(422, "adds-nothing-up");
    reserve(worker, reservation(Uuid::v7().to_string(), "largest"), 5).expect_problem(422, "adds-nothing-up");
    ada.put(quotas() + "/none", limit(5)).expect_problem(404, "not-found");
    for (const Json& bad : {Json(-1), Json(1e16), Json("5"), Json()}) {
        const int status = ada.put(quotas() + "/largest", {{"limit", bad}, {"period", "day"}}).send().status();
        EXPECT_TRUE(status == 422 || status == 400) << bad.dump() << status;
    }
    ada.put(quotas() + "/largest", {{"limit", 5}, {"period", "week"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/period");
}

TEST_F(Quotas, AreSetByRoleAndSeenByMembers) {
    meter(worker);
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) join(ada, acme, role, role);
    ada.put(quotas() + "/tokens", limit(5)).expect(200);
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) {
        person(role).get(quotas()).expect(200).field("/items/0/limit", 5.0);
        EXPECT_EQ(person(role).put(quotas() + "/tokens", limit(5)).send().status(), role == "admin" ? 200 : 403) << role;
        if (role != "admin") person(role).del(quotas() + "/tokens").expect_problem(403, "role-too-low");
        reserve(person(role), reservation(), 1).expect_problem(404, "not-found"); // whoever measures has the project's own token
    }
    const auto blog = of(ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw());
    for (const auto& who : {ben, blog, as.stranger}) {
        who.get(quotas()).expect_problem(404, "not-found");
        who.get(quotas() + "/tokens").expect_problem(404, "not-found");
        who.put(quotas() + "/tokens", limit(9)).expect_problem(404, "not-found");
        who.del(quotas() + "/tokens").expect_problem(404, "not-found");
        const std::string at = reservation();
        reserve(who, at, 1).expect_problem(404, "not-found");
        who.get(at).expect_problem(404, "not-found");
        who.post(at + "/settle", {{"amount", 1}}).expect_problem(404, "not-found");
        who.del(at).expect_problem(404, "not-found");
    }
    state().field("/items/0/limit", 5.0).field("/items/0/reserved", 0.0);
    of(shop_id, "projects:write meters:write").put(quotas() + "/tokens", limit(5)).expect_problem(403, "forbidden");
    of(shop_id, "meters:read").put(reservation(), {{"amount", 1}}).expect_problem(403, "forbidden");
}

TEST_F(Quotas, WarnOnceForEachShareAndPeriod) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T12:00:00Z").or_throw());
    worker = of(shop_id);
    ada = person("ada");
    meter(worker, "tokens", "sum", Json::object({{"time_zone", "Europe/Berlin"}}));
    ada.put(quotas() + "/tokens", limit(100, "day")).expect(200);
    event_types();
    report(worker, event("1", tokens(79))).expect(204);
    EXPECT_EQ(event_types(), "");
    report(worker, event("2", tokens(1))).expect(204);
    const auto warned = service.take_events();
    ASSERT_EQ(warned.size(), 1u);
    EXPECT_EQ(warned[0].type, "gravity.project.quota.warned");
    EXPECT_EQ(warned[0].subject, shop.text("/id"));
    EXPECT_EQ(*warned[0].data.find("used"), Json(80.0));
    EXPECT_EQ(*warned[0].data.find("since"), Json("2026-11-09T23:00:00Z")) << "a day of Berlin";
    report(worker, event("3", tokens(15))).expect(204);
    EXPECT_EQ(event_types(), "");
    std::atomic<int> taken{0};
    at_once(8, [&](int i) { taken += report(worker, event("m" + std::to_string(i), tokens(5))).send().status() == 204; });
    EXPECT_EQ(taken, 8);
    EXPECT_EQ(event_types(), "quota.exceeded ") << "once, whoever crossed it";
    state().field("/items/0/used", 135.0).field("/items/0/since", "2026-11-09T23:00:00Z").field("/items/0/until", "2026-11-10T23:00:00Z");
    clock.advance(Duration::hours(12));
    worker = of(shop_id);
    ada = person("ada");
    state().field("/items/0/used", 0.0).field("/items/0/since", "2026-11-10T23:00:00Z");
    report(worker, event("4", tokens(100))).expect(204);
    EXPECT_EQ(event_types(), "quota.warned quota.exceeded ");
    report(worker, event("5", tokens(1), "2026-11-10T13:00:00Z")).expect(204); // of yesterday, of which all was told
    EXPECT_EQ(event_types(), "");
    ada.put(quotas() + "/tokens", limit(110, "day")).expect(200);
    report(worker, event("6", tokens(1))).expect(204); // another limit, of which four fifths are used up too
    EXPECT_EQ(event_types(), "quota.changed quota.warned ");
}

TEST_F(Quotas, AreKnownToWhoVerifiesAKey) {
    const auto made = key(ada, shop);
    verify(ada, made.text("/key")).field("/active", true).field("/plan", Json());
    sell(5);
    verify(ada, made.text("/key")).field("/plan", "free");
}

TEST_F(Reservations, AreHeldSettledAndReleased) {
    meter(worker);
    give(100);
    const std::string one = reservation(), two = reservation();
    reserve(worker, one, 60).expect(200).field("/state", "open").field("/amount", 60.0).field("/settled", Json());
    const auto refused = reserve(worker, two, 41).expect_problem(409, "quota-exceeded");
    refused.field("/limit", "100").field("/used", "0").field("/reserved", "60");
    reserve(worker, two, 40).expect(200);
    EXPECT_EQ(held(), Json(100.0));
    settle(one, 61).expect_problem(422, "more-than-reserved");
    settle(one, 25.5).expect(200).field("/state", "settled").field("/settled", 25.5);
    settle(one, 25.5).expect(200).field("/version", 2); // the same again
    settle(one, 25).expect_problem(409, "reservation-ended");
    worker.del(one).expect_problem(409, "reservation-ended");
    EXPECT_EQ(totals(), "25.5 40");
    EXPECT_EQ(total(worker), Json(25.5));
    worker.del(two).expect(204);
    worker.del(two).expect(204);
    settle(two, 1).expect_problem(409, "reservation-ended");
    reserve(worker, two, 40).expect_problem(409, "reservation-ended");
    worker.get(two).expect(200).field("/state", "released");
    EXPECT_EQ(totals(), "25.5 0");
    reserve(worker, reservation(), 74.6).expect_problem(409, "quota-exceeded");
    reserve(worker, reservation(), 74.5).expect(200);
    settle(reservation(), 1).expect_problem(404, "not-found");
    settle(reservation(Uuid::v7().to_string(), "none"), 1).expect_problem(404, "not-found");
    worker.get(reservation()).expect_problem(404, "not-found");
}

TEST_F(Reservations, AreTheSameUnderTheSameId) {
    meter(worker);
    give(100);
    const std::string at = reservation();
    std::atomic<int> good{0};
    at_once(16, [&](int) { good += reserve(worker, at, 60).send().status() == 200; });
    EXPECT_EQ(good, 16);
    EXPECT_EQ(totals(), "0 60");
    reserve(worker, at, 61).expect_problem(409, "reservation-differs");
    worker.put(at, {{"amount", 60}, {"subject", "user-1"}}).expect_problem(409, "reservation-differs");
    settle(at, 60).expect(200);
    reserve(worker, at, 60).expect(200).field("/state", "settled"); // whoever asks again late learns what became of it
    EXPECT_EQ(totals(), "60 0");
}

// The request to hold something is still on its way when it is given back.
TEST_F(Reservations, AreNotMadeOnceTheyHaveBeenGivenBack) {
    meter(worker);
    give(100);
    const std::string at = reservation();
    worker.del(at).expect(204);
    reserve(worker, at, 5).expect_problem(409, "reservation-ended");
    settle(at, 0).expect_problem(409, "reservation-ended");
    EXPECT_EQ(held(), Json(0.0));
}

// As many are admitted as the limit allows: not one more, and not one fewer.
TEST_F(Reservations, AdmitWhatTheLimitAllowsHoweverManyAskAtOnce) {
    meter(worker);
    for (const int most : {1, 0, 40, 64, 100}) {
        give(most);
        std::vector<std::string> places;
        for (int i = 0; i < 64; ++i) places.push_back(reservation());
        std::atomic<int> admitted{0}, refused{0};
        at_once(64, [&](int i) {
            const auto answer = reserve(worker, places[static_cast<std::size_t>(i)], 1).send();
            ++(answer.status() == 200 ? admitted : refused);
            EXPECT_TRUE(answer.status() == 200 || answer.text("/type") == problem_type("quota-exceeded")) << answer.body();
        });
        EXPECT_EQ(admitted, std::min(most, 64));
        EXPECT_EQ(refused, 64 - std::min(most, 64));
        EXPECT_EQ(totals(), "0 " + std::to_string(std::min(most, 64)));
        at_once(64, [&](int i) { worker.del(places[static_cast<std::size_t>(i)]).expect(204); });
        EXPECT_EQ(totals(), "0 0");
    }
}

// What is held stays held, whatever becomes of the limit: lower, or of another period.
TEST_F(Reservations, HoldWhatTheyHoldWhileTheLimitChanges) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T12:00:00Z").or_throw());
    worker = of(shop_id);
    ada = person("ada");
    meter(worker);
    ada.put(quotas() + "/tokens", limit(100, "day")).expect(200);
    const std::string day = reservation();
    reserve(worker, day, 80).expect(200);
    ada.put(quotas() + "/tokens", limit(50, "day")).expect(200);
    reserve(worker, reservation(), 1).expect_problem(409, "quota-exceeded").field("/reserved", "80");
    ada.put(quotas() + "/tokens", limit(100, "month")).expect(200);
    EXPECT_EQ(held(), Json(80.0));
    reserve(worker, reservation(), 21).expect_problem(409, "quota-exceeded").field("/reserved", "80").field("/used", "0");
    const std::string month = reservation();
    reserve(worker, month, 20).expect(200);
    EXPECT_EQ(held(), Json(100.0));
    ada.put(quotas() + "/tokens", limit(100)).expect(200);
    reserve(worker, reservation(), 1).expect_problem(409, "quota-exceeded").field("/reserved", "100");
    settle(day, 30).expect(200);
    reserve(worker, reservation(), 51).expect_problem(409, "quota-exceeded").field("/reserved", "20").field("/used", "30");
    worker.del(month).expect(204);
    reserve(worker, reservation(), 70.5).expect_problem(409, "quota-exceeded");
    reserve(worker, reservation(), 70).expect(200);
    EXPECT_EQ(held(), Json(70.0));
}

TEST_F(Reservations, GiveBackWhatHasExpiredWhateverItsPeriodWas) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T12:00:00Z").or_throw());
    worker = of(shop_id);
    ada = person("ada");
    meter(worker);
    ada.put(quotas() + "/tokens", limit(100, "day")).expect(200);
    worker.put(reservation(), {{"amount", 100}, {"ttl_seconds", 60}}).expect(200);
    ada.put(quotas() + "/tokens", limit(100, "month")).expect(200);
    reserve(worker, reservation(), 1).expect_problem(409, "quota-exceeded");
    clock.advance(Duration::minutes(1));
    worker = of(shop_id);
    reserve(worker, reservation(), 100).expect(200);
}

// The limit and what lies above it are one number for whoever asks: not one more is admitted, and not one fewer.
TEST_F(Reservations, AdmitTheBurstTooHoweverManyAskAtOnce) {
    meter(worker);
    for (const auto& [most, burst] : std::vector<std::pair<int, int>>{{20, 10}, {0, 5}, {40, 0}, {60, 100}}) {
        ada.put(quotas() + "/tokens", {{"limit", most}, {"burst", burst}, {"period", "ever"}}).expect(200).field("/burst", static_cast<double>(burst));
        std::vector<std::string> places;
        for (int i = 0; i < 64; ++i) places.push_back(reservation());
        std::atomic<int> admitted{0}, refused{0};
        at_once(64, [&](int i) {
            const auto answer = reserve(worker, places[static_cast<std::size_t>(i)], 1).send();
            ++(answer.status() == 200 ? admitted : refused);
            EXPECT_TRUE(answer.status() == 200 || answer.text("/type") == problem_type("quota-exceeded")) << answer.body();
        });
        EXPECT_EQ(admitted, std::min(most + burst, 64));
        EXPECT_EQ(refused, 64 - std::min(most + burst, 64));
        at_once(64, [&](int i) { worker.del(places[static_cast<std::size_t>(i)]).expect(204); });
        EXPECT_EQ(totals(), "0 0");
    }
}

TEST_F(Reservations, MayGoAboveTheLimitByItsBurst) {
    meter(worker);
    ada.put(quotas() + "/tokens", {{"limit", 0.1}, {"burst", 0.2}, {"period", "ever"}}).expect(200);
    ada.get(quotas()).expect(200).field("/items/0/limit", 0.1).field("/items/0/burst", 0.2);
    event_types();
    const std::string at = reservation();
    reserve(worker, at, 0.30001).expect_problem(409, "quota-exceeded").field("/limit", "0.1").field("/burst", "0.2").field("/used", "0");
    const std::string other = reservation();
    reserve(worker, other, 0.3).expect(200); // decimals: in doubles 0.1 and 0.2 are more than 0.3
    settle(other, 0.3).expect(200);
    EXPECT_EQ(event_types(), "quota.warned quota.exceeded ") << "the limit is what they are about";
    reserve(worker, reservation(), 0.00001).expect_problem(409, "quota-exceeded");
    give(0.1); // what is left out is none
    ada.get(quotas() + "/tokens").expect(200).field("/burst", Json());
    ada.get(quotas()).expect(200).field("/items/0/burst", Json());
    for (const Json& bad : {Json(-1), Json(1e16), Json("5")}) {
        const int status = ada.put(quotas() + "/tokens", {{"limit", 1}, {"burst", bad}, {"period", "ever"}}).send().status();
        EXPECT_TRUE(status == 422 || status == 400) << bad.dump() << status;
    }
}

TEST_F(Quotas, OfPlansAreChangedByOneOfThoseWhoSawTheSame) {
    const auto made = ada.put(plan, limit(100)).expect(200);
    std::atomic<int> changed{0}, stale{0};
    at_once(8, [&](int i) {
        const int status = person("ada").put(plan, limit(200 + i)).if_match(made.etag()).send().status();
        changed += status == 200;
        stale += status == 412;
    });
    EXPECT_EQ(changed, 1);
    EXPECT_EQ(stale, 7);
    ada.get(plan).expect(200).field("/version", 2);
    ada.put("/api/v1/organizations/plans/free/quotas/other", limit(1)).if_match("*").expect_problem(412, "stale-version"); // there is none
}

// Nobody overwrites what they have not seen, also where there was nothing to see.
TEST_F(Quotas, AreMadeByOneOfThoseWhoFoundNone) {
    for (int round = 0; round < 5; ++round) {
        const std::string at = "/api/v1/organizations/plans/plan-" + std::to_string(round) + "/quotas/tokens";
        std::atomic<int> made{0}, stale{0};
        at_once(8, [&](int i) {
            const int status = person("ada").put(at, limit(200 + i)).header("If-None-Match", "*").send().status();
            made += status == 200;
            stale += status == 412;
        });
        EXPECT_EQ(made, 1);
        EXPECT_EQ(stale, 7);
        ada.get(at).expect(200).field("/version", 1);
    }
    const auto first = ada.put(plan, limit(1)).expect(200);
    ada.put(plan, limit(2)).header("If-None-Match", first.etag()).expect_problem(412, "stale-version").field("/current_version", 1);
    ada.put(plan, limit(2)).header("If-None-Match", "\"7\"").expect(200).field("/version", 2);
    meter(worker);
    owner().put(quotas() + "/tokens", limit(5)).header("If-None-Match", "*").expect(200).field("/version", 1);
    owner().put(quotas() + "/tokens", limit(6)).header("If-None-Match", "*").expect_problem(412, "stale-version");
    ada.get(quotas() + "/tokens").expect(200).field("/limit", 5.0);
}

// Of two projects on one plan each has its limit and its burst.
TEST_F(Quotas, HaveTheBurstOfTheirPlan) {
    const auto blog = project(ada, acme, "blog");
    const auto writer = of(ProjectId::parse(blog.text("/id")).or_throw());
    meter(worker);
    meter(writer);
    ada.put(plan, {{"limit", 10}, {"burst", 5}, {"period", "ever"}}).expect(200).field("/burst", 5.0);
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    ada.get(quotas()).expect(200).field("/items/0/limit", 10.0).field("/items/0/burst", 5.0).field("/items/0/source", "plan");
    const auto at = [&](const testkit::Answer& project) {
        return project.location() + "/quotas/tokens/reservations/" + Uuid::v7().to_string();
    };
    reserve(worker, at(shop), 15).expect(200);
    reserve(worker, at(shop), 1).expect_problem(409, "quota-exceeded");
    reserve(writer, at(blog), 16).expect_problem(409, "quota-exceeded");
    reserve(writer, at(blog), 15).expect(200);
    owner().put(quotas() + "/tokens", {{"limit", 10}, {"burst", 5.5}, {"period", "ever"}}).expect_problem(403, "above-the-plan");
    owner().put(quotas() + "/tokens", {{"limit", 5}, {"burst", 6}, {"period", "ever"}}).expect_problem(403, "above-the-plan");
    owner().put(quotas() + "/tokens", {{"limit", 9}, {"burst", 5}, {"period", "ever"}}).expect(200).field("/burst", 5.0);
    owner().put(quotas() + "/tokens", {{"limit", 9}, {"period", "ever"}}).expect(200);
    ada.get(quotas()).expect(200).field("/items/0/limit", 9.0).field("/items/0/burst", Json()).field("/items/0/source", "project");
}

// Whole lives side by side with reports of usage: what is counted is what was settled and reported, and the limit was never crossed by what was admitted.
TEST_F(Reservations, AreExactWhileAllElseGoesOn) {
    meter(worker);
    give(1000);
    std::atomic<int> settled_amount{0}, reported{0}, failed{0};
    at_once(64, [&](int i) {
        const std::string at = reservation();
        if (i % 8 == 7) { // one that reports
            (report(worker, event("r" + std::to_string(i), tokens(3))).send().status() == 204 ? reported : failed) += 3;
            return;
        }
        if (reserve(worker, at, 10).send().status() != 200) return;
        if (i % 3 == 0)
            worker.del(at).expect(204);
        else if (settle(at, i % 10).send().status() == 200)
            settled_amount += i % 10;
        else
            ++failed;
    });
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(totals(), std::to_string(settled_amount + reported) + " 0");
    EXPECT_EQ(total(worker), Json(static_cast<double>(settled_amount + reported)));
}

// It is settled or it is released, once, whoever comes first.
TEST_F(Reservations, EndOnce) {
    meter(worker);
    give(1000);
    int used = 0;
    for (int round = 0; round < 8; ++round) {
        const std::string at = reservation();
        reserve(worker, at, 10).expect(200);
        int statuses[6] = {};
        at_once(6, [&](int i) { statuses[i] = (i % 2 == 0 ? settle(at, 7) : worker.del(at)).send().status(); });
        const bool done = statuses[0] == 200;
        for (int i = 0; i < 6; ++i) EXPECT_EQ(statuses[i], (i % 2 == 0) == done ? (done ? 200 : 204) : 409) << round << ' ' << i;
        used += done ? 7 : 0;
        EXPECT_EQ(totals(), std::to_string(used) + " 0");
    }
}

TEST_F(Reservations, ExpireAndGiveBackWhatTheyHeld) {
    testkit::FakeClock clock(now());
    worker = of(shop_id);
    ada = person("ada");
    meter(worker);
    give(100);
    const std::string at = reservation();
    worker.put(at, {{"amount", 80}, {"ttl_seconds", 60}}).expect(200).field("/expires_at", (now() + Duration::seconds(60)).to_string());
    reserve(worker, reservation(), 30).expect_problem(409, "quota-exceeded");
    clock.advance(Duration::seconds(60));
    worker.get(at).expect(200).field("/state", "expired");
    EXPECT_EQ(held(), Json(0.0));
    settle(at, 5).expect_problem(409, "reservation-ended");
    reserve(worker, reservation(), 30).expect(200);
    reserve(worker, at, 80).expect_problem(409, "reservation-ended");
    worker.del(at).expect(204);
    EXPECT_EQ(totals(), "0 30");
    for (const int bad : {0, 86'401}) worker.put(reservation(), {{"amount", 1}, {"ttl_seconds", bad}}).expect_problem(422, "invalid-value");
    reserve(worker, reservation(), 0).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/amount");
    reserve(worker, reservation("not-an-id"), 1).expect_problem(404, "not-found");
}

TEST_F(Reservations, AreForgottenLongAfterTheyHaveEnded) {
    testkit::FakeClock clock(now());
    worker = of(shop_id);
    ada = person("ada");
    meter(worker);
    give(100);
    const std::string done = reservation();
    reserve(worker, done, 10).expect(200);
    settle(done, 10).expect(200);
    reserve(worker, reservation(), 20).expect(200); // which nobody ends
    const auto forget = [&] {
        const std::string moment = "'" + now().to_string() + "'";
        service.database().admin(
            "insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" + shop.text("/id") +
            "', 'forget-usage', '{}', 'test', " + moment + ", 1, " + moment + ")");
        service.run_jobs_until_idle();
        return service.database().admin("select count(*) from quota_reservation");
    };
    EXPECT_EQ(forget(), "2");
    EXPECT_EQ(totals(), "10 20");
    clock.advance(Duration::days(31));
    EXPECT_EQ(forget(), "0");
    EXPECT_EQ(totals(), "10 0");
}

TEST_F(Reservations, CountInThePeriodInWhichTheyWereMade) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T23:59:00Z").or_throw());
    worker = of(shop_id);
    ada = person("ada");
    meter(worker, "tokens", "count");
    give(10, "day");
    const std::string at = reservation();
    reserve(worker, at, 1.5).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/amount");
    reserve(worker, at, 10).expect(200);
    reserve(worker, reservation(), 1).expect_problem(409, "quota-exceeded");
    clock.advance(Duration::minutes(2));
    reserve(worker, reservation(), 10).expect(200); // another day
    settle(at, 2.5).expect_problem(422, "invalid-value");
    settle(at, 9).expect(200);
    EXPECT_EQ(service.database().admin(
                  "select string_agg(trim_scale(used) || ' ' || trim_scale(reserved), ', ' order by starts_at) from usage_total where period = 'day'"),
              "9 0, 0 10");
    ada.get(shop.location() + "/usage?meter=tokens&window=day")
        .expect(200)
        .field("/items/0/from", "2026-11-10T00:00:00Z")
        .field("/items/0/value", 9.0)
        .field("/items/1", Json());
}

TEST_F(Reservations, NeedNoLimitAndAnActiveProject) {
    meter(worker);
    const std::string at = reservation();
    reserve(worker, at, 1e15).expect(200);
    settle(at, 5).expect(200);
    give(10);
    reserve(worker, reservation(), 6).expect_problem(409, "quota-exceeded"); // what was used before there was a limit counts
    reserve(worker, reservation(), 5).expect(200);
    ada.post(shop.location() + "/suspend").expect(200);
    reserve(worker, reservation(), 1).expect_problem(409, "project-not-active");
    ada.post(shop.location() + "/resume").expect(200);
    // A project that nobody administers here, of an issuer that knows no organisations
    meter(as.stranger);
    const std::string own = "/api/v1/projects/" + ProjectId::fresh().to_string();
    as.stranger.get(own + "/quotas").expect_problem(404, "not-found");
}

TEST_F(Reservations, WarnAsUsageDoes) {
    meter(worker);
    give(10);
    event_types();
    const std::string at = reservation();
    reserve(worker, at, 10).expect(200);
    EXPECT_EQ(event_types(), "");
    settle(at, 10).expect(200);
    EXPECT_EQ(event_types(), "quota.warned quota.exceeded ");
}

} // namespace
} // namespace gravity::project
