#include "browser_fixture.hpp"

namespace gravity::issuer {
namespace {

/// What people may do at services, by their roles, through the clients that they use.
class RolesOfPeople : public SignInApi {
protected:
    testkit::Client granting = service.caller(service.project(), "clients:admin roles:admin products:admin orders:admin");
    testkit::Answer shop = client_that_may({"products:write", "orders:read"});
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    testkit::Answer client_that_may(std::initializer_list<std::string> scopes) {
        Json list = Json::array();
        for (const std::string& scope : scopes) list.push_back(scope);
        return granting.post("/api/v1/clients", {{"name", "Shop"},
                                                 {"scopes", std::move(list)},
                                                 {"grant_types", Json::array({"authorization_code", "refresh_token"})},
                                                 {"redirect_uris", Json::array({callback})}})
            .expect(201);
    }
    testkit::Answer role(const std::string& name, std::initializer_list<std::string> scopes, std::initializer_list<std::string> parents = {}) {
        Json list = Json::array(), above = Json::array();
        for (const std::string& scope : scopes) list.push_back(scope);
        for (const std::string& parent : parents) above.push_back(parent);
        return granting.post("/api/v1/roles", {{"name", name}, {"scopes", std::move(list)}, {"parents", std::move(above)}}).expect(201);
    }
    void grant(const testkit::Answer& role, const testkit::Answer& member) const {
        granting.call("PUT", role.location() + "/members/" + member.text("/id")).expect(204);
    }
    testkit::Answer tokens(const std::string& scope, const testkit::Answer& client) {
        return redeem(client, parameter(signed_in(browser, client, "&prompt=consent", http::percent_encode(scope)), "code"));
    }
    testkit::Answer tokens(const std::string& scope) { return tokens(scope, shop); }
};

TEST_F(RolesOfPeople, LetThemDoWhatTheClientMayToo) {
    const auto reader = role("reader", {"orders:admin"});
    grant(role("clerk", {"products:read"}, {reader.text("/id")}), ada);
    const auto answer = tokens("openid roles products:read products:write orders:read orders:write payments:read");
    answer.field("/scope", "openid roles orders:read products:read");
    const Json access = payload(answer.text("/access_token")), id = payload(answer.text("/id_token"));
    EXPECT_EQ(*access.find("roles"), Json::array({"clerk", "reader"}));
    EXPECT_EQ(*id.find("roles"), Json::array({"clerk", "reader"}));
    EXPECT_EQ(userinfo(answer.text("/access_token")).at("/roles"), Json::array({"clerk", "reader"}));
    tokens("openid").field("/scope", "openid");
    EXPECT_EQ(payload(tokens("openid products:read").text("/access_token")).find("roles"), nullptr) << "nobody asked which they have";
    tokens("openid orders:read", client_that_may({"products:write"})).field("/scope", "openid");
}

TEST_F(RolesOfPeople, OpenTheServicesThatBelieveTheirScopes) {
    const auto admin = client_that_may({"clients:read"});
    testkit::Client(service.port(), tokens("openid clients:read", admin).text("/access_token")).get("/api/v1/clients").expect_problem(403, "forbidden");
    grant(role("registrar", {"clients:read"}), ada);
    testkit::Client(service.port(), tokens("openid clients:read", admin).text("/access_token")).get("/api/v1/clients").expect(200);
}

TEST_F(RolesOfPeople, AreAsTheyAreWhenATokenIsIssued) {
    const auto clerk = role("clerk", {"orders:read", "products:write"});
    grant(clerk, ada);
    const auto first = tokens("openid roles orders:read products:write");
    first.field("/scope", "openid roles orders:read products:write");
    granting.del(clerk.location() + "/members/" + ada.text("/id")).expect(204);
    const auto without = refresh(shop, first.text("/refresh_token"));
    without.field("/scope", "openid roles");
    EXPECT_EQ(*payload(without.text("/id_token")).find("roles"), Json::array());
    grant(clerk, ada);
    const auto again = refresh(shop, without.text("/refresh_token"));
    again.field("/scope", "openid roles orders:read products:write");
    granting.patch(shop.location(), {{"scopes", Json::array({"orders:read"})}}).expect(200);
    refresh(shop, again.text("/refresh_token")).field("/scope", "openid roles orders:read");
}

TEST_F(RolesOfPeople, AreConsentedTo) {
    grant(role("clerk", {"orders:read"}), ada);
    auto step = browser.get(request(shop, {}, "openid%20roles%20orders%3Aread%20products%3Aread"));
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    const std::string page = browser.get(step.location()).body();
    EXPECT_NE(page.find("which roles you have"), std::string::npos) << page;
    EXPECT_NE(page.find("<code>orders:read</code>"), std::string::npos) << page;
    EXPECT_EQ(page.find("products:read"), std::string::npos) << "nobody is asked for what they cannot give";
    const auto back = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    redeem(shop, parameter(back, "code")).field("/scope", "openid roles orders:read");
    grant(role("stock", {"products:read"}), ada);
    EXPECT_TRUE(browser.get(request(shop, {}, "openid%20orders%3Aread")).location().starts_with(callback));
    EXPECT_TRUE(browser.get(request(shop, {}, "openid%20products%3Aread")).location().starts_with("/login/consent?")) << "that is new";
}

TEST_F(RolesOfPeople, AreOfTheirProject) {
    const auto clerk = as.stranger.post("/api/v1/roles", {{"name", "clerk"}, {"scopes", Json::array({"roles:read"})}, {"parents", Json::array()}}).expect(201);
    as.stranger.call("PUT", clerk.location() + "/members/" + ada.text("/id")).expect_problem(404, "not-found");
    grant(role("clerk", {"orders:read"}), ada);
    EXPECT_EQ(userinfo(tokens("openid roles").text("/access_token")).at("/roles"), Json::array({"clerk"}));
}

TEST_F(RolesOfPeople, AreNoMoreThanATokenHolds) {
    Json scopes = Json::array();
    std::string all;
    for (const std::string half : {"a", "b"}) { // each as much as whoever grants it can say in a token of their own
        Json some = Json::array();
        std::string given;
        for (int i = 0; i < 30; ++i) {
            some.push_back(std::string(90, half.front()) + std::to_string(i) + ":read");
            scopes.push_back(some.as_array().back());
            given += " " + some.as_array().back().as_string();
        }
        const auto who = service.caller(service.project(), "clients:admin roles:admin" + given);
        const auto big = who.post("/api/v1/roles", {{"name", half}, {"scopes", some}, {"parents", Json::array()}}).expect(201);
        who.call("PUT", big.location() + "/members/" + ada.text("/id")).expect(204);
        who.patch(shop.location(), {{"scopes", scopes}}).expect(200);
        all += given;
    }
    signed_in(browser, shop);
    const std::string form = request(shop, {}, http::percent_encode("openid" + all)).substr(std::string_view("/oauth2/authorize?").size());
    auto step = browser.post("/oauth2/authorize", form);
    step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    const auto refused = redeem(shop, parameter(step, "code"));
    EXPECT_EQ(refused.status(), 400) << refused.body();
    EXPECT_EQ(refused.text("/error"), "invalid_scope");
}

} // namespace
} // namespace gravity::issuer
