// Gravity's own API over HTTP: who may ask, what is answered, and how event streams are followed and resumed.
#include "daemon.hpp"
#include "loopback.hpp"
#include "routes.hpp"

#include <gravity/app/token_check.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/http/sse.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/testkit/conformance.hpp>
#include <gravity/testkit/loop.hpp>

#include <gtest/gtest.h>

namespace gravity::registry {
namespace {

Task<void> handle(app::Runtime& runtime, http::Exchange& exchange) {
    if (!exchange.request().path.starts_with("/v1/")) throw Refusal(problems::not_found);
    co_await runtime.resources.get<Daemon>().handle(exchange);
}
Task<void> keep_time(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().keep_time(); }
Task<void> drain(app::Runtime& runtime) {
    runtime.resources.get<Daemon>().drain();
    co_return;
}

Service own_service(AclOptions acl = {}) {
    Service service{"discovery", 0};
    service.unregistered().routes(routes).fallback(handle).background(keep_time).on_drain(drain).provision([acl](app::Runtime& runtime) {
        DaemonOptions options;
        options.agent = {"n1", "", "127.0.0.1", "dc1", "1.22.0", 1};
        options.acl = acl;
        const auto daemon = std::make_shared<Daemon>(runtime.io, std::make_unique<MemoryStore>(), std::move(options));
        runtime.resources.put(daemon);
        app::OwnTokens tokens{[&daemon = *daemon](const http::Request& request) { return daemon.caller_of(request); }};
        runtime.resources.put(std::make_shared<app::OwnTokens>(std::move(tokens)));
    });
    return service;
}

AclOptions guarded() {
    AclOptions acl;
    acl.enabled = true;
    acl.initial_management = "root";
    return acl;
}

/// An event stream, read with patience.
class Stream {
public:
    Stream(std::uint16_t port, const std::string& token, const std::string& query, const std::string& last_id = {})
        : Stream(port, {"/api/v1/discovery/watch?" + query,
                        "Authorization: Bearer " + token + "\r\n" + (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n")}) {}
    struct Head {
        std::string target, fields;
    };
    Stream(std::uint16_t port, const Head& wanted) : socket_(test::Socket::connected(SOCK_STREAM, port)) {
        socket_.send("GET " + wanted.target + " HTTP/1.0\r\n" + wanted.fields + "\r\n");
    }

    /// The next event; one without a name if none comes.
    http::SseEvent next() {
        while (events_.empty()) {
            const std::string bytes = socket_.receive();
            if (bytes.empty()) return {};
            std::string_view text = bytes;
            if (!in_body_) {
                head_ += text;
                const auto end = head_.find("\r\n\r\n");
                if (end == std::string::npos) continue;
                in_body_ = true;
                rest_ = head_.substr(end + 4);
                text = rest_;
            }
            received += text.size();
            parser_.feed(text, [this](http::SseEvent event) { events_.push_back(std::move(event)); });
        }
        http::SseEvent event = std::move(events_.front());
        events_.erase(events_.begin());
        return event;
    }
    std::size_t received = 0; // bytes of the body

    /// Reads on until this is there; all that came.
    std::string until(std::string_view wanted) {
        while (head_.find(wanted) == std::string::npos) {
            const std::string bytes = socket_.receive();
            if (bytes.empty()) break;
            head_ += bytes;
        }
        return head_;
    }

private:
    test::Socket socket_;
    bool in_body_ = false;
    std::string head_, rest_;
    http::SseParser parser_;
    std::vector<http::SseEvent> events_;
};

struct OwnApi : ::testing::Test {
    testkit::RunningService service{own_service()};
    testkit::Callers as{service};

    testkit::Answer put(const std::string& target, const std::string& body = {}) {
        return as.anonymous.call("PUT", target).raw(body, "application/json").expect(200);
    }
    void web(const std::string& id, int port) {
        put("/v1/agent/service/register", R"({"Name":"web","ID":")" + id + R"(","Address":"10.0.0.1","Port":)" + std::to_string(port) +
                                              R"(,"Check":{"TTL":"60s","Status":"passing"}})");
    }
    Stream follow(const std::string& query, const std::string& last_id = {}) { return Stream(service.port(), as.reader.token(), query, last_id); }
};

TEST_F(OwnApi, ExplainsToWhoMayRead) {
    as.anonymous.get("/api/v1/discovery/services/web/explain").expect_problem(401, "unauthenticated");
    service.caller(service.project(), "products:read").get("/api/v1/discovery/services/web/explain").expect_problem(403, "forbidden");
    as.reader.get("/api/v1/discovery/services/web/explain").expect_problem(404, "not-found");
    web("a", 1);
    put("/v1/agent/check/fail/service:a?note=disk+full");
    const auto answer = as.reader.get("/api/v1/discovery/services/web/explain").expect(200);
    answer.field("/instances/0/id", "a").field("/instances/0/status", "critical").field("/instances/0/reasons/0/output", "disk full");
    answer.field("/instances/0/transitions/0/what", "disk full").field("/instances/0/transitions/1/kind", "registered");
    as.reader.get("/api/v1/discovery/services/web/explain?instance=b").expect_problem(404, "not-found");
    EXPECT_EQ(as.reader.get("/api/v1/discovery/services/web/explain?limit=1").expect(200).at("/instances/0/transitions").size(), 1u);
    as.reader.get("/api/v1/discovery/services/web/explain?limit=201").expect(422);
}

TEST_F(OwnApi, AFollowerGetsTheListAndThenOnlyWhatChanges) {
    as.reader.get("/api/v1/discovery/watch").expect(422); // of what?
    web("a", 1);
    web("b", 2);
    Stream stream = follow("service=web&service=db");
    const http::SseEvent db = stream.next(); // in the order of their names
    EXPECT_EQ(db.event, "list");
    EXPECT_EQ(db.id, ""); // no place to resume from: more belongs to it
    EXPECT_EQ(db.data, R"({"service":"db","reason":"first","instances":[]})");
    const http::SseEvent all = stream.next();
    EXPECT_EQ(Json::parse(all.data).or_throw().at_pointer("/instances")->size(), 2u);
    EXPECT_NE(all.id, "");
    put("/v1/kv/other", "x");
    put("/v1/agent/check/fail/service:b");
    const http::SseEvent change = stream.next();
    EXPECT_EQ(change.event, "change");
    const Json document = Json::parse(change.data).or_throw();
    EXPECT_EQ(document.at_pointer("/changed")->size(), 1u);
    EXPECT_EQ(*document.at_pointer("/changed/0/id"), Json("b"));
    EXPECT_EQ(*document.at_pointer("/changed/0/status"), Json("critical"));
    put("/v1/agent/service/deregister/a");
    EXPECT_EQ(stream.next().data, R"({"service":"web","changed":[],"gone":[{"node":"n1","id":"a"}]})");
}

TEST_F(OwnApi, AFollowerThatComesBackGetsWhatItMissed) {
    web("a", 1);
    web("b", 2);
    std::string seen;
    {
        Stream stream = follow("service=web&passing=true");
        seen = stream.next().id;
    }
    put("/v1/agent/check/fail/service:a");
    {
        Stream stream = follow("service=web&passing=true", seen);
        const http::SseEvent missed = stream.next();
        EXPECT_EQ(missed.data, R"({"service":"web","changed":[],"gone":[{"node":"n1","id":"a"}]})");
        seen = missed.id;
    }
    {
        Stream stream = follow("service=web&passing=true", seen); // nothing was missed: silence until something happens
        put("/v1/agent/check/pass/service:a");
        EXPECT_EQ(*Json::parse(stream.next().data).or_throw().at_pointer("/changed/0/id"), Json("a"));
    }
    for (const std::string id : {"elsewhere-7", "x", "999999"}) {
        Stream stream = follow("service=web", id);
        const http::SseEvent list = stream.next();
        EXPECT_EQ(list.event, "list");
        EXPECT_NE(list.data.find(R"("reason":"forgotten")"), std::string::npos) << list.data;
    }
}

TEST_F(OwnApi, OneChangeCostsEachFollowerOneSmallFrame) {
    for (int i = 0; i < 50; ++i) web("i" + std::to_string(i), 100 + i);
    std::vector<std::unique_ptr<Stream>> streams;
    for (int i = 0; i < 100; ++i) streams.push_back(std::make_unique<Stream>(service.port(), as.reader.token(), "service=web&passing=true"));
    std::vector<std::size_t> before;
    for (auto& stream : streams) {
        EXPECT_EQ(stream->next().event, "list");
        before.push_back(stream->received);
    }
    EXPECT_GT(before[0], 4'000u); // fifty instances
    put("/v1/agent/check/fail/service:i7");
    for (std::size_t i = 0; i < streams.size(); ++i) {
        EXPECT_EQ(streams[i]->next().event, "change");
        EXPECT_LT(streams[i]->received - before[i], 300u);
    }
}

// With access rules a token of theirs counts here as well.
struct GuardedOwnApi : ::testing::Test {
    testkit::RunningService service{own_service(guarded())};
    testkit::Callers as{service};

    testkit::Answer put(const std::string& target, const std::string& body, const std::string& token = "root") {
        return as.anonymous.call("PUT", target).raw(body, "application/json").header("X-Consul-Token", token).expect(200);
    }
    void put_service(const std::string& node, const std::string& name) {
        put("/v1/catalog/register", "{\"Node\":\"" + node + "\",\"Address\":\"10.0.0.1\",\"Service\":{\"Service\":\"" + name + "\"}}");
    }
    /// Secret and accessor of a token with the policy of this name, which has these rules.
    std::pair<std::string, std::string> token(const std::string& name, const std::string& rules) {
        const std::string policy = put("/v1/acl/policy", Json::object({{"Name", name}, {"Rules", rules}}).dump()).text("/ID");
        const auto made = put("/v1/acl/token", "{\"Policies\":[{\"ID\":\"" + policy + "\"}]}");
        return {made.text("/SecretID"), policy};
    }
    testkit::Call explain(const std::string& name, const std::string& secret) {
        return as.anonymous.get("/api/v1/discovery/services/" + name + "/explain").header("X-Consul-Token", secret);
    }
    Stream follow(const std::string& secret, const std::string& last_id = {}) {
        const std::string seen = last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n";
        return Stream(service.port(), Stream::Head{"/api/v1/discovery/watch?service=web&service=db", "X-Consul-Token: " + secret + "\r\n" + seen});
    }
};

constexpr const char* reads_web_on_a1 = R"(service "web" { policy = "read" } node "a1" { policy = "read" })";

TEST_F(GuardedOwnApi, ExplainsWhatTheTokenMaySee) {
    put_service("a1", "web");
    put_service("a2", "web");
    put_service("a1", "db");
    const auto [secret, policy] = token("p", reads_web_on_a1);
    explain("web", "root").expect(200).field("/instances_total", 2);
    explain("web", secret).expect(200).field("/instances_total", 1).field("/instances/0/node", "a1");
    as.anonymous.get("/api/v1/discovery/services/web/explain").header("Authorization", "Bearer " + secret).expect(200).field("/instances_total", 1);
    const auto refused = explain("db", secret).expect_problem(403, "forbidden");
    EXPECT_NE(refused.text("/detail").find("lacks permission 'service:read' on \"db\""), std::string::npos) << refused.body();
    explain("none", secret).expect_problem(403, "forbidden"); // whether it is there is not told either
    explain("web", "wrong").expect_problem(401, "unauthenticated");
    as.anonymous.get("/api/v1/discovery/services/web/explain").expect_problem(401, "unauthenticated");
    as.reader.get("/api/v1/discovery/services/db/explain").expect(200); // a token of the platform has its scope
    // What anybody may see is given to the anonymous token, and is then for everybody.
    put("/v1/acl/token/00000000-0000-0000-0000-000000000002", "{\"Policies\":[{\"ID\":\"" + policy + "\"}]}");
    as.anonymous.get("/api/v1/discovery/services/web/explain").expect(200).field("/instances_total", 1);
    as.anonymous.get("/api/v1/discovery/services/db/explain").expect_problem(403, "forbidden");
}

TEST_F(GuardedOwnApi, TheGraphNamesTokensAndShowsWhatIsPermitted) {
    put_service("a1", "web");
    put_service("a1", "db");
    const auto made = put("/v1/acl/token", R"({"ServiceIdentities":[{"ServiceName":"order"}]})");
    for (const std::string name : {"web", "db"}) as.anonymous.get("/v1/health/service/" + name).header("X-Consul-Token", made.text("/SecretID")).expect(200);
    const auto graph = [&](const std::string& secret) { return as.anonymous.get("/api/v1/discovery/graph").header("X-Consul-Token", secret).expect(200); };
    const auto whole = graph("root");
    whole.field("/calls_total", 2).field("/callers/0/name", "order").field("/callers/0/known_by", "token").field("/callers/0/token", made.text("/AccessorID"));
    const auto [secret, policy] = token("p", reads_web_on_a1);
    const auto seen = graph(secret);
    seen.field("/calls_total", 1).field("/callers/0/calls/0/service", "web").field("/callers/0/known_by", "nothing");
    EXPECT_EQ(seen.body().find(made.text("/AccessorID")), std::string::npos);
    as.anonymous.get("/api/v1/discovery/graph").expect_problem(401, "unauthenticated");
}

TEST_F(GuardedOwnApi, FollowsWhatTheTokenMaySeeUntilTheRulesChange) {
    put_service("a1", "web");
    put_service("a2", "web");
    put_service("a1", "db");
    const auto [secret, policy] = token("p", reads_web_on_a1);
    std::string seen;
    {
        Stream stream = follow(secret), whole = follow("root");
        EXPECT_EQ(stream.next().data, R"({"service":"db","reason":"first","instances":[]})");
        const Json web = Json::parse(stream.next().data).or_throw();
        EXPECT_EQ(web.at_pointer("/instances")->size(), 1u);
        EXPECT_EQ(*web.at_pointer("/instances/0/node"), Json("a1"));
        EXPECT_EQ(Json::parse(whole.next().data).or_throw().at_pointer("/instances")->size(), 1u);
        EXPECT_EQ(Json::parse(whole.next().data).or_throw().at_pointer("/instances")->size(), 2u);
        put("/v1/catalog/deregister", R"({"Node":"a1","ServiceID":"db"})");
        put("/v1/catalog/deregister", R"({"Node":"a2","ServiceID":"web"})");
        put("/v1/catalog/deregister", R"({"Node":"a1","ServiceID":"web"})");
        const http::SseEvent change = stream.next(); // of the other two he learns nothing
        EXPECT_EQ(change.data, R"({"service":"web","changed":[],"gone":[{"node":"a1","id":"web"}]})");
        seen = change.id;
        EXPECT_EQ(whole.next().data, R"({"service":"db","changed":[],"gone":[{"node":"a1","id":"db"}]})");
        put_service("a2", "web");
        put_service("a1", "db");
        const std::string other_rules = R"(service "db" { policy = "read" } node_prefix "" { policy = "read" })";
        put("/v1/acl/policy/" + policy, Json::object({{"Name", "p"}, {"Rules", other_rules}}).dump());
        EXPECT_EQ(stream.next().event, ""); // it ends; he is to come again
    }
    Stream stream = follow(secret, seen);
    const Json db = Json::parse(stream.next().data).or_throw(), web = Json::parse(stream.next().data).or_throw();
    EXPECT_EQ(*db.at_pointer("/reason"), Json("forgotten")); // there is more to see than before
    EXPECT_EQ(db.at_pointer("/instances")->size(), 1u);
    EXPECT_EQ(web.at_pointer("/instances")->size(), 0u);
}

TEST_F(OwnApi, TheLogIsFollowedAsItIsWritten) {
    const log::Capture capture; // without a log there is nothing to follow
    const testkit::Answer refused = as.anonymous.get("/v1/agent/monitor?loglevel=loud").send();
    EXPECT_EQ(refused.status(), 400);
    Stream text(service.port(), Stream::Head{"/v1/agent/monitor", ""}), json(service.port(), Stream::Head{"/v1/agent/monitor?logjson&loglevel=warn", ""});
    EXPECT_NE(text.until("the log is followed").find("[INFO]  test: the log is followed: client=127.0.0.1"), std::string::npos);
    EXPECT_NE(json.until("\r\n\r\n").find("application/json"), std::string::npos);
    log::info("too little");
    log::warn("disk is full", {{"path", "/a b"}, {"left", 7}});
    const std::string line = "[WARN]  test: disk is full: left=7 path=\"/a b\"\n";
    EXPECT_NE(text.until(line).find(line), std::string::npos);
    const std::string seen = json.until("disk is full");
    EXPECT_NE(seen.find(R"("@level":"warn","@message":"disk is full","@module":"test")"), std::string::npos) << seen;
    EXPECT_EQ(seen.find("too little"), std::string::npos);
    EXPECT_EQ(service.stop(), 0); // it does not wait for those who follow
}

TEST_F(OwnApi, TheGraphTellsWhoCallsWhom) {
    as.anonymous.get("/api/v1/discovery/graph").expect_problem(401, "unauthenticated");
    as.reader.get("/api/v1/discovery/graph").expect(200).field("/callers", Json::array({}));
    web("a", 1);
    const auto asked = as.anonymous.get("/v1/health/service/web?passing").header("User-Agent", "gravity-order/0.1.0").expect(200);
    const auto graph = as.reader.get("/api/v1/discovery/graph").expect(200);
    graph.field("/callers_total", 1).field("/callers/0/name", "order").field("/callers/0/known_by", "user_agent").field("/callers/0/registered", false);
    graph.field("/callers/0/calls/0/service", "web").field("/callers/0/calls/0/registered", true).field("/callers/0/calls/0/asked_total", 1);
    graph.field("/callers/0/calls/0/following", 0);
    // Who waits, and who has a stream, follow.
    const auto follow_with = [&](const std::string& target, const std::string& fields) { return Stream(service.port(), Stream::Head{target, fields}); };
    const auto following = [&](const std::string& query, std::int64_t wanted) {
        testkit::until([&] { return as.reader.get("/api/v1/discovery/graph?" + query).send().at("/callers/0/calls/0/following") == Json(wanted); });
    };
    {
        const Stream waiting = follow_with("/v1/health/service/web?wait=60s&index=" + asked.header("X-Consul-Index"), "User-Agent: gravity-order/0.1.0\r\n");
        following("caller=order", 1);
        put("/v1/agent/check/fail/service:a"); // it is answered
        following("caller=order", 0);
    }
    {
        const std::string bearer = "Authorization: Bearer " + as.reader.token() + "\r\n";
        Stream stream = follow_with("/api/v1/discovery/watch?service=web", "User-Agent: gravity-console/1\r\n" + bearer);
        EXPECT_EQ(stream.next().event, "list");
        following("caller=console", 1);
    }
    following("caller=console", 0);
    as.reader.get("/api/v1/discovery/graph?service=db").expect(200).field("/callers_total", 0);
    as.reader.get("/api/v1/discovery/graph?limit=0").expect(422);
}

TEST_F(OwnApi, FollowersAreLetGoWhenTheDaemonEnds) {
    Stream stream = follow("service=web");
    EXPECT_EQ(stream.next().event, "list");
    EXPECT_EQ(service.stop(), 0);
    EXPECT_EQ(stream.next().event, "");
}

// A service that is known, for whoever asks.
std::string explained(const testkit::Client& who) {
    who.call("PUT", "/v1/agent/service/register").raw(R"({"Name":"web"})", "application/json").expect(200);
    return "/api/v1/discovery/services/web/explain";
}
testkit::ConformanceOptions options() {
    const std::string watch = "GET /api/v1/discovery/watch", explain = "GET /api/v1/discovery/services/{service}/explain";
    testkit::ConformanceOptions o;
    o.path(explain, explained);
    o.except(explain, "isolation", "the registry is one for all projects");
    for (const char* rule : {"valid", "head", "query-value", "request-timeout"}) o.except(watch, rule, "a stream has no end; its tests are above");
    return o;
}
INSTANTIATE_CONFORMANCE(Discovery, own_service(), options())

} // namespace
} // namespace gravity::registry
