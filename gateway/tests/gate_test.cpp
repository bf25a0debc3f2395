#include "caller_limits.hpp"
#include "support.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::gateway::test {
namespace {

namespace asio = boost::asio;

struct Issuer {
    auth::Signer signer = auth::Signer::generate();
    std::shared_ptr<auth::Verifier> verifier = make();

    std::shared_ptr<auth::Verifier> make() const {
        auth::VerifierOptions options;
        options.issuer = "https://issuer.example";
        options.audiences = {"gravity"};
        auto made = std::make_shared<auth::Verifier>(std::move(options));
        made->set_keys(std::make_shared<auth::KeySet>(std::vector{signer.public_key()}));
        return made;
    }
    std::string token(std::string subject, std::int64_t lifetime = 600, std::vector<std::string> scopes = {}) const {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = std::move(subject);
        claims.expires_at = now().unix_seconds() + lifetime;
        claims.scopes = std::move(scopes);
        return signer.token(claims);
    }
};

std::string get(std::string_view token) {
    return "GET /a HTTP/1.1\r\nHost: h\r\n" + (token.empty() ? std::string() : "Authorization: Bearer " + std::string(token) + "\r\n") + "\r\n";
}

TEST(Gate, ATokenIsNeededAndGoesAlong) {
    const Issuer issuer, stranger;
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.field("Authorization").value_or("");
        return Instance::ok("in");
    }));
    Running running({}, {.requests_per_second = 0}, issuer.verifier);
    auto spec = service("a", {"/a"}, {instance.port()}, Access::jwt);
    running.publish({spec});
    auto client = running.client();
    const auto missing = client.ask(get(""));
    EXPECT_EQ(missing.status(), 401);
    EXPECT_TRUE(missing.has("WWW-Authenticate: Bearer realm=\"gravity\""));
    EXPECT_NE(missing.body.find("urn:gravity:problem:unauthenticated"), std::string::npos);
    const std::string good = issuer.token("ada");
    EXPECT_EQ(client.ask(get(good)).body, "in");
    EXPECT_EQ(seen, "Bearer " + good);
    EXPECT_EQ(client.ask(get(good)).body, "in");
    EXPECT_EQ(issuer.verifier->counts().checked, 1u) << "verified once, then remembered";
    const auto expired = client.ask(get(issuer.token("ada", -600)));
    EXPECT_EQ(expired.status(), 401);
    EXPECT_TRUE(expired.has("WWW-Authenticate: Bearer error=\"invalid_token\""));
    EXPECT_EQ(client.ask(get("nonsense")).status(), 401);
    EXPECT_EQ(running.unknown_keys, 0);
    EXPECT_EQ(client.ask(get(stranger.token("eve"))).status(), 401);
    EXPECT_EQ(running.unknown_keys, 1) << "the key may be newer than the set";
    EXPECT_EQ(client.ask("GET /a/../a HTTP/1.1\r\nHost: h\r\n\r\n").status(), 401);
    EXPECT_EQ(client.ask("GET /a/x/api HTTP/1.1\r\nHost: h\r\n\r\n").status(), 401) << "the service's own resources, by whatever way";

    spec.scope = "things:write";
    running.publish({spec});
    const auto lacking = client.ask(get(issuer.token("ada", 600, {"things:read"})));
    EXPECT_EQ(lacking.status(), 403);
    EXPECT_NE(lacking.field("WWW-Authenticate").value_or("").find("insufficient_scope"), std::string::npos);
    EXPECT_EQ(client.ask(get(issuer.token("ada", 600, {"things:admin"}))).status(), 200);
    issuer.verifier->set_keys(nullptr);
    EXPECT_EQ(client.ask(get(issuer.token("bob"))).status(), 503) << "nobody can say";
}

