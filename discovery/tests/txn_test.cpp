// Transactions: all or none, each operation seeing those before it.
#include "api_input.hpp"
#include "world.hpp"

namespace gravity::registry::test {
namespace {

TEST(Txn, WritesAreOneStepWithOneIndex) {
    World world;
    const auto answer = world.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"a","Value":"eA==","Flags":16210313421097356768}},
                                                 {"KV":{"Verb":"set","Key":"b"}},
                                                 {"KV":{"Verb":"get","Key":"a"}},
                                                 {"KV":{"Verb":"get-or-empty","Key":"c"}}])");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.body.find("\"Errors\":null"), std::string::npos);
    EXPECT_NE(answer.body.find("\"Flags\":16210313421097356768"), std::string::npos);
    EXPECT_EQ(world.get("/v1/kv/a?raw").body, "x");
    EXPECT_EQ(world.model.find<KvEntry>("a")->modify_index, world.model.find<KvEntry>("b")->modify_index);
}

TEST(Txn, OneThatFailsUndoesAll) {
    World world;
    world.put("/v1/kv/there", "old");
    const auto index = world.model.index();
    const auto answer = world.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"there","Value":"bmV3"}},
                                                 {"KV":{"Verb":"check-not-exists","Key":"there"}},
                                                 {"KV":{"Verb":"get","Key":"absent"}}])");
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.at("/Errors/0/OpIndex"), Json(1));
    EXPECT_EQ(answer.at("/Errors/0/What"), Json("key \"there\" exists"));
    EXPECT_EQ(answer.at("/Errors/1/OpIndex"), Json(2));
    EXPECT_EQ(answer.at("/Results"), Json());
    EXPECT_EQ(world.get("/v1/kv/there?raw").body, "old");
    EXPECT_EQ(world.model.index(), index);
}

TEST(Txn, EachKeyVerbDoesWhatItSays) {
    World world;
    world.register_web("web1", 80);
    const std::string session = world.put("/v1/session/create", R"({"Checks":[],"LockDelay":"10s"})").at("/ID").as_string();
    const auto what = [&](const std::string& operation) {
        const auto answer = world.put("/v1/txn", "[{\"KV\":" + operation + "}]");
        return answer.status == 200 ? std::string("ok") : answer.status == 409 ? answer.at("/Errors/0/What").as_string()
                                                                               : answer.body;
    };
    const auto index = [&](const std::string& key) { return std::to_string(world.model.find<KvEntry>(key)->modify_index); };
    EXPECT_EQ(what(R"({"Verb":"cas","Key":"k","Value":"MQ==","Index":0})"), "ok");
    EXPECT_EQ(what(R"({"Verb":"cas","Key":"k","Value":"Mg==","Index":0})"), "failed to set key \"k\", index is stale");
    EXPECT_EQ(what(R"({"Verb":"check-index","Key":"k","Index":)" + index("k") + "}"), "ok");
    EXPECT_NE(what(R"({"Verb":"check-index","Key":"k","Index":1})").find("failed index check for key \"k\""), std::string::npos);
    EXPECT_NE(what(R"({"Verb":"check-index","Key":"no","Index":1})").find("doesn't exist"), std::string::npos);
    EXPECT_EQ(what(R"({"Verb":"lock","Key":"k","Session":")" + session + "\"}"), "ok");
    EXPECT_EQ(what(R"({"Verb":"check-session","Key":"k","Session":")" + session + "\"}"), "ok");
    EXPECT_NE(what(R"({"Verb":"check-session","Key":"k","Session":"x"})").find("failed session check"), std::string::npos);
    EXPECT_NE(what(R"({"Verb":"lock","Key":"k","Session":"x"})").find("invalid session"), std::string::npos);
    EXPECT_EQ(what(R"({"Verb":"lock","Key":"k"})"), "missing session");
    EXPECT_EQ(what(R"({"Verb":"unlock","Key":"k"})"), "missing session");
    const std::string other = world.put("/v1/session/create", R"({"Checks":[]})").at("/ID").as_string();
    EXPECT_EQ(what(R"({"Verb":"lock","Key":"k","Session":")" + other + "\"}"), "failed to lock key \"k\", lock is already held");
    EXPECT_NE(what(R"({"Verb":"unlock","Key":"k","Session":")" + other + "\"}").find("held by another session"), std::string::npos);
    EXPECT_EQ(what(R"({"Verb":"unlock","Key":"k","Session":")" + session + "\"}"), "ok");
    EXPECT_EQ(what(R"({"Verb":"delete-cas","Key":"k","Index":1})"), "failed to delete key \"k\", index is stale");
    EXPECT_EQ(what(R"({"Verb":"delete-cas","Key":"k","Index":)" + index("k") + "}"), "ok");
    EXPECT_EQ(what(R"({"Verb":"get","Key":"k"})"), "key \"k\" doesn't exist");
    EXPECT_EQ(what(R"({"Verb":"set","Key":"t/1"})"), "ok");
    EXPECT_EQ(what(R"({"Verb":"set","Key":"t/2"})"), "ok");
    EXPECT_EQ(world.put("/v1/txn", R"([{"KV":{"Verb":"get-tree","Key":"t/"}}])").at("/Results").size(), 2u);
    EXPECT_EQ(what(R"({"Verb":"delete-tree","Key":"t/"})"), "ok");
    EXPECT_EQ(what(R"({"Verb":"check-not-exists","Key":"t/1"})"), "ok");
    // Within one transaction a session that ends is ended for what follows, and its lock-delay is kept.
    EXPECT_EQ(what(R"({"Verb":"lock","Key":"d","Session":")" + session + "\"}"), "ok");
    world.put("/v1/session/destroy/" + session);
    EXPECT_EQ(what(R"({"Verb":"lock","Key":"d","Session":")" + other + "\"}"), "failed to lock key \"d\" due to lock delay");
}

