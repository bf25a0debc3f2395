#include "browser_fixture.hpp"
#include "client_fixture.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::issuer {
namespace {

class SignIns : public SignInApi {
protected:
    testkit::Answer shop = web_client();
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};
};

TEST_F(SignIns, GiveAClientACodeAndTheCodeItsTokens) {
    const auto asked = browser.get(request(shop));
    EXPECT_EQ(asked.status(), 303);
    ASSERT_TRUE(asked.location().starts_with("/login?flow=glf_")) << asked.location();
    const auto page = browser.get(asked.location());
    EXPECT_EQ(page.status(), 200);
    EXPECT_NE(page.body().find("A &lt;b&gt;Shop&lt;/b&gt;"), std::string::npos) << page.body();
    EXPECT_EQ(page.body().find("<script"), std::string::npos);
    const std::string policy = page.header("Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
    EXPECT_NE(policy.find("form-action 'self' https://app.example.com"), std::string::npos) << policy;
    EXPECT_EQ(page.header("Cache-Control"), "no-store");

    const auto wrong = type(browser, flow_of(asked), "ada@example.com", "wrong one");
    EXPECT_EQ(wrong.status(), 400);
    EXPECT_NE(wrong.body().find("role=\"alert\""), std::string::npos);
    EXPECT_EQ(wrong.body().find("wrong one"), std::string::npos);
    const auto typed = type(browser, flow_of(asked), "ADA@example.com", good_password);
    ASSERT_TRUE(typed.location().starts_with("/login/consent?flow=")) << typed.body();
    EXPECT_NE(typed.header("Set-Cookie").find("HttpOnly; SameSite=Lax"), std::string::npos);
    EXPECT_NE(browser.get(typed.location()).body().find("your e-mail address"), std::string::npos);
    const auto back = browser.post("/login/consent", "flow=" + flow_of(typed) + "&decision=allow");
    EXPECT_EQ(back.status(), 303);
    EXPECT_EQ(parameter(back, "state"), "s&t");
    EXPECT_EQ(parameter(back, "iss"), issuer_url);
    EXPECT_EQ(browser.get(asked.location()).status(), 400) << "the flow has ended";

    const auto tokens = redeem(shop, parameter(back, "code"));
    ASSERT_EQ(tokens.status(), 200) << tokens.body();
    tokens.field("/token_type", "Bearer").field("/scope", "openid email").expect_header("Cache-Control", "no-store");
    const Json access = payload(tokens.text("/access_token")), id = payload(tokens.text("/id_token"));
    EXPECT_EQ(*access.find("sub"), ada.at("/id"));
    EXPECT_EQ(*access.find("client_id"), shop.at("/id"));
    EXPECT_EQ(*access.find("project"), Json(service.project().to_string()));
    EXPECT_EQ(*id.find("iss"), Json(issuer_url));
    EXPECT_EQ(*id.find("aud"), shop.at("/id"));
    EXPECT_EQ(*id.find("sub"), ada.at("/id"));
    EXPECT_EQ(*id.find("nonce"), Json("n1"));
    EXPECT_EQ(*id.find("amr"), Json::array({"pwd"}));
    EXPECT_EQ(*id.find("sid"), *access.find("sid"));
    EXPECT_EQ(*id.find("at_hash"), Json(base64url_encode(sha256(tokens.text("/access_token")).substr(0, 16))));
    const auto keys = auth::KeySet::parse(as.anonymous.get("/oauth2/jwks").expect(200).body()).or_throw();
    const std::string id_token = tokens.text("/id_token");
    const auto jws = auth::parse_jws(id_token);
    ASSERT_TRUE(jws);
    EXPECT_EQ(*jws->header.find("alg"), Json("RS256"));
    const auto verifies = [&](const auth::PublicKey& key) { return key.verify(jws->signing_input, jws->signature); };
    EXPECT_TRUE(std::any_of(keys.keys().begin(), keys.keys().end(), verifies));
    const auto told = userinfo(tokens.text("/access_token"));
    told.field("/sub", ada.at("/id")).field("/email", "ada@example.com").field("/email_verified", false).field("/phone_number", Json());
    EXPECT_EQ(userinfo(tokens.text("/id_token")).status(), 401) << "an ID token is no access token";
    EXPECT_EQ(userinfo("").status(), 401);
    testkit::Client(service.port(), tokens.text("/access_token")).get("/api/v1/clients").expect_problem(403, "forbidden");

    const auto again = browser.get(request(shop));
    EXPECT_TRUE(again.location().starts_with(callback + "?code=")) << "signed in, and consented: " << again.location();
    EXPECT_EQ(service.database().admin("select count(*) from login_flow"), "0");
}

TEST_F(SignIns, SendNobodyToWhereTheClientIsNotAtHome) {
    const std::string good = request(shop);
    const auto refused = [&](std::string target) {
        const auto answer = browser.get(target);
        EXPECT_EQ(answer.status(), 400) << target;
        EXPECT_EQ(answer.location(), "") << target;
        EXPECT_TRUE(answer.header("Content-Type").starts_with("text/html")) << target;
    };
    refused("/oauth2/authorize");
    refused("/oauth2/authorize?client_id=x");
    refused("/oauth2/authorize?client_id=" + Uuid::v7().to_string() + "&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb");
    refused("/oauth2/authorize?client_id=" + shop.text("/id"));
    refused(good + "&client_id=" + shop.text("/id"));
    refused(good + "&redirect_uri=" + http::percent_encode(callback));
    refused(good + "&request_uri=urn:a&request_uri=urn:b");
    refused("/oauth2/authorize?%ZZ");
    for (const std::string name : {"&more=", "&login_hint="}) refused(good + name + "a%00b"); // no database keeps it
    for (const std::string other : {"https://app.example.com/cb/", "https://evil.example/cb", "https://app.example.com/cb?x=1"})
        refused("/oauth2/authorize?response_type=code&client_id=" + shop.text("/id") + "&redirect_uri=" + http::percent_encode(other));
    as.owner.patch(shop.location(), {{"disabled", true}}).expect(200);
    refused(good);
}

TEST_F(SignIns, TellPeopleThatTheDatabaseIsAway) {
    signed_in(browser, shop);
    const std::string flow = flow_of(browser.get(request(shop, "&prompt=login")));
    service.database().admin("alter database " + service.database().name() + " connection limit 0");
    service.database().cut_connections();
    const auto expect_page = [](const testkit::Answer& answer, const std::string& what) {
        EXPECT_EQ(answer.status(), 503) << what;
        EXPECT_TRUE(answer.header("Content-Type").starts_with("text/html")) << what << ": " << answer.body();
        EXPECT_NE(answer.header("Retry-After"), "") << what;
        EXPECT_NE(answer.body().find("Please try again"), std::string::npos) << what;
        EXPECT_NE(answer.body().find("If you ask for help"), std::string::npos) << what;
    };
    for (const std::string& target : {request(shop), "/login?flow=" + flow, "/login/consent?flow=" + flow, std::string("/account/security"),
                                      std::string("/oauth2/logout")})
        expect_page(browser.get(target), target);
    for (const std::string path : {"/login", "/login/consent", "/login/device", "/account/security/totp"})
        expect_page(browser.post(path, "flow=" + flow + "&decision=allow&user_code=BCDF-GHJK"), path);
    service.database().admin("alter database " + service.database().name() + " connection limit -1");
    testkit::until([&] { return browser.get(request(shop)).status() == 303; });
}

TEST_F(SignIns, TellTheClientWhatIsWrongWithItsRequest) {
    const std::string base = "/oauth2/authorize?client_id=" + shop.text("/id") + "&redirect_uri=" + http::percent_encode(callback) + "&state=x";
    const std::string pkce = "&code_challenge=" + challenge() + "&code_challenge_method=S256";
    const auto error = [&](const std::string& more) {
        const auto answer = browser.get(base + more);
        EXPECT_EQ(answer.status(), 303);
        EXPECT_TRUE(answer.location().starts_with(callback + "?error=")) << answer.location();
        EXPECT_EQ(parameter(answer, "state"), "x");
        EXPECT_EQ(parameter(answer, "iss"), issuer_url);
        return parameter(answer, "error");
    };
    EXPECT_EQ(error(pkce), "invalid_request");
    for (const std::string twice : {"&scope=openid&scope=email", "&response_type=code", "&prompt=none&prompt=none", "&unknown=1&unknown=2"})
        EXPECT_EQ(error("&response_type=code" + pkce + twice), "invalid_request") << twice;
    const auto unsure = browser.get(base + "&response_type=code" + pkce + "&state=y");
    EXPECT_EQ(parameter(unsure, "error"), "invalid_request");
    EXPECT_EQ(unsure.location().find("state="), std::string::npos) << "nobody knows which of them it is: " << unsure.location();
    EXPECT_EQ(error("&response_type=token" + pkce), "unsupported_response_type");
    EXPECT_EQ(error("&response_type=code"), "invalid_request");
    EXPECT_EQ(error("&response_type=code&code_challenge=" + challenge()), "invalid_request");
    EXPECT_EQ(error("&response_type=code&code_challenge=" + verifier + "&code_challenge_method=plain"), "invalid_request");
    EXPECT_EQ(error("&response_type=code&code_challenge=short&code_challenge_method=S256"), "invalid_request");
    EXPECT_EQ(error("&response_type=code&response_mode=fragment" + pkce), "invalid_request");
    EXPECT_EQ(error("&response_type=code&request=x" + pkce), "request_not_supported");
    EXPECT_EQ(error("&response_type=code&request_uri=x" + pkce), "request_uri_not_supported");
    EXPECT_EQ(error("&response_type=code&scope=%22" + pkce), "invalid_scope");
    EXPECT_EQ(error("&response_type=code&prompt=none%20login" + pkce), "invalid_request");
    EXPECT_EQ(error("&response_type=code&prompt=maybe" + pkce), "invalid_request");
    EXPECT_EQ(error("&response_type=code&max_age=-1" + pkce), "invalid_request");
    EXPECT_EQ(error("&response_type=code&nonce=" + std::string(600, 'n') + pkce), "invalid_request");
    EXPECT_EQ(error("&response_type=code&prompt=none" + pkce), "login_required");
    const auto machine = web_client(Json::object({{"grant_types", Json::array({"client_credentials"})}}));
    EXPECT_EQ(parameter(browser.get(request(machine)), "error"), "unauthorized_client");
}

TEST_F(SignIns, AskAgainWhereTheClientWantsIt) {
    testkit::FakeClock clock(now());
    signed_in(browser, shop);
    EXPECT_TRUE(browser.get(request(shop, "&prompt=none")).location().starts_with(callback + "?code="));
    EXPECT_TRUE(browser.get(request(shop, "&prompt=login")).location().starts_with("/login?"));
    EXPECT_TRUE(browser.get(request(shop, "&prompt=consent")).location().starts_with("/login/consent?"));
    EXPECT_TRUE(browser.get(request(shop, "&max_age=60")).location().starts_with(callback));
    clock.advance(Duration::seconds(61));
    EXPECT_TRUE(browser.get(request(shop, "&max_age=60")).location().starts_with("/login?"));
    EXPECT_EQ(parameter(browser.get(request(shop, "&prompt=none", "openid%20phone")), "error"), "consent_required");
    clock.advance(Duration::hours(12));
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?")) << "sessions end";
}

TEST_F(SignIns, MayBeRefused) {
    auto step = browser.get(request(shop));
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    const auto back = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=deny");
    EXPECT_EQ(parameter(back, "error"), "access_denied");
    EXPECT_EQ(parameter(back, "state"), "s&t");
    EXPECT_EQ(parameter(back, "code"), "");
    const auto own = web_client(Json::object({{"first_party", true}}));
    EXPECT_TRUE(browser.get(request(own)).location().starts_with(callback + "?code=")) << "one's own is not asked about";
    const auto asked = browser.get(request(own, "&prompt=consent"));
    ASSERT_TRUE(asked.location().starts_with("/login/consent?")) << "unless it wants that";
    EXPECT_EQ(parameter(browser.post("/login/consent", "flow=" + flow_of(asked) + "&decision=deny"), "error"), "access_denied");
    EXPECT_TRUE(signed_in(browser, own, "&prompt=login%20consent").location().starts_with(callback + "?code="));
}

TEST_F(SignIns, GoOnInTheBrowserTheyBeganIn) {
    const auto begun = browser.get(request(shop));
    Browser other(service.port());
    EXPECT_EQ(other.get(begun.location()).status(), 400);
    EXPECT_EQ(type(other, flow_of(begun), "ada@example.com", good_password).status(), 400);
    other.get(request(shop));
    EXPECT_EQ(type(other, flow_of(begun), "ada@example.com", good_password).status(), 400) << "a cookie of its own does not help";
    const auto early = browser.post("/login/consent", "flow=" + flow_of(begun) + "&decision=allow");
    EXPECT_EQ(early.location(), "/login?flow=" + flow_of(begun)) << "nobody has signed in";
    EXPECT_EQ(browser.post("/login", "flow=" + flow_of(begun)).status(), 400);
    EXPECT_EQ(browser.post("/login", "flow=x").status(), 400);
    EXPECT_EQ(browser.post("/login", "%ZZ").status(), 400);
    browser.get(request(shop)); // a second tab
    const auto typed = type(browser, flow_of(begun), "ada@example.com", good_password);
    EXPECT_EQ(typed.status(), 303);
    const std::string first = browser.cookies["gravity-session"];
    const auto again = browser.get(request(shop, "&prompt=login"));
    type(browser, flow_of(again), "ada@example.com", good_password);
    EXPECT_NE(browser.cookies["gravity-session"], first) << "another session";
    browser.cookies["gravity-session"] = first;
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?")) << "the one before has ended";
}

TEST_F(SignIns, AreOfTheirProject) {
    signed_in(browser, shop);
    const auto foreign = as.stranger
                             .post("/api/v1/clients", {{"name", "Theirs"},
                                                       {"scopes", Json::array()},
                                                       {"grant_types", Json::array({"authorization_code"})},
                                                       {"redirect_uris", Json::array({callback})}})
                             .expect(201);
    const auto asked = browser.get(request(foreign));
    EXPECT_TRUE(asked.location().starts_with("/login?")) << "a session of another project is none";
    const auto typed = type(browser, flow_of(asked), "ada@example.com", good_password);
    EXPECT_EQ(typed.status(), 400) << "nor is the person";
    const auto code = parameter(signed_in(browser, shop), "code");
    EXPECT_EQ(redeem(foreign, code).text("/error"), "invalid_grant");
    EXPECT_EQ(redeem(shop, code).status(), 200);
    browser.get(request(shop, "&prompt=login"));
    std::vector<std::string> empty;
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    for (const std::string table : {"session", "login_flow", "consent", "auth_code", "refresh_family", "refresh_token"})
        EXPECT_EQ(std::count(empty.begin(), empty.end(), "public." + table) + std::count(empty.begin(), empty.end(), table), 0) << table << " has no row";
}

TEST_F(SignIns, EndWithTheIdentity) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const std::string access = tokens.text("/access_token");
    EXPECT_TRUE(active(shop, access));
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    EXPECT_FALSE(active(shop, access));
    EXPECT_EQ(userinfo(access).status(), 401);
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
    as.owner.del(ada.location()).expect(204);
    EXPECT_EQ(sql("select (select count(*) from session) + (select count(*) from auth_code) + (select count(*) from refresh_family) + "
                  "(select count(*) from refresh_token) + (select count(*) from consent)"),
              "0");
}

