// Meters that count each value once.
#include "usage_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class UniqueUsage : public UsageApi {
protected:
    testkit::Answer users =
        meter(worker, "users", "unique_count", Json::object({{"value_path", "$.user"}, {"group_by", Json::object({{"model", "$.model"}})}}));

    static Json call(Json user, const std::string& model = "a") { return Json::object({{"user", std::move(user)}, {"model", model}, {"tokens", 1}}); }
    std::string ask(const std::string& query = {}) const {
        std::string told;
        const Json items = worker.get("/api/v1/meters/users/query" + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) {
            const Json* const subject = item.find("subject");
            told += (subject && subject->is_string() ? subject->as_string() : "") + item.find("group")->dump() + item.find("value")->dump() + " ";
        }
        return told;
    }
};

TEST_F(UniqueUsage, CountsEachValueOnceHoweverOftenItComes) {
    report(worker, Json::array({event("1", call("u-1")), event("2", call("u-2")), event("3", call("u-1")), event("4", call("u-1", "b"))})).expect(204);
    const Json more = Json::array({event("5", call("u-2")), event("6", call(7)), event("7", call("7")), event("8", call(true)), event("9", call(""))});
    report(worker, more).expect(204);
    EXPECT_EQ(total(worker, "users"), Json(5.0)) << "u-1, u-2, 7, true and the empty text";
    EXPECT_EQ(ask("?group_by=model"), R"({"model":"a"}5.0 {"model":"b"}1.0 )");
    EXPECT_EQ(ask("?filter[model]=b"), "{}1.0 ");
    report(worker, event("10", call("u-2"), {}, "user-2")).expect(204);
    EXPECT_EQ(ask("?group_by=subject"), "user-1{}5.0 user-2{}1.0 ");
    EXPECT_EQ(total(worker, "users"), Json(5.0)) << "of whomever: it is the same value";
    EXPECT_EQ(service.database().admin("select sum(count) from usage_bucket"), "10");
    worker.get("/openmeter/api/v1/meters/users").expect(200).field("/aggregation", "UNIQUE_COUNT").field("/valueProperty", "$.user");
    worker.get("/openmeter/api/v1/meters/users/query?subject=user-2").expect(200).field("/data/0/value", 1.0).field("/data/0/atLeast", Json());
    worker.get("/api/v1/meters/users/query").expect(200).field("/items/0/at_least", Json());
    ada.get(shop.location() + "/usage?meter=users").expect(200).field("/aggregation", "unique_count").field("/items/0/value", 5.0);
    worker.del("/api/v1/meters/users").expect(204);
    EXPECT_EQ(service.database().admin("select (select count(*) from usage_unique) + (select count(*) from usage_unique_room)"), "0");
}

// What came in several days is one of the month.
TEST_F(UniqueUsage, IsOfEachWindowForItself) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T12:00:00Z").or_throw());
    worker = of(shop_id);
    Json batch = Json::array();
    int number = 0;
    const auto came = [&](const std::string& user, const std::string& time) { batch.push_back(event(std::to_string(++number), call(user), time)); };
    came("u-1", "2026-11-08T10:00:00Z");
    came("u-1", "2026-11-08T22:59:59Z");
    came("u-2", "2026-11-08T23:00:00Z"); // of the 9th in Berlin
    came("u-1", "2026-11-09T10:00:00Z");
    report(worker, batch).expect(204);
    EXPECT_EQ(ask("?window=day&time_zone=Europe/Berlin"), "{}1.0 {}2.0 ");
    EXPECT_EQ(ask("?window=month"), "{}2.0 ");
    EXPECT_EQ(ask("?window=hour"), "{}1.0 {}1.0 {}1.0 {}1.0 ");
    EXPECT_EQ(ask("?from=2026-11-09T00:00:00Z"), "{}1.0 ");
    worker.get("/api/v1/meters/users/query?from=2026-11-09T00:01:00Z").expect_problem(422, "invalid-value");
}

