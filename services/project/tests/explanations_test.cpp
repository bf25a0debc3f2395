// What a key would be allowed, and by whom. The services are played here.
#include "service_routes.hpp"
#include "usage_fixture.hpp"

#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/neighbour.hpp>

namespace gravity::project {
namespace {

Json operation(const std::string& scope) {
    return Json::object({{"summary", "It"}, {"security", Json::array({Json::object({{"bearer", Json::array({scope})}})})}});
}
Json catalog_document() {
    const Json any_token = Json::object({{"security", Json::array({Json::object({{"bearer", Json::array()}})})}});
    const Json open = Json::object({{"security", Json::array({Json::object(), Json::object({{"bearer", Json::array()}})})}});
    Json paths = Json::object();
    paths["/api/v1/products"] = Json::object({{"get", operation("products:read")}, {"post", operation("products:write")}});
    paths["/api/v1/products/{id}"] = Json::object({{"delete", operation("products:admin")}, {"parameters", Json::array()}});
    paths["/me"] = Json::object({{"get", any_token}});
    paths["/feed"] = Json::object({{"get", open}});
    paths["/plain"] = Json::object({{"get", Json::object()}});
    return Json::object({{"openapi", "3.1.0"}, {"paths", std::move(paths)}});
}
std::string routes_text(const std::vector<ReachedRoute>& routes) {
    std::string text;
    for (const auto& route : routes) text += route.method + " " + route.path + " " + route.scope.value_or("-") + "; ";
    return text;
}

TEST(ServiceRoutes, AreThoseThatTakeAToken) {
    const auto routes = parse_routes(catalog_document().dump());
    const std::string writing = "GET /api/v1/products products:read; POST /api/v1/products products:write; ";
    EXPECT_EQ(routes_text(routes), writing + "DELETE /api/v1/products/{id} products:admin; GET /me -; ");
    EXPECT_EQ(routes[0].summary, "It");
    EXPECT_EQ(routes[3].summary, std::nullopt);
    Caller bearer;
    EXPECT_EQ(routes_text(reached_by(bearer, routes)), "GET /me -; ");
    bearer.scopes = {"products:write"};
    EXPECT_EQ(routes_text(reached_by(bearer, routes)), writing + "GET /me -; ") << "writing includes reading";
    for (const std::string bad : {"", "[]", "{}", "<html>", R"({"paths":[]})"}) EXPECT_THROW(parse_routes(bad), std::invalid_argument) << bad;
    const std::string odd = R"({"paths":{"/a":5,"/b":{"get":5},"/c":{"get":{"security":5}},"/d":{"get":{"security":[]}},"/e":{"get":{"security":[{"x":5}]}}}})";
    EXPECT_EQ(routes_text(parse_routes(odd)), "GET /e -; ");
    Json many = Json::object({{"paths", Json::object()}});
    for (int i = 0; i < 2'100; ++i) many["paths"]["/" + std::to_string(i)] = Json::object({{"get", operation("a:read")}});
    EXPECT_EQ(parse_routes(many.dump()).size(), 2'000u);
}

struct Platform {
    testkit::FakeDiscovery discovery;
    testkit::Neighbour catalog{"product-catalog"}, user{"user"};
    Platform() {
        discovery.add(catalog);
        discovery.add(user);
        discovery.consul().on("GET", "/v1/catalog/services",
                              testkit::Reply{.body = Json::object({{"product-catalog", Json::array({"gravity"})}, {"user", Json::array({"gravity"})}})});
        catalog.on("GET", "/openapi.json", testkit::Reply{.body = catalog_document()});
    }
};

class Explanations : private Platform, public UsageApi {
protected:
    Explanations() : UsageApi({{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}}) {}
    using Platform::catalog, Platform::discovery, Platform::user;

    testkit::Call explain(const testkit::Client& who, const testkit::Answer& key) { return who.post(key.location() + "/explain"); }
    static Json of_service(const testkit::Answer& answer, const std::string& name) {
        const Json services = answer.at("/services");
        for (const Json& each : services.as_array())
            if (each.find("service")->as_string() == name) return each;
        ADD_FAILURE() << "nothing about " << name;
        return Json::object();
    }
};

TEST_F(Explanations, TellWhatAKeyWouldBeAllowed) {
    user.on("GET", "/openapi.json", testkit::Reply{.status = 500});
    meter(worker);
    worker.put(quotas() + "/tokens", limit(10)).expect(200);
    report(worker, event("1", tokens(4))).expect(204);
    auto body = key_body(shop, {"products:write"});
    body["cidrs"] = Json::array({"10.0.0.0/8"});
    body["uses_left"] = 3;
    body["expires_at"] = (now() + Duration::hours(1)).to_string();
    const auto made = ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201);
    const auto told = explain(ada, made).expect(200).field("/key_id", made.text("/id")).field("/active", true).field("/reason", Json());
    told.field("/scopes", Json::array({"products:write"})).field("/cidrs", Json::array({"10.0.0.0/8"})).field("/uses_left", 3);
    told.field("/ends_at", body.find("expires_at")->as_string()).field("/project_id", shop.text("/id")).field("/env", "production");
    told.field("/quotas/0/meter", "tokens").field("/quotas/0/limit", 10.0).field("/quotas/0/used", 4.0).field("/quotas/1", Json()).field("/problem", Json());
    const Json products = of_service(told, "product-catalog");
    EXPECT_EQ(products.find("problem"), nullptr);
    ASSERT_EQ(products.find("routes")->size(), 3u);
    EXPECT_EQ(*products.at_pointer("/routes/1/method"), Json("POST"));
    EXPECT_EQ(*products.at_pointer("/routes/1/path"), Json("/api/v1/products"));
    EXPECT_EQ(*products.at_pointer("/routes/1/scope"), Json("products:write"));
    EXPECT_EQ(of_service(told, "user").find("problem")->as_string(), "answered 500");
    EXPECT_EQ(of_service(told, "user").find("routes")->size(), 0u);
    for (int i = 0; i < 3; ++i) explain(ada, made).expect(200);
    EXPECT_EQ(catalog.calls("GET", "/openapi.json").size(), 1u) << "it is asked once in a while";
    ada.get(made.location()).expect(200).field("/uses_left", 3); // to ask is no use
}

TEST_F(Explanations, TellWhyAKeyIsNotGood) {
    const auto made = key(ada, shop), old = key(ada, shop), used_up = [&] {
        auto body = key_body(shop);
        body["uses_left"] = 0;
        return ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201);
    }();
    explain(ada, used_up).expect(200).field("/active", false).field("/reason", "it is used up");
    ada.post(old.location() + "/rotate", {{"grace_seconds", 0}}).expect(201);
    explain(ada, old).expect(200).field("/active", false).field("/reason", "another key has taken its place");
    ada.post(shop.location() + "/suspend").expect(200);
    explain(ada, made).expect(200).field("/active", false).field("/reason", "its project is not active");
    ada.del(made.location()).expect(204);
    explain(ada, made).expect(200).field("/active", false).field("/reason", "it was revoked");
}

TEST_F(Explanations, AreForMembers) {
    const auto made = key(ada, shop);
    join(ada, acme, "viewer", "viewer");
    explain(person("viewer"), made).expect(200);
    explain(ben, made).expect_problem(404, "not-found");
    explain(as.stranger, made).expect_problem(404, "not-found");
    explain(as.anonymous, made).expect_problem(401, "unauthenticated");
    explain(service.caller(service.project(), "api-keys:verify", "ada"), made).expect_problem(403, "forbidden");
    ada.post("/api/v1/api-keys/" + Uuid::v7().to_string() + "/explain").expect_problem(404, "not-found");
}

TEST_F(Explanations, SayThatDiscoveryIsAway) {
    const auto made = key(ada, shop);
    discovery.consul().on("GET", "/v1/catalog/services", testkit::Reply{.body = Json::array()});
    explain(ada, made).expect(200); // the first answer was scripted before
    const auto told = explain(ada, made).expect(200).field("/active", true).field("/services", Json::array());
    EXPECT_FALSE(told.text("/problem").empty());
}

} // namespace
} // namespace gravity::project
