#include "app_fixture.hpp"
#include "flow_fixture.hpp"
#include "login_flows_model.hpp"
#include "mailed_codes_model.hpp"
#include "totp.hpp"

#include <atomic>

namespace gravity::issuer {
namespace {

using Kind = FlowStepKind;
using Steps = std::vector<FlowStepKind>;

TEST(NextSteps, AreThoseThatLeadOn) {
    FlowFacts facts;
    EXPECT_EQ(next_steps(facts), (Steps{Kind::password}));
    facts.passkeys_offered = true;
    EXPECT_EQ(next_steps(facts), (Steps{Kind::passkey_challenge, Kind::passkey, Kind::password}));
    facts.password_proven = facts.app = true;
    EXPECT_EQ(next_steps(facts), (Steps{Kind::totp, Kind::recovery_code, Kind::password}));
    facts.app = false;
    facts.passkeys = true;
    EXPECT_EQ(next_steps(facts), (Steps{Kind::recovery_code, Kind::passkey_challenge, Kind::passkey, Kind::password}));
    facts.passkeys_offered = false; // the issuer has moved
    EXPECT_EQ(next_steps(facts), (Steps{Kind::recovery_code, Kind::password}));
    FlowFacts asked;
    asked.consent_due = true;
    EXPECT_EQ(next_steps(asked), (Steps{Kind::consent, Kind::password}));

    FlowFacts forgotten;
    forgotten.kind = FlowKind::recovery;
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::address}));
    forgotten.code_sent = true;
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::mail_code, Kind::address}));
    forgotten.code_proven = true;
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::new_password}));
    forgotten.regains = true; // who has passkeys alone
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::recovery_code, Kind::wait}));
    forgotten.other_waits = true; // by an address of theirs that was not proven
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::recovery_code}));
    forgotten.other_waits = false;
    forgotten.app = true;
    forgotten.wait_until = Timestamp();
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::totp, Kind::recovery_code}));
    forgotten.may_add = true;
    EXPECT_EQ(next_steps(forgotten), (Steps{Kind::new_password}));
    FlowFacts newcomer;
    newcomer.kind = FlowKind::registration;
    EXPECT_EQ(next_steps(newcomer), (Steps{Kind::account}));
    newcomer.code_sent = true;
    EXPECT_EQ(next_steps(newcomer), (Steps{Kind::mail_code, Kind::account}));
}

TEST(MailedCodes, AreEightDigitsHoweverTheyAreTyped) {
    const std::string code = fresh_mailed_code();
    EXPECT_EQ(code.size(), 8u);
    EXPECT_EQ(code.find_first_not_of("0123456789"), std::string::npos);
    EXPECT_NE(code, fresh_mailed_code());
    EXPECT_EQ(typed_mailed_code(code.substr(0, 4) + " - " + code.substr(4)), code);
    for (const std::string none : {"", "1234567", "123456789", "1234567a", "１２３４５６７８"}) EXPECT_EQ(typed_mailed_code(none), "") << none;
}

/// Signing in by the API.
class LoginFlows : public FlowApi {
protected:
    explicit LoginFlows(app::Texts more = {}) : FlowApi(std::move(more)) {}
    testkit::Answer ada = person("ada@example.com");
};

TEST_F(LoginFlows, SignSomebodyInByTheirPassword) {
    const auto flow = begin();
    EXPECT_EQ(next(flow), "passkey_challenge passkey password");
    EXPECT_EQ(flow.text("/kind"), "sign_in");
    EXPECT_EQ(flow.text("/client_name"), "A <b>Shop</b>");
    EXPECT_EQ(flow.header("Cache-Control"), "no-store");
    EXPECT_EQ(flow.header("Set-Cookie"), "") << "no browser has to keep it";
    EXPECT_TRUE(flow.text("/flow_token").starts_with("glf_"));
    const auto seen = state(flow);
    EXPECT_EQ(seen.status(), 200);
    EXPECT_EQ(seen.text("/id"), flow.text("/id"));
    EXPECT_TRUE(seen.at("/flow_token").is_null()) << "it is shown once";
    EXPECT_EQ(sql("select count(*) from login_flow where encode(hash, 'escape') like '%glf%'"), "0");

    const auto done = password(flow);
    EXPECT_EQ(next(done), "");
    EXPECT_TRUE(done.text("/redirect_to").starts_with(callback + "?code=")) << done.body();
    EXPECT_EQ(sent(done, "state"), "s&t");
    EXPECT_EQ(sent(done, "iss"), "http://localhost:8081");
    EXPECT_EQ(done.header("Set-Cookie"), "");
    EXPECT_EQ(state(flow).status(), 404) << "it has ended";
    const auto tokens = redeem(shop, sent(done, "code"));
    ASSERT_EQ(tokens.status(), 200) << tokens.body();
    const Json claims = payload(tokens.text("/id_token"));
    EXPECT_EQ(*claims.find("sub"), Json(ada.text("/id")));
    EXPECT_EQ(*claims.find("amr"), Json::array({"pwd"}));
    EXPECT_EQ(userinfo(tokens.text("/access_token")).text("/email"), "ada@example.com");
}