TEST_F(UniqueUsage, IsOfTextsNumbersAndTruthValues) {
    Json none = call("x");
    none.as_object().erase("user");
    const Json strange = Json::array({event("1", call(Json::array())), event("2", call(Json::object())), event("3", call(Json())), event("4", none),
                                      event("5", call(std::string(257, 'u'))), event("6", call(std::string(256, 'u')))});
    const auto refused = report(worker, strange).expect_problem(422, "events-refused");
    refused.field("/counted", 1).field("/errors/4/pointer", "/4/data").field("/errors/5", Json());
    EXPECT_NE(refused.text("/errors/3/detail").find("missing"), std::string::npos) << refused.body();
    EXPECT_EQ(total(worker, "users"), Json(1.0));
    worker.post("/api/v1/meters", {{"slug", "m"}, {"event_type", "x"}, {"aggregation", "unique_count"}}).expect_problem(422, "invalid-value");
    // It adds nothing up: there is nothing to be limited or reserved.
    ada.put(quotas() + "/users", limit(5)).expect_problem(422, "adds-nothing-up");
    reserve(worker, reservation(Uuid::v7().to_string(), "users"), 1).expect_problem(422, "adds-nothing-up");
    ada.put("/api/v1/organizations/plans/free/quotas/users", limit(1)).expect(200);
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    event_types();
    report(worker, Json::array({event("7", call("a")), event("8", call("b"))})).expect(204);
    EXPECT_EQ(event_types(), "") << "nor is anybody warned";
}

TEST_F(UniqueUsage, BelongsToItsProject) {
    report(worker, event("1", call("u-1"))).expect(204);
    const auto blog = of(ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw());
    blog.get("/api/v1/meters/users/query").expect_problem(404, "not-found");
    meter(blog, "users", "unique_count", Json::object({{"value_path", "$.user"}}));
    report(blog, Json::array({event("1", call("u-1")), event("2", call("u-2"))})).expect(204);
    EXPECT_EQ(total(blog, "users"), Json(2.0));
    EXPECT_EQ(total(worker, "users"), Json(1.0));
}

// Beyond ten thousand of a quarter of an hour it is said that there were more; the event counts elsewhere all the same. However many report at once, not one
// more is kept.
TEST_F(UniqueUsage, KeepsSoManyValuesAndSaysWhenThereWereMore) {
    testkit::FakeClock clock(Timestamp::parse("2026-11-10T12:00:00Z").or_throw());
    worker = of(shop_id);
    meter(worker, "calls", "count");
    std::atomic<int> taken{0};
    at_once(11, [&](int sender) {
        Json batch = Json::array();
        for (int i = 0; i < 1000; ++i) {
            const std::string user = "u-" + std::to_string((sender * 950 + i) % 10'450); // some of them come from two
            batch.push_back(event(std::to_string(sender) + "/" + std::to_string(i), call(user), "2026-11-10T11:00:00Z"));
        }
        taken += status_at_last(report(worker, batch)) == 204;
    });
    EXPECT_EQ(taken, 11);
    EXPECT_EQ(service.database().admin("select kept || ' ' || more from usage_unique_room"), "10000 true");
    EXPECT_EQ(service.database().admin("select count(*) from usage_unique"), "10000");
    worker.get("/api/v1/meters/users/query").expect(200).field("/items/0/value", 10'000.0).field("/items/0/at_least", true);
    worker.get("/openmeter/api/v1/meters/users/query").expect(200).field("/data/0/value", 10'000.0).field("/data/0/atLeast", true);
    EXPECT_EQ(total(worker, "calls"), Json(11'000.0));
    report(worker, event("another quarter", call("u-1"), "2026-11-10T11:15:00Z")).expect(204);
    worker.get("/api/v1/meters/users/query?from=2026-11-10T11:15:00Z").expect(200).field("/items/0/value", 1.0).field("/items/0/at_least", Json());
}

} // namespace
} // namespace gravity::project
