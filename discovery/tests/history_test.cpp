// Why an instance is out of rotation: what is written down, what is forgotten, how restlessness is marked.
#include "explain.hpp"
#include "flapping.hpp"
#include "world.hpp"

namespace gravity::registry::test {
namespace {

constexpr std::int64_t minute = 60'000'000;

struct HistoryWorld : World {
    Explanation explained(const std::string& service = "web", std::size_t limit = 200) {
        auto found = explain(model, service, std::nullopt, 200, now_us);
        EXPECT_TRUE(found.has_value());
        if (!found) return {};
        add_transitions(*found, [this, limit](const std::string& owner) { return layout::transitions(store, owner, limit); }, limit);
        return *std::move(found);
    }
    InstanceExplanation first() {
        Explanation all = explained();
        EXPECT_FALSE(all.instances.empty());
        return all.instances.empty() ? InstanceExplanation() : all.instances.front();
    }
    void set(const std::string& verb, const std::string& note = {}) {
        put("/v1/agent/check/" + verb + "/service:web1" + (note.empty() ? "" : "?note=" + note));
    }
    std::size_t rows(std::string_view prefix) const {
        std::size_t count = 0;
        for (const auto& [key, value] : store.pairs) count += key.starts_with(prefix) ? 1 : 0;
        return count;
    }
};

TEST(History, TellsWhatStandsAgainstAnInstanceAndWhatHappenedToIt) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    world.now_us += minute;
    world.set("fail", "disk%20full");
    const std::int64_t failed = world.now_us;
    world.now_us += minute;
    world.put("/v1/agent/maintenance?enable=true&reason=upgrade");
    const InstanceExplanation one = world.first();
    EXPECT_EQ(one.status, Rotation::maintenance);
    EXPECT_FALSE(one.in_rotation);
    EXPECT_EQ(one.address, "10.0.0.1");
    ASSERT_EQ(one.reasons.size(), 2u);
    EXPECT_EQ(one.reasons[0].check_id, "service:web1");
    EXPECT_EQ(one.reasons[0].output, "disk full");
    EXPECT_EQ(one.reasons[0].since, Timestamp::from_unix_us(failed));
    EXPECT_EQ(one.reasons[1].scope, Scope::node);
    EXPECT_EQ(one.reasons[1].output, "upgrade");
    ASSERT_EQ(one.transitions.size(), 3u); // newest first
    EXPECT_EQ(one.transitions[0].scope, Scope::node);
    EXPECT_EQ(one.transitions[0].what, "upgrade");
    EXPECT_EQ(one.transitions[1].before, Status::passing);
    EXPECT_EQ(one.transitions[1].after, Status::critical);
    EXPECT_EQ(one.transitions[1].what, "disk full");
    EXPECT_EQ(one.transitions[2].kind, TransitionKind::registered);
    const Explanation all = world.explained();
    EXPECT_EQ(all.instances_total, 1);
    EXPECT_EQ(all.in_rotation_total, 0);
}

TEST(History, AHealthyInstanceHasNothingAgainstItAndCostsNoMoreWrites) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    EXPECT_EQ(world.rows("ht/"), 1u);
    const auto index = world.model.index();
    for (int i = 0; i < 10; ++i) world.set("pass");
    EXPECT_EQ(world.model.index(), index);
    world.set("pass", "fine"); // the output alone is no transition
    EXPECT_EQ(world.rows("ht/"), 1u);
    const Explanation all = world.explained();
    EXPECT_EQ(all.passing_total, 1);
    EXPECT_TRUE(all.instances[0].in_rotation);
    EXPECT_TRUE(all.instances[0].reasons.empty());
}

