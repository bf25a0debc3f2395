#include "browser_fixture.hpp"
#include "devices_model.hpp"
#include "exchange_domain.hpp"
#include "resources.hpp"

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

const std::string shops = "https://api.example.com/shop", asked_shops = "&resource=" + http::percent_encode(shops);

oauth::Form form_of(const std::string& text) { return oauth::Form::parse("application/x-www-form-urlencoded", text); }

TEST(Resources, AreAbsoluteUrisWithoutAFragment) {
    for (const std::string good : {"https://api.example.com", "https://api.example.com/a/b?c=%C3%A4", "urn:example:api", "http://[::1]:8080/"})
        EXPECT_TRUE(is_resource(good)) << good;
    for (const std::string bad : {"", "gravity", "/shop", "//api.example.com/shop", "1a:b", ":b", "https://api.example.com/#top", "https://api.example.com/#",
                                  "https://a/ b", "https://a/%4", "https://a/%zz", "https://a/\xc3\xa4", "https://a/\"", "h\u00e4:b"})
        EXPECT_FALSE(is_resource(bad)) << bad;
    EXPECT_TRUE(is_resource("a:" + std::string(2046, 'x')));
    EXPECT_FALSE(is_resource("a:" + std::string(2047, 'x')));
}

TEST(Resources, MayBeNamedMoreThanOnce) {
    EXPECT_EQ(form_of("resource=a&scope=b&resource=c").all("resource"), (std::vector<std::string_view>{"a", "c"}));
    EXPECT_EQ(form_of("scope=b").all("resource"), std::vector<std::string_view>{});
    EXPECT_EQ(wrong_resource(form_of("scope=b&resource="), shops), std::nullopt);
    EXPECT_EQ(wrong_resource(form_of("scope=b" + asked_shops + asked_shops), shops), std::nullopt);
    EXPECT_NE(wrong_resource(form_of("scope=b" + asked_shops + "&resource=https://elsewhere.example.com"), shops), std::nullopt);
    EXPECT_NE(wrong_resource(form_of("resource=gravity"), "gravity"), std::nullopt) << "an audience that is no URI is no resource";
}

