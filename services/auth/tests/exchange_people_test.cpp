#include "browser_fixture.hpp"
#include "exchange_domain.hpp"

namespace gravity::issuer {
namespace {

/// Tokens of people, exchanged by the client that they were issued to.
class PeoplesExchanges : public SignInApi {
protected:
    testkit::Answer shop = web_client(Json::object({{"grant_types", Json::array({"authorization_code", "refresh_token", "token_exchange"})}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    testkit::Answer exchange(const std::string& token, std::string_view type = access_token_type) {
        return token_form(shop, "grant_type=" + std::string(exchange_grant) + "&subject_token_type=" + std::string(type) +
                                    "&scope=openid&subject_token=" + token);
    }
};

TEST_F(PeoplesExchanges, AreForWhoIsSignedInStill) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const std::string access = tokens.text("/access_token");
    const auto narrower = exchange(access);
    EXPECT_EQ(narrower.status(), 200) << narrower.body();
    narrower.field("/scope", "openid").expect_header("Pragma", "no-cache");
    EXPECT_EQ(userinfo(narrower.text("/access_token")).at("/sub"), ada.at("/id"));
    browser.get("/oauth2/logout?id_token_hint=" + tokens.text("/id_token"));
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with("/login?"));
    EXPECT_EQ(exchange(access).text("/error"), "invalid_request") << "it speaks for nobody any more";
    EXPECT_EQ(userinfo(narrower.text("/access_token")).status(), 401);
}

// RFC 8693 section 3: an access token may be a JWT, and not every JWT is an access token.
TEST_F(PeoplesExchanges, AreOfAccessTokensByTheirFormToo) {
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop), "code"));
    const auto made = exchange(tokens.text("/access_token"), jwt_type);
    ASSERT_EQ(made.status(), 200) << made.body();
    made.field("/issued_token_type", std::string(access_token_type));
    EXPECT_EQ(userinfo(made.text("/access_token")).at("/sub"), ada.at("/id"));
    EXPECT_EQ(exchange(tokens.text("/id_token"), jwt_type).text("/error"), "invalid_request");
    EXPECT_EQ(exchange(tokens.text("/refresh_token"), jwt_type).text("/error"), "invalid_request");
}

} // namespace
} // namespace gravity::issuer
