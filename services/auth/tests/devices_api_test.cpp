#include "browser_fixture.hpp"
#include "client_fixture.hpp"
#include "devices_model.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/clock.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::issuer {
namespace {

struct KeyProofs : ClientApi {
    using ClientApi::proof;
};

TEST(UserCodes, AreEasilyTyped) {
    for (int i = 0; i < 100; ++i) {
        const std::string code = fresh_user_code();
        EXPECT_EQ(code.size(), 8u);
        EXPECT_EQ(code.find_first_not_of("BCDFGHJKLMNPQRSTVWXZ"), std::string::npos) << code;
        EXPECT_EQ(typed_user_code(shown_user_code(code)), code);
    }
    EXPECT_EQ(typed_user_code(" wdjb mjht."), "WDJBMJHT");
    for (const std::string none : {"", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJH1", "AEIO-UAEI"}) EXPECT_FALSE(typed_user_code(none)) << none;
    EXPECT_FALSE(typed_user_code(std::string(100, ' ')));
}

/// Devices that have somebody sign in elsewhere.
class Devices : public SignInApi {
protected:
    static app::Texts with(app::Texts more) {
        more.try_emplace("AUTH_LOGIN_NETWORK_ATTEMPTS", "5");
        return more;
    }
    explicit Devices(app::Texts more = {}) : SignInApi(with(std::move(more))) {}
    testkit::Answer tv = device_client(as.owner, "A <b>TV</b>", true);
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    static testkit::Answer device_client(const testkit::Client& who, const std::string& name, bool first_party = false) {
        return who
            .post("/api/v1/clients", {{"name", name},
                                      {"scopes", Json::array()},
                                      {"token_endpoint_auth_method", "none"},
                                      {"first_party", first_party},
                                      {"grant_types", Json::array({"device_code", "refresh_token"})}})
            .expect(201);
    }
    testkit::Answer form(const std::string& path, const std::string& text, const std::string& dpop = {}) {
        auto call = as.anonymous.post(path).raw(text + "&client_id=" + tv.text("/id"), "application/x-www-form-urlencoded");
        if (!dpop.empty()) call.header("DPoP", dpop);
        return call.send();
    }
    testkit::Answer ask(const std::string& scope = "openid%20email%20offline_access") { return form("/oauth2/device_authorization", "scope=" + scope); }
    testkit::Answer poll(const testkit::Answer& asked, const std::string& dpop = {}) {
        return form("/oauth2/token", "grant_type=" + http::percent_encode(device_grant) + "&device_code=" + asked.text("/device_code"), dpop);
    }
    testkit::Answer typed(Browser& by, const std::string& code) { return by.post("/login/device", "user_code=" + code); }
    testkit::Answer answer(const testkit::Answer& asked, const std::string& decision = "allow") {
        auto step = typed(browser, asked.text("/user_code"));
        if (step.location().starts_with("/login?")) step = type(browser, flow_of(step), "ada@example.com", good_password);
        EXPECT_TRUE(step.location().starts_with("/login/consent?")) << step.body();
        return browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=" + decision);
    }
};

TEST_F(Devices, GetTokensOfWhoTypesTheirCode) {
    testkit::FakeClock clock(now());
    const auto asked = ask();
    ASSERT_EQ(asked.status(), 200) << asked.body();
    asked.field("/verification_uri", issuer_url + "/login/device").field("/expires_in", 600).field("/interval", 5).expect_header("Cache-Control", "no-store");
    const std::string code = asked.text("/user_code");
    EXPECT_EQ(asked.text("/verification_uri_complete"), issuer_url + "/login/device?user_code=" + code);
    EXPECT_EQ(poll(asked).text("/error"), "authorization_pending");
    EXPECT_NE(browser.get("/login/device?user_code=" + code).body().find("value=\"" + code + "\""), std::string::npos);
    EXPECT_NE(browser.get("/login/device?user_code=%3Cscript%3E").body().find("value=\"\""), std::string::npos);

    std::string lower = code;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto begun = typed(browser, lower);
    ASSERT_TRUE(begun.location().starts_with("/login?flow=")) << begun.body();
    const auto in = type(browser, flow_of(begun), "ada@example.com", good_password);
    ASSERT_TRUE(in.location().starts_with("/login/consent?")) << "even a client that is one's own is asked about: " << in.location();
    const std::string page = browser.get(in.location()).body();
    EXPECT_NE(page.find("A &lt;b&gt;TV&lt;/b&gt;"), std::string::npos);
    EXPECT_NE(page.find("<strong>" + code + "</strong>"), std::string::npos) << page;
    clock.advance(Duration::seconds(5));
    EXPECT_EQ(poll(asked).text("/error"), "authorization_pending");
    const auto done = browser.post("/login/consent", "flow=" + flow_of(in) + "&decision=allow");
    EXPECT_EQ(done.status(), 200);
    EXPECT_NE(done.body().find("Your device is signed in"), std::string::npos);

    const auto tokens = poll(asked);
    ASSERT_EQ(tokens.status(), 200) << tokens.body();
    EXPECT_EQ(*payload(tokens.text("/id_token")).find("sub"), ada.at("/id"));
    EXPECT_EQ(payload(tokens.text("/id_token")).find("nonce"), nullptr);
    tokens.field("/scope", "openid email offline_access");
    EXPECT_EQ(userinfo(tokens.text("/access_token")).at("/email"), Json("ada@example.com"));
    EXPECT_EQ(form("/oauth2/token", "grant_type=refresh_token&refresh_token=" + tokens.text("/refresh_token")).status(), 200);
    EXPECT_EQ(poll(asked).text("/error"), "invalid_grant") << "once";
    EXPECT_EQ(typed(browser, code).status(), 400) << "nor is the code good again";
    EXPECT_EQ(sql("select count(*) from device where encode(hash, 'escape') like '%gdc%'"), "0");
    EXPECT_EQ(sql("select count(*) from device_directory where user_code like '%" + code.substr(0, 4) + "%'"), "0");
    std::vector<std::string> empty;
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    for (const std::string table : {"device", "device_directory"}) EXPECT_EQ(std::count(empty.begin(), empty.end(), "public." + table), 0) << table;
}

TEST_F(Devices, GetTokensOnceHoweverManyAsk) {
    const auto asked = ask();
    answer(asked);
    std::atomic<int> good{0}, refused{0};
    at_once(50, [&](int) {
        const auto polled = poll(asked);
        if (polled.status() == 200)
            ++good;
        else if (polled.text("/error") == "invalid_grant")
            ++refused;
    });
    EXPECT_EQ(good, 1);
    EXPECT_EQ(refused, 49);
    EXPECT_EQ(sql("select count(*) from refresh_family"), "1");
}

TEST_F(Devices, AreToldNoAndTooLate) {
    testkit::FakeClock clock(now());
    const auto refused = ask();
    EXPECT_NE(answer(refused, "deny").body().find("not signed in"), std::string::npos);
    EXPECT_EQ(poll(refused).text("/error"), "access_denied");
    const auto late = ask();
    const auto begun = typed(browser, late.text("/user_code"));
    clock.advance(Duration::seconds(601));
    EXPECT_EQ(poll(late).text("/error"), "expired_token");
    EXPECT_EQ(browser.post("/login/consent", "flow=" + flow_of(begun) + "&decision=allow").status(), 400) << "nor can it be answered";
    EXPECT_EQ(typed(browser, late.text("/user_code")).status(), 400);
    EXPECT_EQ(form("/oauth2/token", "grant_type=" + http::percent_encode(device_grant) + "&device_code=gdc_x").text("/error"), "invalid_grant");
    EXPECT_EQ(form("/oauth2/token", "grant_type=" + http::percent_encode(device_grant)).text("/error"), "invalid_request");
}

TEST_F(Devices, AreSlowedDown) {
    testkit::FakeClock clock(now());
    const auto asked = ask();
    EXPECT_EQ(poll(asked).text("/error"), "authorization_pending");
    clock.advance(Duration::seconds(4));
    EXPECT_EQ(poll(asked).text("/error"), "slow_down");
    clock.advance(Duration::seconds(9));
    EXPECT_EQ(poll(asked).text("/error"), "slow_down") << "it is ten seconds now";
    clock.advance(Duration::seconds(15));
    EXPECT_EQ(poll(asked).text("/error"), "authorization_pending");
}

TEST_F(Devices, ArePolledByTheirClientAlone) {
    const auto asked = ask();
    answer(asked);
    const auto other = device_client(as.owner, "Other");
    const std::string grant = "grant_type=" + http::percent_encode(device_grant) + "&device_code=" + asked.text("/device_code");
    const auto theirs = as.anonymous.post("/oauth2/token").raw(grant + "&client_id=" + other.text("/id"), "application/x-www-form-urlencoded").send();
    EXPECT_EQ(theirs.text("/error"), "invalid_grant");
    EXPECT_EQ(poll(asked).status(), 200);
    const auto shop = web_client();
    const std::string secret = "&client_id=" + shop.text("/id") + "&client_secret=" + shop.text("/client_secret");
    const auto not_for_it = as.anonymous.post("/oauth2/device_authorization").raw("scope=openid" + secret, "application/x-www-form-urlencoded").send();
    EXPECT_EQ(not_for_it.text("/error"), "unauthorized_client");
    EXPECT_EQ(form("/oauth2/device_authorization", "scope=%22").text("/error"), "invalid_scope");
    EXPECT_EQ(as.anonymous.post("/oauth2/device_authorization").raw("x=y", "application/x-www-form-urlencoded").send().status(), 401);
}

TEST_F(Devices, BindTheirTokensToTheirKey) {
    const auth::Signer key = auth::Signer::generate();
    const auto asked = ask();
    answer(asked);
    const auto tokens = poll(asked, KeyProofs::proof(key));
    tokens.field("/token_type", "DPoP");
    const std::string again = "grant_type=refresh_token&refresh_token=" + tokens.text("/refresh_token");
    EXPECT_EQ(form("/oauth2/token", again).text("/error"), "invalid_grant");
    form("/oauth2/token", again, KeyProofs::proof(key)).field("/token_type", "DPoP");
}

TEST_F(Devices, CannotBeGuessed) {
    const auto asked = ask();
    for (int i = 0; i < 5; ++i) {
        const auto none = typed(browser, "BBBB-BBB" + std::string(1, "BCDFG"[i]));
        EXPECT_EQ(none.status(), 400);
        EXPECT_NE(none.body().find("not known"), std::string::npos);
    }
    const auto refused = typed(browser, asked.text("/user_code"));
    EXPECT_EQ(refused.status(), 429);
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_EQ(browser.post("/login/device", "%ZZ").status(), 400);
    EXPECT_EQ(browser.post("/login/device", "").status(), 400);
    EXPECT_EQ(sql("select count(*) from device_guess where network like '%127%'"), "0");
}

class FewDeviceFlows : public Devices {
protected:
    FewDeviceFlows() : Devices({{"AUTH_FLOWS_PER_NETWORK", "2"}}) {}
};

TEST_F(FewDeviceFlows, AreRefusedOnAPage) {
    for (int i = 0; i < 2; ++i) EXPECT_EQ(typed(browser, ask().text("/user_code")).status(), 303);
    const auto refused = typed(browser, ask().text("/user_code"));
    EXPECT_EQ(refused.status(), 429);
    EXPECT_EQ(refused.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_NE(refused.body().find("Too many sign-ins were begun"), std::string::npos) << refused.body();
    EXPECT_NE(refused.body().find("If you ask for help, say: <code>"), std::string::npos);
}

TEST_F(Devices, AreNotSignedInByWhoIsOfAnotherProject) {
    const auto theirs = device_client(as.stranger, "Theirs");
    const auto asked =
        as.anonymous.post("/oauth2/device_authorization").raw("client_id=" + theirs.text("/id"), "application/x-www-form-urlencoded").send();
    answer(ask());
    const auto step = typed(browser, asked.text("/user_code"));
    EXPECT_TRUE(step.location().starts_with("/login?")) << "a session of another project is none";
    EXPECT_EQ(type(browser, flow_of(step), "ada@example.com", good_password).status(), 400);
}

} // namespace
} // namespace gravity::issuer
