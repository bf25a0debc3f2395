// Who calls whom, from look-ups: what is noted, for how long, how it is named and who sees it.
#include "call_graph.hpp"
#include "guarded_world.hpp"

namespace gravity::registry::test {
namespace {

constexpr std::int64_t hour_us = 3'600'000'000;

struct Noted : World {
    CallGraph calls{[this] { return now_us; }, 4};

    ServiceGraph graph(const GraphWish& wish = {}, const Access& access = {}) { return graph_of(calls, model, wish, access); }
    /// "order>stock,web prometheus>web"
    static std::string told(const ServiceGraph& graph) {
        std::string text;
        for (const ServiceCaller& caller : graph.callers) {
            text += (text.empty() ? "" : " ") + caller.name.value_or("?") + '>';
            for (const Callee& callee : caller.calls) text += (text.back() == '>' ? "" : ",") + callee.service;
        }
        return text;
    }
    std::string told() { return told(graph()); }
};

const Inquirer order{"", "gravity-order/0.1.0"}, prometheus{"", "Prometheus/2.42.0 (linux)"};

TEST(CallGraph, TellsWhoAsksForWhatAndWhetherTheyAreThere) {
    Noted world;
    world.register_web("a", 80);
    world.put("/v1/agent/service/register", R"({"Name":"order"})");
    world.calls.note(prometheus, "web");
    world.now_us += hour_us;
    world.calls.note(order, "web");
    world.calls.note(order, "stock");
    world.now_us += hour_us;
    world.calls.note(order, "web");
    const ServiceGraph graph = world.graph();
    EXPECT_EQ(Noted::told(graph), "Prometheus>web order>stock,web");
    EXPECT_EQ(graph.callers_total, 2);
    EXPECT_EQ(graph.calls_total, 3);
    EXPECT_FALSE(graph.callers[0].registered);
    EXPECT_EQ(graph.callers[0].user_agent, "Prometheus/2.42.0 (linux)");
    const ServiceCaller& caller = graph.callers[1];
    EXPECT_TRUE(caller.registered);
    EXPECT_EQ(caller.known_by, KnownBy::user_agent);
    EXPECT_FALSE(caller.calls[0].registered); // nobody is there, and somebody looks for him
    const Callee& web = caller.calls[1];
    EXPECT_TRUE(web.registered);
    EXPECT_EQ(web.asked_total, 2);
    EXPECT_EQ(web.last_at.unix_us() - web.first_at.unix_us(), hour_us);
    EXPECT_EQ(graph.since.unix_us(), web.first_at.unix_us() - hour_us);
}

TEST(CallGraph, TellsWhoFollowsForAsLongAsHeDoes) {
    Noted world;
    const auto following = [&] { return world.graph().callers.at(0).calls.at(0).following; };
    world.calls.note(order, "web");
    EXPECT_EQ(following(), 0);
    auto first = world.calls.follow(order, "web"), second = world.calls.follow(order, "web");
    EXPECT_EQ(following(), 2);
    EXPECT_EQ(world.graph().callers[0].calls[0].asked_total, 1);
    first.reset();
    EXPECT_EQ(following(), 1);
    world.now_us += 48 * hour_us; // who follows is there, however long ago he came
    EXPECT_EQ(world.told(), "order>web");
    second.reset();
    EXPECT_EQ(following(), 0);
    world.now_us += 23 * hour_us;
    EXPECT_EQ(world.told(), "order>web");
    world.now_us += hour_us;
    EXPECT_EQ(world.told(), "");
}

TEST(CallGraph, IsBoundedAndTheOldestGoesFirstButWhoFollowsStays) {
    Noted world; // room for four
    const auto follower = world.calls.follow(order, "a");
    for (const char* service : {"b", "c", "d"}) world.calls.note(order, service);
    world.calls.note(order, "b");
    world.calls.note(order, "e"); // instead of c
    EXPECT_EQ(world.told(), "order>a,b,d,e");
    EXPECT_EQ(world.graph().left_out_total, 1);
    const auto b = world.calls.follow(order, "b"), d = world.calls.follow(order, "d"), e = world.calls.follow(order, "e");
    EXPECT_EQ(world.calls.follow(order, "f"), nullptr);
    EXPECT_EQ(world.told(), "order>a,b,d,e");
    EXPECT_EQ(world.graph().left_out_total, 2);
    world.calls.note(order, std::string(513, 'x')); // no service has such a name
    EXPECT_EQ(world.graph().left_out_total, 2);
}

TEST(CallGraph, OutlivedByItsFollowersHarmsNobody) {
    auto calls = std::make_unique<CallGraph>([] { return std::int64_t{7}; });
    const auto follower = calls->follow(order, "web");
    calls.reset(); // its last one leaves an instant later: the address sanitizer looks on
    EXPECT_NE(follower, nullptr);
}

TEST(CallGraph, CanBeAskedForAPart) {
    Noted world;
    world.calls.note(order, "web");
    world.calls.note(order, "stock");
    world.calls.note(prometheus, "web");
    world.calls.note({}, "web");
    EXPECT_EQ(world.told(), "Prometheus>web order>stock,web ?>web");
    const auto part = [&](const GraphWish& wish) { return Noted::told(world.graph(wish)); };
    EXPECT_EQ(part({"stock", {}, 200}), "order>stock");
    EXPECT_EQ(part({{}, "order", 200}), "order>stock,web");
    EXPECT_EQ(part({"stock", "Prometheus", 200}), "");
    const ServiceGraph one = world.graph({{}, {}, 1});
    EXPECT_EQ(Noted::told(one), "Prometheus>web");
    EXPECT_EQ(one.callers_total, 3);
    EXPECT_EQ(one.calls_total, 4);
}

TEST(CallGraph, ShowsBytesOfAnyKindAsText) {
    Noted world;
    world.calls.note({"", "b\xFF\xC3\xA9/1" + std::string(300, 'y')}, "\xC0web");
    const ServiceCaller caller = world.graph().callers.at(0);
    EXPECT_EQ(caller.name, "b\uFFFD\u00E9");
    EXPECT_EQ(caller.user_agent->size(), 200u + 2); // of 200 bytes one became three
    EXPECT_EQ(caller.calls.at(0).service, "\uFFFDweb");
}

struct NotedAndGuarded : GuardedWorld {
    CallGraph calls{[this] { return now_us; }};
    std::string accessor_of(const std::string& token_secret) { return model.token_by_hash(hash_of_secret(token_secret))->accessor; }
    ServiceGraph seen_by(const std::string& rules) {
        with(rules);
        return graph_of(calls, model, {}, access());
    }
};

TEST(CallGraph, NamesWhoHasATokenByTheServiceItIsFor) {
    NotedAndGuarded world;
    const std::string of_order = world.accessor_of(world.token("", R"(,"ServiceIdentities":[{"ServiceName":"order"}],"Description":"the shop's")"));
    const std::string described = world.accessor_of(world.token("", R"(,"Description":"nightly job")"));
    const std::string plain = world.accessor_of(world.token(""));
    for (const std::string& accessor : {of_order, described, plain}) world.calls.note({accessor, ""}, "web");
    world.calls.note({of_order, "curl/8"}, "db");
    world.calls.note({described, "curl/8"}, "db");
    world.calls.note({"jwt:ada", ""}, "db");
    world.as(root);
    const ServiceGraph all = graph_of(world.calls, world.model, {}, world.access());
    EXPECT_EQ(Noted::told(all), "curl>db nightly job>web order>web order>db ?>web ?>db");
    EXPECT_EQ(all.callers[2].known_by, KnownBy::token);
    EXPECT_EQ(all.callers[2].token, of_order);
    EXPECT_EQ(all.callers[5].token, "jwt:ada");
    // A token that has gone is still told apart, by its accessor.
    world.del("/v1/acl/token/" + of_order);
    const ServiceGraph later = graph_of(world.calls, world.model, {}, world.access());
    EXPECT_EQ(Noted::told(later), "curl>db curl>db nightly job>web ?>web ?>web ?>db");
}

TEST(CallGraph, ShowsWhatTheRulesPermitToSee) {
    NotedAndGuarded world;
    world.register_web("a", 80);
    world.put("/v1/agent/service/register", R"({"Name":"order"})");
    const std::string of_order = world.accessor_of(world.token("", R"(,"ServiceIdentities":[{"ServiceName":"order"}])"));
    const std::string described = world.accessor_of(world.token("", R"(,"Description":"nightly job")"));
    world.calls.note({of_order, "x/1"}, "web");
    world.calls.note({described, ""}, "web");
    world.calls.note(order, "db");
    EXPECT_EQ(Noted::told(world.seen_by(R"(service_prefix "" { policy = "read" })")), "order>db order>web ?>web");
    const ServiceGraph web = world.seen_by(R"(service "web" { policy = "read" })");
    EXPECT_EQ(Noted::told(web), "?>web ?>web"); // that somebody calls it, and not who
    for (const ServiceCaller& caller : web.callers) {
        EXPECT_EQ(caller.token, std::nullopt);
        EXPECT_EQ(caller.user_agent, std::nullopt);
        EXPECT_EQ(caller.known_by, KnownBy::nothing);
    }
    EXPECT_EQ(Noted::told(world.seen_by("")), "");
    EXPECT_EQ(Noted::told(world.seen_by(R"(service_prefix "" { policy = "read" } acl = "read")")), "nightly job>web order>db order>web");
}

// Which reads are look-ups, and of which service.
TEST(CallGraph, IsMadeOfReadsThatWantInstances) {
    World world;
    world.register_web("a", 80);
    world.post("/v1/query", R"({"Name":"near-","Template":{"Type":"name_prefix_match"},"Service":{"Service":"${name.suffix}"}})");
    const auto looked_up = [&](std::string_view target) {
        const auto mark = target.find('?');
        const api::Context context{world.model, world.agent, world.cache};
        const auto query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
        const api::Plan plan = api::decide(context, api::parse_call(http::Method::get, target.substr(0, mark), query, {}));
        return std::get<api::ReadPlan>(plan).looks_up;
    };
    for (const char* target : {"/v1/health/service/web?passing", "/v1/health/checks/web", "/v1/catalog/service/web?tag=x", "/v1/query/near-web/execute"})
        EXPECT_EQ(looked_up(target), "web") << target;
    for (const char* target : {"/v1/catalog/services", "/v1/health/node/web", "/v1/health/state/any", "/v1/kv/web", "/v1/query/none/execute"})
        EXPECT_EQ(looked_up(target), "") << target;
}

} // namespace
} // namespace gravity::registry::test