TEST(Gate, APageNamesTheTokenOfItsWebSocketAmongTheSubprotocols) {
    const Issuer issuer;
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.field("Sec-WebSocket-Protocol").value_or("");
        return Instance::ok("in"); // it does not want to, but it was asked
    }));
    Running running({}, {.requests_per_second = 0}, issuer.verifier);
    running.publish({service("a", {"/a"}, {instance.port()}, Access::jwt)});
    const auto ask = [&](const std::string& fields, const std::string& protocols) {
        return running.client().ask("GET /a HTTP/1.1\r\nHost: h\r\n" + fields + "Sec-WebSocket-Protocol: " + protocols + "\r\n\r\n");
    };
    const std::string handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string good = "chat, bearer, " + issuer.token("ada");
    EXPECT_EQ(ask(handshake, good).body, "in");
    EXPECT_EQ(seen, good) << "the service sees who it is, too";
    EXPECT_EQ(ask(handshake, "chat").status(), 401);
    EXPECT_EQ(ask(handshake, "bearer").status(), 401);
    EXPECT_EQ(ask(handshake, "bearer, " + issuer.token("ada", -600)).status(), 401);
    EXPECT_EQ(ask(handshake + "Authorization: Bearer nonsense\r\n", good).status(), 401) << "Authorization counts";
    EXPECT_EQ(ask("", good).status(), 401) << "of a WebSocket only";
}

TEST(Gate, WithoutAnIssuerProtectedRoutesStayClosed) {
    Running running;
    running.publish({service("a", {"/a"}, {}, Access::jwt)});
    EXPECT_EQ(running.client().ask(get(Issuer().token("ada"))).status(), 401);
}

TEST(Gate, CallersAreLimitedEachByHimself) {
    const Issuer issuer;
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    Running running({}, {.requests_per_second = 1, .burst = 3}, issuer.verifier);
    running.publish({service("a", {"/a"}, {instance.port()}, Access::jwt)});
    auto client = running.client();
    const std::string ada = issuer.token("ada"), bob = issuer.token("bob");
    const auto first = client.ask(get(ada));
    EXPECT_EQ(first.status(), 200);
    EXPECT_TRUE(first.has("RateLimit-Policy: \"caller\";q=3;w=3"));
    EXPECT_TRUE(first.field("RateLimit").value_or("").starts_with("\"caller\";r=2;t="));
    int allowed = 1;
    Wire::Message last = first;
    for (int i = 0; i < 20 && last.status() == 200; ++i) {
        last = client.ask(get(ada));
        allowed += last.status() == 200;
    }
    EXPECT_EQ(last.status(), 429);
    EXPECT_GE(allowed, 3);
    EXPECT_GE(std::stoi(last.field("Retry-After").value_or("0")), 1);
    EXPECT_TRUE(last.field("RateLimit").value_or("").starts_with("\"caller\";r=0;t="));
    EXPECT_NE(last.body.find("urn:gravity:problem:rate-limited"), std::string::npos);
    EXPECT_EQ(client.ask(get(bob)).status(), 200) << "by subject, not by connection";
}

TEST(CallerLimits, AreExactForEachAndBoundedInAll) {
    const auto start = std::chrono::steady_clock::time_point(1000s);
    CallerLimits limits(10, 5, 1024);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(limits.take("ada", start).allowed);
    EXPECT_FALSE(limits.take("ada", start).allowed);
    EXPECT_TRUE(limits.take("bob", start).allowed);
    EXPECT_TRUE(limits.take("ada", start + 100ms).allowed);
    EXPECT_FALSE(limits.take("ada", start + 100ms).allowed);
    // A crowd of others in the same moment costs no more memory, and nobody is refused because of it.
    for (int i = 0; i < 100'000; ++i) EXPECT_TRUE(limits.take("caller" + std::to_string(i), start + 200ms).allowed) << i;
    EXPECT_THROW(CallerLimits(0, 1), std::invalid_argument);
    EXPECT_THROW(CallerLimits(1, 0), std::invalid_argument);
}

asio::ip::address client_of(const TrustedProxies& trusted, const char* peer, std::string_view fields) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
    RequestHead head;
    EXPECT_FALSE(parse_request_head(bytes, head));
    return trusted.client_of(asio::ip::make_address(peer), bytes, head);
}