TEST_F(SignIns, AreOfNobodyWhoIsDeletedMeanwhile) {
    signed_in(browser, shop);
    std::atomic<bool> gone{false};
    std::atomic<int> codes{0}, other{0};
    std::vector<std::thread> asking;
    for (int i = 0; i < 8; ++i)
        asking.emplace_back([&] {
            Browser same(service.port());
            same.cookies = browser.cookies;
            for (int after = 0; after < 3;) {
                if (gone) ++after;
                const auto answer = same.get(request(shop));
                codes += answer.location().starts_with(callback + "?code=");
                other += answer.status() != 303 && answer.status() != 409;
            }
        });
    testkit::eventually("they get codes", [&] { return codes > 40; });
    as.owner.del(ada.location()).expect(204);
    gone = true;
    for (auto& thread : asking) thread.join();
    EXPECT_EQ(other, 0) << "whoever comes as she goes is told so, and nothing breaks";
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
}

TEST_F(SignIns, AreAtNoClientThatIsDeletedMeanwhile) {
    const auto leaving = web_client(Json::object({{"grant_types", Json::array({"authorization_code", "device_code"})}}));
    const std::string itself = "client_id=" + leaving.text("/id") + "&client_secret=" + leaving.text("/client_secret");
    const std::string ahead = "&response_type=code&scope=openid&redirect_uri=" + http::percent_encode(callback) + "&code_challenge_method=S256&code_challenge=";
    const auto post = [&](const std::string& path, const std::string& form) {
        return as.anonymous.post(path).raw(itself + form, "application/x-www-form-urlencoded").send().status();
    };
    std::atomic<bool> gone{false};
    std::atomic<int> begun{0}, broken{0};
    std::vector<std::thread> asking;
    for (int i = 0; i < 9; ++i)
        asking.emplace_back([&, i] {
            for (int after = 0; after < 3;) {
                if (gone) ++after;
                int status = 0;
                if (i % 3 == 0) status = Browser(service.port()).get(request(leaving)).status();
                if (i % 3 == 1) status = post("/oauth2/par", ahead + challenge());
                if (i % 3 == 2) status = post("/oauth2/device_authorization", "&scope=openid");
                begun += status < 400;
                broken += status >= 500;
            }
        });
    testkit::eventually("they begin", [&] { return begun > 60; });
    as.owner.del("/api/v1/clients/" + leaving.text("/id")).expect(204);
    gone = true;
    for (auto& thread : asking) thread.join();
    EXPECT_EQ(broken, 0);
}