TEST_F(LoginFlows, TellNobodyWhatWasWrong) {
    const auto flow = begin();
    const auto wrong = password(flow, "ada@example.com", "not this horse at all");
    EXPECT_TRUE(is_not_right(wrong)) << wrong.body();
    EXPECT_EQ(next(wrong), next(flow)) << "it goes on";
    EXPECT_EQ(password(flow, "nobody@example.com").body(), wrong.body());
    EXPECT_EQ(password(flow, "no name at all").body(), wrong.body());
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    EXPECT_EQ(password(flow).body(), wrong.body());
    as.owner.post(ada.location() + "/enable", Json::object()).expect(200);
    EXPECT_FALSE(password(flow).at("/redirect_to").is_null());
}

TEST_F(LoginFlows, FailNoOftenerThanPages) {
    const auto flow = begin();
    for (int i = 0; i < 10; ++i) password(flow, "ada@example.com", "not this horse at all");
    const Json right = Json::object({{"login_name", "ada@example.com"}, {"password", good_password}});
    const auto often = step(flow, "password", right).expect_problem(429, "too-many-attempts");
    EXPECT_NE(often.header("Retry-After"), "");
}

TEST_F(LoginFlows, AreRunByTheirTokenAlone) {
    const auto flow = begin(), other = begin();
    const Json typed = Json::object({{"step", "password"}, {"login_name", "ada@example.com"}, {"password", good_password}});
    as.anonymous.post(path_of(flow), testkit::Members(typed)).expect_problem(404, "not-found");
    as.anonymous.post(path_of(flow), testkit::Members(typed)).header("Flow-Token", other.text("/flow_token")).expect_problem(404, "not-found");
    as.anonymous.get("/api/v1/login-flows").expect_problem(404, "not-found");
    for (const std::string& token : std::vector<std::string>{"x", "glf_", flow.text("/id"), flow.text("/flow_token") + "0"})
        as.anonymous.get("/api/v1/login-flows").header("Flow-Token", token).expect_problem(404, "not-found");
    step(flow, "totp", Json::object({{"code", "123456"}})).expect_problem(409, "step-not-next");
    step(flow, "consent", Json::object({{"allow", true}})).expect_problem(409, "step-not-next");
    step(flow, "mail_code", Json::object({{"code", "12345678"}})).expect_problem(409, "step-not-next");
    step(flow, "new_password", Json::object({{"password", better}})).expect_problem(409, "step-not-next");
    for (const std::string incomplete : {"password", "passkey", "account", "address", "new_password", "totp", "recovery_code", "mail_code", "consent"})
        step(flow, incomplete).expect_problem(422, "invalid-value");
    clock.advance(Duration::minutes(16));
    EXPECT_EQ(state(flow).status(), 404);
}

TEST_F(LoginFlows, BeginWhereTheClientMay) {
    wish(shop, "sign_in", Json::object({{"client_id", Uuid::v4().to_string()}})).expect_problem(422, "client-refused");
    wish(shop, "sign_in", Json::object({{"redirect_uri", "https://evil.example.com/cb"}})).expect_problem(422, "client-refused");
    const auto bad = wish(shop, "sign_in", Json::object({{"code_challenge", std::string(43, '!')}})).expect_problem(422, "client-refused");
    EXPECT_EQ(bad.text("/error"), "invalid_request");
    const auto machine = as.owner.post("/api/v1/clients", {{"name", "M"}, {"scopes", Json::array()}, {"redirect_uris", Json::array()}}).expect(201);
    wish(machine, "sign_in").expect_problem(422, "client-refused");
    const auto theirs = web_client();
    wish(theirs, "sign_in").expect_problem(403, "needs-browser");
    as.owner.patch(shop.location(), {{"disabled", true}}).expect(200);
    wish(shop, "sign_in").expect_problem(422, "client-refused");
}

