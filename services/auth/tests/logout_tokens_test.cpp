#include "browser_fixture.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/neighbour.hpp>

namespace gravity::issuer {
namespace {

/// Clients that are told when somebody has signed out.
class LogoutTokens : public SignInApi {
protected:
    explicit LogoutTokens(app::Texts more = {{"AUTH_OUTGOING_NETWORKS", "127.0.0.1/32"}}) : SignInApi(std::move(more)) {}
    testkit::FakeClock clock{now()};
    testkit::Neighbour shop_server{"shop"};
    testkit::Answer shop = client_at(shop_server.url() + "/logged-out");
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    testkit::Answer client_at(const std::string& url) {
        return web_client(Json::object({{"first_party", true}, {"backchannel_logout_uri", url}, {"backchannel_logout_session_required", true}}));
    }
    void answer(int status) {
        testkit::Reply reply;
        reply.status = status;
        shop_server.on("POST", "/logged-out", reply);
    }
    void sign_out() {
        const std::string proof = between_quotes(browser.get("/oauth2/logout").body(), "name=\"proof\" value=\"");
        ASSERT_EQ(browser.post("/oauth2/logout", "proof=" + proof).status(), 200);
    }
    static std::string between_quotes(const std::string& text, const std::string& before) {
        const auto at = text.find(before);
        if (at == std::string::npos) return {};
        return text.substr(at + before.size(), text.find('"', at + before.size()) - at - before.size());
    }
    std::vector<http::Request> told() {
        service.run_jobs_until_idle();
        return shop_server.calls("POST", "/logged-out");
    }
    static std::string token_in(const http::Request& request) { return request.body.substr(std::string_view("logout_token=").size()); }
};

TEST_F(LogoutTokens, TellWhoHasSignedOut) {
    answer(200);
    const Json id_token = payload(redeem(shop, parameter(signed_in(browser, shop), "code")).text("/id_token"));
    EXPECT_TRUE(told().empty());
    sign_out();
    const auto calls = told();
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].headers.get("Content-Type"), "application/x-www-form-urlencoded");
    EXPECT_TRUE(calls[0].body.starts_with("logout_token=")) << calls[0].body;
    const std::string token = token_in(calls[0]);
    const auto jws = auth::parse_jws(token);
    ASSERT_TRUE(jws);
    EXPECT_EQ(*jws->header.find("typ"), Json("logout+jwt"));
    EXPECT_EQ(*jws->header.find("alg"), Json("RS256"));
    const auto keys = auth::KeySet::parse(as.anonymous.get("/oauth2/jwks").expect(200).body());
    ASSERT_TRUE(keys);
    EXPECT_TRUE(std::any_of(keys->keys().begin(), keys->keys().end(), [&](const auth::PublicKey& key) {
        return Json(key.kid()) == *jws->header.find("kid") && key.verify(jws->signing_input, jws->signature);
    }));
    const Json claims = payload(token);
    EXPECT_EQ(*claims.find("iss"), Json(issuer_url));
    EXPECT_EQ(*claims.find("aud"), Json(shop.text("/id")));
    EXPECT_EQ(*claims.find("sub"), Json(ada.text("/id")));
    EXPECT_EQ(*claims.find("sid"), *id_token.find("sid"));
    EXPECT_EQ(*claims.find("events"), Json::object({{"http://schemas.openid.net/event/backchannel-logout", Json::object()}}));
    EXPECT_EQ(claims.find("exp")->as_integer() - claims.find("iat")->as_integer(), 120);
    EXPECT_EQ(claims.find("nonce"), nullptr) << "section 2.4: it must not be taken for an ID token";
    EXPECT_EQ(told().size(), 1u) << "once";
}

TEST_F(LogoutTokens, AreSignedAsIdTokensAre) {
    answer(200);
    as.owner.patch(shop.location(), {{"id_token_alg", "es256"}}).expect(200);
    const std::string id_token = redeem(shop, parameter(signed_in(browser, shop), "code")).text("/id_token");
    sign_out();
    const auto calls = told();
    ASSERT_EQ(calls.size(), 1u);
    const std::string token = token_in(calls[0]);
    for (const std::string& text : {id_token, token}) {
        const auto jws = auth::parse_jws(text);
        ASSERT_TRUE(jws);
        EXPECT_EQ(*jws->header.find("alg"), Json("ES256"));
    }
}

TEST_F(LogoutTokens, GoToClientsOfThatSessionThatSayWhere) {
    answer(204);
    testkit::Neighbour other_server{"other"};
    testkit::Reply fine;
    other_server.on("POST", "/logged-out", fine);
    const auto other = client_at(other_server.url() + "/logged-out"), silent = web_client(Json::object({{"first_party", true}}));
    Browser elsewhere(service.port());
    signed_in(browser, shop);
    signed_in(browser, shop);
    signed_in(browser, silent);
    signed_in(elsewhere, other);
    sign_out();
    EXPECT_EQ(told().size(), 1u);
    EXPECT_TRUE(other_server.calls("POST", "/logged-out").empty()) << "that session goes on";
    as.owner.del("/api/v1/grants/" + as.owner.get("/api/v1/grants?kind=session&identity_id=" + ada.text("/id")).expect(200).text("/items/0/id")).expect(204);
    service.run_jobs_until_idle();
    EXPECT_EQ(other_server.calls("POST", "/logged-out").size(), 1u) << "whoever ends it";
}

