#include "browser_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

/// Links that people are sent, by whoever reads the events.
class Links : public SignInApi {
protected:
    explicit Links(app::Texts settings = {{"AUTH_LINKS_IN_EVENTS", "true"}}) : SignInApi(std::move(settings)) {}
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    testkit::Answer ask(const std::string& name) {
        const auto begun = browser.get(request(shop));
        return browser.post("/login/recover", "flow=" + flow_of(begun) + "&login_name=" + http::percent_encode(name));
    }
    /// The path and query of the last link that was announced; "" if there was none.
    std::string link(const std::string& type) {
        std::string found;
        for (const auto& event : service.take_events())
            if (event.type == "gravity.auth." + type) found = event.data.find("link")->as_string();
        EXPECT_TRUE(found.empty() || found.starts_with(issuer_url + "/login/")) << found;
        return found.empty() ? found : found.substr(issuer_url.size());
    }
    static std::string token_of(const std::string& link) { return link.substr(link.find("token=") + 6); }
    testkit::Answer reset(const std::string& link, const std::string& password) {
        return as.anonymous.post("/login/reset")
            .raw("token=" + token_of(link) + "&new_password=" + http::percent_encode(password), "application/x-www-form-urlencoded")
            .send();
    }
    testkit::Answer send_confirmations(Browser& by) {
        const std::string page = by.get("/account/security").body();
        const auto at = page.find("name=\"proof\" value=\"") + 20;
        return by.post("/account/security/addresses", "proof=" + page.substr(at, page.find('"', at) - at));
    }
    const std::string better = "a better horse altogether";
};

TEST_F(Links, LeadToAPasswordAnew) {
    const auto login = browser.get(browser.get(request(shop)).location());
    EXPECT_NE(login.body().find("/login/recover?flow=glf_"), std::string::npos);
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop, {}, "openid%20offline_access"), "code"));
    service.take_events();
    Browser other(service.port());
    const auto begun = other.get(request(shop));
    EXPECT_EQ(other.get("/login/recover?flow=" + flow_of(begun)).status(), 200);
    const auto asked = other.post("/login/recover", "flow=" + flow_of(begun) + "&login_name=Ada%40EXAMPLE.com");
    EXPECT_EQ(asked.status(), 200);
    const std::string sent = link("recovery.requested");
    ASSERT_FALSE(sent.empty());
    EXPECT_EQ(sql("select count(*) from link where encode(hash, 'escape') like '%gln%'"), "0");
    const auto page = as.anonymous.get(sent).send();
    EXPECT_EQ(page.status(), 200);
    EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(as.anonymous.get(sent).send().status(), 200) << "whoever fetches it changes nothing";
    const auto weak = reset(sent, "password123");
    EXPECT_EQ(weak.status(), 422);
    EXPECT_NE(weak.body().find("role=\"alert\""), std::string::npos);
    EXPECT_EQ(reset(sent, better).status(), 200);
    EXPECT_EQ(event_types(), "credential.removed credential.added session.ended credential.recovered recovery.completed ");
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(verified("ada@example.com", better));
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?")) << "signed out everywhere";
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant") << "offline ones too";
    EXPECT_EQ(reset(sent, "yet another horse of mine").status(), 400) << "once";
    EXPECT_EQ(as.anonymous.get(sent).send().status(), 400);
}

TEST_F(Links, AreGoodOnceHoweverManyComeByOne) {
    ask("ada@example.com");
    const std::string sent = link("recovery.requested");
    std::atomic<int> good{0}, refused{0};
    at_once(50, [&](int i) { ++(reset(sent, "horse number " + std::to_string(i) + " of fifty").status() == 200 ? good : refused); });
    EXPECT_EQ(good, 1);
    EXPECT_EQ(good + refused, 50);
    EXPECT_EQ(sql("select count(*) from credential where type = 'password'"), "1");
}

TEST_F(Links, AreToldOfTheSameWayWhoeverIsMeant) {
    const auto known = ask("ada@example.com");
    EXPECT_FALSE(link("recovery.requested").empty());
    as.owner.post("/api/v1/identities", {{"login_names", names({{"username", "grace"}})}}).expect(201);
    service.take_events();
    for (const std::string other : {"nobody@example.com", "grace", "+493012345678"}) {
        const auto answer = ask(other);
        EXPECT_EQ(answer.status(), known.status());
        EXPECT_EQ(answer.body(), known.body());
        EXPECT_EQ(event_types(), "") << other;
    }
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    service.take_events();
    EXPECT_EQ(ask("ada@example.com").body(), known.body());
    EXPECT_EQ(event_types(), "");
}

