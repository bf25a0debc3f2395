#include "support.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>

/// What the rules of HTTPRoute documents do to requests and answers.
namespace gravity::gateway::test {
namespace {

/// A document whose backends are ports of this machine.
std::string route(std::string_view name, std::string_view rules, std::string_view annotations = "{}") {
    return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + std::string(name) + ", annotations: " + std::string(annotations) +
           "}\nspec: {rules: " + std::string(rules) + "}\n---\n";
}
std::string backend(const Instance& instance, int weight = 1, std::string_view more = "") {
    return "{name: 127.0.0.1, port: " + std::to_string(instance.port()) + ", weight: " + std::to_string(weight) + std::string(more) + "}";
}
std::string get(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: shop.example\r\n" + std::string(fields) + "\r\n";
}

/// What reached an instance, of any number of threads.
struct Seen {
    std::mutex mutex;
    std::vector<Wire::Message> all;
    void add(const Wire::Message& message) {
        const std::lock_guard lock(mutex);
        all.push_back(message);
    }
    Wire::Message last() {
        const std::lock_guard lock(mutex);
        return all.empty() ? Wire::Message{} : all.back();
    }
    std::size_t count() {
        const std::lock_guard lock(mutex);
        return all.size();
    }
};

TEST(Rules, FieldsAreEditedOnBothWays) {
    Seen seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen.add(request);
        return Instance::ok("x", "Server: secret\r\nX-Kept: 1\r\nX-Set: old\r\n");
    }));
    Running running;
    running.publish({}, documents(route("a", R"([{
        filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: new}], add: [{name: X-Add, value: more}], remove: [x-gone]}},
                  {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-set, value: new}], remove: [Server]}}],
        backendRefs: [)" + backend(instance, 1, ", filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Backend, value: b}]}}]") +
                                                 "]}]")));
    auto client = running.client();
    const auto answer = client.ask(get("/", "X-Set: old\r\nx-SET: older\r\nX-Add: first\r\nX-Gone: 1\r\n"));
    EXPECT_EQ(answer.body, "x");
    EXPECT_TRUE(answer.has("x-set: new")) << answer.head;
    EXPECT_FALSE(answer.has("X-Set: old"));
    EXPECT_FALSE(answer.field("Server"));
    EXPECT_TRUE(answer.has("X-Kept: 1"));
    const auto at_instance = seen.last();
    EXPECT_TRUE(at_instance.has("X-Set: new"));
    EXPECT_EQ(at_instance.head.find("old"), std::string::npos);
    EXPECT_TRUE(at_instance.has("X-Add: first"));
    EXPECT_TRUE(at_instance.has("X-Add: more"));
    EXPECT_TRUE(at_instance.has("X-Backend: b"));
    EXPECT_FALSE(at_instance.field("X-Gone"));
}

TEST(Rules, HostAndPathAreRewrittenAndRedirected) {
    Seen seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen.add(request);
        return Instance::ok("x");
    }));
    Running running;
    running.publish({service("own", {"/own"}, {instance.port()})}, documents(
                                                                       route("a", R"([
        {matches: [{path: {value: /old}}], filters: [{type: URLRewrite, urlRewrite: {hostname: inside.example,
         path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}],
         backendRefs: [)" + backend(instance) + R"(]},
        {matches: [{path: {value: /away}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: b.example, statusCode: 301,
         path: {type: ReplacePrefixMatch, replacePrefixMatch: /there}}}]},
        {matches: [{path: {value: /round}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}],
         backendRefs: [{name: own}]},
        {matches: [{path: {value: /nowhere}}]}])")));
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/old/a?b=c")).status(), 200);
    EXPECT_TRUE(seen.last().head.starts_with("GET /new/a?b=c HTTP/1.1\r\nHost: inside.example\r\n")) << seen.last().head;
    EXPECT_TRUE(seen.last().has("X-Forwarded-Host: shop.example"));
    const auto away = client.ask(get("/away/x?y"));
    EXPECT_EQ(away.status(), 301);
    EXPECT_TRUE(away.has("Location: https://b.example/there/x?y")) << away.head;
    EXPECT_EQ(client.ask(get("/round/x")).status(), 200);
    EXPECT_EQ(client.ask(get("/round/internal/x")).status(), 404) << "what a service keeps to itself is not reached by a rewritten path either";
    EXPECT_EQ(client.ask(get("/nowhere")).status(), 500);
    EXPECT_EQ(client.ask(get("/else")).status(), 404);
}