TEST_F(LoginFlows, EndWithAnErrorWhereOneFactorIsNotEnough) {
    const auto done = password(begin("sign_in", Json::object({{"acr_values", "urn:gravity:acr:2"}})));
    EXPECT_EQ(sent(done, "error"), "unmet_authentication_requirements");
    EXPECT_EQ(next(done), "");
}

TEST_F(LoginFlows, OfABrowserAreItsOwn) {
    const auto theirs = web_client();
    const auto flow = wish(theirs, "sign_in", Json::object({{"headless", false}})).expect(201);
    const std::string cookie = flow.header("Set-Cookie");
    EXPECT_TRUE(cookie.starts_with("gravity-browser=gbr_")) << cookie;
    EXPECT_NE(cookie.find("HttpOnly; SameSite=Lax"), std::string::npos);
    EXPECT_EQ(state(flow).status(), 404) << "without its cookie";
    const std::string browser = cookie.substr(0, cookie.find(';'));
    const auto by = [&](const std::string& cookies, const std::string& what, const Json& members) {
        return step(flow, what, members).header("Cookie", cookies).expect(200);
    };
    const auto in = by(browser, "password", Json::object({{"login_name", "ada@example.com"}, {"password", good_password}}));
    EXPECT_EQ(next(in), "consent passkey_challenge passkey password");
    EXPECT_EQ(in.at("/scopes"), Json::array({"openid", "email"}));
    const std::string session = in.header("Set-Cookie");
    EXPECT_TRUE(session.starts_with("gravity-session=gss_")) << session;
    const std::string both = browser + "; " + session.substr(0, session.find(';'));
    const auto seen = as.anonymous.get("/api/v1/login-flows").header("Flow-Token", flow.text("/flow_token")).header("Cookie", both).expect(200);
    EXPECT_EQ(next(seen), next(in));
    EXPECT_EQ(sent(by(both, "consent", Json::object({{"allow", false}})), "error"), "access_denied");
    const auto done = by(both, "consent", Json::object({{"allow", true}}));
    EXPECT_EQ(redeem(theirs, sent(done, "code")).status(), 200);
    Browser page(service.port());
    page.cookies["gravity-browser"] = browser.substr(browser.find('=') + 1);
    page.cookies["gravity-session"] = session.substr(session.find('=') + 1, session.find(';') - session.find('=') - 1);
    EXPECT_TRUE(page.get(request(theirs)).location().starts_with(callback + "?code=")) << "it has consented, and is signed in";
}

TEST_F(LoginFlows, GoOnAtThePagesAndBack) {
    Browser browser(service.port());
    const auto begun = browser.get(request(shop));
    const std::string token = flow_of(begun), cookie = "gravity-browser=" + browser.cookies["gravity-browser"];
    const auto seen = as.anonymous.get("/api/v1/login-flows").header("Flow-Token", token).header("Cookie", cookie).expect(200);
    EXPECT_EQ(next(seen), "passkey_challenge passkey password");
    const Json typed = Json::object({{"step", "password"}, {"login_name", "ada@example.com"}, {"password", good_password}});
    const auto done = as.anonymous.post(path_of(seen), testkit::Members(typed)).header("Flow-Token", token).header("Cookie", cookie).expect(200);
    EXPECT_EQ(redeem(shop, sent(done, "code")).status(), 200);

    const auto headless = begin();
    EXPECT_EQ(browser.get("/login?flow=" + headless.text("/flow_token")).status(), 400) << "a page is for a browser's own flows";
    EXPECT_EQ(type(browser, headless.text("/flow_token"), "ada@example.com", good_password).status(), 400);
    EXPECT_EQ(browser.get("/login/recover?flow=" + headless.text("/flow_token")).status(), 400);
}

