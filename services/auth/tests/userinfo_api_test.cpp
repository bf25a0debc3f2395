#include "browser_fixture.hpp"
#include "client_fixture.hpp"

#include <atomic>

namespace gravity::issuer {
namespace {

struct KeyProofs : ClientApi {
    using ClientApi::proof;
};

class Userinfo : public SignInApi {
protected:
    testkit::Answer app = web_client(Json::object({{"token_endpoint_auth_method", "none"}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};
    auth::Signer key = auth::Signer::generate();
    const std::string here = issuer_url + "/oauth2/userinfo";

    std::string token(const std::string& proof = {}) {
        auto call = as.anonymous.post("/oauth2/token")
                        .raw("grant_type=authorization_code&code=" + parameter(signed_in(browser, app), "code") + "&redirect_uri=" +
                                 http::percent_encode(callback) + "&code_verifier=" + verifier + "&client_id=" + app.text("/id"),
                             "application/x-www-form-urlencoded");
        if (!proof.empty()) call.header("DPoP", proof);
        return call.send().text("/access_token");
    }
    std::string bound_token() { return token(KeyProofs::proof(key)); }
    std::string proof(const std::string& token, const Json& changes = Json::object()) const { return proof(token, key, changes); }
    std::string proof(const std::string& token, const auth::Signer& by, const Json& changes) const {
        return KeyProofs::proof(by, merge_patch(Json::object({{"htm", "GET"}, {"htu", here}, {"ath", base64url_encode(sha256(token))}}), changes));
    }
    testkit::Answer ask(const std::string& authorization, const std::string& dpop) {
        return as.anonymous.get("/oauth2/userinfo").header("Authorization", authorization).header("DPoP", dpop).send();
    }
    testkit::Answer post(const std::string& form) { return as.anonymous.post("/oauth2/userinfo").raw(form, "application/x-www-form-urlencoded").send(); }
    static void expect_challenge(const testkit::Answer& answer, int status, const std::string& challenge) {
        EXPECT_EQ(answer.status(), status) << answer.body();
        EXPECT_NE(answer.header("WWW-Authenticate").find(challenge), std::string::npos) << answer.header("WWW-Authenticate");
        EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    }
};

TEST_F(Userinfo, IsToldByPost) {
    const std::string access = token();
    post("access_token=" + access).field("/sub", ada.at("/id")).field("/email", "ada@example.com").expect_header("Cache-Control", "no-store");
    as.anonymous.post("/oauth2/userinfo").header("Authorization", "Bearer " + access).send().field("/sub", ada.at("/id"));
    as.anonymous.post("/oauth2/userinfo").header("Authorization", "Bearer " + access).raw("{}", "application/json").send().field("/sub", ada.at("/id"));
    auto call = as.anonymous.post("/oauth2/userinfo").header("Authorization", "Bearer " + access);
    call.raw("access_token=" + access, "application/x-www-form-urlencoded");
    expect_challenge(call.send(), 400, "error=\"invalid_request\"");
    expect_challenge(post("%ZZ"), 400, "error=\"invalid_request\"");
    expect_challenge(post("access_token=" + access + "&access_token=" + access), 400, "error=\"invalid_request\"");
    expect_challenge(post("access_token=x"), 401, "Bearer realm=\"gravity\", error=\"invalid_token\", DPoP algs=");
    expect_challenge(as.anonymous.get("/oauth2/userinfo?access_token=" + access).send(), 401, "Bearer realm=\"gravity\", DPoP algs=");
    expect_challenge(as.anonymous.get("/oauth2/userinfo").header("Authorization", "Basic eDp5").send(), 401, "Bearer realm=\"gravity\", DPoP algs=");
}

TEST_F(Userinfo, IsToldToWhoHasTheKeyOfABoundToken) {
    const std::string bound = bound_token();
    ask("DPoP " + bound, proof(bound)).field("/sub", ada.at("/id")).field("/email", "ada@example.com");
    expect_challenge(ask("Bearer " + bound, proof(bound)), 401, "error=\"invalid_token\"");
    expect_challenge(post("access_token=" + bound), 401, "error=\"invalid_token\"");
    const std::string invalid_proof = "DPoP algs=\"ES256 EdDSA Ed25519 RS256\", error=\"invalid_dpop_proof\", Bearer realm=\"gravity\"";
    expect_challenge(as.anonymous.get("/oauth2/userinfo").header("Authorization", "DPoP " + bound).send(), 401, invalid_proof);
    expect_challenge(ask("DPoP " + bound, "x"), 401, invalid_proof);
    expect_challenge(ask("DPoP " + bound, proof(bound, auth::Signer::generate(), Json::object())), 401, invalid_proof);
    for (const Json& change : {Json::object({{"htm", "POST"}}), Json::object({{"htu", issuer_url + "/oauth2/token"}}), Json::object({{"ath", Json()}}),
                               Json::object({{"ath", base64url_encode(sha256("another"))}}), Json::object({{"iat", now().unix_seconds() - 120}})})
        expect_challenge(ask("DPoP " + bound, proof(bound, change)), 401, invalid_proof);
    const std::string plain = token();
    expect_challenge(ask("DPoP " + plain, proof(plain)), 401, "error=\"invalid_token\"");
}

TEST_F(Userinfo, TakesAProofOnceHoweverManyComeWithIt) {
    const std::string bound = bound_token(), once = proof(bound);
    std::atomic<int> told{0}, refused{0};
    at_once(20, [&](int) { ++(ask("DPoP " + bound, once).status() == 200 ? told : refused); });
    EXPECT_EQ(told, 1);
    EXPECT_EQ(refused, 19);
}

TEST_F(Userinfo, NeedsTheScopeOpenid) {
    const std::string code = parameter(signed_in(browser, app, {}, "email"), "code");
    const auto tokens = as.anonymous.post("/oauth2/token")
                            .raw("grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(callback) + "&code_verifier=" +
                                     verifier + "&client_id=" + app.text("/id"),
                                 "application/x-www-form-urlencoded")
                            .send();
    EXPECT_EQ(tokens.at("/id_token"), Json());
    expect_challenge(userinfo(tokens.text("/access_token")), 403, "Bearer realm=\"gravity\", error=\"insufficient_scope\", scope=\"openid\"");
}

} // namespace
} // namespace gravity::issuer
