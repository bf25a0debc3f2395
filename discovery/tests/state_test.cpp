// Events, prepared queries, snapshots, and what the daemon tells about itself.
#include "dns_zone.hpp"
#include "snapshot.hpp"
#include "world.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::registry::test {
namespace {

TEST(Events, AreListedInTheirOrderAndTheLastOfThemKept) {
    World world;
    EXPECT_EQ(world.get("/v1/event/list").body, "[]");
    EXPECT_EQ(world.get("/v1/event/list").index, 1);
    const auto fired = world.put("/v1/event/fire/deploy?service=web", "v2");
    ASSERT_EQ(fired.status, 200) << fired.body;
    EXPECT_EQ(fired.at("/Payload"), Json("djI="));
    EXPECT_EQ(fired.at("/ServiceFilter"), Json("web"));
    EXPECT_EQ(fired.at("/LTime"), Json(1));
    const auto first = world.get("/v1/event/list").index;
    EXPECT_NE(first, 1);
    for (int i = 0; i < 300; ++i) world.put("/v1/event/fire/tick");
    EXPECT_EQ(world.get("/v1/event/list").json().size(), 256u);
    EXPECT_EQ(world.get("/v1/event/list?name=deploy").body, "[]");
    EXPECT_EQ(world.get("/v1/event/list").at("/255/LTime"), Json(301));
    EXPECT_EQ(world.get("/v1/event/list").at("/255/Payload"), Json());
    EXPECT_NE(world.get("/v1/event/list").index, first);
    EXPECT_EQ(world.put("/v1/event/fire/").status, 400);
    EXPECT_EQ(world.put("/v1/event/fire/x?node=(").status, 400);
    EXPECT_EQ(world.put("/v1/event/fire/x?tag=a").status, 400);
}

TEST(Events, TheIndexIsMadeOfTheIdAsClientsMakeIt) {
    World world;
    Event event;
    event.id = "f1b0d3a4-0000-0000-0000-00000000000f";
    event.name = "x";
    world.run(FireEvent{event});
    EXPECT_EQ(static_cast<std::uint64_t>(world.get("/v1/event/list").index), 0xF1B0D3A400000000ULL ^ 0xFULL);
}

struct QueryWorld : World {
    QueryWorld() {
        instance("a", "10.0.0.1", R"(["primary","v1"])", "passing", R"({"rack":"1"})");
        instance("b", "10.0.0.2", R"(["replica"])", "warning", R"({"rack":"2"})");
        instance("c", "10.0.0.3", R"(["primary"])", "critical", "{}");
    }
    void instance(const std::string& node, const std::string& address, const std::string& tags, const std::string& status, const std::string& meta) {
        const auto answer = put("/v1/catalog/register", R"({"Node":")" + node + R"(","Address":")" + address + R"(","NodeMeta":)" + meta +
                                                            R"(,"Service":{"Service":"db","Port":5432,"Tags":)" + tags + R"(},"Check":{"CheckID":"c-)" +
                                                            node + R"(","ServiceID":"db","Status":")" + status + R"("}})");
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
    std::string query(const std::string& body) {
        const auto answer = post("/v1/query", body);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.status == 200 ? answer.at("/ID").as_string() : std::string();
    }
    std::string nodes(const std::string& name) {
        const Answered answer = get("/v1/query/" + name + "/execute");
        if (answer.status != 200) return std::to_string(answer.status);
        std::vector<std::string> names;
        const Json entries = answer.at("/Nodes");
        for (const Json& entry : entries.as_array()) names.push_back(entry.at_pointer("/Node/Node")->as_string());
        std::sort(names.begin(), names.end());
        std::string text;
        for (const std::string& one : names) text += one;
        return text;
    }
};

TEST(Queries, AreKeptAsTheyWereSentAndFoundByIdAndName) {
    QueryWorld world;
    const std::string id = world.query(R"({"Name":"My-DB","Service":{"Service":"db","Tags":["primary"]},"DNS":{"TTL":"10s"}})");
    EXPECT_EQ(world.get("/v1/query/" + id).at("/0/Name"), Json("My-DB"));
    EXPECT_EQ(world.get("/v1/query/" + id).at("/0/Service/NodeMeta"), Json()); // what was not said is not there
    EXPECT_EQ(world.get("/v1/query").json().size(), 1u);
    EXPECT_EQ(world.nodes(id), "a");
    EXPECT_EQ(world.nodes("my-db"), "a");
    EXPECT_EQ(world.get("/v1/query/my-db/execute").at("/DNS/TTL"), Json("10s"));
    EXPECT_EQ(world.put("/v1/query/" + id, R"({"Name":"other","Service":{"Service":"db"}})").status, 200);
    EXPECT_EQ(world.nodes("other"), "ab");
    EXPECT_EQ(world.nodes("my-db"), "404");
    EXPECT_EQ(world.get("/v1/query/other/execute?limit=1").at("/Nodes").size(), 1u);
    EXPECT_EQ(world.del("/v1/query/" + id).status, 200);
    EXPECT_EQ(world.get("/v1/query/" + id).status, 404);
    EXPECT_EQ(world.del("/v1/query/" + id).status, 404);
    EXPECT_EQ(world.put("/v1/query/" + id, R"({"Name":"x","Service":{"Service":"db"}})").status, 404);
}