TEST(Rules, BackendsGetTheSharesTheyAreGiven) {
    Instance stable(Instance::answering([](const Wire::Message&) { return Instance::ok("stable"); }));
    Instance canary(Instance::answering([](const Wire::Message&) { return Instance::ok("canary"); }));
    Instance nobody(Instance::answering([](const Wire::Message&) { return Instance::ok("nobody"); }));
    Running running;
    running.publish({}, documents(route("a", "[{backendRefs: [" + backend(stable, 90) + ", " + backend(nobody, 0) + ", " + backend(canary, 10) + "]}]")));
    auto client = running.client();
    std::map<std::string, int> answers;
    for (int i = 0; i < 2000; ++i) ++answers[client.ask(get("/")).body];
    // Binomial with n = 2000, p = 0.1: within five standard deviations of 13.4.
    EXPECT_NEAR(answers["canary"], 200, 67);
    EXPECT_EQ(answers["canary"] + answers["stable"], 2000);
    running.publish({}, documents(route("a", "[{backendRefs: [" + backend(nobody, 0) + "]}]")));
    EXPECT_EQ(client.ask(get("/")).status(), 500);
}

TEST(Rules, ACallerStaysOnHisSide) {
    const auth::Signer signer = auth::Signer::generate();
    auth::VerifierOptions options;
    options.issuer = "https://issuer.example";
    options.audiences = {"gravity"};
    const auto verifier = std::make_shared<auth::Verifier>(std::move(options));
    verifier->set_keys(std::make_shared<auth::KeySet>(std::vector{signer.public_key()}));
    Instance one(Instance::answering([](const Wire::Message&) { return Instance::ok("one"); }));
    Instance two(Instance::answering([](const Wire::Message&) { return Instance::ok("two"); }));
    Running running({}, {.requests_per_second = 0}, verifier);
    running.publish({}, documents(route("a", "[{backendRefs: [" + backend(one) + ", " + backend(two) + "]}]", "{gravity/auth: jwt, gravity/sticky: 'true'}")));
    std::map<std::string, int> sides;
    auto client = running.client();
    for (int user = 0; user < 40; ++user) {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = "user-" + std::to_string(user);
        claims.expires_at = now().unix_seconds() + 600;
        const std::string fields = "Authorization: Bearer " + signer.token(claims) + "\r\n";
        const std::string side = client.ask(get("/", fields)).body;
        ++sides[side];
        for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask(get("/", fields)).body, side);
    }
    EXPECT_EQ(sides.size(), 2u);
    EXPECT_EQ(client.ask(get("/")).status(), 401);
}