TEST_F(SignIns, AreCountedWhereTheyFail) {
    const auto begun = browser.get(request(shop));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(type(browser, flow_of(begun), "ada@example.com", "wrong one").status(), 400);
    const auto refused = type(browser, flow_of(begun), "ada@example.com", good_password);
    EXPECT_EQ(refused.status(), 429);
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_NE(refused.body().find("Too many"), std::string::npos);
}

// ---- codes

TEST_F(SignIns, GiveCodesThatAreGoodOnce) {
    const std::string code = parameter(signed_in(browser, shop), "code");
    const auto tokens = redeem(shop, code);
    ASSERT_EQ(tokens.status(), 200);
    EXPECT_TRUE(active(shop, tokens.text("/access_token")));
    const auto again = redeem(shop, code);
    EXPECT_EQ(again.status(), 400);
    EXPECT_EQ(again.text("/error"), "invalid_grant");
    EXPECT_FALSE(active(shop, tokens.text("/access_token"))) << "all that came of it has ended";
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_EQ(sql("select count(*) from auth_code where encode(hash, 'escape') like '%gac%'"), "0");
}

TEST_F(SignIns, GiveCodesToOneOfAnyNumber) {
    const std::string code = parameter(signed_in(browser, shop), "code");
    std::atomic<int> good{0}, refused{0};
    at_once(50, [&](int) { ++(redeem(shop, code).status() == 200 ? good : refused); });
    EXPECT_EQ(good, 1);
    EXPECT_EQ(refused, 49);
}

