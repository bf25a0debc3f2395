// Usage that services announce as events: counted as what is reported, in the project of the event.
#include "usage_fixture.hpp"

#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/redis.hpp>

#include <atomic>
#include <mutex>

namespace gravity::project {
namespace {

struct UsageBroker {
    testkit::TestRedis redis;
};

class AnnouncedUsage : protected UsageBroker, public UsageApi {
protected:
    AnnouncedUsage() : UsageApi({{"EVENTS_URL", redis.url()}}) { meter(worker); }

    static constexpr const char* stream = "gravity:events:{*.usage.recorded}";
    static Json used(Json count) { return Json::object({{"type", "model.called"}, {"subject", "user-1"}, {"data", tokens(std::move(count))}}); }

    /// As the service `ai` does.
    void announce(const std::string& id, const ProjectId& of, Json data, Json changes = Json::object()) {
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:ai"},
                                         {"type", "gravity.ai.usage.recorded"},
                                         {"subject", "user-1"},
                                         {"time", now().to_string()},
                                         {"project", of.to_string()},
                                         {"sequence", "1"},
                                         {"epoch", "1"},
                                         {"data", std::move(data)}});
        add(merge_patch(event, changes).dump());
    }
    void add(const std::string& text) {
        const std::lock_guard lock(adding_);
        redis.cli("xadd '" + std::string(stream) + "' '*' id x type gravity.ai.usage.recorded project x e '" + text + "'");
        ++added_;
    }
    void until_handled() {
        const std::string read = "entries-read\n" + std::to_string(added_) + "\n";
        testkit::until([&] { // all that was announced is handled
            return redis.cli("xinfo groups '" + std::string(stream) + "'").find(read) != std::string::npos &&
                   redis.cli("xpending '" + std::string(stream) + "' project").starts_with("0\n");
        });
    }
    testkit::Answer dead_letters() { return service.caller(service.project(), "events:admin").get("/internal/dead-letters").expect(200); }

private:
    std::mutex adding_;
    int added_ = 0;
};

TEST_F(AnnouncedUsage, IsCountedOnceHoweverItComes) {
    meter(worker, "calls", "count");
    announce("1", shop_id, used(5));
    announce("1", shop_id, used(5));
    announce("2", shop_id, used("0.5"));
    until_handled();
    EXPECT_EQ(total(worker), Json(5.5));
    EXPECT_EQ(total(worker, "calls"), Json(2.0));
    worker.get("/api/v1/meters/tokens/query?group_by=subject").expect(200).field("/items/0/subject", "user-1");
    Json same = event("2", tokens(100));
    same["source"] = "urn:gravity:service:ai";
    report(worker, same).expect(204);
    EXPECT_EQ(total(worker), Json(5.5)) << "what is announced may be reported too";
    dead_letters().field("/items", Json::array());
}

TEST_F(AnnouncedUsage, MayLeaveOutWhatTheEventSays) {
    const testkit::Members own{{"slug", "own"}, {"event_type", "gravity.ai.usage.recorded"}, {"aggregation", "sum"}, {"value_path", "$.tokens"}};
    worker.post("/api/v1/meters", own).expect(201);
    announce("1", shop_id, Json::object({{"data", tokens(3)}, {"more", "is not read"}}), Json::object({{"subject", "user-7"}}));
    const Timestamp yesterday = now() - Duration::days(1);
    announce("2", shop_id, Json::object({{"data", tokens(4)}, {"time", yesterday.to_string()}}));
    until_handled();
    EXPECT_EQ(total(worker, "own"), Json(7.0));
    worker.get("/api/v1/meters/own/query?subject=user-7").expect(200).field("/items/0/value", 3.0);
    EXPECT_EQ(service.database().admin("select count(distinct starts_at) from usage_bucket"), "2") << "by when it happened";
}