TEST(TrustedProxies, TellWhoCallsThroughThem) {
    const TrustedProxies trusted({"10.0.0.0/8", "fd00::/8"});
    const auto is = [](const char* text) { return asio::ip::make_address(text); };
    EXPECT_EQ(client_of(trusted, "10.0.0.1", "X-Forwarded-For: 6.6.6.6, 7.7.7.7\r\n"), is("7.7.7.7")) << "what stands before it is hearsay";
    EXPECT_EQ(client_of(trusted, "10.0.0.1", "X-Forwarded-For: 6.6.6.6, 7.7.7.7, 10.0.0.2\r\n"), is("7.7.7.7"));
    EXPECT_EQ(client_of(trusted, "10.0.0.1", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: fd00::1\r\n"), is("6.6.6.6"));
    EXPECT_EQ(client_of(trusted, "10.0.0.1", "X-Forwarded-For: ::ffff:7.7.7.7\r\n"), is("7.7.7.7"));
    EXPECT_EQ(client_of(trusted, "10.0.0.1", "X-Forwarded-For: nobody\r\n"), is("10.0.0.1"));
    EXPECT_EQ(client_of(trusted, "10.0.0.1", ""), is("10.0.0.1"));
    EXPECT_EQ(client_of(trusted, "8.8.8.8", "X-Forwarded-For: 6.6.6.6\r\n"), is("8.8.8.8"));
    EXPECT_TRUE(trusted.contains(is("fd12::3")));
    EXPECT_FALSE(trusted.contains(is("11.0.0.1")));
    EXPECT_EQ(client_of(TrustedProxies({"10.1.2.3"}), "10.1.2.3", "X-Forwarded-For: 203.0.113.7\r\n").to_string(), "203.0.113.7");
    EXPECT_EQ(client_of(TrustedProxies({"10.1.2.3"}), "10.1.2.4", "X-Forwarded-For: 203.0.113.7\r\n").to_string(), "10.1.2.4");
    for (const char* none : {"10.0.0.1/8", "10.0.0.0/33", "everybody", ""}) EXPECT_THROW(TrustedProxies({none}), std::invalid_argument) << none;
}

TEST(Gate, ATokenThatIsBoundComesWithItsProofAndBothGoOn) {
    const Issuer issuer;
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.field("Authorization").value_or("") + "|" + request.field("DPoP").value_or("");
        return Instance::ok("in");
    }));
    Running running({}, {.requests_per_second = 0}, issuer.verifier);
    auto spec = service("a", {"/a"}, {instance.port()}, Access::jwt);
    running.publish({spec});
    auth::Claims claims;
    claims.issuer = "https://issuer.example";
    claims.audience = {"gravity"};
    claims.subject = "ada";
    claims.expires_at = now().unix_seconds() + 600;
    const std::string plain = issuer.signer.token(claims);
    claims.key_thumbprint = "thumb";
    const std::string bound = issuer.signer.token(claims);
    claims.expires_at = now().unix_seconds() - 600;
    const std::string late = issuer.signer.token(claims);
    auto client = running.client();
    const auto ask = [&](const std::string& authorization, const std::string& more = {}) {
        return client.ask("GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: " + authorization + "\r\n" + more + "\r\n");
    };
    EXPECT_EQ(ask("DPoP " + bound, "DPoP: a.b.c\r\n").body, "in");
    EXPECT_EQ(seen, "DPoP " + bound + "|a.b.c") << "unchanged: the service checks it";
    EXPECT_EQ(ask("dpop " + bound, "dpop: a.b.c\r\n").status(), 200);

    const auto expect_refused = [](const Wire::Message& answer, const std::string& challenge) {
        EXPECT_EQ(answer.status(), 401);
        EXPECT_TRUE(answer.field("WWW-Authenticate").value_or("").starts_with(challenge)) << answer.head;
    };
    expect_refused(ask("DPoP " + bound), "DPoP error=\"invalid_dpop_proof\", algs=\"ES256");
    expect_refused(ask("DPoP " + bound, "DPoP: a.b.c\r\nDPoP: d.e.f\r\n"), "DPoP error=\"invalid_dpop_proof\"");
    expect_refused(ask("Bearer " + bound, "DPoP: a.b.c\r\n"), "Bearer error=\"invalid_token\""); // stolen, it would pass for anybody's
    expect_refused(ask("DPoP " + plain, "DPoP: a.b.c\r\n"), "DPoP error=\"invalid_token\"");
    expect_refused(ask("DPoP " + late, "DPoP: a.b.c\r\n"), "DPoP error=\"invalid_token\"");
    expect_refused(ask("DPoP " + bound.substr(0, bound.size() - 4) + "AAAA", "DPoP: a.b.c\r\n"), "DPoP error=\"invalid_token\"");
    expect_refused(ask("DPoP", "DPoP: a.b.c\r\n"), "Bearer");
    EXPECT_EQ(ask("Bearer " + plain, "DPoP: a.b.c\r\n").status(), 200) << "the service may want to know";
    running.gate.revocations().revoke_subject("ada", now().unix_seconds() + 1, now().unix_seconds());
    expect_refused(ask("DPoP " + bound, "DPoP: a.b.c\r\n"), "DPoP error=\"invalid_token\"");
    spec.scope = "things:read";
    running.publish({spec});
    EXPECT_EQ(ask("DPoP " + bound, "DPoP: a.b.c\r\n").status(), 401) << "revoked, whatever its scope";
}

