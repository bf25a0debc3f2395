#include "event_link.hpp"
#include "process.hpp"

#include <gravity/testkit/redis.hpp>

/// What a gateway tells the platform, and what it hears.
namespace gravity::gateway::test {
namespace {

Json event_of(std::string_view type, std::string_view data, Timestamp time = now()) {
    const std::string document = R"({"specversion":"1.0","id":"1","source":"urn:gravity:service:auth","type":")" + std::string(type) +
                                 R"(","time":")" + time.to_string() + R"(","project":"00000000-0000-0000-0000-000000000000",)" +
                                 R"("sequence":"0000000000000001","epoch":"1","data":)" + std::string(data) + "}";
    return Json::parse(document).or_throw();
}

TEST(Events, TokensAreRefusedForWhatIsHeard) {
    const std::int64_t today = now().unix_seconds();
    auth::Claims claims;
    claims.subject = "ada";
    claims.session = "s1";
    claims.id = "t1";
    claims.issued_at = today;
    const auto heard = [&](std::string_view type, std::string_view data, std::int64_t seconds_ago = 0) {
        Revocations revocations;
        EXPECT_TRUE(heed(type, event_of(type, data, Timestamp::from_unix_seconds(today - seconds_ago)), revocations, today)) << type;
        return revocations.covers(claims);
    };
    EXPECT_TRUE(heard("gravity.auth.session.ended", R"({"id":"s1","reason":"logout"})"));
    EXPECT_FALSE(heard("gravity.auth.session.ended", R"({"id":"s2"})"));
    EXPECT_TRUE(heard("gravity.session.session.revoked", R"({"id":"s1"})"));
    EXPECT_TRUE(heard("gravity.auth.refresh_token.reuse_detected", R"({"session":"s1"})"));
    EXPECT_TRUE(heard("gravity.auth.token.revoked", R"({"jti":"t1"})"));
    EXPECT_FALSE(heard("gravity.auth.token.revoked", R"({"jti":"s1"})"));
    EXPECT_TRUE(heard("gravity.auth.identity.disabled", R"({"id":"ada"})")) << "issued in the same second";
    EXPECT_FALSE(heard("gravity.auth.identity.disabled", R"({"id":"ada"})", 10)) << "issued after it was enabled again";
    EXPECT_TRUE(heard("gravity.auth.identity.deleted", R"({"id":"ada"})"));
    EXPECT_FALSE(heard("gravity.auth.session.ended", R"({"id":"s1"})", Revocations::lifetime_seconds + 1)) << "older than any token";
    Revocations revocations;
    EXPECT_FALSE(heed("gravity.auth.session.started", event_of("gravity.auth.session.started", R"({"id":"s1"})"), revocations, today));
    for (const std::string_view bad : {"{}", "[]", R"({"id":7})", R"({"id":""})"})
        EXPECT_THROW(heed("gravity.auth.session.ended", event_of("gravity.auth.session.ended", bad), revocations, today), std::runtime_error) << bad;
    EXPECT_THROW(heed("gravity.auth.session.ended", Json::object(), revocations, today), std::runtime_error);
    EXPECT_EQ(revocations.size(), 0u);
}

TEST(Events, ADaysRevocationsAreTakenInAtOnce) {
    Revocations revocations;
    for (std::size_t i = 0; i < Revocations::most + 10; ++i) revocations.revoke_session("s" + std::to_string(i), 1'000'000 + (i < Revocations::most ? 0 : 1));
    EXPECT_EQ(revocations.size(), Revocations::most);
    auth::Claims claims;
    claims.session = "s100009";
    EXPECT_TRUE(revocations.covers(claims));
}

TEST(Events, ABreakerThatOpensAndClosesAndAnInstanceThatIsLeftOutAreSeenOnce) {
    const auto snapshot = Snapshot::build({service("shop", {"/"}, {7, 8})}, nullptr);
    Endpoint& endpoint = *snapshot->clusters()[0]->endpoints[0];
    InstanceWatch watch;
    auto now = std::chrono::steady_clock::now();
    const auto seen = [&](const Snapshot& routes) {
        std::string types;
        for (const InstanceEvent& event : watch.look(routes, now)) {
            EXPECT_EQ(event.service, "shop");
            EXPECT_EQ(event.instance, "i7");
            types += std::string(event.type.substr(std::string_view("gravity.gateway.").size())) + std::to_string(event.times) + " ";
        }
        return types;
    };
    EXPECT_EQ(seen(*snapshot), "");
    for (int i = 0; i < 5; ++i) endpoint.end(*endpoint.begin(now), Outcome::failure, 1ms, now);
    EXPECT_EQ(seen(*snapshot), "breaker.opened1 ");
    EXPECT_EQ(seen(*snapshot), "");
    now += 2min;
    endpoint.end(*endpoint.begin(now), Outcome::success, 1ms, now);
    EXPECT_EQ(seen(*snapshot), "breaker.closed1 ");
    endpoint.leave_out(now);
    EXPECT_EQ(seen(*snapshot), "instance.ejected1 ");
    const auto changed = Snapshot::build({service("shop", {"/", "/more"}, {7, 8})}, snapshot.get());
    EXPECT_EQ(seen(*changed), "") << "it is the same one after a change of the routes";
    endpoint.leave_out(now);
    EXPECT_EQ(seen(*changed), "instance.ejected2 ");
}