TEST(Rules, ACopyGoesToTheMirrorAndItsAnswerToNobody) {
    Seen seen, copies;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen.add(request);
        return Instance::ok("from the service");
    }));
    Instance mirror([&](Wire& wire) {
        copies.add(wire.read_message());
        wire.send(Instance::ok("from the mirror"));
    });
    Instance silent([&](Wire& wire) { wire.read_to_end(); });
    Running running;
    const auto mirrored = [&](const Instance& to, std::string_view more = "") {
        return "{type: RequestMirror, requestMirror: {backendRef: {name: 127.0.0.1, port: " + std::to_string(to.port()) + "}" + std::string(more) + "}}";
    };
    running.publish({}, documents(route("a", "[{filters: [" + mirrored(mirror) + ", " + mirrored(silent) + ", " + mirrored(mirror, ", percent: 0") +
                                                 "], backendRefs: [" + backend(instance) + "]}]")));
    auto client = running.client();
    EXPECT_EQ(client.ask("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello").body, "from the service");
    EXPECT_EQ(client.ask("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").body, "from the service");
    ASSERT_TRUE(eventually([&] { return copies.count() == 2; }));
    EXPECT_TRUE(copies.all[0].head.starts_with("POST /p HTTP/1.1\r\n"));
    EXPECT_TRUE(copies.all[0].has("Connection: close"));
    std::vector<std::string> bodies{copies.all[0].body, copies.all[1].body};
    std::sort(bodies.begin(), bodies.end());
    EXPECT_EQ(bodies, (std::vector<std::string>{"5\r\nhello\r\n0\r\n\r\n", "hello"}));
    EXPECT_EQ(seen.count(), 2u);
}

TEST(Rules, ACopyThatCannotBeDeliveredIsLostAndNobodyWaitsForIt) {
    Instance instance([](Wire& wire) { // answers at once, and takes all that comes
        const bool finishes = wire.read_until("\r\n\r\n").find("/whole") != std::string::npos;
        if (finishes) wire.read_exactly(std::size_t{16} << 20);
        wire.send(Instance::ok("from the service", "Connection: close\r\n"));
        wire.read_to_end();
    });
    std::atomic<int> cut{0};
    Instance silent([&](Wire& wire) {
        wire.read_until("\r\n\r\n");
        while (!wire.read_exactly(65536).empty()) {}
        ++cut;
    });
    Instance deaf([&](Wire& wire) {
        wire.read_until("\r\n\r\n");
        EXPECT_TRUE(eventually([&] { return cut == 100; }));
    });
    Instance refuses([](Wire& wire) { wire.reset(); });
    Options options;
    options.mirror_timeout = 300ms;
    Running running(options);
    const auto publish = [&](std::string_view to) {
        running.publish({service("nobody", {}, {})}, documents(route("a", "[{filters: [{type: RequestMirror, requestMirror: {backendRef: " + std::string(to) +
                                                                              "}}], backendRefs: [" + backend(instance) + "]}]")));
    };
    const auto lost = [&] { return running.telemetry.mirrors_lost.value(); };
    double before = lost();
    publish("{name: nobody}");
    EXPECT_EQ(running.client().ask(get("/")).body, "from the service");
    EXPECT_EQ(lost(), before + 1) << "no instance";

    publish("{name: 127.0.0.1, port: " + std::to_string(silent.port()) + "}");
    before = lost();
    EXPECT_EQ(running.client().ask(get("/")).body, "from the service");
    EXPECT_TRUE(eventually([&] { return lost() == before + 1; })) << "it never answers";
    EXPECT_TRUE(eventually([&] { return cut == 1; }));
    before = lost();
    auto leaves = running.client();
    leaves.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf");
    EXPECT_EQ(leaves.read_message().body, "from the service");
    leaves.close();
    EXPECT_TRUE(eventually([&] { return lost() == before + 1 && cut == 2; })) << "half a request must not look whole";

    publish("{name: 127.0.0.1, port: " + std::to_string(refuses.port()) + "}");
    before = lost();
    EXPECT_EQ(running.client().ask(get("/")).body, "from the service");
    EXPECT_TRUE(eventually([&] { return lost() == before + 1; })) << "its connection broke";

    publish("{name: 127.0.0.1, port: " + std::to_string(deaf.port()) + "}");
    before = lost();
    auto large = running.client();
    std::thread sender([&] { large.send("POST /whole HTTP/1.1\r\nHost: h\r\nContent-Length: 16777216\r\n\r\n" + std::string(std::size_t{16} << 20, 'x')); });
    EXPECT_EQ(large.read_message().body, "from the service") << "whoever takes nothing keeps nobody waiting";
    sender.join();
    EXPECT_TRUE(eventually([&] { return lost() == before + 1; }));
    cut = 100;
}