TEST(Queries, ConditionsChooseInstances) {
    QueryWorld world;
    const auto result = [&](const std::string& service) {
        const std::string id = world.query(R"({"Name":"q","Service":{"Service":"db")" + service + "}}");
        const std::string nodes = world.nodes("q");
        world.del("/v1/query/" + id);
        return nodes;
    };
    EXPECT_EQ(result(""), "ab");
    EXPECT_EQ(result(R"(,"OnlyPassing":true)"), "a");
    EXPECT_EQ(result(R"(,"Tags":["!primary"])"), "b");
    EXPECT_EQ(result(R"(,"NodeMeta":{"rack":"2"})"), "b");
    EXPECT_EQ(result(R"(,"NodeMeta":{"rack":"9"})"), "");
    EXPECT_EQ(result(R"(,"IgnoreCheckIDs":["c-c"])"), "abc");
}

TEST(Queries, TemplatesAnswerForEveryNameWithTheirPrefix) {
    QueryWorld world;
    world.query(R"({"Name":"","Template":{"Type":"name_prefix_match"},"Service":{"Service":"${name.full}"}})");
    world.query(R"({"Name":"geo-","Template":{"Type":"name_prefix_match","Regexp":"^geo-(.*?)-([^\\-]+)$","RemoveEmptyTags":true},
                    "Service":{"Service":"${match(1)}","Tags":["${match(2)}","${match(3)}"]}})");
    EXPECT_EQ(world.nodes("db"), "ab");
    EXPECT_EQ(world.nodes("geo-db-primary"), "a"); // the longest prefix
    EXPECT_EQ(world.get("/v1/query/geo-db-replica/explain").at("/Query/Service/Tags"), Json::array({"replica"}));
    EXPECT_EQ(world.nodes("nothing"), "");
}

