// That no route forgets to ask.
#include "guarded_world.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace gravity::registry::test {
namespace {

struct Sample {
    http::Method method;
    std::string route;
    std::string target; // "<session>", "<query>", "<token>", "<policy>", "<role>" stand for ids
    std::string body;
    std::string refusal; // of who may nothing: the permission that is missing, or "empty" for a list that is, or "open"
};

std::vector<Sample> samples() {
    using enum http::Method;
    const std::string on_web = "service:write' on \"web\"", on_node = "node:write' on \"node1\"", read_web = "service:read' on \"web\"";
    return {
        {get, "agent/services", "agent/services", "", "empty"},
        {get, "agent/service/", "agent/service/web1", "", read_web},
        {put, "agent/service/register", "agent/service/register", R"({"Name":"web"})", on_web},
        {put, "agent/service/deregister/", "agent/service/deregister/web1", "", on_web},
        {put, "agent/service/maintenance/", "agent/service/maintenance/web1?enable=true", "", on_web},
        {put, "agent/maintenance", "agent/maintenance?enable=true", "", on_node},
        {get, "agent/checks", "agent/checks", "", "empty"},
        {put, "agent/check/register", "agent/check/register", R"({"Name":"c","TTL":"1s"})", on_node},
        {put, "agent/check/deregister/", "agent/check/deregister/service:web1", "", on_web},
        {put, "agent/check/pass/", "agent/check/pass/service:web1", "", on_web},
        {put, "agent/check/warn/", "agent/check/warn/service:web1", "", on_web},
        {put, "agent/check/fail/", "agent/check/fail/service:web1", "", on_web},
        {put, "agent/check/update/", "agent/check/update/service:web1", R"({"Status":"passing"})", on_web},
        {get, "agent/self", "agent/self", "", "agent:read' on \"node1\""},
        {get, "agent/members", "agent/members", "", "empty"},
        {put, "catalog/register", "catalog/register", R"({"Node":"node1","Address":"10.9.9.9"})", on_node},
        {put, "catalog/deregister", "catalog/deregister", R"({"Node":"node1"})", on_node},
        {get, "catalog/datacenters", "catalog/datacenters", "", "open"},
        {get, "catalog/nodes", "catalog/nodes", "", "empty"},
        {get, "catalog/services", "catalog/services", "", "empty"},
        {get, "catalog/service/", "catalog/service/web", "", "empty"},
        {get, "catalog/node/", "catalog/node/node1", "", "empty"},
        {get, "catalog/node-services/", "catalog/node-services/node1", "", "empty"},
        {get, "health/service/", "health/service/web", "", "empty"},
        {get, "health/node/", "health/node/node1", "", "empty"},
        {get, "health/checks/", "health/checks/web", "", "empty"},
        {get, "health/state/", "health/state/any", "", "empty"},
        {get, "status/leader", "status/leader", "", "open"},
        {get, "status/peers", "status/peers", "", "open"},
        {get, "kv/", "kv/a/b", "", "key:read' on \"a/b\""},
        {put, "kv/", "kv/a/b", "w", "key:write' on \"a/b\""},
        {delete_, "kv/", "kv/a/b", "", "key:write' on \"a/b\""},
        {put, "session/create", "session/create", R"({"Node":"node1"})", "session:write' on \"node1\""},
        {put, "session/destroy/", "session/destroy/<session>", "", "session:write' on \"node1\""},
        {put, "session/renew/", "session/renew/<session>", "", "session:write' on \"node1\""},
        {get, "session/info/", "session/info/<session>", "", "empty"},
        {get, "session/node/", "session/node/node1", "", "empty"},
        {get, "session/list", "session/list", "", "empty"},
        {put, "txn", "txn", R"([{"KV":{"Verb":"set","Key":"a/b","Value":"eA=="}}])", "key:write' on \\\"a/b\\\""},
        {put, "event/fire/", "event/fire/deploy", "", "event:write' on \"deploy\""},
        {get, "event/list", "event/list", "", "empty"},
        {post, "query", "query", R"({"Name":"r","Service":{"Service":"web"}})", "query:write' on \"r\""},
        {get, "query", "query", "", "empty"},
        {get, "query/", "query/<query>", "", "query:read' on \"q\""},
        {put, "query/", "query/<query>", R"({"Name":"q","Service":{"Service":"web"}})", "query:write' on \"q\""},
        {delete_, "query/", "query/<query>", "", "query:write' on \"q\""},
        {get, "snapshot", "snapshot", "", "acl:write'"},
        {put, "snapshot", "snapshot", "", "acl:write'"},
        {get, "agent/health/service/id/", "agent/health/service/id/web1", "", read_web},
        {get, "agent/health/service/name/", "agent/health/service/name/web", "", read_web},
        {get, "agent/version", "agent/version", "", "open"},
        {get, "agent/metrics", "agent/metrics", "", "agent:read' on \"node1\""},
        {get, "agent/monitor", "agent/monitor", "", "agent:read' on \"node1\""},
        {get, "coordinate/datacenters", "coordinate/datacenters", "", "open"},
        {get, "coordinate/nodes", "coordinate/nodes", "", "empty"},
        {get, "coordinate/node/", "coordinate/node/node1", "", "node:read' on \"node1\""},
        {get, "operator/raft/configuration", "operator/raft/configuration", "", "operator:read'"},
        {get, "agent/host", "agent/host", "", "operator:read'"},
        {put, "agent/reload", "agent/reload", "", "agent:write' on \"node1\""},
        {put, "agent/leave", "agent/leave", "", "agent:write' on \"node1\""},
        {put, "coordinate/update", "coordinate/update", std::string(coordinate), on_node},
        {put, "agent/join/", "agent/join/10.0.0.1", "", "agent:write' on \"node1\""},
        {put, "agent/force-leave/", "agent/force-leave/node1", "", "operator:write'"},
        {put, "agent/token/", "agent/token/default", R"({"Token":""})", "agent:write' on \"node1\""},
        {put, "acl/bootstrap", "acl/bootstrap", "", "Permission denied: ACL bootstrap no longer allowed"},
        {get, "acl/replication", "acl/replication", "", "open"},
        {get, "acl/tokens", "acl/tokens", "", "acl:read'"},
        {put, "acl/token", "acl/token", "{}", "acl:write'"},
        {get, "acl/token/self", "acl/token/self", "", "open"},
        {get, "acl/token/", "acl/token/<token>", "", "acl:read'"},
        {put, "acl/token/", "acl/token/<token>", "{}", "acl:write'"},
        {delete_, "acl/token/", "acl/token/<token>", "", "acl:write'"},
        {get, "acl/policies", "acl/policies", "", "acl:read'"},
        {put, "acl/policy", "acl/policy", R"({"Name":"new"})", "acl:write'"},
        {get, "acl/policy/name/", "acl/policy/name/p1", "", "acl:read'"},
        {get, "acl/policy/", "acl/policy/<policy>", "", "acl:read'"},
        {put, "acl/policy/", "acl/policy/<policy>", R"({"Name":"p1"})", "acl:write'"},
        {delete_, "acl/policy/", "acl/policy/<policy>", "", "acl:write'"},
        {get, "acl/roles", "acl/roles", "", "acl:read'"},
        {put, "acl/role", "acl/role", R"({"Name":"new"})", "acl:write'"},
        {get, "acl/role/name/", "acl/role/name/role", "", "acl:read'"},
        {get, "acl/role/", "acl/role/<role>", "", "acl:read'"},
        {put, "acl/role/", "acl/role/<role>", R"({"Name":"role"})", "acl:write'"},
        {delete_, "acl/role/", "acl/role/<role>", "", "acl:write'"},
    };
}

TEST(AclRouteTable, EveryRouteSaysHowItIsGuardedAndHasASampleHere) {
    std::multiset<std::string> known, tested;
    const auto name = [](http::Method method, std::string_view path) { return std::string(http::to_string(method)) + ' ' + std::string(path); };
    for (const api::RouteInfo& route : api::routes_info()) {
        EXPECT_NE(route.guard, api::Guard::undecided) << route.path;
        known.insert(name(route.method, route.path));
    }
    for (const Sample& sample : samples()) tested.insert(name(sample.method, sample.route));
    EXPECT_EQ(known, tested);
}

bool is_empty(const std::string& body) {
    for (const char* nothing : {"[]", "{}", "null", R"({"Node":null,"Services":[]})"})
        if (body == nothing) return true;
    return false;
}

class AclRoutes : public ::testing::TestWithParam<Sample> {};

// With management each route does something; with a token that may nothing it refuses in Consul's words, or its list is empty and says that
// something is missing; and it changes nothing.
TEST_P(AclRoutes, RefusesWhoMayNothing) {
    const Sample& sample = GetParam();
    GuardedWorld world;
    furnish(world);
    const auto control = std::make_shared<api::Control>();
    control->leave = [] {};
    world.agent.control = control;
    const std::string nobody = world.token(""); // policy p1
    const std::map<std::string, std::string> ids = {
        {"<session>", world.put("/v1/session/create", R"({"Node":"node1"})").at("/ID").as_string()},
        {"<query>", world.get("/v1/query").at("/0/ID").as_string()},
        {"<token>", world.put("/v1/acl/token", "{}").at("/AccessorID").as_string()},
        {"<policy>", world.get("/v1/acl/policy/name/p1").at("/ID").as_string()},
        {"<role>", world.put("/v1/acl/role", R"({"Name":"role"})").at("/ID").as_string()},
    };
    std::string target = "/v1/" + sample.target;
    for (const auto& [mark, id] : ids)
        if (const auto at = target.find(mark); at != std::string::npos) target.replace(at, mark.size(), id);

    const auto before = world.store.pairs;
    for (const std::string& who : {std::string("anonymous"), nobody, std::string("77777777-7777-4777-8777-777777777777")}) {
        world.as(who);
        const bool is_token = who == nobody, is_known = is_token || who == "anonymous";
        const auto answer = world.call(sample.method, target, sample.body);
        if (sample.refusal == "open") {
            if (sample.route == "acl/token/self")
                EXPECT_EQ(answer.status, is_known ? 200 : 403) << answer.body;
            else
                EXPECT_EQ(answer.status, 200) << answer.body;
        } else if (!is_known && sample.route != "acl/bootstrap") {
            EXPECT_EQ(answer.status, 403);
            EXPECT_EQ(answer.body, "ACL not found");
        } else if (sample.refusal == "empty") {
            EXPECT_EQ(answer.status, 200) << answer.body;
            EXPECT_TRUE(is_empty(answer.body)) << answer.body;
            EXPECT_EQ(answer.filtered, is_token);
        } else {
            EXPECT_EQ(answer.status, sample.route == "txn" ? 409 : 403) << answer.body;
            EXPECT_NE(answer.body.find(sample.refusal), std::string::npos) << answer.body;
        }
    }
    EXPECT_EQ(world.store.pairs, before);

    world.as(root);
    const auto answer = world.call(sample.method, target, sample.body);
    const bool refused_to_all = sample.route == "acl/bootstrap" || sample.target == "snapshot";
    if (!refused_to_all || sample.method == http::Method::get) {
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
    if (sample.refusal == "empty") {
        EXPECT_FALSE(is_empty(answer.body));
        EXPECT_FALSE(answer.filtered);
    }
}

std::string title(const ::testing::TestParamInfo<Sample>& sample) {
    std::string name = std::string(http::to_string(sample.param.method)) + '_' + sample.param.route;
    std::replace_if(name.begin(), name.end(), [](char c) { return !ascii::is_alnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, AclRoutes, ::testing::ValuesIn(samples()), title);

} // namespace
} // namespace gravity::registry::test