TEST_F(LoginFlows, AskForASecondFactor) {
    Browser browser(service.port());
    signed_in(browser, shop);
    const auto step_now = [] { return now().unix_seconds() / totp::step_seconds; };
    const auto begun = act(browser, "totp");
    const std::string own = base32_bytes(text_between(begun.body(), "?secret=", "&amp;"));
    const std::string sealed = http::percent_encode(text_between(begun.body(), "name=\"sealed\" value=\"", "\""));
    const auto codes = codes_in(act(browser, "totp/confirm", "&sealed=" + sealed + "&code=" + totp::code_at(own, step_now()) + by_password()));
    ASSERT_EQ(codes.size(), 10u);

    const auto flow = begin();
    const auto first = password(flow);
    EXPECT_EQ(next(first), "totp recovery_code password");
    EXPECT_TRUE(first.at("/redirect_to").is_null());
    EXPECT_TRUE(is_not_right(take(flow, "totp", Json::object({{"code", totp::code_at("another secret", step_now())}})))) << "of another secret";
    clock.advance(Duration::seconds(totp::step_seconds));
    const auto done = take(flow, "totp", Json::object({{"code", totp::code_at(own, step_now())}}));
    const Json claims = payload(redeem(shop, sent(done, "code")).text("/id_token"));
    EXPECT_EQ(*claims.find("acr"), Json("urn:gravity:acr:2"));
    EXPECT_EQ(*claims.find("amr"), Json::array({"pwd", "otp", "mfa"}));

    const auto again = begin();
    password(again);
    const auto by_recovery = take(again, "recovery_code", Json::object({{"code", codes.front()}}));
    EXPECT_FALSE(sent(by_recovery, "code").empty());
    const auto third = begin();
    password(third);
    EXPECT_TRUE(is_not_right(take(third, "recovery_code", Json::object({{"code", codes.front()}})))) << "once";
    clock.advance(Duration::minutes(6));
    EXPECT_EQ(next(state(third)), "passkey_challenge passkey password") << "the password is proven for five minutes";
}

TEST_F(LoginFlows, TakePasskeys) {
    Browser browser(service.port());
    signed_in(browser, shop);
    SoftPasskey passkey;
    const auto codes = codes_in(enrol(browser, passkey));
    ASSERT_EQ(codes.size(), 10u);
    const auto credential = [&](const testkit::Answer& asked) {
        return Json::object({{"credential", Json::parse(passkey.used(asked.at("/passkey_options"))).or_throw()}});
    };
    const auto flow = begin();
    const auto asked = take(flow, "passkey_challenge");
    EXPECT_EQ(asked.at("/passkey_options/allowCredentials"), Json::array());
    EXPECT_EQ(asked.text("/passkey_options/userVerification"), "required");
    SoftPasskey stranger;
    stranger.handle = passkey.handle;
    const Json foreign = Json::object({{"credential", Json::parse(stranger.used(asked.at("/passkey_options"))).or_throw()}});
    EXPECT_TRUE(is_not_right(take(flow, "passkey", foreign)));
    EXPECT_TRUE(is_not_right(take(flow, "passkey", Json::object({{"credential", Json::object()}}))));
    EXPECT_TRUE(is_not_right(take(flow, "passkey", credential(asked)))) << "a challenge is good once";
    const auto done = take(flow, "passkey", credential(take(flow, "passkey_challenge")));
    EXPECT_EQ(*payload(redeem(shop, sent(done, "code")).text("/id_token")).find("amr"), Json::array({"pop", "user", "mfa"}));

    const auto second = begin();
    EXPECT_EQ(next(password(second)), "recovery_code passkey_challenge passkey password");
    const auto both = take(second, "passkey", credential(take(second, "passkey_challenge")));
    EXPECT_EQ(*payload(redeem(shop, sent(both, "code")).text("/id_token")).find("amr"), Json::array({"pwd", "pop", "user", "mfa"}));
}

TEST_F(LoginFlows, SetAForgottenPasswordAnew) {
    Browser browser(service.port());
    signed_in(browser, shop);
    service.take_events();
    const auto flow = begin("recovery");
    EXPECT_EQ(next(flow), "address");
    const auto asked = take(flow, "address", Json::object({{"login_name", "Ada@EXAMPLE.com"}}));
    EXPECT_EQ(next(asked), "mail_code address");
    const std::string code = told("recovery.requested", "code");
    ASSERT_EQ(code.size(), 8u);
    EXPECT_EQ(sql("select count(*) from mailed_code where code like '%" + code + "%'"), "0");
    EXPECT_TRUE(is_not_right(take(flow, "mail_code", Json::object({{"code", code == "00000000" ? "11111111" : "00000000"}}))));
    EXPECT_EQ(next(take(flow, "mail_code", Json::object({{"code", code.substr(0, 4) + " " + code.substr(4)}}))), "new_password");
    step(flow, "new_password", Json::object({{"password", weak}})).expect_problem(422, "password-refused");
    EXPECT_EQ(next(take(flow, "new_password", Json::object({{"password", better}}))), "passkey_challenge passkey password") << "which signs nobody in";
    EXPECT_EQ(event_types(), "credential.removed credential.added session.ended credential.recovered recovery.completed ");
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?")) << "signed out everywhere";
    EXPECT_TRUE(is_not_right(password(flow)));
    EXPECT_FALSE(sent(password(flow, "ada@example.com", better), "code").empty());
}

