#include "browser_fixture.hpp"

#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

/// What people have given: sessions, consents, refresh tokens.
class Grants : public SignInApi {
protected:
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client();
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    /// Whoever this is of, by a token that may look after grants of their own.
    testkit::Client token_of(const testkit::Answer& identity, std::string_view scopes = "grants:write") const {
        return service.caller(service.project(), scopes, identity.text("/id"));
    }
    testkit::Answer tokens(Browser& by, const testkit::Answer& client, const std::string& scope = "openid%20email") {
        return redeem(client, parameter(signed_in(by, client, {}, scope), "code"));
    }
    static std::vector<std::string> ids(const testkit::Answer& list, const std::string& kind) {
        std::vector<std::string> found;
        const Json items = list.at("/items");
        for (const Json& one : items.as_array())
            if (*one.find("kind") == Json(kind)) found.push_back(one.find("id")->as_string());
        return found;
    }
    std::vector<std::string> ids(const std::string& kind) { return ids(token_of(ada).get("/api/v1/grants").expect(200), kind); }
    testkit::Answer act(Browser& by, const std::string& what, const std::string& form = {}) {
        const std::string page = by.get("/account/security").body();
        const auto at = page.find("name=\"proof\" value=\"") + 20;
        return by.post("/account/security/" + what, "proof=" + page.substr(at, page.find('"', at) - at) + form);
    }
};

TEST_F(Grants, AreListedForWhoGaveThem) {
    tokens(browser, shop, "openid%20email%20offline_access");
    const auto list = token_of(ada, "grants:read").get("/api/v1/grants").expect(200);
    EXPECT_EQ(list.at("/items").size(), 4u) << list.body();
    ASSERT_EQ(ids(list, "trusted_device").size(), 1u);
    ASSERT_EQ(ids(list, "session").size(), 1u);
    ASSERT_EQ(ids(list, "refresh_tokens").size(), 1u);
    const std::string consent = ids(list, "consent").at(0);
    const auto one = token_of(ada, "grants:read").get("/api/v1/grants/" + consent).expect(200);
    one.field("/client_id", shop.at("/id")).field("/client_name", "A <b>Shop</b>").field("/identity_id", ada.at("/id")).field("/offline", true);
    EXPECT_EQ(one.at("/scopes"), Json::array({"openid", "email", "offline_access"}));
    token_of(ada).get("/api/v1/grants?kind=session").expect(200).field("/items/0/amr", Json::array({"pwd"})).field("/next_cursor", Json());
    const std::string cursor = token_of(ada).get("/api/v1/grants?limit=2").expect(200).text("/next_cursor");
    EXPECT_EQ(token_of(ada).get("/api/v1/grants?limit=2&cursor=" + cursor).expect(200).at("/items").size(), 2u);
    const auto bob = person("bob@example.com");
    EXPECT_EQ(token_of(bob).get("/api/v1/grants").expect(200).at("/items").size(), 0u);
    EXPECT_EQ(token_of(bob).get("/api/v1/grants?identity_id=" + ada.text("/id")).expect(200).at("/items").size(), 0u);
    token_of(bob).get("/api/v1/grants/" + consent).expect(404);
    token_of(bob).del("/api/v1/grants/" + consent).expect(404);
    token_of(ada, "clients:read").get("/api/v1/grants").expect_problem(403, "forbidden");
    token_of(ada, "grants:read").del("/api/v1/grants/" + consent).expect_problem(403, "forbidden");
    as.anonymous.get("/api/v1/grants").expect(401);
    const auto machine = service.caller(service.project(), "grants:write");
    EXPECT_EQ(machine.get("/api/v1/grants").expect(200).at("/items").size(), 0u) << "whose token is no person's has given nothing";
    machine.del("/api/v1/grants/" + consent).expect(404);
    machine.post("/api/v1/grants/end-others", Json::object()).expect_problem(403, "no-person");
    const auto administering = service.caller(service.project(), "grants:write clients:admin");
    EXPECT_EQ(administering.get("/api/v1/grants?identity_id=" + ada.text("/id")).expect(200).at("/items").size(), 4u);
    EXPECT_EQ(administering.get("/api/v1/grants").expect(200).at("/items").size(), 0u) << "who administers says whose";
    administering.get("/api/v1/grants/" + consent).expect(200);
    EXPECT_EQ(administering.get("/api/v1/grants?identity_id=" + bob.text("/id")).expect(200).at("/items").size(), 0u);
    EXPECT_EQ(as.stranger.get("/api/v1/grants").expect(200).at("/items").size(), 0u) << "another project's";
    as.stranger.del("/api/v1/grants/" + consent).expect(404);
    EXPECT_EQ(ids("consent").size(), 1u);
    administering.del("/api/v1/grants/" + consent).expect(204);
    EXPECT_EQ(ids("consent").size(), 0u);
}