TEST_F(SignIns, GiveCodesThatFitOnlyWhoAsked) {
    testkit::FakeClock clock(now());
    const auto other = web_client();
    const auto code = [&] { return parameter(signed_in(browser, shop), "code"); };
    EXPECT_EQ(redeem(shop, code(), std::string(43, 'w')).text("/error"), "invalid_grant");
    EXPECT_EQ(redeem(other, code()).text("/error"), "invalid_grant");
    EXPECT_EQ(redeem(shop, "gac_unknown").text("/error"), "invalid_grant");
    const std::string grant = "grant_type=authorization_code&code=";
    EXPECT_EQ(token_form(shop, grant + code() + "&redirect_uri=" + http::percent_encode(callback)).text("/error"), "invalid_request");
    EXPECT_EQ(token_form(shop, grant + code() + "&redirect_uri=x&code_verifier=" + verifier).text("/error"), "invalid_grant");
    const std::string late = code();
    clock.advance(Duration::seconds(61));
    EXPECT_EQ(redeem(shop, late).text("/error"), "invalid_grant");
}

TEST_F(SignIns, ServeClientsThatCanKeepNoSecret) {
    const auto app = web_client(Json::object({{"token_endpoint_auth_method", "none"}}));
    EXPECT_EQ(app.at("/client_secret"), Json());
    const auto form = [&](const std::string& path, const std::string& text) {
        return as.anonymous.post(path).raw(text + "&client_id=" + app.text("/id"), "application/x-www-form-urlencoded").send();
    };
    const std::string code = parameter(signed_in(browser, app), "code");
    const std::string grant = "grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(callback) + "&code_verifier=" + verifier;
    EXPECT_EQ(form("/oauth2/token", grant + "&client_secret=x").text("/error"), "invalid_client");
    const auto tokens = form("/oauth2/token", grant);
    EXPECT_EQ(tokens.status(), 200) << tokens.body();
    EXPECT_EQ(form("/oauth2/introspect", "token=" + tokens.text("/access_token")).text("/error"), "unauthorized_client");
    EXPECT_EQ(form("/oauth2/token", "grant_type=client_credentials").text("/error"), "unauthorized_client");
    EXPECT_EQ(as.anonymous.post("/oauth2/token").raw(grant + "&client_id=" + shop.text("/id"), "application/x-www-form-urlencoded").send().text("/error"),
              "invalid_client")
        << "one that has a secret must show it";
    EXPECT_EQ(form("/oauth2/revoke", "token=" + tokens.text("/refresh_token")).status(), 200);
    EXPECT_EQ(form("/oauth2/token", "grant_type=refresh_token&refresh_token=" + tokens.text("/refresh_token")).text("/error"), "invalid_grant");
}