TEST(Events, AreCloudEventsAsOtherServicesWriteThem) {
    const InstanceEvent event{breaker_opened, "shop", "i7", "127.0.0.1", 7, 2};
    const Json document = Json::parse(cloud_event(event, "0190", Timestamp::from_unix_seconds(0), 12, 34)).or_throw();
    const auto text = [&](std::string_view name) { return document.find(name)->as_string(); };
    EXPECT_EQ(text("specversion"), "1.0");
    EXPECT_EQ(text("type"), "gravity.gateway.breaker.opened");
    EXPECT_EQ(text("source"), "urn:gravity:service:gateway");
    EXPECT_EQ(text("subject"), "i7");
    EXPECT_EQ(text("sequence"), "0000000000000034");
    EXPECT_EQ(text("epoch"), "12");
    EXPECT_EQ(document.find("data")->dump(), R"({"address":"127.0.0.1","instance":"i7","port":7,"service":"shop","times":2})");
}

/// One entry, as a service's relay adds it.
void publish(const testkit::TestRedis& redis, std::string_view stream, std::string_view type, const Json& event) {
    redis.cli("xadd '" + std::string(stream) + "' '*' id 1 type " + std::string(type) + " project 0 e '" + event.dump() + "'");
}

struct Broker {
    testkit::TestRedis redis;
    Instance failing{Instance::answering([](const Wire::Message&) { return std::string("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"); })};
    Folder files;
    std::string routes = files.file("routes.json", R"({"routes":[{"name":"bad","prefixes":["/bad"],"auth":"public","upstreams":["127.0.0.1:)" +
                                                       std::to_string(failing.port()) + R"("]}]})");
    std::vector<std::string> settings{"EVENTS_URL=" + redis.url(), "GATEWAY_ROUTES_FILE=" + routes};
};

TEST(Events, ASessionThatEndsIsRefusedByEveryGatewayAndByThoseThatStartLater) {
    Broker broker;
    Platform one(broker.settings), two(broker.settings);
    const auto bearer = [](const Platform& platform, std::string_view session) {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = "ada";
        claims.session = session;
        claims.expires_at = now().unix_seconds() + 600;
        claims.scopes = {"gateway:read"};
        return "Authorization: Bearer " + platform.signer.token(claims) + "\r\n";
    };
    // A route that needs a token; behind it all fails, which is not what is asked here.
    const auto status = [&](Platform& platform, std::string_view session) { return status_of(platform.port, "/closed", bearer(platform, session)); };
    const auto open_route = [](Platform& platform) {
        const std::string document = R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",
            "metadata":{"name":"closed","annotations":{"gravity/auth":"jwt"}},
            "spec":{"rules":[{"matches":[{"path":{"value":"/closed"}}],"backendRefs":[{"name":"bad"}]}]}})";
        EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/closed", document).status(), 200);
    };
    open_route(one);
    open_route(two);
    EXPECT_TRUE(eventually([&] { return status(one, "s1") == 500 && status(two, "s1") == 500; }));
    publish(broker.redis, "gravity:events:{auth}", "gravity.auth.session.ended", event_of("gravity.auth.session.ended", R"({"id":"s1"})"));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return status(one, "s1") == 401 && status(two, "s1") == 401; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << "a second on a machine that is not busy";
    EXPECT_NE(status(one, "s2"), 401);
    publish(broker.redis, "gravity:events:{session}", "gravity.session.session.revoked", event_of("gravity.session.session.revoked", "{}"));
    publish(broker.redis, "gravity:events:{session}", "gravity.session.session.revoked", event_of("gravity.session.session.revoked", R"({"id":"s2"})"));
    EXPECT_TRUE(eventually([&] { return status(one, "s2") == 401; })) << "what cannot be understood keeps nothing up";
    EXPECT_NE(answer_of(one.admin, "/metrics").body.find("gravity_gateway_events_undecodable_total 1"), std::string::npos);
    Platform later(broker.settings);
    open_route(later);
    EXPECT_TRUE(eventually([&] { return status(later, "s1") == 401; }));
    EXPECT_NE(status(later, "s3"), 401);
}

TEST(Events, ABreakersOpeningIsToldAndWaitsForABrokerThatIsAway) {
    Broker broker;
    Platform platform(broker.settings);
    broker.redis.kill();
    EXPECT_TRUE(eventually([&] { return platform.ask("GET", "/health/ready").body.find("\"events\"") != std::string::npos; }));
    for (int i = 0; i < 6; ++i) status_of(platform.port, "/bad");
    EXPECT_EQ(status_of(platform.port, "/bad"), 503) << "and nothing else waits for it";
    broker.redis.start();
    EXPECT_TRUE(eventually([&] { return broker.redis.cli("xlen 'gravity:events:{gateway}'") == "1\n"; }));
    const std::string told = broker.redis.cli("xrange 'gravity:events:{gateway}' - +");
    EXPECT_NE(told.find("gravity.gateway.breaker.opened"), std::string::npos) << told;
    EXPECT_NE(told.find(R"("service":"bad")"), std::string::npos) << told;
}

TEST(Events, AUrlThatIsNoneEndsTheStart) {
    Process process({"PORT=0", "ADMIN_PORT=0", "EVENTS_URL=nonsense"});
    EXPECT_EQ(process.wait(), 1);
}

} // namespace
} // namespace gravity::gateway::test