TEST_F(Grants, EndWithAllThatCameOfThem) {
    const auto first = tokens(browser, shop, "openid%20offline_access");
    const auto second = web_client(Json::object({{"name", "Other"}, {"first_party", true}}));
    const auto others = tokens(browser, second);
    const auto waiting = parameter(signed_in(browser, shop, {}, "openid%20offline_access"), "code");
    service.take_events();
    token_of(ada).del("/api/v1/grants/" + ids("consent").at(0)).expect(204);
    EXPECT_EQ(event_types(), "grant.revoked ");
    EXPECT_EQ(refresh(shop, first.text("/refresh_token")).text("/error"), "invalid_grant") << "offline or not";
    EXPECT_EQ(redeem(shop, waiting).text("/error"), "invalid_grant") << "nor is a code good that was on its way";
    EXPECT_TRUE(browser.get(request(shop, {}, "openid%20offline_access")).location().starts_with("/login/consent?")) << "it is asked for anew";
    const auto next = refresh(second, others.text("/refresh_token"));
    EXPECT_EQ(next.status(), 200) << "others go on";
    token_of(ada).del("/api/v1/grants/" + ids("refresh_tokens").at(0)).expect(204);
    EXPECT_EQ(refresh(second, next.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_EQ(browser.get("/account/security").status(), 200) << "the session goes on";
    token_of(ada).del("/api/v1/grants/" + ids("session").at(0)).expect(204);
    EXPECT_EQ(browser.get("/account/security").status(), 401);
    token_of(person("bob@example.com")).del("/api/v1/grants/" + ids("trusted_device").at(0)).expect(404);
    token_of(ada).del("/api/v1/grants/" + ids("trusted_device").at(0)).expect(204);
    EXPECT_EQ(token_of(ada).get("/api/v1/grants").expect(200).at("/items").size(), 0u);
    token_of(ada).del("/api/v1/grants/" + Uuid::v7().to_string()).expect(404);
}

TEST_F(Grants, EndButForThoseOfWhoAsks) {
    const auto here = tokens(browser, shop);
    Browser elsewhere(service.port());
    const auto there = tokens(elsewhere, shop, "openid%20offline_access");
    const std::string session = payload(here.text("/access_token")).find("sid")->as_string();
    const auto seconds = now().unix_seconds();
    Json claims = Json::object({{"iss", "test"}, {"aud", "gravity"}, {"scope", "grants:write"}, {"sid", session}, {"iat", seconds}, {"exp", seconds + 300}});
    claims["sub"] = ada.at("/id");
    claims["project"] = service.project().to_string();
    testkit::Client(service.port(), service.token(claims.dump())).post("/api/v1/grants/end-others", Json::object()).expect(204);
    EXPECT_EQ(browser.get("/account/security").status(), 200);
    EXPECT_EQ(elsewhere.get("/account/security").status(), 401);
    EXPECT_EQ(refresh(shop, here.text("/refresh_token")).status(), 200);
    EXPECT_EQ(refresh(shop, there.text("/refresh_token")).text("/error"), "invalid_grant");
    token_of(ada).post("/api/v1/grants/end-others", Json::object()).expect(204);
    EXPECT_EQ(browser.get("/account/security").status(), 401) << "a token of no session ends them all";
}

TEST_F(Grants, AreLookedAfterAtThePage) {
    const auto here = tokens(browser, shop);
    Browser elsewhere(service.port());
    clock.advance(Duration::minutes(1));
    const auto there = tokens(elsewhere, shop);
    const std::string page = browser.get("/account/security").body();
    EXPECT_NE(page.find("<strong>Here</strong>"), std::string::npos);
    EXPECT_NE(page.find("A &lt;b&gt;Shop&lt;/b&gt;"), std::string::npos);
    EXPECT_NE(page.find("your e-mail address"), std::string::npos);
    const std::string other = payload(there.text("/access_token")).find("sid")->as_string();
    EXPECT_NE(page.find("value=\"" + other + "\""), std::string::npos);
    EXPECT_EQ(browser.post("/account/security/sessions/end", "proof=x&id=" + other).status(), 400);
    EXPECT_EQ(act(browser, "sessions/end", "&id=" + Uuid::v7().to_string()).status(), 404);
    EXPECT_EQ(act(browser, "sessions/end", "&id=x").status(), 404);
    const auto bob = person("bob@example.com");
    Browser bobs(service.port());
    const auto own = web_client(Json::object({{"first_party", true}}));
    ASSERT_TRUE(type(bobs, flow_of(bobs.get(request(own))), "bob@example.com", good_password).location().starts_with(callback));
    EXPECT_EQ(act(bobs, "sessions/end", "&id=" + other).status(), 404) << "it is somebody else's";
    EXPECT_EQ(act(bobs, "applications/remove", "&id=" + shop.text("/id")).status(), 404);
    EXPECT_EQ(elsewhere.get("/account/security").status(), 200);
    EXPECT_EQ(act(browser, "sessions/end", "&id=" + other).status(), 200);
    EXPECT_EQ(elsewhere.get("/account/security").status(), 401);
    EXPECT_EQ(refresh(shop, there.text("/refresh_token")).text("/error"), "invalid_grant");
    const auto again = tokens(elsewhere, shop);
    EXPECT_EQ(act(browser, "sessions/end-others").status(), 200);
    EXPECT_EQ(elsewhere.get("/account/security").status(), 401);
    EXPECT_EQ(refresh(shop, again.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_EQ(act(browser, "applications/remove", "&id=x").status(), 404);
    EXPECT_EQ(act(browser, "applications/remove", "&id=" + shop.text("/id")).status(), 200);
    EXPECT_EQ(refresh(shop, here.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_EQ(browser.get("/account/security").body().find("A &lt;b&gt;Shop"), std::string::npos);
    EXPECT_EQ(browser.post("/account/security/sessions/end-others", "").status(), 400);
    EXPECT_EQ(Browser(service.port()).post("/account/security/sessions/end-others", "").status(), 401);
}

TEST_F(Grants, OfFirstPartiesAreApplicationsToo) {
    const auto own = web_client(Json::object({{"first_party", true}, {"name", "Own"}}));
    const auto answer = tokens(browser, own);
    EXPECT_NE(browser.get("/account/security").body().find("<strong>Own</strong>"), std::string::npos);
    EXPECT_EQ(act(browser, "applications/remove", "&id=" + own.text("/id")).status(), 200);
    EXPECT_EQ(refresh(own, answer.text("/refresh_token")).text("/error"), "invalid_grant");
}

TEST_F(Grants, EndForACodeThatIsBeingRedeemed) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    tokens(browser, shop);
    const std::string consent = ids("consent").at(0);
    const std::string code = parameter(signed_in(browser, shop), "code");
    std::string token;
    std::thread redeeming, ending;
    {
        testkit::Testpoint commit("pg.before_commit");
        commit.pause();
        redeeming = std::thread([&] { token = redeem(shop, code).text("/refresh_token"); });
        commit.wait_until_paused();
        ending = std::thread([&] { token_of(ada).del("/api/v1/grants/" + consent).expect(204); });
        const std::string waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        testkit::eventually("it waits for the code", [&] { return sql(waiting) != "0"; });
    }
    redeeming.join();
    ending.join();
    EXPECT_FALSE(token.empty());
    EXPECT_EQ(refresh(shop, token).text("/error"), "invalid_grant");
}

// Whoever refreshes at the moment of its end has one more answer at most, and nothing behind it.
TEST_F(Grants, EndForRefreshesOfTheSameMoment) {
    std::string token = tokens(browser, shop, "openid%20offline_access").text("/refresh_token");
    std::atomic<int> ended{0};
    std::vector<std::string> last(10, token);
    at_once(11, [&](int i) {
        if (i == 10) {
            token_of(ada).del("/api/v1/grants/" + ids("consent").at(0)).expect(204);
            return;
        }
        for (int step = 0; step < 5; ++step) {
            const auto answer = refresh(shop, last[static_cast<std::size_t>(i)]);
            if (answer.status() != 200) {
                ++ended;
                return;
            }
            last[static_cast<std::size_t>(i)] = answer.text("/refresh_token");
        }
    });
    for (const std::string& one : last) EXPECT_EQ(refresh(shop, one).text("/error"), "invalid_grant");
    EXPECT_EQ(ids("refresh_tokens").size(), 0u);
}

} // namespace
} // namespace gravity::issuer
