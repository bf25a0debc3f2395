#include "world.hpp"

#include <algorithm>

namespace gravity::registry::test {
namespace {

const std::string ttl = R"(,"Check":{"TTL":"10s"})";

TEST(Commands, WhatIsAlreadySoIsNotWrittenAgain) {
    World world;
    world.register_web("web1", 80, ttl);
    const auto index = world.model.index();
    world.register_web("web1", 80, ttl);
    EXPECT_EQ(world.model.index(), index);
    world.register_web("web1", 80, ttl + R"(,"Tags":["new"])");
    EXPECT_EQ(world.model.index(), index + 1);
}

TEST(Commands, TheNodeIsKeptUnderItsName) {
    World world;
    world.register_web("web1", 80);
    ASSERT_NE(world.model.find<Node>("node1"), nullptr);
    EXPECT_EQ(world.model.find<Node>("node1")->address, "10.0.0.1");
    EXPECT_EQ(world.model.table<Node>().size(), 1u);
}

TEST(Commands, CreateIndexStaysModifyIndexMoves) {
    World world;
    world.register_web("web1", 80);
    const Instance first = *world.model.find<Instance>(key_of("node1", "web1"));
    world.register_web("web1", 81);
    const Instance second = *world.model.find<Instance>(key_of("node1", "web1"));
    EXPECT_EQ(first.create_index, second.create_index);
    EXPECT_GT(second.modify_index, first.modify_index);
}

TEST(Commands, ANewInstanceAtTheSamePlaceReplacesTheOldId) {
    World world;
    world.register_web("web-old", 80, ttl);
    world.register_web("web-beside", 81);
    world.register_web("web-new", 80);
    EXPECT_EQ(world.model.find<Instance>(key_of("node1", "web-old")), nullptr);
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "service:web-old")), nullptr);
    EXPECT_EQ(world.model.instances_of("web").size(), 2u);
    // Another service may well share a port.
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"metrics","Address":"10.0.0.1","Port":80})").status, 200);
    EXPECT_EQ(world.model.instances_of("web").size(), 2u);
    // Without an address nothing says that it is the same place.
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"web","ID":"x","Port":80})").status, 200);
    EXPECT_EQ(world.model.instances_of("web").size(), 3u);
}

TEST(Commands, ARepeatedRegistrationKeepsTheStatusOfItsChecks) {
    World world;
    world.register_web("web1", 80, ttl);
    world.put("/v1/agent/check/pass/service:web1?note=fine");
    world.register_web("web1", 80, ttl);
    const Check* check = world.model.find<Check>(key_of("node1", "service:web1"));
    EXPECT_EQ(check->status, Status::passing);
    EXPECT_EQ(check->output, "fine");
}

TEST(Commands, ReplaceExistingChecksRemovesTheOthersButNotMaintenance) {
    World world;
    world.register_web("web1", 80, R"(,"Checks":[{"CheckID":"a","TTL":"10s"},{"CheckID":"b","TTL":"10s"}])");
    world.put("/v1/agent/service/maintenance/web1?enable=true");
    const std::string again = R"({"Name":"web","ID":"web1","Address":"10.0.0.1","Port":80,"Check":{"CheckID":"b","TTL":"10s"}})";
    world.put("/v1/agent/service/register", again);
    EXPECT_EQ(world.model.checks_of("node1", "web1").size(), 3u);
    world.put("/v1/agent/service/register?replace-existing-checks", again);
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "a")), nullptr);
    EXPECT_EQ(world.model.checks_of("node1", "web1").size(), 2u);
}

TEST(Commands, CriticalSinceCountsFromTheTransition) {
    World world;
    world.register_web("web1", 80, ttl);
    const auto since = [&] { return world.model.find<Check>(key_of("node1", "service:web1"))->critical_since_us; };
    EXPECT_EQ(since(), world.now_us);
    world.now_us += 5;
    world.put("/v1/agent/check/fail/service:web1?note=worse");
    EXPECT_EQ(since(), world.now_us - 5);
    world.put("/v1/agent/check/pass/service:web1");
    EXPECT_EQ(since(), 0);
    world.now_us += 7;
    world.put("/v1/agent/check/fail/service:web1");
    EXPECT_EQ(since(), world.now_us);
}

TEST(Commands, AReapIsVoidIfTheCheckRecoveredMeanwhile) {
    World world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","DeregisterCriticalServiceAfter":"1m"})");
    world.run(ReapCritical{"node1", "service:web1", world.now_us - 1});
    EXPECT_NE(world.model.find<Instance>(key_of("node1", "web1")), nullptr);
    world.run(ReapCritical{"node1", "service:web1", world.now_us});
    EXPECT_EQ(world.model.find<Instance>(key_of("node1", "web1")), nullptr);
}

TEST(Commands, AProbeOfADefinitionSinceReplacedSaysNothing) {
    World world;
    world.register_web("web1", 80, R"(,"Check":{"HTTP":"http://10.0.0.1/a","Interval":"5s"})");
    const CheckDefinition old = world.model.find<Check>(key_of("node1", "service:web1"))->definition;
    world.register_web("web1", 80, R"(,"Check":{"HTTP":"http://10.0.0.1/b","Interval":"5s"})");
    world.run(UpdateCheck{"node1", "service:web1", Status::passing, "late", old});
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "service:web1"))->status, Status::critical);
    const CheckDefinition present = world.model.find<Check>(key_of("node1", "service:web1"))->definition;
    world.run(UpdateCheck{"node1", "service:web1", Status::passing, "now", present});
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "service:web1"))->status, Status::passing);
}