TEST_F(Links, FillNoMailbox) {
    for (int i = 0; i < 3; ++i) {
        ask("ada@example.com");
        EXPECT_FALSE(link("recovery.requested").empty());
    }
    ask("ada@example.com");
    EXPECT_TRUE(link("recovery.requested").empty()) << "three are on their way";
    clock.advance(Duration::minutes(5));
    for (int i = 0; i < 6; ++i) EXPECT_EQ(ask("ada@example.com").status(), 200);
    const auto often = ask("ada@example.com");
    EXPECT_EQ(often.status(), 429);
    EXPECT_NE(often.header("Retry-After"), "");
}

TEST_F(Links, EndAndAreOfTheirKind) {
    ask("ada@example.com");
    const std::string late = link("recovery.requested");
    EXPECT_EQ(as.anonymous.get("/login/confirm?token=" + token_of(late)).send().status(), 400);
    const auto elsewhere = as.anonymous.post("/login/confirm").raw("token=" + token_of(late), "application/x-www-form-urlencoded").send();
    EXPECT_EQ(elsewhere.status(), 400);
    clock.advance(Duration::minutes(31));
    EXPECT_EQ(as.anonymous.get(late).send().status(), 400);
    EXPECT_EQ(reset(late, better).status(), 400);
    for (const std::string& none : std::vector<std::string>{"", "?token=x", "?token=gln_" + std::string(96, '0'), "?%ZZ"}) {
        EXPECT_EQ(as.anonymous.get("/login/reset" + none).send().status(), 400) << none;
        EXPECT_EQ(as.anonymous.get("/login/confirm" + none).send().status(), 400) << none;
    }
    EXPECT_EQ(as.anonymous.post("/login/confirm").raw("token=x", "application/x-www-form-urlencoded").send().status(), 400);
    EXPECT_EQ(browser.get("/login/recover?flow=x").status(), 400);
    EXPECT_EQ(browser.post("/login/recover", "flow=x&login_name=ada%40example.com").status(), 400);
    EXPECT_EQ(browser.post("/login/recover", "flow=" + flow_of(browser.get(request(shop)))).status(), 400);
}

TEST_F(Links, ProveAddresses) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const auto told = [&] { return userinfo(tokens.text("/access_token")).at("/email_verified"); };
    EXPECT_EQ(told(), Json(false));
    service.take_events();
    EXPECT_EQ(send_confirmations(browser).status(), 200);
    const std::string sent = link("confirmation.requested");
    ASSERT_FALSE(sent.empty());
    EXPECT_NE(as.anonymous.get(sent).send().body().find("ada@example.com"), std::string::npos);
    EXPECT_EQ(told(), Json(false)) << "whoever fetches it proves nothing";
    const auto confirmed = as.anonymous.post("/login/confirm").raw("token=" + token_of(sent), "application/x-www-form-urlencoded").send();
    EXPECT_EQ(confirmed.status(), 200);
    EXPECT_EQ(event_types(), "address.confirmed ");
    EXPECT_EQ(told(), Json(true));
    EXPECT_EQ(as.anonymous.post("/login/confirm").raw("token=" + token_of(sent), "application/x-www-form-urlencoded").send().status(), 400) << "once";
    EXPECT_EQ(send_confirmations(browser).status(), 400) << "there is nothing left to confirm";
    as.owner.patch(ada.location(), {{"login_names", names({{"email", "ada@example.com"}, {"username", "ada"}})}}).expect(200);
    EXPECT_EQ(told(), Json(true)) << "it is still theirs";
    as.owner.patch(ada.location(), {{"login_names", names({{"email", "lovelace@example.com"}})}}).expect(200);
    as.owner.patch(ada.location(), {{"login_names", names({{"email", "ada@example.com"}})}}).expect(200);
    EXPECT_EQ(told(), Json(false)) << "it was somebody else's meanwhile, for all that is known";
}

class NoLinks : public Links {
protected:
    NoLinks() : Links({}) {}
};

TEST_F(NoLinks, AreOfferedWhereNobodySendsThem) {
    const auto begun = browser.get(request(shop));
    EXPECT_EQ(browser.get(begun.location()).body().find("/login/recover"), std::string::npos);
    EXPECT_EQ(browser.get("/login/recover?flow=" + flow_of(begun)).status(), 404);
    EXPECT_EQ(ask("ada@example.com").status(), 404);
    signed_in(browser, shop);
    EXPECT_EQ(browser.get("/account/security").body().find("/account/security/addresses"), std::string::npos);
    EXPECT_EQ(send_confirmations(browser).status(), 404);
    EXPECT_EQ(sql("select count(*) from link"), "0");
    EXPECT_NE(as.anonymous.get("/health/ready").send().body().find("AUTH_LINKS_IN_EVENTS"), std::string::npos);
}

} // namespace
} // namespace gravity::issuer
