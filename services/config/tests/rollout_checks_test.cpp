// Checks of discovery as a sign of how instances take a release.
#include "config_fixture.hpp"
#include "membership.hpp"

#include <gravity/testkit/neighbour.hpp>

#include <map>
#include <mutex>

namespace gravity::config {
namespace {

/// What discovery says of instances, as the test has it.
class Checks {
public:
    void say(const std::string& instance, const std::string& status, const std::string& project = "") {
        const std::lock_guard lock(mutex_);
        said_[instance] = {status, project};
    }
    Json document() const {
        const std::lock_guard lock(mutex_);
        Json list = Json::array();
        for (const auto& [instance, said] : said_) {
            Json service = Json::object({{"ID", instance}, {"Service", "shop"}, {"Meta", Json::object()}});
            if (!said.project.empty()) service["Meta"]["project"] = said.project;
            list.push_back(Json::object({{"Service", service}, {"Checks", Json::array({Json::object({{"Status", said.status}})})}}));
        }
        return list;
    }

private:
    struct Said {
        std::string status, project;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Said> said_;
};

struct Surroundings {
    testkit::FakeDiscovery discovery;
    Checks checks;
};

class RolloutChecks : private Surroundings, public ConfigApi {
protected:
    RolloutChecks() : ConfigApi({{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}}) {
        discovery.consul().on("GET", "/v1/health/service/shop", [this](const http::Request&) { return testkit::Reply{.body = checks.document()}; });
    }
    using Surroundings::checks, Surroundings::discovery;

    std::string shop = published(as.owner, "shop", "default", Json::object({{"a", "old"}}));