TEST(Queries, AreRefusedInConsulsWords) {
    QueryWorld world;
    world.query(R"({"Name":"taken","Service":{"Service":"db"}})");
    const std::pair<const char*, const char*> cases[] = {
        {R"({"Service":{"Service":"db"}})", "Must be bound to a session"},
        {R"({"Name":"x"})", "Must provide a Service name"},
        {R"({"Name":"taken","Service":{"Service":"db"}})", "aliases an existing query name"},
        {R"({"Name":"x","Session":"none","Service":{"Service":"db"}})", "invalid session"},
        {R"({"Name":"x","Service":{"Service":"db","Failover":{"NearestN":-1}}})", "Bad NearestN"},
        {R"({"Name":"x","Service":{"Service":"db"},"DNS":{"TTL":"soon"}})", "Bad DNS TTL"},
        {R"({"Name":"x","Template":{"Type":"magic"},"Service":{"Service":"db"}})", "Bad Template.Type"},
        {R"({"Name":"x","Template":{"Type":"name_prefix_match","Regexp":"("},"Service":{"Service":"db"}})", "Bad Regexp"},
        {R"({"Name":"x","Template":{"Type":"name_prefix_match"},"Service":{"Service":"${nope}"}})", "unknown variable"},
        {R"({"Name":"x","Template":{"Type":"name_prefix_match"},"Service":{"Service":"${name.full"}})", "unknown variable"},
    };
    for (const auto& [body, text] : cases) {
        const auto answer = world.post("/v1/query", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_NE(answer.body.find(text), std::string::npos) << body << " -> " << answer.body;
    }
}

TEST(Queries, GoWithTheirSession) {
    QueryWorld world;
    const std::string session = world.put("/v1/session/create", R"({"Node":"a","Checks":[]})").at("/ID").as_string();
    world.query(R"({"Session":")" + session + R"(","Service":{"Service":"db"}})");
    world.put("/v1/session/destroy/" + session);
    EXPECT_EQ(world.get("/v1/query").body, "[]");
}

TEST(Queries, AnswerByDns) {
    QueryWorld world;
    world.query(R"({"Name":"my.db","Service":{"Service":"db","Tags":["primary"]},"DNS":{"TTL":"7s"}})");
    dns::Zone zone(world.model, {.node = "a"});
    dns::Query query;
    query.name = dns::name_of("My.DB.query.dc1.consul");
    query.class_ = dns::class_in;
    query.type = static_cast<std::uint16_t>(dns::Type::srv);
    const dns::Answer answer = zone.answer(query);
    ASSERT_EQ(answer.answers.size(), 1u);
    EXPECT_EQ(answer.answers[0].ttl, 7u);
    query.name = dns::name_of("none.query.consul");
    EXPECT_EQ(zone.answer(query).code, dns::Code::name_error);
}

TEST(Snapshots, GiveTheSameAnswersElsewhere) {
    QueryWorld world;
    const std::string session = world.put("/v1/session/create", R"({"Node":"a","Checks":[]})").at("/ID").as_string();
    world.put("/v1/kv/lock?acquire=" + session, std::string("binary \0 value", 14));
    world.query(R"({"Name":"q","Service":{"Service":"db"}})");
    world.put("/v1/event/fire/deploy");
    world.run(PutSetting{"node_id", "of this daemon"});
    const std::string file = world.get("/v1/snapshot").body;

    World other;
    other.run(PutSetting{"node_id", "of the other"});
    other.put("/v1/kv/gone", "x");
    other.register_web("gone", 1);
    const auto index = other.model.index();
    EXPECT_EQ(other.put("/v1/snapshot", file).status, 200);
    EXPECT_GT(other.model.index(), index);
    EXPECT_EQ(other.get("/v1/kv/?keys").body, R"(["lock"])");
    EXPECT_EQ(other.get("/v1/kv/lock?raw").body, world.get("/v1/kv/lock?raw").body);
    EXPECT_EQ(other.get("/v1/kv/lock").at("/0/Session"), Json(session));
    EXPECT_EQ(other.model.keys_of_session(session).size(), 1u);
    EXPECT_EQ(other.get("/v1/catalog/services").body, world.get("/v1/catalog/services").body);
    EXPECT_EQ(other.get("/v1/health/service/db?passing").json().size(), 1u);
    EXPECT_EQ(other.get("/v1/query/q/execute").at("/Nodes").size(), 2u);
    EXPECT_EQ(other.get("/v1/event/list").json().size(), 1u);
    EXPECT_EQ(other.model.find<Setting>("node_id")->value, "of the other");
    EXPECT_TRUE(other.touched.contains("service:web")); // who watches what is gone is woken
    EXPECT_TRUE(other.touched.contains("kv:gone"));
    EXPECT_EQ(other.get("/v1/kv/gone").index, other.model.index());
    Model after_restart;
    layout::load(other.store, after_restart);
    EXPECT_EQ(after_restart.table<KvEntry>().size(), 1u);
    EXPECT_GE(after_restart.index(), other.model.find<KvEntry>("lock")->modify_index);
}

TEST(Snapshots, WhatIsDamagedIsRefusedWhole) {
    World world;
    world.put("/v1/kv/k", "value");
    const std::string file = write_snapshot(world.model);
    for (std::size_t size = 0; size < file.size(); ++size) EXPECT_EQ(world.put("/v1/snapshot", file.substr(0, size)).status, 400) << size;
    for (std::size_t at = 0; at < file.size(); ++at) {
        std::string damaged = file;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_EQ(world.put("/v1/snapshot", damaged).status, 400) << at;
    }
    EXPECT_EQ(world.put("/v1/snapshot", "something else").status, 400);
    EXPECT_EQ(world.get("/v1/kv/k?raw").body, "value");
}

/// A file as whoever can count a digest makes it.
std::string snapshot_of(const std::vector<std::pair<std::string, std::string>>& rows) {
    const std::string empty = write_snapshot(Model());
    std::string file = empty.substr(0, empty.find('\n') + 1);
    for (const auto& [key, value] : rows) {
        for (const std::string& text : {key, value}) {
            for (const int shift : {24, 16, 8, 0}) file += static_cast<char>(text.size() >> shift);
            file += text;
        }
    }
    return file + sha256(file);
}

// An instance without its node ended the daemon with the next look at it, and with each after a restart.
TEST(Snapshots, WhatDoesNotHoldTogetherIsRefused) {
    using Pair = std::pair<std::string, std::string>;
    Node node;
    node.name = "a";
    const Pair a{"n/a", json::encode(node)};
    Instance instance;
    instance.node = "a";
    instance.id = instance.name = "web";
    const Pair web{"s/a/web", json::encode(instance)};
    Session session;
    session.id = "s";
    session.node = "a";
    const Pair s{"x/s", json::encode(session)};
    AclToken token;
    token.accessor = "accessor";
    KvEntry entry;
    entry.session = "s";
    const Pair lock{"k/lock", json::encode(entry)};
    const auto check = [](std::string id, std::string service) {
        Check row;
        row.node = "a";
        row.id = std::move(id);
        row.service_id = std::move(service);
        return Pair("c/a/c1", json::encode(row));
    };
    const auto query = [](std::string id, std::string service) {
        PreparedQuery row;
        row.definition.ID = std::move(id);
        row.definition.Name = "q";
        row.definition.Service = QueryService{};
        row.definition.Service->Service = std::move(service);
        return Pair("q/id", json::encode(row));
    };
    const auto event = [](std::int64_t sequence) {
        Event row;
        row.name = "deploy";
        row.sequence = sequence;
        return Pair("e/00000000000000000001", json::encode(row));
    };
    const auto policy = [](std::string id, std::string rules) {
        AclPolicy row;
        row.id = std::move(id);
        row.rules = std::move(rules);
        return Pair("p/id", json::encode(row));
    };
    World world;
    world.put("/v1/kv/k", "value");
    const std::vector<std::vector<Pair>> bad{
        {web},
        {a, {"s/a/other", web.second}},
        {a, {"s/b/web", web.second}},
        {{"n/b", a.second}},
        {a, check("c1", "web")},
        {a, check("c2", "")},
        {check("c1", "")},
        {s},
        {a, {"x/other", s.second}},
        {a, lock},
        {query("other", "web")},
        {query("id", "")},
        {event(0)},
        {event(9'223'372'036'854'775'807)},
        {{"m/node_id", json::encode(Setting{"another"})}},
        {{"t/another", json::encode(token)}},
        {policy("another", "")},
        {policy("id", "node {")},
        {{"i", "9223372036854775807"}},
        {{"i", "-1"}},
    };
    for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_EQ(world.put("/v1/snapshot", snapshot_of(bad[i])).status, 400) << i;
    EXPECT_EQ(world.get("/v1/kv/k?raw").body, "value");
    const Pair reads = policy("id", "node \"\" { policy = \"read\" }");
    const std::string whole = snapshot_of({a, web, s, lock, check("c1", "web"), query("id", "web"), reads, event(1), {"i", "7"}});
    EXPECT_EQ(world.put("/v1/snapshot", whole).status, 200);
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 1u);
}

TEST(AgentHealth, IsOneWordAndItsStatus) {
    World world;
    const auto both = [&](int status, const std::string& word) {
        const auto by_id = world.get("/v1/agent/health/service/id/web1");
        EXPECT_EQ(by_id.status, status);
        EXPECT_EQ(by_id.at("/AggregatedStatus"), Json(word));
        const auto by_name = world.get("/v1/agent/health/service/name/web");
        EXPECT_EQ(by_name.status, status);
        if (status != 404) {
            EXPECT_EQ(by_name.at("/0/AggregatedStatus"), Json(word));
        }
        const auto text = world.get("/v1/agent/health/service/id/web1?format=text");
        EXPECT_EQ(text.status, status);
        if (status != 404) {
            EXPECT_EQ(text.body, word);
        }
    };
    both(404, "critical");
    world.register_web("web1", 80, R"(,"Check":{"CheckID":"c","TTL":"10s"})");
    both(503, "critical");
    world.put("/v1/agent/check/warn/c");
    both(429, "warning");
    world.put("/v1/agent/check/pass/c");
    both(200, "passing");
    world.put("/v1/agent/service/maintenance/web1?enable=true");
    both(503, "maintenance");
    world.register_web("web2", 81);
    EXPECT_EQ(world.get("/v1/agent/health/service/name/web?format=text").body, "maintenance"); // the worst of all
    EXPECT_EQ(world.get("/v1/agent/health/service/id/web2?format=text").body, "passing");
}

TEST(AgentState, FiguresAndWhatASingleServerHas) {
    World world;
    world.register_web("web1", 80);
    const Json metrics = world.get("/v1/agent/metrics").json();
    bool found = false;
    for (const Json& gauge : metrics.find("Gauges")->as_array())
        found = found || (gauge.find("Name")->as_string() == "consul.host1.state.service_instances" && gauge.find("Value")->as_number() == 1);
    EXPECT_TRUE(found) << metrics.dump();
    EXPECT_EQ(world.get("/v1/agent/version").at("/HumanVersion"), Json("1.22.0"));
    EXPECT_EQ(world.get("/v1/coordinate/datacenters").at("/0/Datacenter"), Json("dc1"));
    EXPECT_EQ(world.get("/v1/coordinate/nodes").body, "[]"); // nobody has measured any
    EXPECT_EQ(world.get("/v1/coordinate/node/node1").status, 404);
    EXPECT_EQ(world.get("/v1/operator/raft/configuration").at("/Servers/0/Leader"), Json(true));
}

} // namespace
} // namespace gravity::registry::test
