#include "browser_fixture.hpp"

namespace gravity::issuer {
namespace {

/// Apps in browsers, whose pages are of another origin than this service (the Fetch standard's CORS).
class BrowserApps : public SignInApi {
protected:
    const std::string origin = "https://app.example.com";

    testkit::Answer preflight(const std::string& path, const std::string& method, const std::string& fields) const {
        return as.anonymous.call("OPTIONS", path)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", method)
            .header("Access-Control-Request-Headers", fields)
            .send();
    }
    testkit::Answer token(const std::string& form) const {
        return as.anonymous.post("/oauth2/token").raw(form, "application/x-www-form-urlencoded").header("Origin", origin).send();
    }
};

TEST_F(BrowserApps, SignInByThemselves) {
    const auto app = web_client(Json::object({{"token_endpoint_auth_method", "none"}}));
    person("ada@example.com");
    Browser browser(service.port());
    const std::string code = parameter(signed_in(browser, app), "code");
    const auto got = token("grant_type=authorization_code&client_id=" + app.text("/id") + "&code=" + code + "&code_verifier=" + verifier +
                           "&redirect_uri=" + http::percent_encode(callback));
    EXPECT_EQ(got.status(), 200) << got.body();
    EXPECT_EQ(got.header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(got.header("Access-Control-Allow-Credentials"), "") << "no cookie comes along";
    EXPECT_NE(got.header("Access-Control-Expose-Headers").find("DPoP-Nonce"), std::string::npos);
    const auto told = as.anonymous.get("/oauth2/userinfo").header("Authorization", "Bearer " + got.text("/access_token")).header("Origin", origin).send();
    EXPECT_EQ(told.text("/email"), "ada@example.com");
    EXPECT_EQ(told.header("Access-Control-Allow-Origin"), "*");
    const auto refused = token("grant_type=authorization_code&client_id=" + app.text("/id") + "&code=" + code);
    EXPECT_EQ(refused.status(), 400);
    EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "*") << "what is wrong is read too";
}

// As libraries do it that know but one way to say which client it is (requests-oauthlib).
TEST_F(BrowserApps, SayWhoTheyAreByBasicToo) {
    const auto app = web_client(Json::object({{"token_endpoint_auth_method", "none"}}));
    person("ada@example.com");
    Browser browser(service.port());
    const auto by = [&](const testkit::Answer& client, const std::string& form) {
        const std::string pair = client.text("/id") + ":";
        return as.anonymous.post("/oauth2/token").raw(form, "application/x-www-form-urlencoded").header("Authorization", "Basic " + base64_encode(pair)).send();
    };
    const auto got = by(app, "grant_type=authorization_code&code=" + parameter(signed_in(browser, app), "code") + "&code_verifier=" + verifier);
    ASSERT_EQ(got.status(), 200) << got.body();
    EXPECT_EQ(by(app, "grant_type=refresh_token&refresh_token=" + got.text("/refresh_token")).status(), 200);
    const auto shop = web_client();
    const auto refused = by(shop, "grant_type=refresh_token&refresh_token=x");
    EXPECT_EQ(refused.status(), 401) << "one that has a secret has to know it";
    EXPECT_EQ(refused.text("/error"), "invalid_client");
}

TEST_F(BrowserApps, MayAskWhatTheyMaySend) {
    for (const std::string path : {"/oauth2/token", "/oauth2/revoke", "/oauth2/par", "/oauth2/device_authorization", "/oauth2/register"}) {
        const auto answer = preflight(path, "POST", "dpop, content-type");
        EXPECT_EQ(answer.status(), 204) << path;
        EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*") << path;
        EXPECT_NE(answer.header("Access-Control-Allow-Methods").find("POST"), std::string::npos) << path;
        EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "dpop, content-type") << path;
    }
    EXPECT_EQ(preflight("/oauth2/userinfo", "GET", "authorization").header("Access-Control-Allow-Headers"), "authorization");
    for (const std::string path : {"/oauth2/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"})
        EXPECT_EQ(as.anonymous.get(path).header("Origin", origin).expect(200).header("Access-Control-Allow-Origin"), "*") << path;
    EXPECT_EQ(as.anonymous.call("OPTIONS", "/oauth2/token").header("Origin", origin).expect(204).header("Access-Control-Allow-Methods"), "") << "no preflight";
}

// Whatever knows people by their cookie, or is for services.
TEST_F(BrowserApps, ReadNothingElse) {
    for (const std::string path : {"/oauth2/authorize", "/oauth2/logout", "/oauth2/introspect", "/login", "/account/security", "/api/v1/clients"}) {
        const auto answer = preflight(path, "POST", "content-type");
        EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "") << path;
        EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "") << path;
    }
    EXPECT_EQ(as.owner.get("/api/v1/clients").header("Origin", origin).expect(200).header("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(as.anonymous.post("/oauth2/token").raw("", "application/x-www-form-urlencoded").send().header("Access-Control-Allow-Origin"), "")
        << "who says no origin is no page";
}

} // namespace
} // namespace gravity::issuer