TEST_F(LogoutTokens, TellOfWhoSignsInNoMore) {
    answer(200);
    const auto tokens = redeem(shop, parameter(signed_in(browser, shop, {}, "openid%20offline_access"), "code"));
    const auto disabled = as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    auto calls = told();
    ASSERT_EQ(calls.size(), 1u) << "disabled by whoever administers people";
    EXPECT_EQ(*payload(token_in(calls[0])).find("sub"), Json(ada.text("/id")));
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200).field("/version", disabled.at("/version"));
    EXPECT_EQ(told().size(), 1u) << "once";
    as.owner.post(ada.location() + "/enable", Json::object()).expect(200);
    EXPECT_EQ(browser.get("/account/security").status(), 401);
    EXPECT_EQ(refresh(shop, tokens.text("/refresh_token")).text("/error"), "invalid_grant") << "what had ended stays so";

    signed_in(browser, shop);
    as.owner.del(ada.location()).expect(204);
    EXPECT_EQ(told().size(), 2u) << "deleted";

    const auto again = person("ada@example.com");
    signed_in(browser, shop);
    const auto keeper = service.caller(ProjectId::fresh(), "people:read people:erase", "user");
    keeper.del("/internal/projects/" + service.project().to_string() + "/people/" + again.text("/id") + "?request=" + Uuid::v7().to_string()).expect(200);
    calls = told();
    ASSERT_EQ(calls.size(), 3u) << "erased, as they wanted to be";
    EXPECT_EQ(*payload(token_in(calls[2])).find("sub"), Json(again.text("/id")));
}

class ManyLogouts : public LogoutTokens {
protected:
    ManyLogouts() : LogoutTokens({{"AUTH_OUTGOING_NETWORKS", "127.0.0.1/32"}, {"AUTH_LOGIN_ATTEMPTS", "1000"}}) {}
};

// Whoever signs in at the moment at which they may no more is signed in nowhere behind it.
TEST_F(ManyLogouts, AreNotOutrunBySignIns) {
    answer(200);
    for (int round = 0; round < 5; ++round) {
        std::vector<int> statuses(8, 0);
        at_once(9, [&](int i) {
            if (i == 8) {
                as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
                return;
            }
            Browser one(service.port());
            statuses[static_cast<std::size_t>(i)] = type(one, flow_of(one.get(request(shop))), "ada@example.com", good_password).status();
        });
        for (const int status : statuses) EXPECT_TRUE(status == 303 || status == 400 || status == 409) << status;
        EXPECT_EQ(sql("select (select count(*) from session) || ' ' || (select count(*) from trusted_device)"), "0 0");
        as.owner.post(ada.location() + "/enable", Json::object()).expect(200);
    }
}

TEST_F(LogoutTokens, AreSentAgainWhileTheClientIsAway) {
    answer(503);
    answer(200);
    signed_in(browser, shop);
    sign_out();
    ASSERT_EQ(told().size(), 1u);
    clock.advance(Duration::minutes(30));
    const auto calls = told();
    ASSERT_EQ(calls.size(), 2u);
    const Json first = payload(token_in(calls[0])), second = payload(token_in(calls[1]));
    EXPECT_EQ(*first.find("jti"), *second.find("jti"));
    EXPECT_GT(second.find("iat")->as_integer(), first.find("exp")->as_integer()) << "a fresh one";
}

TEST_F(LogoutTokens, AreSentOnceToWhoDoesNotTakeThem) {
    answer(400);
    signed_in(browser, shop);
    sign_out();
    ASSERT_EQ(told().size(), 1u);
    clock.advance(Duration::hours(2));
    EXPECT_EQ(told().size(), 1u);
    EXPECT_EQ(sql("select state from gravity.job where kind = 'send-logout'"), "failed");
}

TEST_F(LogoutTokens, FollowWhatTheClientSaysNow) {
    answer(200);
    signed_in(browser, shop);
    as.owner.patch(shop.location(), {{"backchannel_logout_uri", Json()}}).expect(200);
    sign_out();
    EXPECT_TRUE(told().empty());
    for (const std::string bad : {"http://shop.example.com/logged-out", "https://shop.example.com/#x", "ftp://shop.example.com/", "logged-out"})
        EXPECT_EQ(as.owner.patch(shop.location(), {{"backchannel_logout_uri", bad}}).send().status(), 422) << bad;
    const auto metadata = as.anonymous.get("/.well-known/openid-configuration").expect(200);
    EXPECT_EQ(metadata.at("/backchannel_logout_supported"), Json(true));
    EXPECT_EQ(metadata.at("/backchannel_logout_session_supported"), Json(true));
}

class LogoutTokensAbroad : public LogoutTokens {
protected:
    LogoutTokensAbroad() : LogoutTokens({}) {}
};

TEST_F(LogoutTokensAbroad, ReachNoNetworkOfOurOwn) {
    answer(200);
    signed_in(browser, shop);
    sign_out();
    EXPECT_TRUE(told().empty());
    EXPECT_EQ(sql("select state from gravity.job where kind = 'send-logout'"), "failed");
}

} // namespace
} // namespace gravity::issuer
