#include "api_document.hpp"
#include "explain.hpp"
#include "revocations.hpp"
#include "support.hpp"

namespace gravity::gateway::test {
namespace {

TEST(Revocations, CoverATokenOrWhatASubjectGotBefore) {
    Revocations revocations;
    auth::Claims claims;
    claims.id = "t1";
    claims.subject = "ada";
    claims.issued_at = 100;
    EXPECT_FALSE(revocations.covers(claims));
    revocations.revoke_token("t2", 100);
    EXPECT_FALSE(revocations.covers(claims));
    revocations.revoke_token("t1", 100);
    EXPECT_TRUE(revocations.covers(claims));
    claims.id.clear();
    EXPECT_FALSE(revocations.covers(claims));
    revocations.revoke_subject("ada", 100, 100);
    EXPECT_FALSE(revocations.covers(claims)) << "issued at that moment, not before";
    revocations.revoke_subject("ada", 101, 101);
    EXPECT_TRUE(revocations.covers(claims));
    revocations.revoke_subject("ada", 50, 102);
    EXPECT_TRUE(revocations.covers(claims)) << "a later word does not take an earlier one back";
    claims.issued_at.reset();
    EXPECT_TRUE(revocations.covers(claims));
    claims.issued_at = 101;
    EXPECT_FALSE(revocations.covers(claims));
    revocations.revoke_token("t3", 102 + Revocations::lifetime_seconds + 1);
    revocations.revoke_subject("eve", 0, 103 + Revocations::lifetime_seconds);
    EXPECT_EQ(revocations.size(), 2u) << "what no token can still need is gone";
}

TEST(Holds, AnInstanceThatIsHeldGetsNothingUntilItIsRestored) {
    Instance one(Instance::answering([](const Wire::Message&) { return Instance::ok("one"); }));
    Instance two(Instance::answering([](const Wire::Message&) { return Instance::ok("two"); }));
    Running running;
    running.publish({service("a", {"/"}, {one.port(), two.port()})});
    const auto snapshot = running.gateway.snapshot();
    const auto& endpoints = snapshot->clusters()[0]->endpoints;
    auto client = running.client();
    endpoints[0]->hold(Hold::drained);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body, "two");
    running.publish({service("a", {"/", "/more"}, {one.port(), two.port()})});
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body, "two") << "it outlives a change of routes";
    endpoints[1]->hold(Hold::ejected);
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status(), 503);
    endpoints[0]->hold(Hold::none);
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body, "one");
}

TEST(Explain, DecidesAsForARequestAndTakesNothing) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Running running({}, {.requests_per_second = 1, .burst = 2});
    running.publish({service("shop", {"/api/v1/products"}, {instance.port()}), service("closed", {"/closed"}, {instance.port()}, Access::jwt)},
                    documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: old}\n"
                              "spec: {rules: [{matches: [{path: {value: /old}}], "
                              "filters: [{type: RequestRedirect, requestRedirect: {hostname: new.example}}]}]}\n"));
    const auto snapshot = running.gateway.snapshot();
    const auto ask = [&](const char* target, const char* method = "GET") {
        ExplainRequest request;
        request.method = method;
        request.target = target;
        return explain(request, *snapshot, running.gate, running.pages);
    };
    for (int i = 0; i < 5; ++i) {
        const Explanation passed = ask("/api/v1//products?x=1");
        EXPECT_EQ(passed.outcome, "passed on");
        EXPECT_EQ(passed.path, "/api/v1/products");
        EXPECT_EQ(passed.service, "shop");
        EXPECT_EQ(passed.instance, "i" + std::to_string(instance.port()));
        ASSERT_FALSE(passed.answer_fields.empty());
        EXPECT_EQ(passed.answer_fields.back(), "RateLimit: \"caller\";r=2;t=0") << "the limit as it stands";
    }
    const Explanation nobody = ask("/nobody");
    EXPECT_EQ(nobody.status, 404);
    EXPECT_EQ(nobody.problem, "no-route");
    EXPECT_FALSE(nobody.weighed.empty());
    for (const auto& weighed : nobody.weighed) EXPECT_EQ(weighed.why_not, "path") << weighed.name;
    EXPECT_EQ(ask("/closed").status, 401);
    EXPECT_EQ(ask("/closed").route, "closed");
    EXPECT_EQ(ask("/old/x").location, "http://new.example/old/x");
    EXPECT_EQ(ask("/health/live").outcome, "answered here");
    EXPECT_EQ(ask("/a%2fb").status, 400);
    EXPECT_EQ(ask("/x", "TRACE").status, 405);
    EXPECT_EQ(ask("/x HTTP/1.1\r\nHost: h\r\n\r\nGET /y").status, 400) << "one request, not two";
}