TEST(Rules, TimeoutsOfAnAttemptAndOfAllAreKept) {
    Instance silent([](Wire& wire) { wire.read_to_end(); });
    Running running;
    running.publish({}, documents(route("a", "[{matches: [{path: {value: /all}}], timeouts: {request: 30ms}, backendRefs: [" + backend(silent) +
                                                 "]}, {matches: [{path: {value: /one}}], timeouts: {backendRequest: 30ms}, backendRefs: [" +
                                                 backend(silent) + "]}]")));
    EXPECT_EQ(running.client().ask(get("/all")).status(), 504);
    EXPECT_EQ(running.client().ask(get("/one")).status(), 504);
}

TEST(Rules, CorsIsAnsweredForTheService) {
    constexpr std::string_view own_words = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n";
    Instance instance(Instance::answering([&](const Wire::Message&) { return Instance::ok("x", own_words); }));
    Running running;
    running.publish({}, documents(route("a", "[{filters: [{type: CORS, cors: {allowOrigins: ['https://shop.example', 'https://*.parts.example'], "
                                             "allowCredentials: true, "
                                             "allowMethods: [GET, PUT], allowHeaders: ['*'], exposeHeaders: [ETag], maxAge: 60}}], backendRefs: [" +
                                                 backend(instance) + "]}]",
                                        "{gravity/auth: jwt}") +
                                  route("b", "[{matches: [{path: {value: /open}}], filters: [{type: CORS, cors: {allowOrigins: ['*']}}], backendRefs: [" +
                                                 backend(instance) + "]}]")));
    auto client = running.client();
    const auto preflight = [&](std::string_view path, std::string_view origin) {
        return client.ask("OPTIONS " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nOrigin: " + std::string(origin) +
                              "\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a, x-b\r\n\r\n",
                          true);
    };
    const auto allowed = preflight("/", "https://shop.example");
    EXPECT_EQ(allowed.status(), 204) << "without a token";
    for (const char* line : {"Access-Control-Allow-Origin: https://shop.example", "Access-Control-Allow-Credentials: true",
                             "Access-Control-Allow-Methods: GET, PUT",
                             "Access-Control-Allow-Headers: x-a, x-b", "Access-Control-Max-Age: 60", "Vary: Origin"})
        EXPECT_TRUE(allowed.has(line)) << line << "\n"
                                       << allowed.head;
    EXPECT_TRUE(preflight("/", "https://a.b.parts.example").has("Access-Control-Allow-Origin: https://a.b.parts.example"));
    for (const char* origin : {"https://evil.example", "http://shop.example", "https://shop.example.evil.example", "https://parts.example",
                               "https://evil/.parts.example", "null"}) {
        const auto refused = preflight("/", origin);
        EXPECT_EQ(refused.status(), 204);
        EXPECT_FALSE(refused.field("Access-Control-Allow-Origin")) << origin;
        EXPECT_TRUE(refused.has("Vary: Origin"));
    }
    const auto open = preflight("/open", "https://anybody.example");
    EXPECT_TRUE(open.has("Access-Control-Allow-Origin: *"));
    EXPECT_TRUE(open.has("Access-Control-Allow-Methods: GET, HEAD, POST"));
    EXPECT_FALSE(open.field("Access-Control-Allow-Credentials"));
    const auto answer = client.ask(get("/open", "Origin: https://anybody.example\r\n"));
    EXPECT_TRUE(answer.has("Access-Control-Allow-Origin: *"));
    EXPECT_FALSE(answer.field("Access-Control-Allow-Credentials")) << "the service has no say";
    const auto denied = client.ask(get("/", "Origin: https://shop.example\r\n"));
    EXPECT_EQ(denied.status(), 401);
    EXPECT_TRUE(denied.has("Access-Control-Allow-Origin: https://shop.example")) << "so that the page can read what is wrong";
    EXPECT_TRUE(denied.has("Access-Control-Expose-Headers: ETag"));
}

