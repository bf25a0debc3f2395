#include "browser_fixture.hpp"
#include "client_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

struct KeyProofs : ClientApi {
    using ClientApi::proof;
};

/// Requests that a client sends ahead, so that no browser can change them.
class PushedRequests : public SignInApi {
protected:
    testkit::Answer shop = web_client();
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    std::string parameters(const std::string& more = {}) const { return request(shop, more).substr(std::string_view("/oauth2/authorize?").size()); }
    testkit::Answer push(const std::string& form, const std::string& dpop = {}) {
        auto call = as.anonymous.post("/oauth2/par").raw(form + "&client_secret=" + shop.text("/client_secret"), "application/x-www-form-urlencoded");
        if (!dpop.empty()) call.header("DPoP", dpop);
        return call.send();
    }
    std::string pushed(const std::string& form) { return push(form).text("/request_uri"); }
    std::string place(const std::string& uri, const testkit::Answer& client) const {
        return "/oauth2/authorize?client_id=" + client.text("/id") + "&request_uri=" + http::percent_encode(uri);
    }
    std::string place(const std::string& uri) const { return place(uri, shop); }
    static std::string proof(const auth::Signer& key, const Json& changes = Json::object()) {
        return KeyProofs::proof(key, merge_patch(Json::object({{"htu", "http://127.0.0.1:8081/oauth2/par"}}), changes));
    }
};

TEST_F(PushedRequests, AreAnsweredAsIfTheBrowserHadBroughtThem) {
    const auto answer = push(parameters());
    EXPECT_EQ(answer.status(), 201) << answer.body();
    answer.expect_header("Cache-Control", "no-store").field("/expires_in", 90);
    const std::string uri = answer.text("/request_uri");
    EXPECT_TRUE(uri.starts_with("urn:ietf:params:oauth:request_uri:")) << uri;
    EXPECT_EQ(sql("select count(*) from pushed_request where parameters::text like '%secret%'"), "0");
    auto step = browser.get(place(uri) + "&scope=phone&state=changed");
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    EXPECT_EQ(parameter(step, "state"), "s&t");
    redeem(shop, parameter(step, "code")).field("/scope", "openid email");
}

TEST_F(PushedRequests, AreGoodOnce) {
    const std::string uri = pushed(parameters());
    std::atomic<int> good{0}, refused{0};
    at_once(20, [&](int) {
        Browser one(service.port());
        ++(one.get(place(uri)).status() == 303 ? good : refused);
    });
    EXPECT_EQ(good, 1);
    EXPECT_EQ(refused, 19);
}

TEST_F(PushedRequests, AreOfTheirClientAndTime) {
    testkit::FakeClock clock(now());
    EXPECT_EQ(browser.get(place(pushed(parameters()), web_client())).status(), 400);
    EXPECT_EQ(browser.get(place("urn:ietf:params:oauth:request_uri:gpr_x")).status(), 400);
    EXPECT_EQ(browser.get("/oauth2/authorize?request_uri=" + http::percent_encode(pushed(parameters()))).status(), 400);
    const std::string late = pushed(parameters());
    clock.advance(Duration::seconds(91));
    const auto answer = browser.get(place(late));
    EXPECT_EQ(answer.status(), 400);
    EXPECT_EQ(answer.location(), "") << "nobody is sent anywhere";
}

TEST_F(PushedRequests, AreRefusedAtOnceWhereTheyAreNoGood) {
    const std::string base = "response_type=code&client_id=" + shop.text("/id");
    const std::string home = "&redirect_uri=" + http::percent_encode(callback), pkce = "&code_challenge=" + challenge() + "&code_challenge_method=S256";
    const auto error = [&](const std::string& form) {
        const auto answer = push(form);
        EXPECT_EQ(answer.status(), 400) << answer.body();
        return answer.text("/error");
    };
    EXPECT_EQ(error(base + pkce), "invalid_request");
    EXPECT_EQ(error(base + pkce + "&redirect_uri=https%3A%2F%2Fevil.example%2F"), "invalid_request");
    EXPECT_EQ(error(base + home), "invalid_request");
    EXPECT_EQ(error(base + home + pkce + "&request_uri=urn:x"), "invalid_request");
    EXPECT_EQ(error(base + home + pkce + "&scope=%22"), "invalid_scope");
    EXPECT_EQ(error(base + home + pkce + "&prompt=maybe"), "invalid_request");
    EXPECT_EQ(error(base + home + pkce + "&request=x"), "request_not_supported");
    EXPECT_EQ(error("response_type=token&client_id=" + shop.text("/id") + home + pkce), "unsupported_response_type");
    EXPECT_EQ(error(base + home + pkce + "&dpop_jkt=short"), "invalid_request");
    const auto stranger = as.anonymous.post("/oauth2/par").raw(parameters() + "&client_secret=gcs_x", "application/x-www-form-urlencoded").send();
    EXPECT_EQ(stranger.status(), 401);
    EXPECT_EQ(as.anonymous.post("/oauth2/par").raw("{}", "application/json").send().text("/error"), "invalid_request");
}

TEST_F(PushedRequests, BindTheirTokensToAKey) {
    const auth::Signer key = auth::Signer::generate(), other = auth::Signer::generate();
    const auto code = [&](const std::string& place) {
        signed_in(browser, shop);
        return parameter(browser.get(place), "code");
    };
    const auto redeemed = [&](const std::string& code, const std::string& dpop) {
        auto call = as.anonymous.post("/oauth2/token")
                        .raw("grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(callback) + "&code_verifier=" + verifier +
                                 "&client_id=" + shop.text("/id") + "&client_secret=" + shop.text("/client_secret"),
                             "application/x-www-form-urlencoded");
        if (!dpop.empty()) call.header("DPoP", dpop);
        return call.send();
    };
    const auto uri = [&] { return push(parameters(), proof(key)).text("/request_uri"); };
    redeemed(code(place(uri())), KeyProofs::proof(key)).field("/token_type", "DPoP");
    EXPECT_EQ(redeemed(code(place(uri())), KeyProofs::proof(other)).text("/error"), "invalid_grant");
    EXPECT_EQ(redeemed(code(place(uri())), "").text("/error"), "invalid_grant");
    const std::string named = "&dpop_jkt=" + key.public_key().thumbprint();
    redeemed(code(request(shop, named)), KeyProofs::proof(key)).field("/token_type", "DPoP");
    EXPECT_EQ(redeemed(code(request(shop, named)), KeyProofs::proof(other)).text("/error"), "invalid_grant");
    EXPECT_EQ(push(parameters(named), proof(other)).text("/error"), "invalid_dpop_proof");
    EXPECT_EQ(push(parameters(), KeyProofs::proof(key)).text("/error"), "invalid_dpop_proof") << "it is for another endpoint";
    const std::string once = proof(key);
    EXPECT_EQ(push(parameters(), once).status(), 201);
    EXPECT_EQ(push(parameters(), once).text("/error"), "invalid_dpop_proof");
}

} // namespace
} // namespace gravity::issuer