TEST(Gate, BearerTokensAreTakenFromTheirScheme) {
    EXPECT_EQ(bearer_token("Bearer abc"), "abc");
    EXPECT_EQ(bearer_token("bearer  abc"), "abc");
    EXPECT_EQ(bearer_token("Basic abc"), "");
    EXPECT_EQ(bearer_token("Bearer"), "");
    EXPECT_EQ(bearer_token("Bearerabc"), "");
    EXPECT_EQ(bearer_token("DPoP abc"), "");
    EXPECT_EQ(dpop_token("DPoP abc"), "abc");
    EXPECT_EQ(dpop_token("Bearer abc"), "");
    EXPECT_EQ(dpop_token("DPoP"), "");
}

TEST(Gate, AnAddressOfIpv6IsOneSubscribersNetworkAndWhatIsNoAddressIsTheProxys) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    Options options;
    options.trusted_proxies = {"127.0.0.0/8", "fd00::/8"};
    Running running(options, {.requests_per_second = 1, .burst = 1000}); // what comes back within a few seconds makes no difference here
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto proxy = running.client();
    const auto left_for = [&](std::string_view client) {
        const auto answer = proxy.ask("GET /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: " + std::string(client) + "\r\n\r\n");
        EXPECT_EQ(answer.body, "in") << client;
        const std::string limit = answer.field("RateLimit").value_or("r=0");
        return std::stoi(limit.substr(limit.find("r=") + 2));
    };
    for (int i = 1; i <= 60; ++i) left_for("2001:db8:1:2::" + std::to_string(i));
    EXPECT_LT(left_for("2001:db8:1:2:ffff::77"), 970) << "one network of /64";
    EXPECT_LT(left_for("6.6.6.6, 2001:db8:1:2::1, fd00::5"), 970) << "behind two proxies it is the same";
    EXPECT_GT(left_for("2001:db8:1:3::1"), 990) << "another one's";
    for (int i = 0; i < 20; ++i)
        for (const char* nobody : {"unknown", "_hidden", "2001:db8:1:2::1, "}) left_for(nobody);
    EXPECT_LT(left_for("10.0.0.1, nobody"), 970) << "nobody can say who that is: it is the proxy's own share";
    EXPECT_GT(left_for("10.0.0.1"), 990);
}

} // namespace
} // namespace gravity::gateway::test
