#include "config_fixture.hpp"

namespace gravity::config {
namespace {

class Spring : public ConfigApi {
protected:
    Spring() {
        published(as.owner, "application", "default", Json::object({{"shared", true}, {"port", 1}}));
        published(as.owner, "shop", "default",
                  Json::object({{"port", 8080},
                                {"name", "no"},
                                {"hosts", Json::array({"a", "b"})},
                                {"url", "http://localhost:${port}/${path:x}"},
                                {"conf/nginx.conf", "listen ${port};\n"}}));
        published(as.owner, "shop", "dev", Json::object({{"port", 9090}}));
        published(as.owner, "shop", "default", Json::object({{"port", 7}}), "feature/x");
    }
    testkit::Answer get(const std::string& path) { return as.owner.get("/spring" + path).send(); }
};

TEST_F(Spring, GivesPropertySourcesInTheirOrder) {
    const auto answer = get("/shop/dev");
    answer.field("/name", "shop").field("/profiles", Json::array({"dev"})).field("/label", Json()).field("/version", "3");
    answer.field("/propertySources/0/name", "shop-dev").field("/propertySources/1/name", "shop").field("/propertySources/2/name", "application");
    answer.field("/propertySources/0/source/port", 9090).field("/propertySources/1/source/hosts[1]", "b").field("/propertySources/3", Json());
    answer.field("/propertySources/1/source/url", "http://localhost:${port}/${path:x}"); // the client resolves
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    as.owner.get("/spring/shop/dev").header("If-None-Match", answer.etag()).expect(304);
    get("/shop/dev/main").field("/label", "main").field("/propertySources/0/source/port", 9090);
}

TEST_F(Spring, KnowsNoUnknownApplicationButUnknownLabels) {
    EXPECT_EQ(get("/nobody/dev").field("/propertySources/0/name", "application").field("/propertySources/1", Json()).status(), 200);
    EXPECT_EQ(get("/NoBody/..").status(), 200);
    const auto stranger = as.stranger.get("/spring/shop/dev").expect(200).field("/propertySources", Json::array());
    EXPECT_EQ(get("/shop/dev/none").status(), 404);
    EXPECT_EQ(get("/shop/dev/Not%20A%20Label").status(), 404);
    EXPECT_EQ(get("/none/shop-dev.yml").status(), 404);
    EXPECT_EQ(get("/a,b,c,d,e,f,g,h,i,j,k/dev").status(), 400);
    as.anonymous.get("/spring/shop/dev").expect_problem(401, "unauthenticated");
}

// Steeltoe asks for the environment as .NET names it.
TEST_F(Spring, PassesOverCapitals) {
    const auto answer = get("/Shop/Dev").field("/name", "Shop").field("/propertySources/0/name", "shop-dev").field("/propertySources/0/source/port", 9090);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(get("/SHOP-DEV.properties").body(), get("/shop-dev.properties").body());
    service.caller(service.project(), "configs:read", "Shop").get("/spring/Shop/Dev").expect(200); // and is nobody's secret
}

TEST_F(Spring, TakesSlashesOfLabelsInBothForms) {
    for (const std::string label : {"feature(_)x", "feature%2Fx"})
        get("/shop/default/" + label).field("/propertySources/0/source/port", 7).field("/label", "feature/x");
    EXPECT_EQ(get("/feature(_)x/shop-default.properties").body(), "port=7\n");
    EXPECT_EQ(get("/shop/default/feature%252Fx").status(), 404); // decoded once
}

TEST_F(Spring, WritesFiles) {
    const auto yaml = get("/shop-dev.yml");
    EXPECT_EQ(yaml.body(),
              "conf/nginx:\n  conf: \"listen 9090;\\n\"\nhosts:\n  - a\n  - b\nname: \"no\"\nport: 9090\nshared: true\nurl: \"http://localhost:9090/x\"\n");
    EXPECT_EQ(get("/shop-dev.yaml").body(), yaml.body());
    EXPECT_EQ(get("/main/shop-dev.yml").body(), yaml.body());
    EXPECT_EQ(get("/shop-dev.properties").body(),
              "conf/nginx.conf=listen 9090;\\n\nhosts[0]=a\nhosts[1]=b\nname=no\nport=9090\nshared=true\nurl=http\\://localhost\\:9090/x\n");
    get("/shop-dev.json").field("/port", 9090).field("/hosts", Json::array({"a", "b"})).field("/name", "no").field("/shared", true);
    get("/shop-dev.json?resolvePlaceholders=false").field("/url", "http://localhost:${port}/${path:x}");
    get("/shop-dev.json?resolvePlaceholders=true&other=1").field("/url", "http://localhost:9090/x"); // what nobody knows is passed over
    EXPECT_EQ(get("/shop-dev.xml").status(), 404);
    EXPECT_EQ(get("/shop.yml").status(), 404);
    EXPECT_EQ(get("/nobody-dev.json").json(), Json::object({{"port", 1}, {"shared", true}}));
}

TEST_F(Spring, GivesPlainFiles) {
    EXPECT_EQ(get("/shop/dev/main/conf/nginx.conf").body(), "listen 9090;\n");
    EXPECT_EQ(get("/shop/dev/conf/nginx.conf?useDefaultLabel").body(), "listen 9090;\n");
    EXPECT_EQ(get("/shop/dev/main/conf/nginx.conf?resolvePlaceholders=false").body(), "listen ${port};\n");
    EXPECT_EQ(get("/shop/dev/name?useDefaultLabel").body(), "no");
    EXPECT_EQ(get("/shop/dev/main/port").body(), "9090");
    EXPECT_EQ(get("/shop/dev/main/conf/..%2F..%2Fetc/passwd").status(), 404);
    EXPECT_EQ(get("/shop/dev/main/conf/other.conf").status(), 404);
    EXPECT_EQ(get("/shop/dev/feature(_)x/conf/nginx.conf").status(), 404);
}

TEST_F(Spring, TakesAccessKeysAsItsClientsSendThem) {
    const auto key = as.owner.post("/api/v1/config/access-keys", {{"name", "shop"}, {"kind", "secret"}, {"scopes", Json::array({"configs:read"})}}).send();
    ASSERT_EQ(key.status(), 201) << key.body();
    as.anonymous.get("/spring/shop/dev").header("X-API-Key", key.text("/key")).expect(200).field("/propertySources/0/name", "shop-dev");
    as.anonymous.get("/api/v1/configs").header("X-API-Key", key.text("/key")).expect(401);
}

} // namespace
} // namespace gravity::config