TEST_F(AnnouncedUsage, IsOfTheEventsProjectAlone) {
    const ProjectId blog_id = ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw(), other = ProjectId::fresh();
    const auto blog = of(blog_id);
    meter(blog);
    announce("1", shop_id, used(1));
    announce("2", blog_id, used(2));
    announce("3", other, used(4)); // it has no meters, and nobody administers it
    announce("4", service.project(), used(8));
    announce("5", shop_id, Json::object({{"type", "nobody.counts"}, {"data", tokens(16)}}));
    until_handled();
    EXPECT_EQ(total(worker), Json(1.0));
    EXPECT_EQ(total(blog), Json(2.0));
    EXPECT_EQ(service.database().admin("select count(*) from usage_bucket where project not in (select id from project)"), "0");
    dead_letters().field("/items", Json::array());
}

// It holds up nothing: neither what comes after it nor other subjects.
TEST_F(AnnouncedUsage, ThatCannotBeCountedIsADeadLetter) {
    announce("1", shop_id, used("NaN"));
    announce("2", shop_id, Json::object({{"type", "model.called"}, {"data", Json::object()}}));
    announce("3", shop_id, used(1), Json::object({{"time", (now() - Duration::days(36)).to_string()}}));
    announce(std::string(300, 'x'), shop_id, used(1));
    announce("5", shop_id, used(1), Json::object({{"source", ""}}));
    announce("6", shop_id, Json::object({{"type", ""}, {"data", tokens(1)}}));
    announce("7", shop_id, used(1), Json::object({{"project", "no uuid"}}));
    add("{");
    announce("9", shop_id, used(1));
    until_handled();
    EXPECT_EQ(total(worker), Json(1.0));
    const Json letters = dead_letters().at("/items");
    ASSERT_EQ(letters.size(), 8u) << letters.dump();
    std::string reasons;
    for (const Json& letter : letters.as_array()) reasons += letter.find("reason")->as_string() + "\n";
    for (const std::string part : {"decimal", "missing", "35 days late", "its id must be", "its source must be", "/type", "/project", "not JSON"})
        EXPECT_NE(reasons.find(part), std::string::npos) << part << " in " << reasons;
    EXPECT_EQ(service.database().admin("select count(*) from usage_seen"), "1") << "what was not counted may come again";
}

TEST_F(AnnouncedUsage, UsesUpWhatThePlanGives) {
    ada.put("/api/v1/organizations/plans/free/quotas/tokens", limit(10)).expect(200);
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    event_types();
    announce("1", shop_id, used(7));
    until_handled();
    EXPECT_EQ(event_types(), "");
    announce("2", shop_id, used(2));
    until_handled();
    EXPECT_EQ(event_types(), "quota.warned ");
    announce("3", shop_id, used(1));
    until_handled();
    EXPECT_EQ(event_types(), "quota.exceeded ");
    EXPECT_EQ(service.database().admin("select distinct project from usage_total"), shop_id.to_string());
    EXPECT_EQ(service.database().admin("select distinct project from quota_alert"), shop_id.to_string());
    ada.get(quotas()).expect(200).field("/items/0/used", 10.0).field("/items/0/source", "plan");
}

// The same hundred, announced and reported, in another order each.
TEST_F(AnnouncedUsage, IsCountedOnceAlsoWhereItIsReportedAtTheSameTime) {
    std::atomic<int> taken{0};
    at_once(4, [&](int sender) {
        for (int i = 0; i < 50; ++i) {
            const int number = (i * 37 + sender * 11) % 50;
            if (sender == 0) {
                announce("e" + std::to_string(number), shop_id, used(number));
                continue;
            }
            Json one = event("e" + std::to_string(number), tokens(number));
            one["source"] = "urn:gravity:service:ai";
            taken += report(worker, one).send().status() == 204;
        }
    });
    EXPECT_EQ(taken, 150);
    until_handled();
    EXPECT_EQ(total(worker), Json(1225.0));
    dead_letters().field("/items", Json::array());
}

} // namespace
} // namespace gravity::project
