// Kinds of checks: what is taken and what is refused, and alias checks, which look at nothing but the catalog.
#include "world.hpp"

namespace gravity::registry::test {
namespace {

World::Answered register_check(World& world, const std::string& members) {
    return world.put("/v1/agent/check/register", R"({"Name":"c",)" + members + "}");
}
CheckDefinition definition(World& world) {
    const Check* check = world.model.find<Check>(key_of("node1", "c"));
    EXPECT_NE(check, nullptr);
    return check == nullptr ? CheckDefinition() : check->definition;
}

TEST(Checks, EveryTypeIsTakenWithWhatItNeeds) {
    World world;
    world.agent.scripts = Scripts::all;
    const auto take = [&](const std::string& members) {
        const auto answer = register_check(world, members);
        EXPECT_EQ(answer.status, 200) << members << ": " << answer.body;
        return definition(world);
    };
    EXPECT_EQ(take(R"("UDP":"127.0.0.1:53","Interval":"1s")").type, CheckType::udp);
    EXPECT_EQ(take(R"("GRPC":"127.0.0.1:1/web","Interval":"1s")").target, "127.0.0.1:1/web");
    EXPECT_FALSE(definition(world).use_tls.value_or(false));
    EXPECT_EQ(take(R"("GRPC":"h:1","GRPCUseTLS":true,"TLSServerName":"x","TLSSkipVerify":true,"Interval":"1s")").tls_server_name, "x");
    EXPECT_TRUE(take(R"("H2PING":"h:1","Interval":"1s")").use_tls.value_or(false));
    EXPECT_FALSE(take(R"("H2PING":"h:1","H2PingUseTLS":false,"Interval":"1s")").use_tls.value_or(false));
    EXPECT_TRUE(take(R"("TCP":"h:1","TCPUseTLS":true,"Interval":"1s")").use_tls.value_or(false));
    EXPECT_TRUE(take(R"("HTTP":"http://h/","DisableRedirects":true,"Interval":"1s")").disable_redirects.value_or(false));
    EXPECT_EQ(take(R"("Args":["sh","-c","true"],"Interval":"1s")").timeout_us, 30'000'000);
    EXPECT_EQ(take(R"("ScriptArgs":["true"],"Interval":"1s","Timeout":"2s")").timeout_us, 2'000'000);
    EXPECT_EQ(take(R"("AliasNode":"other")").alias_of->node, "other");
    EXPECT_EQ(take(R"("AliasService":"web")").alias_of->node, "node1");
}

TEST(Checks, WhatDoesNotFitIsRefused) {
    World world;
    for (const char* members : {R"("UDP":"127.0.0.1","Interval":"1s")", R"("GRPC":"127.0.0.1/web","Interval":"1s")", R"("H2PING":"h:0","Interval":"1s")",
                                R"("UDP":"h:1")", R"("GRPC":"h:1","TTL":"1s")", R"("UDP":"h:1","TCP":"h:1","Interval":"1s")",
                                R"("AliasService":"web","Interval":"1s")", R"("AliasNode":"n","TTL":"1s")", R"("DockerContainerID":"x","Interval":"1s")",
                                R"("OSService":"cron","Interval":"1s")", R"("Script":"true","Interval":"1s")", R"("Args":["true"],"Interval":"1s")"})
        EXPECT_EQ(register_check(world, members).status, 400) << members;
    EXPECT_NE(register_check(world, R"("Args":["true"],"Interval":"1s")").body.find("disabled"), std::string::npos);
    world.agent.scripts = Scripts::configured; // not those that come by the API
    EXPECT_EQ(register_check(world, R"("Args":["true"],"Interval":"1s")").status, 400);
    world.agent.scripts = Scripts::all;
    EXPECT_EQ(register_check(world, R"("Args":[""],"Interval":"1s")").status, 400);
}

TEST(Checks, TheirDefinitionIsShown) {
    World world;
    register_check(world, R"("GRPC":"h:1/web","GRPCUseTLS":true,"Interval":"5s")");
    EXPECT_EQ(world.get("/v1/agent/checks").at("/c/Type"), Json("grpc"));
    EXPECT_EQ(world.get("/v1/agent/checks").at("/c/Definition/GRPC"), Json("h:1/web"));
    EXPECT_EQ(world.get("/v1/agent/checks").at("/c/Definition/GRPCUseTLS"), Json(true));
    register_check(world, R"("AliasService":"web")");
    EXPECT_EQ(world.get("/v1/agent/checks").at("/c/Definition/AliasService"), Json("web"));
}

struct AliasWorld : World {
    AliasWorld() {
        register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
        put("/v1/agent/service/register", R"({"Name":"proxy","Check":{"CheckID":"alias","AliasService":"web1"}})");
    }
    std::string status(const std::string& check = "alias") const {
        const Check* found = model.find<Check>(key_of("node1", check));
        return found == nullptr ? "none" : std::string(meta::enum_name(found->status));
    }
    std::string output() const { return model.find<Check>(key_of("node1", "alias"))->output; }
};

TEST(AliasChecks, FollowTheirServiceInTheSameCommit) {
    AliasWorld world;
    EXPECT_EQ(world.status(), "passing");
    EXPECT_EQ(world.output(), "All checks passing.");
    world.put("/v1/agent/check/warn/service:web1?note=slow");
    EXPECT_EQ(world.status(), "warning");
    EXPECT_EQ(world.output(), "Aliased check \"Service 'web' check\" failing: slow");
    const auto index = world.model.index();
    world.put("/v1/agent/check/fail/service:web1");
    EXPECT_EQ(world.status(), "critical");
    EXPECT_EQ(world.model.index(), index + 1);
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "alias"))->modify_index, index + 1);
    EXPECT_TRUE(world.touched.contains(watch::service("proxy")));
    world.put("/v1/agent/check/pass/service:web1");
    EXPECT_EQ(world.status(), "passing");
}

TEST(AliasChecks, SeeTheirServiceComeAndGo) {
    AliasWorld world;
    world.put("/v1/agent/service/deregister/web1");
    EXPECT_EQ(world.status(), "critical");
    EXPECT_EQ(world.output(), "Service web1 could not be found on node node1");
    world.put("/v1/agent/service/register", R"({"Name":"web","ID":"web1"})");
    EXPECT_EQ(world.status(), "passing");
    EXPECT_EQ(world.output(), "No checks found.");
    world.put("/v1/agent/maintenance?enable=true");
    EXPECT_EQ(world.status(), "critical");
}

TEST(AliasChecks, OfANodeFollowItsChecks) {
    AliasWorld world;
    world.put("/v1/agent/check/register", R"({"Name":"other","AliasNode":"far"})");
    EXPECT_EQ(world.status("other"), "critical");
    world.put("/v1/catalog/register", R"({"Node":"far","Address":"10.0.0.9","Check":{"CheckID":"alive","Status":"passing"}})");
    EXPECT_EQ(world.status("other"), "passing");
    world.put("/v1/catalog/register", R"({"Node":"far","Address":"10.0.0.9","Check":{"CheckID":"alive","Status":"critical"}})");
    EXPECT_EQ(world.status("other"), "critical");
    world.put("/v1/catalog/deregister", R"({"Node":"far"})");
    EXPECT_EQ(world.status("other"), "critical");
}

TEST(AliasChecks, OfAliasesFollowAndARingOfThemStops) {
    AliasWorld world;
    world.put("/v1/agent/service/register", R"({"Name":"edge","Check":{"CheckID":"second","AliasService":"proxy"}})");
    EXPECT_EQ(world.status("second"), "passing");
    world.put("/v1/agent/check/fail/service:web1");
    EXPECT_EQ(world.status("second"), "critical");
    world.put("/v1/agent/check/pass/service:web1");
    EXPECT_EQ(world.status("second"), "passing");
    world.put("/v1/agent/check/register", R"({"CheckID":"ring","Name":"ring","ServiceID":"web1","AliasService":"edge"})");
    EXPECT_EQ(world.status("ring"), "passing");
    EXPECT_EQ(world.put("/v1/agent/check/fail/service:web1").status, 200);
    EXPECT_EQ(world.status("ring"), "critical");
}

TEST(AliasChecks, ARestartKnowsThem) {
    AliasWorld world;
    Model again;
    layout::load(world.store, again);
    world.model = std::move(again);
    world.put("/v1/agent/check/fail/service:web1");
    EXPECT_EQ(world.status(), "critical");
}

} // namespace
} // namespace gravity::registry::test
