// Delta watch, the part that decides: which instances are news for whom, and what a follower who was away has missed.
#include "deltas.hpp"
#include "world.hpp"

namespace gravity::registry::test {
namespace {

struct DeltaWorld : World {
    Deltas deltas{model};
    std::map<std::string, Deltas::Keys> news;

    Answered write(std::string_view target, std::string_view body = {}) {
        api::Plan plan = api::decide({model, agent, cache}, api::parse_call(http::Method::put, target.substr(0, target.find('?')),
                                                                            target.find('?') == target.npos ? "" : target.substr(target.find('?') + 1), body));
        const auto& planned = std::get<api::WritePlan>(plan);
        View view(model);
        const Reply reply = evaluate(planned.command, view, now_us);
        model.apply(view.changes(), touched);
        news = deltas.on_changes(view.changes());
        return {reply.status, reply.text};
    }
    void web(const std::string& id, int port, const std::string& more = {}) {
        write("/v1/agent/service/register", R"({"Name":"web","ID":")" + id + R"(","Address":"10.0.0.1","Port":)" + std::to_string(port) + more + "}");
    }
    /// What a follower is told: ids, "-" before those that went; "" for nothing.
    std::string told(const std::string& service, bool passing) const {
        const auto found = news.find(service);
        return found == news.end() ? "" : text_of(deltas.change(service, passing, found->second));
    }
    static std::string text_of(const std::optional<ServiceChange>& change) {
        std::string text;
        if (!change) return text;
        for (const FollowedInstance& one : change->changed) text += (text.empty() ? "" : " ") + one.id;
        for (const InstanceName& one : change->gone) text += (text.empty() ? "-" : " -") + one.id;
        return text;
    }
    std::string missed(std::int64_t index, bool passing = false) const {
        const auto keys = deltas.since("web", index);
        return keys ? text_of(deltas.change("web", passing, *keys)) : "forgotten";
    }
};

constexpr const char* ttl = R"(,"Check":{"TTL":"10s","Status":"passing"})";

TEST(Deltas, OnlyInstancesThatChangedAreNews) {
    DeltaWorld world;
    world.web("a", 1, ttl);
    EXPECT_EQ(world.told("web", false), "a");
    world.web("b", 2, ttl);
    EXPECT_EQ(world.told("web", false), "b");
    world.web("b", 2, ttl); // the same again
    EXPECT_TRUE(world.news.empty());
    world.write("/v1/agent/check/pass/service:a?note=well"); // an output is not shown
    EXPECT_TRUE(world.news.empty());
    world.write("/v1/agent/service/register", R"({"Name":"db"})");
    EXPECT_EQ(world.told("web", false), "");
    world.write("/v1/agent/maintenance?enable=true"); // of the node: all on it
    EXPECT_EQ(world.told("web", false), "a b");
    EXPECT_EQ(world.told("db", false), "db");
    world.write("/v1/agent/service/deregister/a");
    EXPECT_EQ(world.told("web", false), "-a");
}

TEST(Deltas, WhoLooksAtPassingOnesSeesTheOthersGo) {
    DeltaWorld world;
    world.web("a", 1, ttl);
    EXPECT_EQ(world.told("web", true), "a");
    world.write("/v1/agent/check/warn/service:a");
    EXPECT_EQ(world.told("web", false), "a");
    EXPECT_EQ(world.told("web", true), "-a");
    world.write("/v1/agent/check/fail/service:a"); // it had gone for them
    EXPECT_EQ(world.told("web", false), "a");
    EXPECT_EQ(world.told("web", true), "");
    world.write("/v1/agent/service/deregister/a");
    EXPECT_EQ(world.told("web", true), "");
    EXPECT_EQ(world.told("web", false), "-a");
    world.web("b", 1); // without a check
    EXPECT_EQ(world.told("web", true), "b");
    EXPECT_EQ(world.deltas.list("web", true, ListReason::first).instances.size(), 1u);
}

TEST(Deltas, AnInstanceThatChangesItsServiceLeavesOneForTheOther) {
    DeltaWorld world;
    world.web("a", 1, ttl);
    world.write("/v1/agent/service/register", R"({"Name":"shop","ID":"a","Address":"10.0.0.1","Port":1})");
    EXPECT_EQ(world.told("web", true), "-a");
    EXPECT_EQ(world.told("shop", true), "a");
}

TEST(Deltas, TheWeightIsThatOfTheStatus) {
    DeltaWorld world;
    world.web("a", 1, R"(,"Weights":{"Passing":7,"Warning":2},"Check":{"TTL":"10s","Status":"passing"})");
    const auto weight = [&] { return world.deltas.list("web", false, ListReason::first).instances.at(0).weight; };
    EXPECT_EQ(weight(), 7);
    world.write("/v1/agent/check/warn/service:a");
    EXPECT_EQ(weight(), 2);
    world.write("/v1/agent/check/fail/service:a");
    EXPECT_EQ(weight(), 0);
}

TEST(Deltas, WhoWasAwayIsToldWhatItMissedOnce) {
    DeltaWorld world;
    world.web("a", 1, ttl);
    world.web("b", 2, ttl);
    const std::int64_t seen = world.model.index();
    EXPECT_EQ(world.missed(seen), "");
    for (int i = 0; i < 3; ++i) {
        world.write("/v1/agent/check/fail/service:a");
        world.write("/v1/agent/check/pass/service:a");
    }
    world.write("/v1/agent/service/register", R"({"Name":"db"})");
    world.write("/v1/agent/service/deregister/b");
    EXPECT_EQ(world.missed(seen), "a -b");
    EXPECT_EQ(world.missed(seen, true), "a -b");
    EXPECT_EQ(world.missed(world.model.index()), "");
    EXPECT_EQ(world.missed(world.model.index() + 1), "forgotten"); // of another store
}

TEST(Deltas, WhatIsTooOldIsForgottenUnlessNothingHappened) {
    DeltaWorld world;
    world.deltas = Deltas(world.model, 3);
    world.web("a", 1, ttl);
    const std::int64_t seen = world.model.index();
    for (int i = 0; i < 3; ++i) world.write("/v1/agent/service/register", R"({"Name":"db","Port":)" + std::to_string(i) + "}");
    EXPECT_EQ(world.missed(seen), ""); // the service is as it was
    world.write("/v1/agent/service/register", R"({"Name":"db","Port":9})");
    world.write("/v1/agent/check/warn/service:a");
    EXPECT_EQ(world.missed(seen), "forgotten");
    EXPECT_EQ(world.missed(world.model.index() - 1), "a");
}

TEST(Deltas, AfterARestartWhatWasSeenUntilItsEndIsStillKnown) {
    DeltaWorld world;
    world.register_web("a", 1, ttl);
    const std::int64_t seen = world.model.index();
    Model again;
    layout::load(world.store, again);
    const Deltas deltas(again);
    EXPECT_TRUE(deltas.since("web", seen) && deltas.since("web", seen)->empty());
    EXPECT_FALSE(deltas.since("web", seen - 1).has_value());
}

} // namespace
} // namespace gravity::registry::test