TEST(History, KeepsTheLastTwoHundredWithTheirOutputShortened) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    for (int i = 0; i < 150; ++i) {
        world.now_us += minute;
        world.set("fail", std::to_string(i));
        world.set("pass");
    }
    EXPECT_EQ(world.rows("ht/"), 200u);
    const InstanceExplanation one = world.first();
    ASSERT_EQ(one.transitions.size(), 200u);
    EXPECT_EQ(one.transitions[1].what, "149");
    EXPECT_EQ(one.transitions[199].what, "50");
    EXPECT_EQ(world.explained("web", 20).instances[0].transitions.size(), 20u);
    world.run(UpdateCheck{"node1", "service:web1", Status::critical, std::string(1022, 'x') + "\u00e4\u00e4", std::nullopt});
    EXPECT_EQ(world.first().transitions[0].what, std::string(1022, 'x') + "\u00e4"); // not within a letter
}

TEST(History, SurvivesARestartAndLeavesTheModelSmall) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    world.set("fail", "before");
    EXPECT_TRUE(world.model.table<Transition>().empty());
    Model again;
    layout::load(world.store, again);
    EXPECT_TRUE(again.table<Transition>().empty());
    world.model = std::move(again);
    world.set("pass");
    const InstanceExplanation one = world.first();
    ASSERT_EQ(one.transitions.size(), 3u);
    EXPECT_EQ(one.transitions[1].what, "before");
    EXPECT_GT(one.penalty, 0);
}

TEST(History, TellsHowAnInstanceWentAndForgetsItAfterADay) {
    HistoryWorld world;
    const auto gone = [&](const std::string& id) {
        const auto found = explain(world.model, "web", id, 200, world.now_us);
        EXPECT_TRUE(found && found->instances[0].status == Rotation::gone) << id;
        return layout::transitions(world.store, key_of("node1", id), 1).at(0);
    };
    world.register_web("client", 1);
    world.put("/v1/agent/service/deregister/client");
    EXPECT_EQ(gone("client").what, "deregistered by a client");
    world.register_web("leased", 2, R"(,"LeaseTTL":"10s")");
    world.run(Deregister{"node1", "leased", "", false, true});
    EXPECT_NE(gone("leased").what.find("lease"), std::string::npos);
    world.register_web("old", 3);
    world.register_web("new", 3);
    EXPECT_NE(gone("old").what.find("same address and port"), std::string::npos);
    world.register_web("reaped", 4, R"(,"Check":{"TTL":"10s","DeregisterCriticalServiceAfter":"1m"})");
    world.run(ReapCritical{"node1", "service:reaped", world.now_us});
    EXPECT_NE(gone("reaped").what.find("DeregisterCriticalServiceAfter"), std::string::npos);

    EXPECT_TRUE(histories_to_forget(world.model, world.now_us).empty());
    world.now_us += 24 * 60 * minute;
    world.register_web("client", 1); // one comes back in time
    const auto forgotten = histories_to_forget(world.model, world.now_us);
    EXPECT_EQ(forgotten.size(), 3u);
    world.run(ForgetHistories{forgotten});
    EXPECT_FALSE(explain(world.model, "web", "old", 200, world.now_us).has_value());
    EXPECT_EQ(world.rows("ht/node1/old"), 0u);
    EXPECT_EQ(world.first().status, Rotation::passing);
    world.run(ForgetHistories{{key_of("node1", "client")}}); // it is there again
    EXPECT_EQ(world.rows("ht/node1/client"), 3u);
}

TEST(History, OfMoreThanAThousandThatWentTheOldestAreForgotten) {
    HistoryWorld world;
    for (int i = 0; i < 1010; ++i) {
        ++world.now_us;
        const std::string id = "i" + std::to_string(i);
        world.register_web(id, 0);
        world.put("/v1/agent/service/deregister/" + id);
    }
    const auto forgotten = histories_to_forget(world.model, world.now_us);
    ASSERT_EQ(forgotten.size(), 10u);
    EXPECT_EQ(forgotten[0], key_of("node1", "i0"));
}

TEST(History, AnUnknownServiceHasNone) {
    HistoryWorld world;
    EXPECT_FALSE(explain(world.model, "none", std::nullopt, 200, world.now_us).has_value());
    world.register_web("web1", 80);
    EXPECT_FALSE(explain(world.model, "web", "other", 200, world.now_us).has_value());
}