TEST(Explain, TellsWhatEndsHereAndWhatLeadsNowhere) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Running running;
    const std::string port = std::to_string(instance.port());
    running.publish({service("empty", {"/empty"}, {})},
                    documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shares}\nspec: {rules: [\n"
                              "{matches: [{path: {value: /shares}}], backendRefs: [{name: 127.0.0.1, port: " +
                              port + ", weight: 3}]},\n"
                                     "{matches: [{path: {value: /none}}], backendRefs: [{name: 127.0.0.1, port: " +
                              port + ", weight: 0}]},\n"
                                     "{matches: [{path: {value: /cors}}], filters: [{type: CORS, cors: {allowOrigins: ['*']}}],\n"
                                     " backendRefs: [{name: 127.0.0.1, port: " +
                              port + "}]}]}\n"));
    const auto snapshot = running.gateway.snapshot();
    const auto ask = [&](const char* target, std::map<std::string, std::string, std::less<>> headers = {}, const char* method = "GET") {
        ExplainRequest request;
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        return explain(request, *snapshot, running.gate, running.pages);
    };
    const Explanation shares = ask("/shares", {{"host", "shop.example"}});
    EXPECT_EQ(shares.outcome, "passed on") << shares.detail.value_or("");
    EXPECT_EQ(shares.service, "127.0.0.1:" + port);
    EXPECT_EQ(shares.route, "shares rule 0");
    const Explanation none = ask("/none");
    EXPECT_EQ(none.status, 500);
    EXPECT_EQ(none.problem, "no-backend");
    const Explanation empty = ask("/empty");
    EXPECT_EQ(empty.status, 503);
    EXPECT_EQ(empty.problem, "no-instance");
    EXPECT_TRUE(empty.instances.empty());
    const Explanation preflight = ask("/cors", {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "GET"}}, "OPTIONS");
    EXPECT_EQ(preflight.outcome, "answered here");
    EXPECT_EQ(preflight.status, 204);
    EXPECT_NE(std::find(preflight.answer_fields.begin(), preflight.answer_fields.end(), "Access-Control-Allow-Origin: *"), preflight.answer_fields.end());
    EXPECT_EQ(ask("/x", {{"X-Long", std::string(40'000, 'x')}}).status, 431);
    EXPECT_EQ(ask("/x", {{"bad name", "x"}}).status, 400);
    ExplainRequest from_nowhere;
    from_nowhere.target = "/x";
    from_nowhere.client = "somewhere";
    EXPECT_THROW(explain(from_nowhere, *snapshot, running.gate, running.pages), Refusal);
}

TEST(ApiDocument, IsOneOfAllServicesAsTheyAreReachedHere) {
    const Json own = Json::parse(R"({"openapi":"3.1.0","info":{"title":"t","version":"1"},
        "paths":{"/health/live":{"get":{"responses":{"200":{"description":"x"}}}}}})")
                         .or_throw();
    const char* shop = R"({"openapi":"3.1.0","info":{"title":"Shop","version":"9"},"security":[{"bearer":["a:read"]}],"servers":[{"url":"http://inside"}],
        "paths":{"/api/v1/things/{id}":{"parameters":[{"$ref":"#/components/parameters/Id"}],
                   "get":{"operationId":"read","tags":["x"],
                   "responses":{"200":{"description":"x","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"},
                   "example":{"$ref":"#/components/schemas/Thing"}}}}}},
                   "delete":{"operationId":"remove","security":[],"responses":{}}},
                 "/standard/x":{"get":{"operationId":"standard","responses":{}}},"/internal/x":{"get":{"responses":{}}},"/metrics":{"get":{"responses":{}}},
                 "/health/live":{"get":{"responses":{}}},"/openapi.json":{"get":{"responses":{}}}},
        "components":{"parameters":{"Id":{"name":"id","in":"path","required":true}},
                      "schemas":{"Thing":{"oneOf":[{"$ref":"#/components/schemas/A"}],
                      "discriminator":{"propertyName":"p","mapping":{"a":"#/components/schemas/A"}}},"A":{}},
                      "securitySchemes":{"bearer":{"type":"http","scheme":"bearer"}}}})";
    ServiceDocuments documents;
    documents.emplace("shop", packed_description(shop));
    documents.emplace("other",
                      packed_description(R"({"paths":{"/api/v1/others":{"get":{"operationId":"read","responses":{}}}},)"
                                         R"("components":{"schemas":{"Thing":{}}}})"));
    documents.emplace("gone", packed_description(R"({"paths":{"/api/v1/gone":{"get":{}}},"components":{"schemas":{"Thing":{}}}})"));
    documents.emplace("odd", packed_description(R"({"paths":[1],"components":7})"));
    documents.emplace("text", packed_description("<html>"));
    documents.emplace("cut", packed_description(shop).substr(0, 40));
    const auto routes = Snapshot::build({service("shop", {"/api/v1/things"}, {1}), service("other", {"/api/v1/others"}, {2})}, nullptr);
    const Json all = Json::parse(aggregate(own, documents, *routes)).or_throw();
    std::vector<std::string> paths;
    for (const auto& [path, item] : all.find("paths")->as_object()) paths.push_back(path);
    EXPECT_EQ(paths, (std::vector<std::string>{"/api/v1/others", "/api/v1/things/{id}", "/health/live", "/shop/standard/x"}));
    const auto text = [&](const char* pointer) {
        const Json* found = all.at_pointer(pointer);
        return found ? found->dump() : std::string("absent");
    };
    EXPECT_EQ(text("/info/title"), "\"t\"");
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/get/operationId"), "\"shop.read\"");
    EXPECT_EQ(text("/paths/~1api~1v1~1others/get/operationId"), "\"other.read\"");
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/get/responses/200/content/application~1json/schema/$ref"), "\"#/components/schemas/shop.Thing\"");
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/get/responses/200/content/application~1json/example/$ref"), "\"#/components/schemas/Thing\"")
        << "data is left alone";
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/parameters/0/$ref"), "\"#/components/parameters/shop.Id\"");
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/get/security"), R"([{"shop.bearer":["a:read"]}])");
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/delete/security"), "[]");
    EXPECT_EQ(text("/paths/~1api~1v1~1things~1{id}/get/tags"), R"(["shop"])");
    EXPECT_EQ(text("/components/schemas/shop.Thing/discriminator/mapping/a"), "\"#/components/schemas/shop.A\"");
    EXPECT_EQ(text("/components/schemas/other.Thing"), "{}");
    EXPECT_EQ(text("/components/schemas/gone.Thing"), "absent");
    EXPECT_EQ(text("/components/securitySchemes/shop.bearer/scheme"), "\"bearer\"");
    EXPECT_EQ(text("/security"), "absent");
    EXPECT_EQ(text("/tags/1/description"), "\"Shop\"");
}

} // namespace
} // namespace gravity::gateway::test