TEST_F(SignIns, NeedClientsThatMakeSense) {
    const auto refused = [&](Json more, const std::string& pointer) {
        Json body = Json::object({{"name", "x"}, {"scopes", Json::array()}});
        for (const auto& [name, value] : more.as_object()) body[name] = value;
        as.owner.post("/api/v1/clients", testkit::Members(body)).expect_problem(422, "invalid-value").field("/errors/0/pointer", pointer);
    };
    refused(Json::object({{"grant_types", Json::array({"authorization_code"})}}), "/redirect_uris");
    refused(Json::object({{"grant_types", Json::array({"refresh_token"})}}), "/grant_types");
    refused(Json::object({{"token_endpoint_auth_method", "none"}}), "/grant_types");
    refused(Json::object({{"redirect_uris", Json::array({"http://app.example.com/"})}}), "/redirect_uris/0");
}

// ---- refreshing

class Refreshed : public SignIns {
protected:
    std::string begun(const std::string& scope = "openid%20email") {
        return redeem(shop, parameter(signed_in(browser, shop, {}, scope), "code")).text("/refresh_token");
    }
};

TEST_F(Refreshed, TokensGoOnAndALostAnswerCostsNothing) {
    testkit::FakeClock clock(now());
    const std::string first = begun();
    const auto answer = refresh(shop, first);
    ASSERT_EQ(answer.status(), 200) << answer.body();
    EXPECT_NE(answer.text("/refresh_token"), first);
    EXPECT_EQ(*payload(answer.text("/id_token")).find("sub"), ada.at("/id"));
    EXPECT_EQ(payload(answer.text("/id_token")).find("nonce"), nullptr);
    clock.advance(Duration::seconds(30));
    EXPECT_EQ(refresh(shop, first).body(), answer.body()) << "the same successor";
    const auto second = refresh(shop, answer.text("/refresh_token"));
    EXPECT_EQ(second.status(), 200);
    EXPECT_EQ(sql("select count(*) from refresh_token where encode(answer, 'escape') like '%grt%'"), "0");
    EXPECT_EQ(sql("select string_agg(generation::text, ' ' order by generation) from refresh_token"), "0 1 2");

    service.take_events();
    EXPECT_EQ(refresh(shop, first).text("/error"), "invalid_grant") << "two generations back it is stolen";
    EXPECT_EQ(event_types(), "refresh_token.reuse_detected ");
    EXPECT_EQ(refresh(shop, second.text("/refresh_token")).text("/error"), "invalid_grant") << "the family has ended";
}