TEST_F(LoginFlows, AnswerTheSameWhoeverHasForgotten) {
    const auto flow = begin("recovery");
    const auto known = take(flow, "address", Json::object({{"login_name", "ada@example.com"}}));
    EXPECT_NE(told("recovery.requested", "code"), "");
    for (const std::string other : {"nobody@example.com", "ada", "+493012345678"}) {
        const auto answer = take(flow, "address", Json::object({{"login_name", other}}));
        EXPECT_EQ(answer.body(), known.body());
        EXPECT_EQ(event_types(), "") << other;
    }
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(is_not_right(take(flow, "mail_code", Json::object({{"code", "00000000"}}))));
}

TEST_F(LoginFlows, TakeAMailedCodeFiveTimesAndInItsFlow) {
    const auto flow = begin("recovery"), other = begin("recovery");
    take(flow, "address", Json::object({{"login_name", "ada@example.com"}}));
    const std::string code = told("recovery.requested", "code");
    take(other, "address", Json::object({{"login_name", "ada@example.com"}}));
    const std::string others = told("recovery.requested", "code");
    EXPECT_TRUE(is_not_right(take(other, "mail_code", Json::object({{"code", code}})))) << "of another flow";
    std::atomic<int> right{0}, wrong{0};
    at_once(9, [&](int) { ++(is_not_right(take(flow, "mail_code", Json::object({{"code", "00000000"}}))) ? wrong : right); });
    EXPECT_EQ(wrong, 9);
    EXPECT_TRUE(is_not_right(take(flow, "mail_code", Json::object({{"code", code}})))) << "after five that were wrong";
    EXPECT_EQ(next(take(other, "mail_code", Json::object({{"code", others}}))), "new_password");
    clock.advance(Duration::minutes(31));
    EXPECT_EQ(state(other).status(), 404);
}

/// Where few may be begun.
class FewFlows : public LoginFlows {
protected:
    FewFlows() : LoginFlows({{"AUTH_FLOWS_PER_NETWORK", "5"}, {"AUTH_FLOWS_PER_PROJECT", "8"}, {"AUTH_TRUSTED_PROXIES", "127.0.0.1"}}) {}
};

TEST_F(FewFlows, AreBegunFromANetworkAndInAProject) {
    const auto from = [&](const std::string& address) { return wish(shop, "sign_in").header("X-Forwarded-For", address).send(); };
    std::atomic<int> begun{0}, refused{0};
    at_once(20, [&](int) {
        const auto answer = from("203.0.113.7");
        if (answer.status() == 201) ++begun;
        if (answer.status() == 429 && answer.text("/type") == "urn:gravity:problem:too-many-flows" && !answer.header("Retry-After").empty()) ++refused;
    });
    EXPECT_EQ(begun, 5);
    EXPECT_EQ(refused, 15);
    EXPECT_EQ(sql("select count(*) from login_flow"), "5");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(from("198.51.100.7").status(), 201) << "another network";
    EXPECT_EQ(from("192.0.2.7").status(), 429) << "the project has as many as it may";
    Browser browser(service.port());
    const auto page = browser.get(request(shop));
    EXPECT_EQ(page.status(), 429) << "pages count too";
    EXPECT_NE(page.body().find("Too many sign-ins were begun"), std::string::npos);
    const auto theirs = as.stranger.post("/api/v1/clients", {{"name", "T"},
                                                             {"scopes", Json::array()},
                                                             {"grant_types", Json::array({"authorization_code"})},
                                                             {"first_party", true},
                                                             {"redirect_uris", Json::array({callback})}})
                            .expect(201);
    EXPECT_EQ(wish(theirs, "sign_in").send().status(), 201) << "another project";
    clock.advance(Duration::minutes(11));
    EXPECT_EQ(from("203.0.113.7").status(), 201);
}

/// Where no mail is sent.
class MailLess : public LoginFlows {
protected:
    MailLess() : LoginFlows({{"AUTH_LINKS_IN_EVENTS", "false"}, {"AUTH_SIGN_UP_PROJECTS", ""}}) {}
};

TEST_F(MailLess, OffersNothingThatNeedsIt) {
    wish(shop, "recovery").expect_problem(403, "not-offered");
    wish(shop, "registration").expect_problem(403, "not-offered");
    EXPECT_FALSE(sent(password(begin()), "code").empty());
}

} // namespace
} // namespace gravity::issuer