TEST(Rules, AnyMethodMeansTheOneThatIsAskedForWhereCredentialsGoAlong) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Running running;
    running.publish({}, documents(route("a", "[{filters: [{type: CORS, cors: {allowOrigins: ['https://shop.example'], allowCredentials: true, allowMethods: "
                                             "['*'], allowHeaders: ['*']}}], backendRefs: [" +
                                                 backend(instance) + "]}]") +
                                  route("b", "[{matches: [{path: {value: /open}}], filters: [{type: CORS, cors: {allowOrigins: ['*'], allowMethods: ['*'], "
                                             "allowHeaders: ['*']}}], backendRefs: [" +
                                                 backend(instance) + "]}]")));
    auto client = running.client();
    const std::string asks = " HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\nAccess-Control-Request-Method: PATCH\r\n"
                             "Access-Control-Request-Headers: x-a\r\n\r\n";
    const auto named = client.ask("OPTIONS /" + asks, true);
    EXPECT_TRUE(named.has("Access-Control-Allow-Methods: PATCH")) << named.head;
    EXPECT_TRUE(named.has("Access-Control-Allow-Headers: x-a"));
    const auto any = client.ask("OPTIONS /open" + asks, true);
    EXPECT_TRUE(any.has("Access-Control-Allow-Methods: *")) << any.head;
    EXPECT_TRUE(any.has("Access-Control-Allow-Headers: *"));
}

TEST(Rules, ABackendEditsTheAnswersThatAreItsOwn) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("x", "X-Inner: 1\r\n"); }));
    const std::string edits = "{type: ResponseHeaderModifier, responseHeaderModifier: ";
    Running running;
    running.publish({}, documents(route("a", "[{filters: [" + edits + "{set: [{name: X-Side, value: any}]}}], backendRefs: [" +
                                                 backend(instance, 1, ", filters: [" + edits + "{set: [{name: X-Side, value: canary}], remove: [x-inner]}}]") +
                                                 "]}]")));
    const auto answer = running.client().ask(get("/"));
    EXPECT_TRUE(answer.has("X-Side: canary")) << answer.head;
    EXPECT_EQ(answer.head.find("any"), std::string::npos) << "of two that set one field the backend's counts";
    EXPECT_FALSE(answer.field("X-Inner"));
}

TEST(Rules, ARedirectMayReplaceTheWholePath) {
    Running running;
    running.publish({}, documents(route("a", R"([
        {matches: [{path: {value: /old}}],
         filters: [{type: RequestRedirect, requestRedirect: {statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /new}}}]},
        {matches: [{path: {value: /root}}], filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: ''}}}]}])")));
    auto client = running.client();
    const auto moved = client.ask(get("/old/deeper?x=1"));
    EXPECT_EQ(moved.status(), 301);
    EXPECT_EQ(moved.field("Location"), "http://shop.example/new?x=1") << moved.head;
    EXPECT_EQ(client.ask(get("/root/a")).field("Location"), "http://shop.example/");
}

TEST(Rules, AFieldThatStandsSeveralTimesIsComparedAsTheListThatItIs) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("list"); }));
    Running running;
    running.publish({}, documents(route("a", "[{matches: [{headers: [{name: X-Kind, value: 'a, b, c'}]}], backendRefs: [" + backend(instance) + "]}]")));
    auto client = running.client();
    EXPECT_EQ(client.ask(get("/", "X-Kind: a\r\nX-Other: z\r\nx-kind: b\r\nX-KIND: c\r\n")).body, "list");
    EXPECT_EQ(client.ask(get("/", "X-Kind: a, b, c\r\n")).body, "list");
    EXPECT_EQ(client.ask(get("/", "X-Kind: a\r\nX-Kind: b\r\n")).status(), 404);
    EXPECT_EQ(client.ask(get("/", "X-Kind: c\r\n")).status(), 404);
}

} // namespace
} // namespace gravity::gateway::test