TEST(Txn, NodesServicesAndChecks) {
    World world;
    const auto answer = world.put("/v1/txn", R"([
        {"Node":{"Verb":"set","Node":{"Node":"n","Address":"10.0.0.7"}}},
        {"Service":{"Verb":"set","Node":"n","Service":{"ID":"s1","Service":"s","Port":7,"Weights":{"Passing":0,"Warning":0}}}},
        {"Check":{"Verb":"set","Check":{"Node":"n","CheckID":"c","ServiceID":"s1","Status":"passing"}}},
        {"Node":{"Verb":"get","Node":{"Node":"n"}}},
        {"Service":{"Verb":"get","Node":"n","Service":{"ID":"s1"}}},
        {"Check":{"Verb":"get","Check":{"Node":"n","CheckID":"c"}}}])");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.at("/Results").size(), 6u);
    EXPECT_EQ(answer.at("/Results/1/Service/Port"), Json(7));
    EXPECT_EQ(answer.at("/Results/5/Check/ServiceName"), Json("s"));
    EXPECT_EQ(world.get("/v1/health/service/s?passing").json().size(), 1u);

    const auto what = [&](const std::string& operation) {
        const auto failed = world.put("/v1/txn", "[" + operation + "]");
        return failed.status == 200 ? std::string("ok") : failed.at("/Errors/0/What").as_string();
    };
    EXPECT_EQ(what(R"({"Service":{"Verb":"set","Node":"nowhere","Service":{"Service":"s"}}})"), "Missing node registration");
    EXPECT_EQ(what(R"({"Check":{"Verb":"set","Check":{"Node":"n","CheckID":"c2","ServiceID":"zzz"}}})"), "ServiceID \"zzz\" does not exist");
    EXPECT_EQ(what(R"({"Service":{"Verb":"cas","Node":"n","Service":{"ID":"s1","Service":"s","ModifyIndex":1}}})"),
              "failed to set service \"s1\" on node \"n\", index is stale");
    EXPECT_EQ(what(R"({"Check":{"Verb":"delete-cas","Check":{"Node":"n","CheckID":"c","ModifyIndex":1}}})"),
              "failed to delete check \"c\" on node \"n\", index is stale");
    EXPECT_EQ(what(R"({"Service":{"Verb":"delete","Node":"n","Service":{"ID":"s1"}}})"), "ok");
    EXPECT_EQ(world.model.find<Check>(key_of("n", "c")), nullptr); // went with its service
    EXPECT_EQ(what(R"({"Node":{"Verb":"delete","Node":{"Node":"n"}}})"), "ok");
    EXPECT_EQ(what(R"({"Node":{"Verb":"get","Node":{"Node":"n"}}})"), "node \"n\" doesn't exist");
}

TEST(Txn, BadOnesAreRefusedBeforeAnythingHappens) {
    World world;
    const auto many = [] {
        std::string body = "[";
        for (int i = 0; i < 129; ++i) body += std::string(i == 0 ? "" : ",") + R"({"KV":{"Verb":"set","Key":"k"}})";
        return body + "]";
    };
    const std::tuple<std::string, int, std::string> cases[] = {
        {"{}", 400, "must be an array"},
        {"[", 400, "Failed to parse body"},
        {"[7]", 400, "must be an object"},
        {"[{}]", 400, "no operation specified"},
        {R"([{"KV":{"Verb":"twist","Key":"k"}}])", 400, "unknown KV verb \"twist\""},
        {R"([{"Node":{"Verb":"lock","Node":{"Node":"n"}}}])", 400, "unknown Node verb"},
        {R"([{"KV":{"Verb":"set"}}])", 400, "Must provide key"},
        {R"([{"KV":{"Verb":"set","Key":"k","Value":"%"}}])", 400, "not base64"},
        {R"([{"KV":{"Verb":"set","Key":"k","Flags":-1}}])", 400, "/KV/Flags"},
        {R"([{"KV":{"Verb":"set","Key":"k","Flags":99999999999999999999}}])", 400, "/KV/Flags"},
        {many(), 413, "too many operations (129 > 128)"},
    };
    for (const auto& [body, status, text] : cases) {
        const auto answer = world.put("/v1/txn", body);
        EXPECT_EQ(answer.status, status) << body;
        EXPECT_NE(answer.body.find(text), std::string::npos) << body << " -> " << answer.body;
    }
    EXPECT_TRUE(world.model.table<KvEntry>().empty());
}

TEST(Txn, LargeIntegersAreQuotedOutsideOfTextsOnly) {
    using api::with_large_integers_quoted;
    EXPECT_EQ(with_large_integers_quoted(R"({"a":18446744073709551615,"b":5})"), R"({"a":"18446744073709551615","b":5})");
    EXPECT_EQ(with_large_integers_quoted(R"(["18446744073709551615","\"18446744073709551615"])"), R"(["18446744073709551615","\"18446744073709551615"])");
    EXPECT_EQ(with_large_integers_quoted("[-9223372036854775808,1.8446744073709551615,1e9999999999999999999]"),
              "[-9223372036854775808,1.8446744073709551615,1e9999999999999999999]");
    EXPECT_EQ(with_large_integers_quoted("\"\\"), "\"\\");
}

} // namespace
} // namespace gravity::registry::test
