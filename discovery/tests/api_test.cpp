#include "world.hpp"

namespace gravity::registry::test {
namespace {

TEST(Api, ARegisteredServiceIsFoundByEveryRead) {
    World world;
    world.register_web("web1", 80, R"(,"Tags":["a","b"],"Meta":{"v":"2"},"Check":{"HTTP":"http://10.0.0.1/x","Interval":"10s","Status":"passing"})");
    EXPECT_EQ(world.get("/v1/catalog/services").at("/web"), Json::array({"a", "b"}));
    EXPECT_EQ(world.get("/v1/catalog/service/web").at("/0/ServiceID"), Json("web1"));
    EXPECT_EQ(world.get("/v1/catalog/service/web").at("/0/Address"), Json("10.0.0.1"));
    EXPECT_EQ(world.get("/v1/catalog/node/node1").at("/Services/web1/Port"), Json(80));
    EXPECT_EQ(world.get("/v1/catalog/node-services/node1").at("/Services/0/Service"), Json("web"));
    EXPECT_EQ(world.get("/v1/agent/services").at("/web1/Meta/v"), Json("2"));
    EXPECT_EQ(world.get("/v1/agent/service/web1").at("/Weights/Passing"), Json(1));
    world.put("/v1/agent/service/register", R"({"Name":"local","SocketPath":"/run/x","Locality":{"Region":"r","Zone":"z"}})");
    EXPECT_EQ(world.get("/v1/agent/service/local").at("/SocketPath"), Json("/run/x"));
    EXPECT_EQ(world.get("/v1/catalog/service/local").at("/0/ServiceLocality/Zone"), Json("z"));
    EXPECT_EQ(world.get("/v1/agent/checks").at("/service:web1/Name"), Json("Service 'web' check"));
    EXPECT_EQ(world.get("/v1/health/checks/web").at("/0/Type"), Json("http"));
    EXPECT_EQ(world.get("/v1/health/checks/web").at("/0/Interval"), Json("10s"));
    EXPECT_EQ(world.get("/v1/health/node/node1").at("/0/CheckID"), Json("service:web1"));
    EXPECT_EQ(world.get("/v1/health/state/passing").at("/0/ServiceTags"), Json::array({"a", "b"}));
    const auto health = world.get("/v1/health/service/web?passing");
    EXPECT_EQ(health.at("/0/Service/ID"), Json("web1"));
    EXPECT_EQ(health.at("/0/Node/Node"), Json("node1"));
    EXPECT_EQ(health.at("/0/Checks/0/Status"), Json("passing"));
}

TEST(Api, PassingLeavesOutWarningAndCritical) {
    World world;
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s"})");
    const auto passing = [&] { return world.get("/v1/health/service/web?passing").json().size(); };
    EXPECT_EQ(passing(), 0u);
    world.put("/v1/agent/check/warn/service:web1");
    EXPECT_EQ(passing(), 0u);
    world.put("/v1/agent/check/pass/service:web1");
    EXPECT_EQ(passing(), 1u);
    EXPECT_EQ(world.get("/v1/health/service/web?passing=false").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/health/service/web?passing=maybe").status, 400);
    world.put("/v1/agent/maintenance?enable=true");
    EXPECT_EQ(passing(), 0u);
    world.put("/v1/agent/maintenance?enable=false");
    EXPECT_EQ(passing(), 1u);
}

TEST(Api, ListsAreFilteredByTagAndNodeMeta) {
    World world;
    world.put("/v1/catalog/register", R"({"Node":"a","Address":"1.1.1.1","NodeMeta":{"rack":"1"},"Service":{"Service":"db","Tags":["x","y"]}})");
    world.put("/v1/catalog/register", R"({"Node":"b","Address":"1.1.1.2","NodeMeta":{"rack":"2"},"Service":{"Service":"db","Tags":["x"]}})");
    EXPECT_EQ(world.get("/v1/catalog/service/db?tag=x").json().size(), 2u);
    EXPECT_EQ(world.get("/v1/catalog/service/db?tag=x&tag=y").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/health/service/db?tag=y").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/catalog/nodes?node-meta=rack:2").at("/0/Node"), Json("b"));
    EXPECT_EQ(world.get("/v1/catalog/service/db?node-meta=rack:1").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/catalog/services?node-meta=rack:2").at("/db"), Json::array({"x"}));
    EXPECT_EQ(world.get("/v1/catalog/services?node-meta=rack:3").body, "{}");
    EXPECT_EQ(world.get("/v1/catalog/nodes?filter=Node==a").at("/0/Node"), Json("a"));
    EXPECT_EQ(world.get("/v1/catalog/nodes?filter=Nodes==a").status, 400); // never a list that ignores the filter
}

TEST(Api, BodiesAreReadAsGoReadsThem) {
    World world;
    const auto answer = world.put("/v1/agent/service/register",
                                  R"({"name":"web","id":"w","tags":null,"enable_tag_override":true,"Unknown":1,"Connect":{"Native":false},
                                      "check":{"http":"http://h/","interval":10000000000,"deregister_critical_service_after":"10s"}})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Check* check = world.model.find<Check>(key_of("node1", "service:w"));
    ASSERT_NE(check, nullptr);
    EXPECT_EQ(check->definition.interval_us, 10'000'000);
    EXPECT_EQ(check->definition.deregister_after_us, 60'000'000); // a minute at least
    EXPECT_TRUE(world.model.find<Instance>(key_of("node1", "w"))->enable_tag_override);
}

TEST(Api, BadBodiesAreRefusedWithTheFieldNamed) {
    World world;
    const std::string with_check = R"({"Name":"w","Check":)";
    const std::pair<std::string, std::string> cases[] = {
        {"{", "Request decode failed"},
        {"[]", "must be an object"},
        {"{}", "Missing service name"},
        {R"({"Name":"w","Port":"x"})", "/Port"},
        {R"({"Name":"w","Port":70000})", "port"},
        {R"({"Name":"w","Meta":{"a b":"c"}})", "Meta"},
        {R"({"Name":"w","LeaseTTL":"soon"})", "/LeaseTTL"},
        {with_check + R"({"HTTP":"http://h/"}})", "Interval must be > 0"},
        {with_check + R"({"HTTP":"http://h/","Interval":"1s","TTL":"1s"}})", "TTL"},
        {with_check + R"({"HTTP":"ftp://h/","Interval":"1s"}})", "HTTP"},
        {with_check + R"({"HTTP":"http://h/","Interval":"1s","Method":"A B"}})", "Method"},
        {with_check + R"({"HTTP":"http://h/","Interval":"1s","Header":{"A":["b\r\nc"]}}})", "Header"},
        {with_check + R"({"TCP":"nowhere","Interval":"1s"}})", "TCP"},
        {with_check + R"({"Name":"x"}})", "TTL must be > 0"},
        {with_check + R"({"Args":["/bin/true"],"Interval":"1s"}})", "scripts are disabled"},
        {with_check + R"({"GRPC":"h","Interval":"1s"}})", "GRPC"},
        {with_check + R"({"TTL":"1s","Status":"green"}})", "Bad check status"},
    };
    for (const auto& [body, needle] : cases) {
        const auto answer = world.put("/v1/agent/service/register", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_NE(answer.body.find(needle), std::string::npos) << body << " -> " << answer.body;
    }
    EXPECT_TRUE(world.model.table<Instance>().empty());
}

TEST(Api, RefusesInConsulsWords) {
    World world;
    const struct {
        http::Method method;
        const char* target;
        const char* body;
        int status;
        const char* text;
    } cases[] = {
        {http::Method::get, "/v1/nothing/here", "", 404, "Invalid URL path"},
        {http::Method::get, "/v1/acl/tokens", "", 401, "ACL support disabled"},
        {http::Method::put, "/v1/catalog/nodes", "", 405, "method PUT not allowed"},
        {http::Method::put, "/v1/agent/service/deregister/x", "", 404, "Unknown service ID \"x\""},
        {http::Method::put, "/v1/agent/check/deregister/x", "", 404, "Unknown check ID \"x\""},
        {http::Method::put, "/v1/agent/check/pass/x", "", 404, "Unknown check ID \"x\""},
        {http::Method::put, "/v1/agent/check/update/x", R"({"Status":"green"})", 400, "Invalid check status: 'green'"},
        {http::Method::get, "/v1/agent/service/x", "", 404, "unknown service ID: x"},
        {http::Method::put, "/v1/agent/service/maintenance/x", "", 400, "Missing value for enable"},
        {http::Method::put, "/v1/agent/service/maintenance/x?enable=perhaps", "", 400, "Invalid value for enable"},
        {http::Method::put, "/v1/agent/service/maintenance/x?enable=true", "", 404, "Unknown service ID"},
        {http::Method::put, "/v1/agent/check/register", R"({"Name":"c","ServiceID":"x","TTL":"1s"})", 400, "does not exist"},
        {http::Method::put, "/v1/catalog/register", R"({"Address":"1.1.1.1"})", 400, "Must provide node"},
        {http::Method::put, "/v1/catalog/register", R"({"Node":"n"})", 400, "Must provide address"},
        {http::Method::put, "/v1/catalog/register", R"({"Node":"n","Address":"a","Datacenter":"dc9"})", 500, "No path to datacenter"},
        {http::Method::get, "/v1/catalog/nodes?dc=dc9", "", 500, "No path to datacenter"},
        {http::Method::get, "/v1/health/state/odd", "", 400, "Invalid state"},
        {http::Method::get, "/v1/catalog/service/", "", 400, "Missing service name"},
        {http::Method::get, "/v1/kv/", "", 400, "Missing key name"},
        {http::Method::get, "/v1/kv//a", "", 400, "must not begin with a '/'"},
        {http::Method::get, "/v1/kv/a%zz", "", 400, "percent-encoding"},
        {http::Method::get, "/v1/kv/a?keys&recurse", "", 400, "Conflicting flags"},
        {http::Method::put, "/v1/kv/a?cas=abc", "", 400, "?cas"},
        {http::Method::put, "/v1/kv/a?acquire=00000000-0000-4000-8000-000000000000", "v", 500, "invalid session"},
        {http::Method::get, "/v1/agent/service/a%00b", "", 400, "Invalid character"},
    };
    for (const auto& one : cases) {
        const auto answer = world.call(one.method, one.target, one.body);
        EXPECT_EQ(answer.status, one.status) << one.target << " -> " << answer.body;
        EXPECT_NE(answer.body.find(one.text), std::string::npos) << one.target << " -> " << answer.body;
    }
    EXPECT_TRUE(world.model.table<KvEntry>().empty());
}

TEST(Api, ANodeThatIsNotToBeUpdatedIsMadeIfItIsNotThere) {
    World world;
    EXPECT_EQ(world.put("/v1/catalog/register", R"({"Node":"n","SkipNodeUpdate":true,"Service":{"Service":"s","Port":1}})").status, 200);
    EXPECT_EQ(world.model.find<Node>("n")->address, "");
    world.put("/v1/catalog/register", R"({"Node":"n","Address":"10.0.0.1"})");
    world.put("/v1/catalog/register", R"({"Node":"n","Address":"10.0.0.2","SkipNodeUpdate":true})");
    EXPECT_EQ(world.model.find<Node>("n")->address, "10.0.0.1");
}

TEST(Api, BlockingParametersAreChecked) {
    const auto blocking = [](std::string_view query) { return api::blocking_of(api::Query(*http::parse_query(query))); };
    EXPECT_EQ(blocking("index=7&wait=2s").index, 7u);
    EXPECT_EQ(blocking("index=7&wait=2s").wait_us, 2'000'000);
    EXPECT_EQ(blocking("index=7").wait_us, 300'000'000);
    EXPECT_EQ(blocking("wait=9h").wait_us, 600'000'000);
    EXPECT_EQ(blocking("index=18446744073709551615").index, std::numeric_limits<std::uint64_t>::max());
    for (const char* bad : {"index=-1", "index=x", "wait=1y", "wait=-1s", "stale&consistent"}) EXPECT_THROW(blocking(bad), api::ApiError) << bad;
}

TEST(Kv, PutGetListDelete) {
    World world;
    EXPECT_EQ(world.put("/v1/kv/a/b?flags=42", "hello").body, "true");
    const auto entry = world.get("/v1/kv/a/b");
    EXPECT_EQ(entry.at("/0/Value"), Json("aGVsbG8="));
    EXPECT_EQ(entry.at("/0/Flags"), Json(42));
    EXPECT_EQ(world.get("/v1/kv/a/b?raw").body, "hello");
    world.put("/v1/kv/a/c/d");
    world.put("/v1/kv/a/c/e");
    EXPECT_EQ(world.get("/v1/kv/a/c/d").at("/0/Value"), Json());
    EXPECT_EQ(world.get("/v1/kv/a/?keys").body, R"(["a/b","a/c/d","a/c/e"])");
    EXPECT_EQ(world.get("/v1/kv/a/?keys&separator=/").body, R"(["a/b","a/c/"])");
    EXPECT_EQ(world.get("/v1/kv/?recurse").json().size(), 3u);
    EXPECT_EQ(world.get("/v1/kv/zzz?recurse").status, 404);
    EXPECT_EQ(world.get("/v1/kv/zzz").status, 404);
    EXPECT_EQ(world.get("/v1/kv/zzz").body, "");
    EXPECT_EQ(world.del("/v1/kv/a/c?recurse").body, "true");
    EXPECT_EQ(world.get("/v1/kv/?keys").body, R"(["a/b"])");
}

TEST(Kv, CheckAndSet) {
    World world;
    EXPECT_EQ(world.put("/v1/kv/k?cas=0", "1").body, "true");
    EXPECT_EQ(world.put("/v1/kv/k?cas=0", "2").body, "false");
    const auto index = std::to_string(world.get("/v1/kv/k").at("/0/ModifyIndex").as_integer());
    EXPECT_EQ(world.put("/v1/kv/k?cas=" + index, "3").body, "true");
    EXPECT_EQ(world.put("/v1/kv/k?cas=" + index, "4").body, "false");
    EXPECT_EQ(world.del("/v1/kv/k?cas=" + index).body, "false");
    EXPECT_EQ(world.get("/v1/kv/k?raw").body, "3");
    EXPECT_EQ(world.del("/v1/kv/k?cas=" + std::to_string(world.get("/v1/kv/k").at("/0/ModifyIndex").as_integer())).body, "true");
    EXPECT_EQ(world.get("/v1/kv/k").status, 404);
}

} // namespace
} // namespace gravity::registry::test