// RFC 7662: by whom they are, as long as they are of use.
TEST_F(Refreshed, TokensAreToldOfToTheirClient) {
    testkit::FakeClock clock(now());
    const auto told = [&](const testkit::Answer& client, const std::string& token) {
        const std::string form = "token=" + token + "&client_id=" + client.text("/id") + "&client_secret=" + client.text("/client_secret");
        return as.anonymous.post("/oauth2/introspect").raw(form, "application/x-www-form-urlencoded").expect(200);
    };
    const std::string first = begun();
    told(shop, first).field("/active", true).field("/scope", "openid email").field("/sub", ada.at("/id")).field("/client_id", shop.at("/id"));
    EXPECT_GT(told(shop, first).at("/exp").as_integer(), now().unix_seconds());
    EXPECT_EQ(told(web_client(), first).json(), Json::object({{"active", false}})) << "another client's is none";
    EXPECT_FALSE(active(shop, "grt_unknown"));
    const std::string second = refresh(shop, first).text("/refresh_token");
    EXPECT_FALSE(active(shop, first)) << "it has been used";
    EXPECT_TRUE(active(shop, second));
    clock.advance(Duration::hours(13));
    EXPECT_FALSE(active(shop, second)) << "the session has ended";
    const std::string lasting = begun("openid%20offline_access");
    clock.advance(Duration::days(15));
    EXPECT_FALSE(active(shop, lasting)) << "it was left alone for too long";
}

TEST_F(Refreshed, TokensUsedAgainLaterEndTheirFamily) {
    testkit::FakeClock clock(now());
    const std::string first = begun();
    const auto answer = refresh(shop, first);
    clock.advance(Duration::seconds(61));
    EXPECT_EQ(refresh(shop, first).text("/error"), "invalid_grant");
    EXPECT_EQ(refresh(shop, answer.text("/refresh_token")).text("/error"), "invalid_grant");
}

