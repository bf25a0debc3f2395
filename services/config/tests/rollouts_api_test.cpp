#include "config_fixture.hpp"
#include "membership.hpp"
#include "peer.hpp"

#include <gravity/testkit/neighbour.hpp>

#include <atomic>
#include <chrono>
#include <memory>

namespace gravity::config {
namespace {

class Rollouts : public ConfigApi {
protected:
    std::string shop = published(as.owner, "shop", "default", Json::object({{"a", "old"}}));

    testkit::Call publish_by_steps(Json steps, int bake_seconds = 3600, double failed_percent = 0) {
        const Json plan = Json::object({{"steps", std::move(steps)}, {"bake_seconds", bake_seconds}, {"failed_percent", failed_percent}});
        return as.owner.post(shop + "/releases", testkit::Members(Json::object({{"rollout", plan}})));
    }
    /// The path of a rollout that has begun.
    std::string rolling(Json steps, int bake_seconds = 3600, double failed_percent = 0, const std::string& value = "new") {
        draft(as.owner, shop, Json::object({{"a", value}}));
        return shop + "/rollouts/" + publish_by_steps(std::move(steps), bake_seconds, failed_percent).expect(201).text("/rollout");
    }
    static int place(const std::string& rollout, const std::string& instance) {
        return place_in_rollout(Uuid::parse(rollout.substr(rollout.rfind('/') + 1)).or_throw(), instance);
    }
    /// The name of an instance whose place is in these bounds.
    static std::string instance_in(const std::string& rollout, int from, int below) {
        for (int i = 0;; ++i) {
            const std::string name = "shop-" + std::to_string(i);
            if (const int at = place(rollout, name); at >= from && at < below) return name;
        }
    }
    testkit::Answer seen_by(const std::string& instance) {
        return as.owner.get(configs + "/effective?application=shop" + (instance.empty() ? "" : "&instance=" + instance)).expect(200);
    }
    std::string value_for(const std::string& instance) { return seen_by(instance).text("/items/0/value"); }
    void acknowledge(const std::string& instance, const std::string& status = "applied") {
        const Json version = seen_by(instance).at("/version");
        as.owner.post(configs + "/acknowledgements", {{"application", "shop"}, {"instance", instance}, {"version", version}, {"status", status}}).expect(204);
    }
    void expect_state(const std::string& rollout, const std::string& state) {
        testkit::eventually(rollout + " is " + state, [&] { return as.owner.get(rollout).expect(200).text("/state") == state; }, std::chrono::seconds(30));
    }
    /// As if the step had been held for long enough; it is looked at within five seconds.
    void bake() { service.database().admin("update rollout set baking_since = baking_since - interval '2 hours'"); }
    testkit::Call tell(const std::string& rollout, const std::string& what) { return as.owner.post(rollout + "/" + what, testkit::Members(Json::object())); }
};

TEST_F(Rollouts, ReachTheirShareByEveryWay) {
    const std::string rollout = rolling(Json::array({50}));
    const std::string in = instance_in(rollout, 0, 5'000), out = instance_in(rollout, 5'000, 10'000);
    EXPECT_EQ(value_for(in), "new");
    EXPECT_EQ(value_for(out), "old");
    EXPECT_EQ(value_for(""), "old");
    seen_by(in).field("/origins/0/release", 2).field("/version", 3);
    seen_by(out).field("/origins/0/release", 1).field("/version", 1);
    as.owner.get("/spring/shop/default?instance=" + in).expect(200).field("/propertySources/0/source/a", "new");
    as.owner.get("/spring/shop/default").header("X-Config-Instance", in).expect(200).field("/propertySources/0/source/a", "new");
    as.owner.get("/spring/shop/default").header("X-Config-Instance", out).expect(200).field("/propertySources/0/source/a", "old");
    as.owner.get("/spring/shop-default.json").expect(200).field("/a", "old");
    Peer member(service.port(), as.owner.token()), other(service.port(), as.owner.token());
    member.hello("shop", std::nullopt, in);
    EXPECT_EQ(member.read(), R"({"snapshot":{"items":{"a":"new"},"version":3}})");
    other.hello("shop", std::nullopt, out);
    EXPECT_EQ(other.read(), R"({"snapshot":{"items":{"a":"old"},"version":1}})");
    const auto shown = as.reader.get(rollout).expect(200).field("/state", "baking").field("/from_number", 1).field("/to_number", 2).field("/step", 0);
    shown.field("/steps", Json::array({50.0})).field("/started_by", "tester");
    as.reader.get(shop + "/rollouts").expect(200).field("/items/0/state", "baking").field("/items/1", Json());
    as.reader.get(shop).expect(200).field("/release", 1);
}

TEST_F(Rollouts, ReachWhoWatches) {
    draft(as.owner, shop, Json::object({{"a", "new"}}));
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 20; ++i) {
        peers.push_back(std::make_unique<Peer>(service.port(), as.owner.token()));
        peers.back()->hello("shop", std::nullopt, "shop-" + std::to_string(i));
        peers.back()->read();
        peers.back()->ack(1);
    }
    const std::string rollout = shop + "/rollouts/" + publish_by_steps(Json::array({40})).expect(201).text("/rollout");
    int members = 0;
    for (int i = 0; i < 20; ++i) {
        if (place(rollout, "shop-" + std::to_string(i)) >= 4'000) continue;
        ++members;
        EXPECT_EQ(peers[static_cast<std::size_t>(i)]->read(), R"({"change":{"changed":{"a":"new"},"removed":[],"version":3}})");
        peers[static_cast<std::size_t>(i)]->ack(3);
    }
    EXPECT_GT(members, 0);
    tell(rollout, "abort").expect(200).field("/state", "reverted").field("/reason", "by hand");
    for (int i = 0; i < 20; ++i) { // who had it goes back, and all have the same version
        const bool member = place(rollout, "shop-" + std::to_string(i)) < 4'000;
        const std::string changed = member ? R"({"a":"old"})" : "{}";
        EXPECT_EQ(peers[static_cast<std::size_t>(i)]->read(), R"({"change":{"changed":)" + changed + R"(,"removed":[],"version":4}})");
    }
}

TEST_F(Rollouts, GoOnStepByStepToTheEnd) {
    event_types();
    const std::string rollout = rolling(Json::array({50, 90}));
    const std::string first = instance_in(rollout, 0, 5'000), second = instance_in(rollout, 5'000, 9'000), last = instance_in(rollout, 9'000, 10'000);
    acknowledge(first);
    bake();
    testkit::eventually("the second step", [&] { return value_for(second) == "new"; }, std::chrono::seconds(30));
    EXPECT_EQ(value_for(first), "new"); // and nobody flips back
    EXPECT_EQ(seen_by(first).at("/version"), Json(3));
    EXPECT_EQ(seen_by(second).at("/version"), Json(4));
    acknowledge(second);
    bake();
    expect_state(rollout, "completed");
    for (const std::string& instance : {first, second, last, std::string()}) EXPECT_EQ(seen_by(instance).at("/version"), Json(5)) << instance;
    EXPECT_EQ(value_for(last), "new");
    as.owner.get(shop).expect(200).field("/release", 2);
    as.owner.get(shop + "/draft").expect(200).field("/base_number", 2);
    EXPECT_EQ(event_types(), "rollout.advanced rollout.advanced release.published ");
    draft(as.owner, shop, Json::object({{"a", "newer"}}));
    publish(as.owner, shop).field("/number", 3);
}

TEST_F(Rollouts, ArePausedWhereNobodySpeaksAndGoOn) {
    event_types();
    const std::string rollout = rolling(Json::array({50}), 1);
    const std::string in = instance_in(rollout, 0, 5'000);
    expect_state(rollout, "paused");
    EXPECT_EQ(value_for(in), "new"); // who has it keeps it
    EXPECT_EQ(event_types(), "rollout.advanced rollout.paused ");
    tell(rollout, "pause").expect_problem(409, "rollout-ended");
    acknowledge(in);
    const auto resumed = tell(rollout, "resume").expect(200).field("/state", "baking").field("/reason", Json());
    tell(rollout, "resume").expect_problem(409, "rollout-ended");
    EXPECT_GT(resumed.at("/version").as_integer(), 1);
    expect_state(rollout, "completed");
    for (const char* what : {"pause", "resume", "abort"}) tell(rollout, what).expect_problem(409, "rollout-ended");
}

TEST_F(Rollouts, AreTakenBackByThemselvesWhenInstancesFail) {
    const std::string rollout = rolling(Json::array({50}));
    const std::string in = instance_in(rollout, 0, 5'000);
    event_types();
    acknowledge(in, "failed");
    expect_state(rollout, "reverted");
    as.owner.get(rollout).expect(200).field("/reason", "1 of 1 instances failed");
    EXPECT_EQ(value_for(in), "old");
    seen_by(in).field("/version", 4).field("/origins/0/release", 1);
    EXPECT_EQ(event_types(), "release.reverted ");
    as.owner.get(shop + "/draft").expect(200).field("/base_number", 1).field("/items/a", "new"); // to be mended
    draft(as.owner, shop, Json::object({{"a", "mended"}}));
    publish(as.owner, shop).field("/number", 3).field("/parent", 1);
}

TEST_F(Rollouts, EndureAsManyFailuresAsTheyMay) {
    const std::string rollout = rolling(Json::array({100}), 2, 60);
    acknowledge("shop-2");
    acknowledge("shop-1", "failed"); // one of two
    expect_state(rollout, "completed");
}

TEST_F(Rollouts, AreOneAtATime) {
    draft(as.owner, shop, Json::object({{"a", "new"}}));
    std::atomic<int> begun{0}, refused{0}, others{0};
    at_once(16, [&](int) {
        const int status = publish_by_steps(Json::array({50})).send().status();
        (status == 201 ? begun : status == 409 ? refused
                                               : others)++;
    });
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(refused, 15);
    EXPECT_EQ(others, 0);
    as.owner.post(shop + "/releases", testkit::Members(Json::object())).expect_problem(409, "rollout-unfinished");
    as.owner.post(shop + "/releases/1/revert", testkit::Members(Json::object())).expect_problem(409, "rollout-unfinished");
    const std::string rollout = shop + "/rollouts/" + as.owner.get(shop + "/rollouts").expect(200).text("/items/0/id");
    std::atomic<int> aborted{0};
    at_once(16, [&](int i) { aborted += tell(rollout, i % 2 == 0 ? "abort" : "pause").send().status() == 200 && i % 2 == 0 ? 1 : 0; });
    EXPECT_EQ(aborted, 1);
    as.owner.get(rollout).expect(200).field("/state", "reverted");
    EXPECT_EQ(service.database().admin("select count(*) from placement where number = 1"), "2"); // at first, and again
}

TEST_F(Rollouts, ActOnceHoweverManyLookAtThem) {
    const std::string rollout = rolling(Json::array({50, 90}));
    acknowledge(instance_in(rollout, 0, 5'000));
    service.database().admin("update rollout set baking_since = baking_since - interval '2 hours', look_at = '2026-01-01T00:00:00Z'");
    const std::string id = rollout.substr(rollout.rfind('/') + 1);
    service.database().admin("delete from gravity.job where kind = 'look-at-rollout' and state = 'waiting'");
    service.database().admin(
        "insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) select gen_random_uuid(), '" +
        service.project().to_string() + "', 'look-at-rollout', jsonb_build_object('rollout', '" + id +
        "', 'at', '2026-01-01T00:00:00Z'), 'test', now(), 10, now() from generate_series(1, 20)");
    testkit::eventually("the second step", [&] { return as.owner.get(rollout).expect(200).at("/step") == Json(1); }, std::chrono::seconds(30));
    service.run_jobs_until_idle();
    as.owner.get(rollout).expect(200).field("/step", 1).field("/state", "baking");
    EXPECT_EQ(service.database().admin("select count(*) from rollout_step"), "2");
    const std::string waiting = "select count(*) from gravity.job where kind = 'look-at-rollout' and state = 'waiting'";
    EXPECT_EQ(service.database().admin(waiting), "1"); // one look is left
}

TEST_F(Rollouts, RefuseWhatIsNoPlan) {
    draft(as.owner, shop, Json::object({{"a", "new"}}));
    for (const Json& steps : {Json::array(), Json::array({0}), Json::array({10, 10}), Json::array({101}), Json(Json::Array(11, Json(1)))})
        publish_by_steps(steps).expect(422);
    publish_by_steps(Json::array({"x"})).expect(400);
    publish_by_steps(Json::array({50}), 0).expect_problem(422, "invalid-value");
    const auto first = set(as.owner, "first").location();
    draft(as.owner, first, Json::object({{"a", 1}}));
    const Json plan = Json::object({{"steps", Json::array({50})}});
    as.owner.post(first + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect_problem(409, "nothing-in-force");
    as.owner.get(shop + "/rollouts").expect(200).field("/items", Json::array());
}

TEST_F(Rollouts, BelongToTheirProject) {
    const std::string rollout = rolling(Json::array({50}));
    as.stranger.get(rollout).expect_problem(404, "not-found");
    as.stranger.post(rollout + "/abort", testkit::Members(Json::object())).expect_problem(404, "not-found");
    as.reader.post(rollout + "/abort", testkit::Members(Json::object())).expect(403);
    const auto other = published(as.owner, "till", "default", Json::object({{"a", 1}}));
    as.owner.get(other + "/rollouts/" + rollout.substr(rollout.rfind('/') + 1)).expect_problem(404, "not-found");
}

// What is published beside a rollout is held against both sides of it.
TEST_F(Rollouts, AreLookedAtByChecks) {
    const auto shared = published(as.owner, "application", "default", Json::object({{"host", "x"}}));
    draft(as.owner, shop, Json::object({{"url", "${host}"}}));
    publish_by_steps(Json::array({50})).expect(201);
    draft(as.owner, shared, Json::object({{"host", nullptr}, {"other", 1}}));
    as.owner.post(shared + "/releases", testkit::Members(Json::object())).expect_problem(422, "unresolved-reference");
}

TEST_F(Rollouts, GoOnFromEveryVersion) {
    const std::string rollout = rolling(Json::array({50}));
    const std::string in = instance_in(rollout, 0, 5'000);
    tell(rollout, "abort").expect(200);
    Peer back(service.port(), as.owner.token()), other(service.port(), as.owner.token());
    back.hello("shop", 3, in); // it had what was rolled out
    EXPECT_EQ(back.read(), R"({"change":{"changed":{"a":"old"},"removed":[],"version":4}})");
    other.hello("shop", 3, instance_in(rollout, 5'000, 10'000)); // it never had that
    EXPECT_EQ(other.read(), R"({"snapshot":{"items":{"a":"old"},"version":4}})");
}

} // namespace
} // namespace gravity::config
