// Coordinates of nodes, and what is near; joining where there is no gossip.
#include "dns_zone.hpp"
#include "nearness.hpp"
#include "snapshot.hpp"
#include "world.hpp"

namespace gravity::registry::test {
namespace {

std::string coordinate_of(const std::string& node, const std::string& first, const std::string& more = {}) {
    return R"({"Node":")" + node + R"(","Coord":{"Vec":[)" + first + ",0,0,0,0,0,0,0]" + more + "}}";
}

struct Places : World {
    Places() {
        for (const char* node : {"far", "here", "near", "nowhere"}) {
            EXPECT_EQ(put("/v1/catalog/register", std::string(R"({"Node":")") + node + R"(","Address":"10.0.0.)" + std::to_string(++addresses) +
                                                      R"(","Service":{"Service":"web"},"Check":{"CheckID":"c","ServiceID":"web","Status":"passing"}})")
                          .status,
                      200);
        }
        put("/v1/coordinate/update", coordinate_of("here", "0.5"));
        put("/v1/coordinate/update", coordinate_of("near", "0.625"));
        put("/v1/coordinate/update", coordinate_of("far", "-3"));
    }
    int addresses = 0; // 10.0.0.1 is "far", 10.0.0.2 "here", 10.0.0.3 "near", 10.0.0.4 "nowhere"
    std::vector<std::string> order(const std::string& target, const std::string& name, const std::string& list = "") {
        std::vector<std::string> names;
        const Json found = get(target).at(list);
        for (const Json& one : found.as_array()) names.push_back(one.at_pointer(name)->as_string());
        return names;
    }
};

TEST(Coordinates, AreShownAsTheyWereMeasured) {
    Places world;
    EXPECT_EQ(world.put("/v1/coordinate/update", coordinate_of("here", "0.1", R"(,"Error":1.5,"Adjustment":-0.25,"Height":1e-05)")).body, "");
    const auto one = world.get("/v1/coordinate/node/here");
    EXPECT_EQ(one.body, R"([{"Node":"here","Segment":"","Coord":{"Vec":[0.1,0.0,0.0,0.0,0.0,0.0,0.0,0.0],"Error":1.5,"Adjustment":-0.25,"Height":1e-05}}])");
    EXPECT_EQ(world.order("/v1/coordinate/nodes", "/Node"), (std::vector<std::string>{"far", "here", "near"}));
    EXPECT_EQ(world.get("/v1/coordinate/node/nowhere").status, 404);
    // What is so already wakes nobody; what is of no node is dropped; a node takes its own with it.
    const std::int64_t index = world.model.index();
    world.put("/v1/coordinate/update", coordinate_of("near", "0.625"));
    EXPECT_EQ(world.put("/v1/coordinate/update", coordinate_of("unknown", "1")).status, 200);
    EXPECT_EQ(world.model.index(), index);
    const std::string snapshot = write_snapshot(world.model);
    world.put("/v1/catalog/deregister", R"({"Node":"near"})");
    EXPECT_EQ(world.get("/v1/coordinate/node/near").status, 404);
    EXPECT_TRUE(world.touched.contains("coordinates"));
    EXPECT_EQ(world.put("/v1/snapshot", snapshot).status, 200);
    EXPECT_EQ(world.get("/v1/coordinate/node/near").status, 200);
}

TEST(Coordinates, ThatCannotBeAreRefused) {
    Places world;
    const std::pair<std::string, std::string> cases[] = {
        {R"({"Coord":{"Vec":[0,0,0,0,0,0,0,0]}})", "Missing node name"},
        {R"({"Node":"here"})", "Missing coordinate"},
        {R"({"Node":"here","Coord":{"Vec":[0,0,0]}})", "incompatible dimensionality"},
        {R"({"Node":"here","Segment":"a","Coord":{"Vec":[0,0,0,0,0,0,0,0]}})", "Network segments"},
        {R"({"Node":"here","Coord":{"Vec":["x",0,0,0,0,0,0,0]}})", "Request decode failed"},
    };
    for (const auto& [body, why] : cases) {
        const auto answer = world.put("/v1/coordinate/update", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_NE(answer.body.find(why), std::string::npos) << answer.body;
    }
}

TEST(Coordinates, PutWhatIsNearFirst) {
    Places world;
    const std::vector<std::string> by_name{"far", "here", "near", "nowhere"}, from_here{"here", "near", "far", "nowhere"};
    for (const auto& [target, name] : {std::pair<std::string, std::string>{"/v1/catalog/nodes", "/Node"},
                                       {"/v1/catalog/service/web", "/Node"},
                                       {"/v1/health/service/web", "/Node/Node"},
                                       {"/v1/health/checks/web", "/Node"},
                                       {"/v1/health/state/passing", "/Node"}}) {
        EXPECT_EQ(world.order(target, name), by_name) << target;
        EXPECT_EQ(world.order(target + "?near=here", name), from_here) << target;
        EXPECT_EQ(world.order(target + "?near=nowhere", name), by_name) << target; // of which nothing is known
        EXPECT_EQ(world.order(target + "?near=_agent", name), by_name) << target;
        EXPECT_EQ(world.order(target + "?near=_ip", name), by_name) << target;
    }
    world.agent.node = "here";
    world.sender = "10.0.0.2";
    for (const char* near : {"_agent", "_ip"}) EXPECT_EQ(world.order(std::string("/v1/catalog/nodes?near=") + near, "/Node"), from_here);
    for (const char* address : {"::ffff:10.0.0.2", "10.0.0.9", "unix"}) { // of IPv4 over IPv6; of nobody; of none
        world.sender = address;
        EXPECT_EQ(world.order("/v1/catalog/nodes?near=_ip", "/Node"), world.sender[0] == ':' ? from_here : by_name) << address;
    }
}

TEST(PreparedQueries, PutWhatIsNearFirst) {
    Places world;
    const auto run = [&](const std::string& query) { return world.order("/v1/query/" + query, "/Node/Node", "/Nodes"); };
    world.post("/v1/query", R"({"Name":"plain","Service":{"Service":"web"}})");
    world.post("/v1/query", R"({"Name":"near-here","Service":{"Service":"web","Near":"here"}})");
    world.post("/v1/query", R"({"Name":"near-agent","Service":{"Service":"web","Near":"_agent"}})");
    world.post("/v1/query", R"({"Name":"near-client","Service":{"Service":"web","Near":"_ip"}})");
    world.post("/v1/query", R"({"Name":"to-","Template":{"Type":"name_prefix_match"},"Service":{"Service":"web","Near":"${name.suffix}"}})");
    const std::vector<std::string> from_here{"here", "near", "far", "nowhere"}, from_near{"near", "here", "far", "nowhere"};
    world.agent.node = "near";
    world.sender = "10.0.0.3";
    for (int i = 0; i < 20; ++i) { // they are shuffled before
        EXPECT_EQ(run("near-here/execute"), from_here);
        EXPECT_EQ(run("to-here/execute"), from_here);
        EXPECT_EQ(run("plain/execute?near=here"), from_here);
        EXPECT_EQ(run("near-here/execute?near=near"), from_near); // the request's goes before the query's
        EXPECT_EQ(run("near-agent/execute"), from_near);
        EXPECT_EQ(run("near-here/execute?near=_agent"), from_near);
        EXPECT_EQ(run("near-client/execute"), from_near);
        EXPECT_EQ(run("plain/execute?near=_ip"), from_near);
        EXPECT_EQ(run("near-here/execute?limit=2"), (std::vector<std::string>{"here", "near"})); // after they are in order
        EXPECT_EQ(run("plain/execute?near=nowhere").front(), "nowhere");                       // itself, though nothing is known of the others
    }
    std::set<std::string> firsts;
    for (int i = 0; i < 200; ++i) firsts.insert(run("plain/execute").front());
    EXPECT_EQ(firsts.size(), 4u); // whom nobody asks to be near has them in any order
}

// What a DNS server says, addresses of the nodes in their order.
TEST(PreparedQueries, PutWhatIsNearFirstOverDns) {
    Places world;
    world.post("/v1/query", R"({"Name":"near-here","Service":{"Service":"web","Near":"here"}})");
    world.post("/v1/query", R"({"Name":"near-agent","Service":{"Service":"web","Near":"_agent"}})");
    world.post("/v1/query", R"({"Name":"near-client","Service":{"Service":"web","Near":"_ip"}})");
    dns::Zone zone(world.model, {.node = "near"});
    const auto ask = [&](const std::string& name, const std::optional<dns::Address>& client, const std::string& subnet = {}) {
        dns::Query query;
        query.name = dns::name_of(name + ".query.consul");
        query.type = static_cast<std::uint16_t>(dns::Type::a);
        query.class_ = dns::class_in;
        if (!subnet.empty()) query.subnet = dns::ClientSubnet{*dns::parse_address(subnet), 32};
        std::string last;
        for (const dns::Record& record : zone.answer(query, client).answers) last += std::to_string(std::get<dns::Address4>(record.data).bytes[3]);
        return last;
    };
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(ask("near-here", {}), "2314");
        EXPECT_EQ(ask("near-agent", {}), "3214");
        EXPECT_EQ(ask("near-client", dns::parse_address("10.0.0.2")), "2314");
        EXPECT_EQ(ask("near-client", dns::parse_address("10.0.0.9"), "10.0.0.2"), "2314"); // for whom a resolver asks
        EXPECT_EQ(ask("near-client", dns::parse_address("10.0.0.4")).front(), '4');
    }
    std::set<std::string> orders;
    for (int i = 0; i < 200; ++i) orders.insert(ask("near-client", {}));
    EXPECT_GT(orders.size(), 1u);
}

TEST(Coordinates, AreAsFarApartAsConsulReckons) {
    Coordinate a, b;
    a.vec = {3, 0};
    b.vec = {0, 4};
    EXPECT_DOUBLE_EQ(distance(a, b), 5);
    a.height = 0.5;
    b.adjustment = -1;
    EXPECT_DOUBLE_EQ(distance(a, b), 4.5);
    b.adjustment = -100; // an adjustment never makes it negative
    EXPECT_DOUBLE_EQ(distance(a, b), 5.5);
    b.vec = {0};
    EXPECT_GT(distance(a, b), 1e300);
}

TEST(Joining, OneselfIsDoneAndAnybodyElseIsNot) {
    World world;
    const std::string own = world.get("/v1/agent/self").text("/DebugConfig/SerfAdvertiseAddrLAN");
    EXPECT_EQ(own, "tcp://10.0.0.1:8301");
    for (const std::string& address : {own.substr(6), std::string("10.0.0.1"), std::string("node1"), std::string("host1:8302")})
        EXPECT_EQ(world.put("/v1/agent/join/" + address).status, 200) << address;
    const auto other = world.put("/v1/agent/join/10.0.0.2:8301");
    EXPECT_EQ(other.status, 500);
    EXPECT_NE(other.body.find("there is no gossip here"), std::string::npos) << other.body;
    EXPECT_EQ(world.put("/v1/agent/join/").status, 400);
}

} // namespace
} // namespace gravity::registry::test