TEST_F(Refreshed, TokensNeverBranchHoweverManyAskAtOnce) {
    const std::string first = begun();
    std::vector<std::string> bodies(50);
    at_once(50, [&](int i) { bodies[static_cast<std::size_t>(i)] = refresh(shop, first).body(); });
    for (const std::string& body : bodies) EXPECT_EQ(body, bodies.front());
    EXPECT_NE(bodies.front().find("refresh_token"), std::string::npos) << bodies.front();
    EXPECT_EQ(sql("select count(*) from refresh_token"), "2");
}

TEST_F(Refreshed, TokensEnd) {
    testkit::FakeClock clock(now());
    const std::string idle = begun("openid%20offline_access");
    clock.advance(Duration::days(14));
    EXPECT_EQ(refresh(shop, idle).text("/error"), "invalid_grant");
    std::string token = begun("openid%20offline_access");
    for (int i = 0; i < 2; ++i) {
        clock.advance(Duration::days(13));
        const auto answer = refresh(shop, token);
        ASSERT_EQ(answer.status(), 200) << answer.body();
        token = answer.text("/refresh_token");
    }
    clock.advance(Duration::days(5));
    EXPECT_EQ(refresh(shop, token).text("/error"), "invalid_grant") << "after thirty days, used or not";
}

TEST_F(Refreshed, TokensLeaveNothingBehindThatIsOfNoUse) {
    testkit::FakeClock clock(now());
    const auto kept = [&](const std::string& which) {
        return sql("select string_agg(generation::text, ' ' order by generation) from refresh_token where " + which);
    };
    std::string token = begun("openid%20offline_access");
    const auto go_on = [&] { token = refresh(shop, token).text("/refresh_token"); };
    for (int i = 0; i < 3; ++i) go_on();
    EXPECT_EQ(kept("true"), "0 1 2 3");
    EXPECT_EQ(kept("answer is not null"), "2") << "an answer is sent again of the last one alone";
    clock.advance(Duration::days(13));
    go_on();
    forget_ended();
    EXPECT_EQ(kept("true"), "0 1 2 3 4") << "until their end it is known that they were used";
    clock.advance(Duration::days(2));
    forget_ended();
    EXPECT_EQ(kept("true"), "4");
    go_on();
    EXPECT_FALSE(token.empty()) << "the family goes on";
    clock.advance(Duration::days(13));
    forget_ended();
    EXPECT_EQ(sql("select count(*) from refresh_family"), "1");
    clock.advance(Duration::days(3));
    forget_ended();
    EXPECT_EQ(sql("select (select count(*) from refresh_family) || ' ' || (select count(*) from refresh_token)"), "0 0");
}

TEST_F(Refreshed, TokensAreOfTheirClientAndSayNoMore) {
    const std::string token = begun("openid%20email");
    EXPECT_EQ(refresh(web_client(), token).text("/error"), "invalid_grant");
    EXPECT_EQ(refresh(shop, "grt_x").text("/error"), "invalid_grant");
    EXPECT_EQ(refresh(shop, token, "&scope=openid%20phone").text("/error"), "invalid_scope");
    const auto answer = refresh(shop, token, "&scope=openid");
    answer.field("/scope", "openid");
    EXPECT_EQ(userinfo(answer.text("/access_token")).at("/email"), Json());
    refresh(shop, answer.text("/refresh_token")).field("/scope", "openid email");
}

struct KeyProofs : ClientApi {
    using ClientApi::proof;
};

TEST_F(Refreshed, TokensOfClientsWithoutASecretAreBoundToTheirKey) {
    const auto app = web_client(Json::object({{"token_endpoint_auth_method", "none"}}));
    const auth::Signer key = auth::Signer::generate(), other = auth::Signer::generate();
    const auto ask = [&](const std::string& form, const std::string& proof) {
        auto call = as.anonymous.post("/oauth2/token").raw(form + "&client_id=" + app.text("/id"), "application/x-www-form-urlencoded");
        if (!proof.empty()) call.header("DPoP", proof);
        return call.send();
    };
    const std::string code = parameter(signed_in(browser, app), "code");
    const auto tokens = ask("grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(callback) + "&code_verifier=" + verifier,
                            KeyProofs::proof(key));
    tokens.field("/token_type", "DPoP");
    EXPECT_EQ(userinfo(tokens.text("/access_token")).status(), 401) << "it is no bearer's";
    const std::string again = "grant_type=refresh_token&refresh_token=" + tokens.text("/refresh_token");
    EXPECT_EQ(ask(again, "").text("/error"), "invalid_grant");
    EXPECT_EQ(ask(again, KeyProofs::proof(other)).text("/error"), "invalid_grant");
    ask(again, KeyProofs::proof(key)).field("/token_type", "DPoP");
}