/// Clients that say what their tokens are to be for, where all tokens are for one resource.
class NamedResources : public SignInApi {
protected:
    NamedResources() : SignInApi({{"AUTH_TOKEN_AUDIENCE", shops}}) {}
    const std::vector<std::string> bad{"https://elsewhere.example.com", shops + "#top", "/shop", "gravity"};
    testkit::Answer shop = web_client(
        Json::object({{"grant_types", Json::array({"authorization_code", "refresh_token", "client_credentials", "device_code", "token_exchange"})}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    static std::string asked(const std::string& resource) { return "&resource=" + http::percent_encode(resource); }
    static void expect_foreign(const testkit::Answer& answer) {
        EXPECT_EQ(answer.status(), 400) << answer.body();
        EXPECT_EQ(answer.text("/error"), "invalid_target") << answer.body();
    }
    static void expect_for_shops(const testkit::Answer& answer) {
        ASSERT_EQ(answer.status(), 200) << answer.body();
        const Json claims = payload(answer.text("/access_token"));
        const Json& audience = *claims.find("aud");
        EXPECT_TRUE(audience == Json(shops) || audience == Json::array({shops})) << audience.dump();
    }
    testkit::Answer code_form(const std::string& code, const std::string& more) {
        return token_form(shop, "grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(callback) +
                                    "&code_verifier=" + verifier + more);
    }
};

TEST_F(NamedResources, AreWhatCodesAndRefreshTokensAreFor) {
    const std::string code = parameter(signed_in(browser, shop, asked_shops), "code");
    for (const std::string& one : bad) expect_foreign(code_form(code, asked(one)));
    const auto tokens = code_form(code, asked_shops + asked_shops);
    expect_for_shops(tokens);
    EXPECT_EQ(userinfo(tokens.text("/access_token")).status(), 200);
    const std::string token = tokens.text("/refresh_token");
    for (const std::string& one : bad) expect_foreign(refresh(shop, token, asked(one)));
    expect_foreign(refresh(shop, token, asked_shops + asked("https://elsewhere.example.com")));
    expect_for_shops(refresh(shop, token, asked_shops));
    EXPECT_EQ(code_form(code, asked_shops).text("/error"), "invalid_grant") << "what was refused has not used it up, what was taken has";
}

TEST_F(NamedResources, ThatAreForeignSendTheBrowserBack) {
    for (const std::string& one : bad) {
        const auto back = browser.get(request(shop, asked(one)));
        EXPECT_TRUE(back.location().starts_with(callback + "?")) << back.location();
        EXPECT_EQ(parameter(back, "error"), "invalid_target") << one;
        EXPECT_EQ(parameter(back, "state"), "s&t");
        EXPECT_EQ(parameter(back, "iss"), issuer_url);
    }
    EXPECT_EQ(parameter(browser.get(request(shop, asked_shops + asked("https://elsewhere.example.com"))), "error"), "invalid_target");
}

TEST_F(NamedResources, AreCheckedWhenARequestIsSentAhead) {
    const auto push = [&](const std::string& more) {
        return as.anonymous.post("/oauth2/par")
            .raw(request(shop, more).substr(std::string_view("/oauth2/authorize?").size()) + "&client_secret=" + shop.text("/client_secret"),
                 "application/x-www-form-urlencoded")
            .send();
    };
    for (const std::string& one : bad) expect_foreign(push(asked(one)));
    const auto pushed = push(asked_shops + asked_shops);
    ASSERT_EQ(pushed.status(), 201) << pushed.body();
    const auto step = browser.get("/oauth2/authorize?client_id=" + shop.text("/id") + "&request_uri=" + http::percent_encode(pushed.text("/request_uri")));
    EXPECT_TRUE(step.location().starts_with("/login?")) << step.location();
}

TEST_F(NamedResources, AreWhatMachinesTokensAreFor) {
    for (const std::string& one : bad) expect_foreign(token_form(shop, "grant_type=client_credentials" + asked(one)));
    const auto own = token_form(shop, "grant_type=client_credentials" + asked_shops);
    expect_for_shops(own);
    const std::string exchange = "grant_type=" + http::percent_encode(exchange_grant) + "&subject_token=" + own.text("/access_token") +
                                 "&subject_token_type=" + http::percent_encode(access_token_type);
    for (const std::string& one : bad) expect_foreign(token_form(shop, exchange + asked(one)));
    const std::string audience = "&audience=" + http::percent_encode(shops);
    expect_for_shops(token_form(shop, exchange + asked_shops + asked_shops + audience + audience));
    expect_foreign(token_form(shop, exchange + audience + "&audience=gravity"));
    EXPECT_EQ(token_form(shop, "grant_type=password" + asked("/shop")).text("/error"), "unsupported_grant_type");
}

TEST_F(NamedResources, AreWhatDevicesTokensAreFor) {
    const auto ask = [&](const std::string& more) {
        return as.anonymous.post("/oauth2/device_authorization")
            .raw("scope=openid&client_id=" + shop.text("/id") + "&client_secret=" + shop.text("/client_secret") + more, "application/x-www-form-urlencoded")
            .send();
    };
    for (const std::string& one : bad) expect_foreign(ask(asked(one)));
    const auto device = ask(asked_shops);
    ASSERT_EQ(device.status(), 200) << device.body();
    auto step = browser.post("/login/device", "user_code=" + device.text("/user_code"));
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    const std::string poll = "grant_type=" + http::percent_encode(device_grant) + "&device_code=" + device.text("/device_code");
    for (const std::string& one : bad) expect_foreign(token_form(shop, poll + asked(one)));
    expect_for_shops(token_form(shop, poll + asked_shops));
}

} // namespace
} // namespace gravity::issuer
