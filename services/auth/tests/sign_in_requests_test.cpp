#include "passkey_fixture.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/clock.hpp>

namespace gravity::issuer {
namespace {

/// What a client may say of how somebody is to sign in, and how it has to ask.
class SignInRequests : public SignInApi {
protected:
    testkit::Answer shop = web_client();
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    std::string id_token(Browser& in) { return redeem(shop, parameter(signed_in(in, shop), "code")).text("/id_token"); }
    /// As it is without a challenge.
    std::string bare(const testkit::Answer& client, const std::string& more) const {
        return "/oauth2/authorize?response_type=code&client_id=" + client.text("/id") + "&redirect_uri=" + http::percent_encode(callback) + more;
    }
    std::string code_of(const testkit::Answer& asked) {
        auto step = asked;
        if (step.location().starts_with("/login?")) step = type(browser, flow_of(step), "ada@example.com", good_password);
        if (step.location().starts_with("/login/consent")) step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
        return parameter(step, "code");
    }
};

TEST_F(SignInRequests, AreOfThePersonThatIsMeant) {
    testkit::FakeClock clock(now());
    const auto bob = person("bob@example.com");
    const std::string hint = "&id_token_hint=" + id_token(browser);
    clock.advance(Duration::minutes(10)); // it has ended, and says no less who is meant
    EXPECT_TRUE(browser.get(request(shop, "&prompt=none" + hint)).location().starts_with(callback + "?code="));
    EXPECT_TRUE(browser.get(request(shop, hint)).location().starts_with(callback + "?code="));

    Browser other(service.port());
    EXPECT_EQ(parameter(other.get(request(shop, "&prompt=none" + hint)), "error"), "login_required") << "nobody is there";
    type(other, flow_of(other.get(request(shop))), "bob@example.com", good_password);
    EXPECT_TRUE(other.get(request(shop)).location().starts_with("/login/consent?")) << "Bob is signed in";
    EXPECT_EQ(parameter(other.get(request(shop, "&prompt=none" + hint)), "error"), "login_required") << "but it is Ada who is meant";
    auto step = other.get(request(shop, hint));
    ASSERT_TRUE(step.location().starts_with("/login?")) << step.location();
    const std::string flow = flow_of(step);
    EXPECT_EQ(other.get("/login/consent?flow=" + flow).location(), "/login?flow=" + flow) << "no way round by the address of the next page";
    const std::string last_used = "select last_used_at from credential where identity_id = '" + bob.text("/id") + "'", before = sql(last_used);
    clock.advance(Duration::minutes(1));
    service.take_events();
    const auto wrong = type(other, flow, "bob@example.com", good_password);
    EXPECT_EQ(event_types(), "login.failed ") << "nobody has signed in";
    EXPECT_EQ(sql(last_used), before);
    EXPECT_EQ(parameter(wrong, "error"), "login_required");
    EXPECT_EQ(parameter(wrong, "state"), "s&t");
    step = type(other, flow, "ada@example.com", good_password);
    EXPECT_TRUE(step.location().starts_with(callback + "?code=")) << step.location();
}

TEST_F(SignInRequests, TakeNoHintButAnIdTokenOfOurs) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const std::string good = tokens.text("/id_token");
    const std::string payload = Json::object({{"iss", issuer_url}, {"sub", ada.text("/id")}, {"aud", shop.text("/id")}}).dump();
    const std::string nobodys = Json::object({{"iss", issuer_url}, {"sub", "x"}}).dump();
    const std::string others = Json::object({{"iss", "https://login.example.com"}, {"sub", ada.text("/id")}}).dump();
    const std::string header = R"({"alg":"none","typ":"JWT"})";
    for (const std::string& bad : {std::string("x"), tokens.text("/access_token"), good.substr(0, good.rfind('.') + 1),
                                   base64url_encode(header) + "." + base64url_encode(payload) + ".", auth::Signer::generate().token(payload, "at+jwt"),
                                   auth::Signer::generate().token(nobodys, "JWT"), auth::Signer::generate().token(others, "JWT")}) {
        const auto answer = browser.get(request(shop, "&prompt=none&id_token_hint=" + bad));
        EXPECT_EQ(parameter(answer, "error"), "invalid_request") << bad;
        EXPECT_EQ(parameter(answer, "state"), "s&t") << bad;
    }
}

// As those of before a rotation are: whoever it names has to sign in, for nobody can tell whether it was ours.
TEST_F(SignInRequests, SignInByAHintWhoseKeyIsGone) {
    person("bob@example.com");
    signed_in(browser, shop);
    const std::string payload = Json::object({{"iss", issuer_url}, {"sub", ada.text("/id")}, {"aud", shop.text("/id")}}).dump();
    const std::string hint = "&id_token_hint=" + auth::Signer::generate().token(payload, "JWT");
    EXPECT_EQ(parameter(browser.get(request(shop, "&prompt=none" + hint)), "error"), "login_required") << "as if she were not there";
    const auto step = browser.get(request(shop, hint));
    ASSERT_TRUE(step.location().starts_with("/login?")) << step.location();
    EXPECT_EQ(parameter(type(browser, flow_of(step), "bob@example.com", good_password), "error"), "login_required");
    const auto back = type(browser, flow_of(step), "ada@example.com", good_password);
    EXPECT_TRUE(back.location().starts_with(callback + "?code=")) << back.location();
}

TEST_F(SignInRequests, MayAskForASignInOfThisMoment) {
    signed_in(browser, shop);
    EXPECT_TRUE(browser.get(request(shop, "&max_age=0")).location().starts_with("/login?"));
    EXPECT_EQ(parameter(browser.get(request(shop, "&max_age=0&prompt=none")), "error"), "login_required");
    EXPECT_TRUE(browser.get(request(shop, "&prompt=select_account")).location().starts_with("/login?"));
    for (const std::string ignored : {"&display=popup", "&ui_locales=de%20fr", "&claims_locales=de", "&claims=%7B%22userinfo%22%3A%7B%7D%7D", "&extra=1"})
        EXPECT_TRUE(browser.get(request(shop, ignored)).location().starts_with(callback + "?code=")) << ignored;
    EXPECT_EQ(parameter(browser.get(request(shop, "&registration=%7B%7D")), "error"), "registration_not_supported");
}

// OAuth 2.0 Form Post Response Mode.
TEST_F(SignInRequests, AreAnsweredByAFormWhereTheClientWantsIt) {
    const auto field = [](const testkit::Answer& page, const std::string& name) {
        const std::string before = "name=\"" + name + "\" value=\"", body = page.body();
        const auto at = body.find(before);
        return at == std::string::npos ? std::string() : body.substr(at + before.size(), body.find('"', at + before.size()) - at - before.size());
    };
    auto step = browser.get(request(shop, "&response_mode=form_post"));
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    ASSERT_TRUE(step.location().starts_with("/oauth2/form_post?answer=")) << step.location();
    const auto page = browser.get(step.location());
    EXPECT_EQ(page.status(), 200);
    const std::string answer = parameter(step, "answer");
    const auto readable = base64url_decode(answer.substr(answer.rfind('.') + 1));
    ASSERT_TRUE(readable) << answer;
    EXPECT_EQ(readable->find("gac_"), std::string::npos) << "histories and logs do not have the code";
    EXPECT_NE(page.body().find("<form method=\"post\" action=\"" + callback + "\">"), std::string::npos) << page.body();
    EXPECT_EQ(page.header("Cache-Control"), "no-store");
    const std::string policy = page.header("Content-Security-Policy");
    EXPECT_NE(policy.find("form-action 'self' https://app.example.com; script-src 'self'"), std::string::npos) << policy;
    EXPECT_EQ(field(page, "state"), "s&amp;t");
    EXPECT_EQ(field(page, "iss"), issuer_url);
    EXPECT_EQ(redeem(shop, field(page, "code")).status(), 200);
    EXPECT_NE(browser.get("/login/form_post.js").body().find("submit()"), std::string::npos);

    const auto refused = browser.get(browser.get(request(shop, "&response_mode=form_post&prompt=maybe")).location());
    EXPECT_EQ(field(refused, "error"), "invalid_request");
    EXPECT_EQ(field(refused, "code"), "");
    const auto app = web_client(Json::object({{"redirect_uris", Json::array({"com.example.app:/cb"})}}));
    const auto stuck = browser.get("/oauth2/authorize?response_type=code&response_mode=form_post&state=x&scope=openid&client_id=" + app.text("/id") +
                                   "&redirect_uri=com.example.app%3A%2Fcb&code_challenge_method=S256&code_challenge=" + challenge());
    EXPECT_TRUE(stuck.location().starts_with("com.example.app:/cb?error=invalid_request&")) << "nothing is posted to an app: " << stuck.location();
    // It posts nothing that was not said here.
    const std::string forged = step.location();
    for (const std::string& bad : {std::string("/oauth2/form_post"), std::string("/oauth2/form_post?answer=x"), forged.substr(0, forged.size() - 2),
                                   forged + "&answer=x"})
        EXPECT_EQ(browser.get(bad).status(), 400) << bad;
}

// OpenID Connect Core section 5.5.
class ClaimsRequests : public SignInRequests {
protected:
    std::string with(const std::string& claims, const std::string& more = {}) const {
        return request(shop, more + "&claims=" + http::percent_encode(claims), "openid");
    }
    static std::string of_id_token(const std::string& claim, const Json& how) {
        return Json::object({{"id_token", Json::object({{claim, how}})}}).dump();
    }
};

TEST_F(ClaimsRequests, AreAnsweredWhereTheyWereMeant) {
    as.owner.patch(ada.location(), {{"login_names", names({{"email", "ada@example.com"}, {"username", "ada"}})}}).expect(200);
    const Json of_id = Json::object({{"email", Json::object({{"essential", true}})}, {"phone_number", Json()}, {"shoe_size", Json()}});
    const Json asked = Json::object({{"id_token", of_id}, {"userinfo", Json::object({{"preferred_username", Json()}})}});
    auto step = browser.get(with(asked.dump()));
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    ASSERT_TRUE(step.location().starts_with("/login/consent?")) << step.location();
    const std::string page = browser.get(step.location()).body();
    for (const std::string told : {"your e-mail address", "your user name", "your phone number"}) EXPECT_NE(page.find(told), std::string::npos) << told;
    step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    const auto tokens = redeem(shop, parameter(step, "code"));
    const std::string scopes = " " + tokens.text("/scope") + " ";
    for (const std::string scope : {" openid ", " email ", " profile ", " phone "}) EXPECT_NE(scopes.find(scope), std::string::npos) << scopes;
    const Json told = payload(tokens.text("/id_token"));
    ASSERT_NE(told.find("email"), nullptr) << told.dump();
    EXPECT_EQ(*told.find("email"), Json("ada@example.com"));
    for (const std::string other : {"email_verified", "phone_number", "preferred_username", "shoe_size"}) EXPECT_EQ(told.find(other), nullptr) << other;
    EXPECT_EQ(userinfo(tokens.text("/access_token")).text("/preferred_username"), "ada");
    EXPECT_EQ(payload(refresh(shop, tokens.text("/refresh_token")).text("/id_token")).find("email"), nullptr) << "the first one alone";
    EXPECT_EQ(payload(redeem(shop, parameter(browser.get(request(shop, {}, "openid%20email")), "code")).text("/id_token")).find("email"), nullptr)
        << "by the scope it is userinfo's";
    EXPECT_TRUE(browser.get(request(shop, "&claims=x", "email")).location().starts_with(callback + "?code=")) << "without an ID token they are nobody's";
}

TEST_F(ClaimsRequests, InsistOnWhoAndHow) {
    const auto bob = person("bob@example.com");
    signed_in(browser, shop, {}, "openid");
    const auto silently = [&](const std::string& claims, const std::string& more = {}) { return browser.get(with(claims, "&prompt=none" + more)); };
    const auto is_answered = [&](const std::string& claims) { return silently(claims).location().starts_with(callback + "?code="); };
    const std::string ada_only = of_id_token("sub", Json::object({{"value", ada.text("/id")}}));
    const std::string bob_only = Json::object({{"userinfo", Json::object({{"sub", Json::object({{"values", Json::array({bob.text("/id")})}})}})}}).dump();
    EXPECT_TRUE(is_answered(ada_only));
    EXPECT_EQ(parameter(silently(bob_only), "error"), "login_required");
    const std::string hint = "&id_token_hint=" + id_token(browser);
    EXPECT_EQ(parameter(silently(bob_only, hint), "error"), "invalid_request") << "two people are meant";
    EXPECT_TRUE(silently(ada_only, hint).location().starts_with(callback + "?code="));
    const auto acr = [](const std::string& value, bool essential) {
        return of_id_token("acr", Json::object({{"values", Json::array({value})}, {"essential", essential}}));
    };
    EXPECT_TRUE(is_answered(acr("urn:gravity:acr:1", true)));
    EXPECT_TRUE(is_answered(acr("urn:x", false)));
    EXPECT_TRUE(is_answered(of_id_token("acr", Json::object({{"essential", true}}))));
    EXPECT_EQ(parameter(silently(acr("urn:x", true)), "error"), "unmet_authentication_requirements");
    EXPECT_EQ(parameter(silently(acr("urn:gravity:acr:2", true)), "error"), "login_required");
    const auto step = browser.get(with(acr("urn:gravity:acr:2", true)));
    EXPECT_EQ(parameter(type(browser, flow_of(step), "ada@example.com", good_password), "error"), "unmet_authentication_requirements");
    for (const std::string& bad : {std::string("x"), std::string("[]"), std::string(R"({"id_token":1})"), std::string(R"({"id_token":{"email":1}})"),
                                   std::string(R"({"id_token":{"email":{"essential":1}}})"), std::string(R"({"id_token":{"sub":{"value":1}}})"),
                                   std::string(R"({"userinfo":{"sub":{"values":"x"}}})"), std::string(R"({"id_token":{"sub":{"values":["a","b"]}}})"),
                                   R"({"userinfo":{")" + std::string(4096, 'a') + R"(":null}})"})
        EXPECT_EQ(parameter(silently(bad), "error"), "invalid_request") << bad;
}

// A page's policy has no words for addresses of IPv6: it lets its form go nowhere else, and what is behind it goes on by itself.
TEST_F(SignInRequests, GoBackToAnAddressOfIpv6) {
    const auto app = web_client(Json::object({{"redirect_uris", Json::array({"http://[::1]/cb"})},
                                              {"post_logout_redirect_uris", Json::array({"http://[::1]/bye"})}}));
    const std::string place = "/oauth2/authorize?response_type=code&state=x&scope=openid&client_id=" + app.text("/id") +
                              "&redirect_uri=http%3A%2F%2F%5B%3A%3A1%5D%3A50000%2Fcb&code_challenge_method=S256&code_challenge=" + challenge();
    const auto step = browser.get(place);
    ASSERT_TRUE(step.location().starts_with("/login?")) << step.location();
    const std::string policy = browser.get(step.location()).header("Content-Security-Policy");
    EXPECT_TRUE(policy.ends_with("form-action 'self'")) << policy;
    const auto asked = type(browser, flow_of(step), "ada@example.com", good_password);
    ASSERT_TRUE(asked.location().starts_with("/login/consent?")) << asked.location();
    const auto back = browser.post("/login/consent", "flow=" + flow_of(asked) + "&decision=allow");
    EXPECT_EQ(back.status(), 200);
    const std::string onward = back.header("Refresh");
    EXPECT_TRUE(onward.starts_with("0; url=http://[::1]:50000/cb?code=gac_")) << onward;
    EXPECT_NE(back.body().find("<a href=\"http://[::1]:50000/cb?code=gac_"), std::string::npos) << back.body();
    EXPECT_TRUE(browser.get(place).location().starts_with("http://[::1]:50000/cb?code=gac_")) << "behind no form";
    const auto refused = browser.post("/login/consent", "flow=" + flow_of(browser.get(place + "&prompt=consent")) + "&decision=deny");
    EXPECT_TRUE(refused.header("Refresh").starts_with("0; url=http://[::1]:50000/cb?error=access_denied&")) << refused.header("Refresh");
    EXPECT_TRUE(browser.get(place + "&response_mode=form_post").location().starts_with("http://[::1]:50000/cb?error=invalid_request&"));
    const std::string proof = text_between(browser.get("/oauth2/logout").body(), "name=\"proof\" value=\"", "\"");
    const std::string to = "&post_logout_redirect_uri=http%3A%2F%2F%5B%3A%3A1%5D%2Fbye";
    const auto gone = browser.post("/oauth2/logout", "proof=" + proof + "&client_id=" + app.text("/id") + to);
    EXPECT_EQ(gone.header("Refresh"), "0; url=http://[::1]/bye");
}

// OpenID Connect Core section 11: what lasts while the person is away is for who refreshes.
TEST_F(SignInRequests, LastOfflineOnlyForWhoRefreshes) {
    const auto brief = web_client(Json::object({{"grant_types", Json::array({"authorization_code"})}}));
    const auto got = redeem(brief, parameter(signed_in(browser, brief, "", "openid%20offline_access"), "code"));
    got.field("/scope", "openid").field("/refresh_token", Json());
    const auto lasting = redeem(shop, parameter(signed_in(browser, shop, "", "openid%20offline_access"), "code"));
    EXPECT_NE(lasting.field("/scope", "openid offline_access").text("/refresh_token"), "");
}

TEST_F(SignInRequests, AreSentAheadWhereTheClientSaysSo) {
    const auto bank = web_client(Json::object({{"require_pushed_authorization_requests", true}}));
    const auto brought = browser.get(request(bank));
    EXPECT_EQ(parameter(brought, "error"), "invalid_request");
    EXPECT_EQ(parameter(brought, "state"), "s&t");
    const std::string form = request(bank).substr(std::string_view("/oauth2/authorize?").size()) + "&client_secret=" + bank.text("/client_secret");
    const auto pushed = as.anonymous.post("/oauth2/par").raw(form, "application/x-www-form-urlencoded").expect(201);
    const std::string named = "&request_uri=" + http::percent_encode(pushed.text("/request_uri"));
    const auto asked = browser.get("/oauth2/authorize?client_id=" + bank.text("/id") + named);
    EXPECT_EQ(redeem(bank, code_of(asked)).status(), 200);
    const Json body = Json::object({{"client_id", bank.text("/id")}, {"redirect_uri", callback}, {"code_challenge", challenge()}, {"scope", "openid"}});
    const auto flow = as.anonymous.post("/api/v1/login-flows", testkit::Members(body)).send();
    EXPECT_EQ(flow.text("/error"), "invalid_request") << flow.body();
}

TEST_F(SignInRequests, MayDoWithANonceForAClientThatProvesWhoItIs) {
    const auto old = web_client(Json::object({{"require_pkce", false}}));
    const std::string nonce = "&scope=openid&nonce=n7";
    EXPECT_EQ(parameter(browser.get(bare(shop, nonce)), "error"), "invalid_request") << "others have a challenge";
    const auto neither = browser.get(bare(old, "&scope=openid"));
    EXPECT_EQ(parameter(neither, "error"), "invalid_request");
    EXPECT_NE(parameter(neither, "error_description").find("nonce"), std::string::npos) << "what there is to do about it";
    EXPECT_EQ(parameter(browser.get(bare(old, "&scope=email&nonce=n7")), "error"), "invalid_request");
    EXPECT_EQ(parameter(browser.get(bare(old, nonce + "&code_challenge_method=S256")), "error"), "invalid_request");
    const auto code = [&] { return code_of(browser.get(bare(old, nonce))); };
    const std::string place = "&redirect_uri=" + http::percent_encode(callback), grant = "grant_type=authorization_code&code=";
    const auto tokens = token_form(old, grant + code() + place);
    ASSERT_EQ(tokens.status(), 200) << tokens.body();
    EXPECT_EQ(*payload(tokens.text("/id_token")).find("nonce"), Json("n7"));
    EXPECT_EQ(token_form(old, grant + code()).text("/error"), "invalid_grant") << "nothing binds it but where it was sent";
    EXPECT_EQ(redeem(old, code()).text("/error"), "invalid_grant") << "a verifier is of another request";
    const std::string challenged = code_of(browser.get(request(old)));
    EXPECT_EQ(token_form(old, grant + challenged + place).text("/error"), "invalid_grant") << "and a challenge is not let go";
    const auto refused = as.owner.post("/api/v1/clients", {{"name", "App"},
                                                           {"scopes", Json::array()},
                                                           {"grant_types", Json::array({"authorization_code"})},
                                                           {"redirect_uris", Json::array({callback})},
                                                           {"token_endpoint_auth_method", "none"},
                                                           {"require_pkce", false}});
    EXPECT_EQ(refused.send().status(), 422);
}

// OAuth 2.1 section 4.1.3.
TEST_F(SignInRequests, NeedNotSayAgainWhereTheyWereFrom) {
    const std::string form = "grant_type=authorization_code&code_verifier=" + verifier + "&code=";
    EXPECT_EQ(token_form(shop, form + parameter(signed_in(browser, shop), "code")).status(), 200);
    const std::string elsewhere = "&redirect_uri=" + http::percent_encode("https://app.example.com/other");
    EXPECT_EQ(token_form(shop, form + parameter(signed_in(browser, shop), "code") + elsewhere).text("/error"), "invalid_grant");
}

TEST_F(SignInRequests, EndAtTheClientTheyWereOf) {
    const std::string hint = id_token(browser), bye = "&post_logout_redirect_uri=" + http::percent_encode("https://app.example.com/bye");
    const auto other = web_client();
    const auto refused = browser.get("/oauth2/logout?id_token_hint=" + hint + "&client_id=" + other.text("/id") + bye);
    EXPECT_EQ(refused.status(), 400);
    EXPECT_TRUE(browser.get(request(shop, "&prompt=none")).location().starts_with(callback + "?code=")) << "nothing has ended";
    const auto left = browser.get("/oauth2/logout?id_token_hint=" + hint + "&client_id=" + shop.text("/id") + bye + "&state=x");
    EXPECT_EQ(left.location(), "https://app.example.com/bye?state=x");
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
}

} // namespace
} // namespace gravity::issuer