TEST(History, ARenamedInstanceIsFoundUnderItsNewName) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    world.put("/v1/agent/service/register", R"({"Name":"shop","ID":"web1","Address":"10.0.0.1","Port":80})");
    world.put("/v1/agent/service/deregister/web1");
    EXPECT_EQ(world.explained("shop").instances.at(0).status, Rotation::gone);
}

TEST(History, ASnapshotLeavesItWhereItIs) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    const std::string snapshot = world.get("/v1/snapshot").body;
    EXPECT_EQ(snapshot.find("ht/"), std::string::npos);
    world.set("fail", "x");
    EXPECT_EQ(world.put("/v1/snapshot", snapshot).status, 200);
    const InstanceExplanation one = world.first();
    EXPECT_EQ(one.status, Rotation::passing);
    EXPECT_EQ(one.transitions.size(), 3u); // registered, critical, and passing again by the snapshot
}

TEST(Flapping, IsMarkedByARestlessHourAndEndsByItself) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    const auto flap = [&] {
        world.set("fail");
        world.set("pass");
    };
    flap();
    EXPECT_EQ(world.first().penalty, 1000);
    EXPECT_FALSE(world.first().flapping); // one outage is none
    world.now_us += minute;
    flap();
    EXPECT_FALSE(world.first().flapping); // some of it has decayed
    world.now_us += minute;
    flap();
    EXPECT_TRUE(world.first().flapping);
    const auto calm = world.first().calm_at;
    ASSERT_TRUE(calm.has_value());
    world.now_us = calm->unix_us() - 1'000'000;
    EXPECT_TRUE(world.first().flapping); // once marked, below the bound that marks too
    world.now_us = calm->unix_us() + 1'000'000;
    EXPECT_FALSE(world.first().flapping);
    EXPECT_FALSE(world.first().calm_at.has_value());
}

TEST(Flapping, HalvesInAQuarterOfAnHourAndIsNeverMarkedForLongerThanOne) {
    History history;
    flapping::add(history, 1000, 0);
    EXPECT_EQ(flapping::penalty_at(history, 15 * minute), 500);
    EXPECT_EQ(flapping::penalty_at(history, -minute), 1000); // a clock set back
    for (int i = 0; i < 1000; ++i) flapping::add(history, 1000, 0);
    EXPECT_EQ(history.penalty, flapping::ceiling);
    EXPECT_EQ(flapping::calm_at_us(history), 60 * minute);
}

TEST(Flapping, CountsTheInstanceNotItsChecksNorMaintenance) {
    HistoryWorld world;
    world.register_web("web1", 80, R"(,"Checks":[{"CheckID":"a","TTL":"10s","Status":"passing"},{"CheckID":"b","TTL":"10s","Status":"passing"}])");
    for (const char* check : {"a", "b"}) world.put("/v1/agent/check/fail/" + std::string(check));
    EXPECT_EQ(world.first().penalty, 1000); // one outage, seen by two checks
    for (const char* check : {"a", "b"}) world.put("/v1/agent/check/pass/" + std::string(check));
    world.put("/v1/agent/check/warn/a");
    EXPECT_EQ(world.first().penalty, 1500);
    world.put("/v1/agent/check/pass/a");
    for (int i = 0; i < 5; ++i) {
        world.put("/v1/agent/service/maintenance/web1?enable=true");
        world.put("/v1/agent/service/maintenance/web1?enable=false");
    }
    EXPECT_EQ(world.first().penalty, 1500);
    world.put("/v1/agent/service/deregister/web1");
    EXPECT_EQ(world.first().penalty, 2500);
}

TEST(Flapping, OfANodeMarksItsInstances) {
    HistoryWorld world;
    world.register_web("web1", 80);
    world.put("/v1/agent/check/register", R"({"Name":"disk","TTL":"10s","Status":"passing"})");
    for (int i = 0; i < 3; ++i) {
        world.put("/v1/agent/check/fail/disk");
        world.put("/v1/agent/check/pass/disk");
    }
    EXPECT_TRUE(world.first().flapping);
    EXPECT_EQ(world.first().penalty, 3000);
}

} // namespace
} // namespace gravity::registry::test
