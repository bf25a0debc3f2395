// Sessions and the locks they hold: who gets a key, and what becomes of it when its holder goes.
#include "timekeeper.hpp"
#include "world.hpp"

#include <limits>

namespace gravity::registry::test {
namespace {

constexpr std::int64_t second = 1'000'000;

struct LockWorld : World {
    LockWorld() { register_web("web1", 80, R"(,"Check":{"CheckID":"alive","TTL":"10s","Status":"passing"})"); }

    std::string session(const std::string& more = {}) {
        const Answered answer = put("/v1/session/create", R"({"Checks":[])" + (more.empty() ? "" : "," + more) + "}");
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.at("/ID").as_string();
    }
    std::string acquire(const std::string& key, const std::string& id, const std::string& value = "v") {
        return put("/v1/kv/" + key + "?acquire=" + id, value).body;
    }
    std::string release(const std::string& key, const std::string& id) { return put("/v1/kv/" + key + "?release=" + id, "v").body; }
    Json holder(const std::string& key) { return get("/v1/kv/" + key).at("/0/Session"); }
};

TEST(Sessions, OneHoldsALockAndTheSequencerCounts) {
    LockWorld world;
    const std::string a = world.session();
    const std::string b = world.session();
    const auto lock_index = [&] { return world.get("/v1/kv/lock").at("/0/LockIndex"); };
    EXPECT_EQ(world.acquire("lock", a), "true");
    EXPECT_EQ(world.holder("lock"), Json(a));
    EXPECT_EQ(lock_index(), Json(1));
    EXPECT_EQ(world.acquire("lock", b), "false");
    EXPECT_EQ(world.acquire("lock", a, "again"), "true"); // the holder may, and it is not counted
    EXPECT_EQ(lock_index(), Json(1));
    EXPECT_EQ(world.put("/v1/kv/lock", "plain").body, "true"); // locks are advisory: a plain write changes the value and leaves the holder
    EXPECT_EQ(world.holder("lock"), Json(a));
    EXPECT_EQ(world.release("lock", b), "false");
    EXPECT_EQ(world.release("lock", a), "true");
    EXPECT_EQ(world.holder("lock"), Json());
    EXPECT_EQ(world.acquire("lock", b), "true"); // an explicit release has no delay
    EXPECT_EQ(lock_index(), Json(2));
    EXPECT_EQ(world.release("absent", a), "false");
}

TEST(Sessions, EndingOneReleasesItsKeysUnderALockDelay) {
    LockWorld world;
    const std::string a = world.session(R"("LockDelay":"20s")");
    const std::string b = world.session();
    world.acquire("lock", a);
    world.acquire("other", b);
    const auto before = world.get("/v1/kv/lock").index;
    EXPECT_EQ(world.put("/v1/session/destroy/" + a).body, "true");
    EXPECT_EQ(world.holder("lock"), Json());
    EXPECT_EQ(world.get("/v1/kv/lock?raw").body, "v");
    EXPECT_GT(world.get("/v1/kv/lock").index, before);
    EXPECT_EQ(world.holder("other"), Json(b));
    EXPECT_EQ(world.acquire("lock", b), "false");
    world.now_us += 20 * second - 1;
    EXPECT_EQ(world.acquire("lock", b), "false");
    world.now_us += 1;
    EXPECT_EQ(world.acquire("lock", b), "true");
    EXPECT_EQ(world.put("/v1/session/destroy/" + a).body, "true"); // one that is not there is no error
}

TEST(Sessions, ALockDelayIsKeptAndAClockSetBackDoesNotProlongIt) {
    LockWorld world;
    const std::string a = world.session(R"("LockDelay":"20s")");
    const std::string b = world.session();
    world.acquire("lock", a);
    world.put("/v1/session/destroy/" + a);
    Model after_restart;
    layout::load(world.store, after_restart);
    View view(after_restart);
    const PutKey acquire{"lock", "v", 0, std::nullopt, LockStep::acquire, b};
    EXPECT_FALSE(evaluate(acquire, view, world.now_us + 19 * second).done);
    EXPECT_TRUE(evaluate(acquire, view, world.now_us - 3600 * second).done);
    EXPECT_EQ(world.model.table<LockDelay>().size(), 1u);
    world.run(ReapLockDelays{});
    EXPECT_EQ(world.model.table<LockDelay>().size(), 1u);
    world.now_us += 20 * second;
    world.run(ReapLockDelays{});
    EXPECT_TRUE(world.model.table<LockDelay>().empty());
}

TEST(Sessions, WithBehaviorDeleteTheKeysGo) {
    LockWorld world;
    const std::string a = world.session(R"("Behavior":"delete","LockDelay":0)");
    world.acquire("service/leader", a);
    const auto index = world.get("/v1/kv/service/leader").index;
    world.put("/v1/session/destroy/" + a);
    EXPECT_EQ(world.get("/v1/kv/service/leader").status, 404);
    EXPECT_GT(world.get("/v1/kv/service/leader").index, index); // who waits for the leader to go is woken
    EXPECT_TRUE(world.touched.contains("kv:service/leader"));
    EXPECT_EQ(world.acquire("service/leader", world.session()), "true"); // no delay was asked for
}

TEST(Sessions, ACheckThatTurnsCriticalOrGoesEndsThem) {
    const std::pair<const char*, const char*> ways[] = {
        {"/v1/agent/check/fail/alive", ""},
        {"/v1/agent/check/deregister/alive", ""},
        {"/v1/agent/service/deregister/web1", ""},
        {"/v1/catalog/deregister", R"({"Node":"node1"})"},
        {"/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","Check":{"CheckID":"alive","Status":"critical"}})"},
    };
    for (const auto& [target, body] : ways) {
        LockWorld world;
        const World::Answered created = world.put("/v1/session/create", R"({"ServiceChecks":[{"ID":"alive"}],"NodeChecks":[],"LockDelay":0})");
        const std::string a = created.at("/ID").as_string();
        world.acquire("lock", a);
        world.put("/v1/agent/check/warn/alive"); // a warning is not yet the end
        EXPECT_EQ(world.holder("lock"), Json(a)) << target;
        EXPECT_EQ(world.put(target, body).status, 200) << target;
        EXPECT_EQ(world.get("/v1/session/info/" + a).body, "[]") << target;
        EXPECT_EQ(world.holder("lock"), Json()) << target;
        EXPECT_EQ(world.get("/v1/kv/lock").status, 200) << target;
    }
}

TEST(Sessions, ASessionOfARemovedNodeEnds) {
    LockWorld world;
    world.put("/v1/catalog/register", R"({"Node":"far","Address":"10.0.0.9"})");
    const std::string a = world.session(R"("Node":"far")");
    EXPECT_EQ(world.get("/v1/session/node/far").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/session/node/node1").body, "[]");
    world.put("/v1/catalog/deregister", R"({"Node":"far"})");
    EXPECT_EQ(world.get("/v1/session/list").body, "[]");
}

TEST(Sessions, AreShownAsTheyWereMade) {
    LockWorld world;
    const std::string body = R"({"Name":"n","lockdelay":"5s","ttl":"60s","behavior":"delete","node_checks":["alive"]})";
    const auto created = world.put("/v1/session/create", body);
    ASSERT_EQ(created.status, 200) << created.body;
    const std::string id = created.at("/ID").as_string();
    const auto info = world.get("/v1/session/info/" + id);
    EXPECT_EQ(info.at("/0/Name"), Json("n"));
    EXPECT_EQ(info.at("/0/Node"), Json("node1"));
    EXPECT_EQ(info.at("/0/LockDelay"), Json(std::int64_t{5'000'000'000}));
    EXPECT_EQ(info.at("/0/TTL"), Json("60s"));
    EXPECT_EQ(info.at("/0/Behavior"), Json("delete"));
    EXPECT_EQ(info.at("/0/NodeChecks"), Json::array({"alive"}));
    EXPECT_EQ(info.json().at_pointer("/0/Checks"), nullptr);
    EXPECT_EQ(world.put("/v1/session/renew/" + id).at("/0/ID"), Json(id));
    EXPECT_EQ(world.put("/v1/session/renew/unknown").status, 404);
    EXPECT_EQ(world.get("/v1/session/info/unknown").body, "[]");
    // A bare number below a thousand means seconds; nanoseconds above. Absent it is 15 seconds.
    const auto delay_of = [&](const std::string& more) { return world.get("/v1/session/info/" + world.session(more)).at("/0/LockDelay"); };
    EXPECT_EQ(delay_of(R"("LockDelay":7)"), Json(std::int64_t{7'000'000'000}));
    EXPECT_EQ(delay_of(R"("LockDelay":3000000000)"), Json(std::int64_t{3'000'000'000}));
    EXPECT_EQ(delay_of(""), Json(std::int64_t{15'000'000'000}));
}

TEST(Sessions, AreRefusedInConsulsWords) {
    LockWorld world;
    world.put("/v1/agent/check/register", R"({"Name":"sick","TTL":"10s"})");
    const std::pair<const char*, const char*> cases[] = {
        {R"({"TTL":"5s"})", "Invalid Session TTL '5s', must be between"},
        {R"({"TTL":"25h"})", "Invalid Session TTL"},
        {R"({"TTL":"soon"})", "Session TTL 'soon' invalid"},
        {R"({"Behavior":"keep"})", "Invalid session behavior: keep"},
        {R"({"Node":"nowhere","Checks":[]})", "Missing node registration"},
        {R"({"Checks":["nothing"]})", "Missing check 'nothing' registration"},
        {R"({"NodeChecks":["sick"]})", "Check 'sick' is in critical state"},
        {R"({})", "Missing check 'serfHealth' registration"}, // the default; a daemon has one for its own node
        {R"([])", "must be an object"},
    };
    for (const auto& [body, text] : cases) {
        const auto answer = world.put("/v1/session/create", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_NE(answer.body.find(text), std::string::npos) << body << " -> " << answer.body;
    }
    EXPECT_EQ(world.put("/v1/session/destroy/").status, 400);
    EXPECT_EQ(world.put("/v1/kv/k?acquire=", "v").status, 400);
    EXPECT_TRUE(world.model.table<Session>().empty());
}

TEST(Sessions, SurviveARestartWithTheirLocks) {
    LockWorld world;
    const std::string a = world.session();
    world.acquire("lock", a);
    Model after_restart;
    layout::load(world.store, after_restart);
    EXPECT_NE(after_restart.find<Session>(a), nullptr);
    EXPECT_EQ(after_restart.keys_of_session(a).count("lock"), 1u);
}

TEST(Sessions, ATtlIsALowerBoundAndRenewingBeginsItAnew) {
    Session session;
    session.id = "s";
    session.ttl_us = 10 * second;
    Timekeeper keeper;
    keeper.on_change(ChangeOf<Session>{"s", std::make_shared<const Session>(session), 2}, 0, 0);
    EXPECT_GE(keeper.next(), 10 * second);
    EXPECT_LE(keeper.next(), 20 * second);
    keeper.renew_session("s", 9 * second);
    EXPECT_TRUE(keeper.due(19 * second).empty());
    const auto due = keeper.due(29 * second);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(std::get<EndSession>(due[0]).id, "s");
    keeper.on_change(ChangeOf<Session>{"s", nullptr, 3}, 30 * second, 0);
    EXPECT_EQ(keeper.next(), std::numeric_limits<std::int64_t>::max());
}

TEST(Kv, AWriteOfWhatIsAlreadySoWakesNobody) {
    World world;
    world.put("/v1/kv/k?flags=7", "v");
    const auto index = world.model.index();
    EXPECT_EQ(world.put("/v1/kv/k?flags=7", "v").body, "true");
    EXPECT_EQ(world.model.index(), index);
    EXPECT_EQ(world.put("/v1/kv/k?flags=8", "v").body, "true");
    EXPECT_EQ(world.model.index(), index + 1);
    EXPECT_EQ(world.del("/v1/kv/k?cas=0").body, "false"); // as Consul: 0 deletes nothing
    EXPECT_EQ(world.get("/v1/kv/k").at("/0/Flags"), Json(8));
    world.put("/v1/kv/k?flags=18446744073709551615", "v");
    EXPECT_NE(world.get("/v1/kv/k").body.find("\"Flags\":18446744073709551615"), std::string::npos);
}

} // namespace
} // namespace gravity::registry::test