    /// Instances are known to whoever they ask, so each asks once before anything is rolled out.
    std::string acknowledge(const std::string& instance, const std::string& status = "applied") {
        const auto seen = as.owner.get(configs + "/effective?application=shop&instance=" + instance).expect(200);
        const Json version = seen.at("/version");
        as.owner.post(configs + "/acknowledgements", {{"application", "shop"}, {"instance", instance}, {"version", version}, {"status", status}}).expect(204);
        return seen.text("/items/0/value");
    }
    std::string rolling(double failed_percent = 0, const Json& steps = Json::array({50})) {
        for (int i = 0; i < 20; ++i) acknowledge("shop-" + std::to_string(i));
        draft(as.owner, shop, Json::object({{"a", "new"}}));
        const Json plan = Json::object({{"steps", steps}, {"bake_seconds", 3600}, {"failed_percent", failed_percent}});
        return shop + "/rollouts/" + as.owner.post(shop + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect(201).text("/rollout");
    }
    static std::string instance_in(const std::string& rollout, int from, int below) {
        for (int i = 0; i < 20; ++i) {
            const std::string name = "shop-" + std::to_string(i);
            const int at = place_in_rollout(Uuid::parse(rollout.substr(rollout.rfind('/') + 1)).or_throw(), name);
            if (at >= from && at < below) return name;
        }
        throw std::runtime_error("none of twenty instances has such a place"); // one of a million rollouts
    }
    void wait_for_look() {
        const std::size_t before = asked();
        testkit::eventually("two more looks", [&] { return asked() >= before + 2; }, std::chrono::seconds(30));
    }
    std::size_t asked() { return discovery.consul().calls("GET", "/v1/health/service/shop").size(); }
    std::string state_of(const std::string& rollout) { return as.owner.get(rollout).expect(200).text("/state"); }
    void expect_state(const std::string& rollout, const std::string& state) {
        testkit::eventually(rollout + " is " + state, [&] { return state_of(rollout) == state; }, std::chrono::seconds(30));
    }
};

TEST_F(RolloutChecks, TakeAReleaseBackWhereTheyBecomeWorse) {
    for (int i = 0; i < 20; ++i) checks.say("shop-" + std::to_string(i), "passing");
    const std::string rollout = rolling();
    const std::string in = instance_in(rollout, 0, 5'000), out = instance_in(rollout, 5'000, 10'000);
    wait_for_look();
    checks.say(out, "critical"); // is none of the rollout's business
    EXPECT_EQ(acknowledge(in), "new");
    wait_for_look();
    EXPECT_EQ(state_of(rollout), "baking");
    checks.say(in, "critical"); // whatever it says itself
    expect_state(rollout, "reverted");
    const std::string reason = as.owner.get(rollout).expect(200).text("/reason");
    EXPECT_NE(reason.find("; the checks of 1 are worse than before"), std::string::npos) << reason;
    EXPECT_EQ(acknowledge(in), "old");
}

TEST_F(RolloutChecks, CountOnlyWhatHasBecomeWorse) {
    for (int i = 0; i < 20; ++i) checks.say("shop-" + std::to_string(i), i % 2 == 0 ? "critical" : "warning");
    const std::string rollout = rolling();
    wait_for_look();
    for (int i = 0; i < 20; ++i) acknowledge("shop-" + std::to_string(i));
    checks.say("shop-0", "warning"); // one is better, all others as they were
    checks.say("stranger", "critical");
    wait_for_look();
    EXPECT_EQ(state_of(rollout), "baking");
}

TEST_F(RolloutChecks, AreOfTheirProject) {
    for (int i = 0; i < 20; ++i) checks.say("shop-" + std::to_string(i), "passing", ProjectId::fresh().to_string());
    const std::string rollout = rolling();
    const std::string in = instance_in(rollout, 0, 5'000);
    wait_for_look();
    acknowledge(in);
    checks.say(in, "critical", ProjectId::fresh().to_string());
    wait_for_look();
    EXPECT_EQ(state_of(rollout), "baking");
}

// How an instance was is known from before the step reached it.
TEST_F(RolloutChecks, AreHeldAgainstHowTheyWereBeforeTheStep) {
    for (int i = 0; i < 20; ++i) checks.say("shop-" + std::to_string(i), "passing");
    const std::string rollout = rolling(0, Json::array({40, 90}));
    const std::string first = instance_in(rollout, 0, 4'000), second = instance_in(rollout, 4'000, 9'000);
    acknowledge(first);
    checks.say(second, "warning"); // before it is reached
    wait_for_look();
    service.database().admin("update rollout set baking_since = baking_since - interval '2 hours'");
    testkit::eventually("the second step", [&] { return as.owner.get(rollout).expect(200).at("/step") == Json(1); }, std::chrono::seconds(30));
    acknowledge(second);
    wait_for_look();
    EXPECT_EQ(state_of(rollout), "baking"); // it is as it was
    checks.say(second, "critical");
    expect_state(rollout, "reverted");
}

TEST_F(RolloutChecks, MayBeWorseForAsManyAsMayFail) {
    for (int i = 0; i < 20; ++i) checks.say("shop-" + std::to_string(i), "passing");
    const std::string rollout = rolling(100);
    wait_for_look();
    for (int i = 0; i < 20; ++i) acknowledge("shop-" + std::to_string(i));
    for (int i = 0; i < 20; ++i) checks.say("shop-" + std::to_string(i), "critical");
    wait_for_look();
    EXPECT_EQ(state_of(rollout), "baking");
}

// Without an answer, or with one that is none, the instances' own words decide.
TEST_F(RolloutChecks, AreDoneWithout) {
    discovery.consul().on("GET", "/v1/health/service/shop", testkit::Reply{.status = 500});
    const std::string rollout = rolling();
    wait_for_look();
    discovery.consul().on("GET", "/v1/health/service/shop", testkit::Reply{.body = Json::object()});
    wait_for_look();
    EXPECT_EQ(state_of(rollout), "baking");
    acknowledge(instance_in(rollout, 0, 5'000), "failed");
    expect_state(rollout, "reverted");
}

} // namespace
} // namespace gravity::config