TEST(Commands, ARefusedCommandLeavesTheBatchAsItWas) {
    World world;
    View view(world.model);
    const auto register_node = [](std::string name, std::string id) {
        Register command;
        command.node.name = std::move(name);
        command.node.id = std::move(id);
        command.node.address = "10.0.0.9";
        return command;
    };
    EXPECT_EQ(evaluate(register_node("a", "same"), view, 1).status, 200);
    Register half = register_node("b", "other");
    Check orphan;
    orphan.node = "b";
    orphan.id = "c";
    orphan.service_id = "missing";
    half.checks.push_back(orphan);
    EXPECT_EQ(evaluate(half, view, 1).status, 400);
    Register reserved = register_node("A", "third");
    Check alive;
    alive.node = "a";
    alive.id = serf_health_id;
    alive.status = Status::passing;
    Register living = register_node("a", "same");
    living.checks.push_back(alive);
    EXPECT_EQ(evaluate(living, view, 1).status, 200);
    const auto index_of_living = view.index();
    EXPECT_EQ(evaluate(reserved, view, 1).status, 400); // by a, which lives
    EXPECT_EQ(view.find<Node>("b"), nullptr);
    EXPECT_NE(view.find<Node>("a"), nullptr);
    EXPECT_EQ(view.index(), index_of_living);
    EXPECT_EQ(evaluate(register_node("b", "other"), view, 1).status, 200);
    EXPECT_EQ(view.index(), index_of_living + 1);
}

TEST(Commands, ANodeThatComesByAnotherNameIsRenamed) {
    World world;
    const auto node = [&](std::string_view name, std::string_view id, std::string_view more = "") {
        std::string body = R"({"Node":")";
        body.append(name).append(R"(","ID":")").append(id).append(R"(","Address":"10.0.0.2")").append(more).append("}");
        return world.call(http::Method::put, "/v1/catalog/register", body);
    };
    const std::string one = "aaaaaaaa-1111-4111-8111-111111111111", two = "bbbbbbbb-1111-4111-8111-111111111111";
    const std::string alive = R"(,"Check":{"CheckID":"serfHealth","Name":"Serf","Status":"passing"})";
    const std::string dead = R"(,"Check":{"CheckID":"serfHealth","Name":"Serf","Status":"critical"})";
    ASSERT_EQ(node("a", one, R"(,"Service":{"Service":"db"})").status, 200);
    ASSERT_EQ(node("b", one).status, 200);
    EXPECT_EQ(world.model.find<Node>("a"), nullptr);
    EXPECT_EQ(world.model.find<Node>("b")->id, one);
    EXPECT_EQ(world.call(http::Method::get, "/v1/catalog/service/db").json().size(), 0u); // went with its node

    ASSERT_EQ(node("c", two, alive).status, 200);
    const auto refused = node("C", one);
    EXPECT_NE(refused.status, 200);
    const std::string why = "Error while renaming Node ID: \"" + one + "\" (10.0.0.2): Node name C is reserved by node " + two + " with name c (10.0.0.2)";
    EXPECT_NE(refused.body.find(why), std::string::npos) << refused.body;
    EXPECT_NE(world.model.find<Node>("b"), nullptr);
    ASSERT_EQ(node("c", two, dead).status, 200);
    EXPECT_EQ(node("c", one).status, 200); // who is dead keeps no name
    EXPECT_EQ(world.model.find<Node>("c")->id, one);
    EXPECT_EQ(world.model.find<Node>("b"), nullptr);

    // One that never had an ID is given it by a new one, but keeps its name from a node that has another already.
    ASSERT_EQ(world.call(http::Method::put, "/v1/catalog/register", R"({"Node":"d","Address":"10.0.0.3")" + alive + "}").status, 200);
    EXPECT_NE(node("d", one).status, 200);
    EXPECT_EQ(node("d", two).status, 200);
    EXPECT_EQ(world.model.find<Node>("d")->id, two);
}

TEST(Commands, CommandsOfOneBatchSeeEachOther) {
    World world;
    View view(world.model);
    EXPECT_TRUE(evaluate(PutKey{"k", "1", 0, 0, LockStep::none, ""}, view, 1).done);
    EXPECT_FALSE(evaluate(PutKey{"k", "2", 0, 0, LockStep::none, ""}, view, 1).done); // exists by now
    EXPECT_TRUE(evaluate(DeleteTree{"k"}, view, 1).done);
    EXPECT_TRUE(evaluate(PutKey{"k", "3", 0, 0, LockStep::none, ""}, view, 1).done);
    EXPECT_EQ(view.find<KvEntry>("k")->value.view(), "3");
    EXPECT_EQ(view.with_prefix<KvEntry>("").size(), 1u);
}

TEST(Commands, DeregisteringANodeTakesEverythingOnIt) {
    World world;
    world.register_web("web1", 80, ttl);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1"})").body, "true");
    EXPECT_TRUE(world.model.table<Node>().empty());
    EXPECT_TRUE(world.model.table<Instance>().empty());
    EXPECT_TRUE(world.model.table<Check>().empty());
    EXPECT_TRUE(world.model.services().empty());
}

TEST(Commands, LongOutputIsCutBetweenCharacters) {
    World world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","OutputMaxSize":5})");
    world.put("/v1/agent/check/update/service:web1", "{\"Status\":\"passing\",\"Output\":\"abcd\xC3\xA9xyz\"}");
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "service:web1"))->output, "Captured 4 of 9 bytes\n...\nabcd");
}

} // namespace
} // namespace gravity::registry::test