// A client that proves who it is may take another key with each refresh, but an answer is bound to the one that it was for.
TEST_F(Refreshed, TokensAreSentAgainForTheSameKeyAlone) {
    const auth::Signer key = auth::Signer::generate(), other = auth::Signer::generate();
    const std::string secret = "&client_id=" + shop.text("/id") + "&client_secret=" + shop.text("/client_secret");
    const auto ask = [&](const std::string& token, const std::string& proof) {
        auto call = as.anonymous.post("/oauth2/token").raw("grant_type=refresh_token&refresh_token=" + token + secret, "application/x-www-form-urlencoded");
        if (!proof.empty()) call.header("DPoP", proof);
        return call.send();
    };
    const std::string first = begun();
    const auto answer = ask(first, KeyProofs::proof(key));
    answer.field("/token_type", "DPoP");
    EXPECT_EQ(ask(first, "").text("/error"), "invalid_grant");
    EXPECT_EQ(ask(first, KeyProofs::proof(other)).text("/error"), "invalid_grant");
    EXPECT_EQ(ask(first, KeyProofs::proof(key)).body(), answer.body());
    EXPECT_EQ(ask(answer.text("/refresh_token"), KeyProofs::proof(other)).status(), 200) << "the family is not bound, and has not ended";
}

// ---- signing out

TEST_F(Refreshed, TokensEndWhenThePersonSignsOut) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const auto offline = redeem(shop, parameter(signed_in(browser, shop, {}, "openid%20offline_access"), "code"));
    const std::string back = "&post_logout_redirect_uri=" + http::percent_encode("https://app.example.com/bye") + "&state=x";
    service.take_events();
    const auto gone = browser.get("/oauth2/logout?id_token_hint=" + tokens.text("/id_token") + back);
    EXPECT_EQ(gone.status(), 303) << gone.body();
    EXPECT_EQ(gone.location(), "https://app.example.com/bye?state=x");
    EXPECT_EQ(event_types(), "session.ended ");
    EXPECT_FALSE(browser.cookies.contains("gravity-session"));
    EXPECT_FALSE(active(shop, tokens.text("/access_token")));
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant");
    EXPECT_EQ(refresh(shop, offline.text("/refresh_token")).status(), 200) << "offline means without the session";
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
}

TEST_F(Refreshed, TokensStayWhereSomebodyElseSaysSignOut) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    for (const std::string& query : {std::string(), "client_id=" + shop.text("/id"), "id_token_hint=" + tokens.text("/access_token"), std::string("proof=x")}) {
        const std::string target = "/oauth2/logout?" + query;
        const auto asked = browser.get(target);
        EXPECT_EQ(asked.status(), 200) << target;
        EXPECT_NE(asked.body().find("Sign out?"), std::string::npos) << target;
    }
    EXPECT_TRUE(active(shop, tokens.text("/access_token")));
    const std::string page = browser.get("/oauth2/logout").body();
    const auto at = page.find("name=\"proof\" value=\"") + 20;
    const std::string proof = page.substr(at, page.find('"', at) - at);
    Browser other(service.port());
    EXPECT_NE(other.post("/oauth2/logout", "proof=" + proof).body().find("Signed out"), std::string::npos) << "who is not signed in is signed out";
    EXPECT_TRUE(active(shop, tokens.text("/access_token")));
    const std::string elsewhere = "&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F&client_id=" + shop.text("/id");
    EXPECT_NE(browser.post("/oauth2/logout", "proof=" + proof + elsewhere).body().find("Signed out"), std::string::npos);
    EXPECT_FALSE(active(shop, tokens.text("/access_token")));
    EXPECT_EQ(browser.get("/oauth2/logout?%ZZ").status(), 400);
}

class SignInsOverTls : public SignInApi {
protected:
    SignInsOverTls() : SignInApi({{"AUTH_PUBLIC_URL", "https://id.example.com"}}) {}
};

TEST_F(SignInsOverTls, KeepCookiesToOneHost) {
    const auto shop = web_client();
    person("ada@example.com");
    Browser browser(service.port());
    const auto asked = browser.get(request(shop));
    EXPECT_TRUE(asked.header("Set-Cookie").starts_with("__Host-gravity-browser=")) << asked.header("Set-Cookie");
    const auto typed = type(browser, flow_of(asked), "ada@example.com", good_password);
    EXPECT_TRUE(typed.header("Set-Cookie").starts_with("__Host-gravity-session="));
    EXPECT_TRUE(typed.header("Set-Cookie").ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"));
}

} // namespace
} // namespace gravity::issuer
