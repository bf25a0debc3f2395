#include "browser_fixture.hpp"

#include <gravity/auth/keys.hpp>

namespace gravity::issuer {
namespace {

/// Clients that have registered themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0), and that people sign in at.
class RegisteredSignIn : public SignInApi {
protected:
    testkit::Client door = service.caller(service.project(), "clients:register products:write");
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    testkit::Answer ask(const Json& more = Json::object()) {
        const Json body = Json::object({{"redirect_uris", Json::array({callback})}});
        return door.post("/oauth2/register", testkit::Members(merge_patch(body, more))).send();
    }
    std::string place(const testkit::Answer& made, const std::string& to, const std::string& scope = "openid%20email") const {
        return "/oauth2/authorize?response_type=code&client_id=" + made.text("/client_id") + "&redirect_uri=" + http::percent_encode(to) + "&scope=" + scope +
               "&state=s&code_challenge=" + challenge() + "&code_challenge_method=S256";
    }
    testkit::Answer code_at(const testkit::Answer& made, const std::string& to, const std::string& scope = "openid%20email") {
        auto step = browser.get(place(made, to, scope));
        if (step.location().starts_with("/login?")) step = type(browser, flow_of(step), "ada@example.com", good_password);
        if (step.location().starts_with("/login/consent")) step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
        return step;
    }
    testkit::Answer tokens(const testkit::Answer& made, const std::string& code, const std::string& to, const std::string& proof) {
        auto call = as.anonymous.post("/oauth2/token")
                        .raw("grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(to) + "&code_verifier=" + verifier + proof,
                             "application/x-www-form-urlencoded");
        if (proof.empty()) call.header("Authorization", "Basic " + base64_encode(made.text("/client_id") + ":" + made.text("/client_secret")));
        return call.send();
    }
    testkit::Answer seen(const testkit::Answer& made) { return as.owner.get("/api/v1/clients/" + made.text("/client_id")).expect(200); }
};

TEST_F(RegisteredSignIn, NeedsNothingButWhereToGoBackTo) {
    const auto made = ask();
    EXPECT_EQ(made.status(), 201) << made.body();
    made.field("/grant_types", Json::array({"authorization_code"}))
        .field("/response_types", Json::array({"code"}))
        .field("/token_endpoint_auth_method", "client_secret_basic")
        .field("/redirect_uris", Json::array({callback}))
        .field("/id_token_signed_response_alg", "RS256")
        .field("/require_auth_time", true)
        .field("/client_secret_expires_at", 0);
    ask(Json::object({{"require_auth_time", true}})).field("/require_auth_time", true);
    seen(made).field("/first_party", false).field("/scopes", Json::array());
    auto step = browser.get(place(made, callback));
    step = type(browser, flow_of(step), "ada@example.com", good_password);
    EXPECT_TRUE(step.location().starts_with("/login/consent")) << "whoever registers itself is asked about: " << step.location();
    step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
    const auto got = tokens(made, parameter(step, "code"), callback, "");
    EXPECT_EQ(got.status(), 200) << got.body();
    EXPECT_EQ(*payload(got.text("/id_token")).find("aud"), Json(made.text("/client_id")));
    EXPECT_NE(payload(got.text("/id_token")).find("auth_time"), nullptr);
    EXPECT_EQ(userinfo(got.text("/access_token")).text("/email"), "ada@example.com");
    EXPECT_EQ(browser.get(place(made, "https://elsewhere.example.com/cb")).status(), 400);
}

TEST_F(RegisteredSignIn, GoesForPublicClientsOfThisMachine) {
    const auto made = ask(Json::object({{"redirect_uris", Json::array({"http://127.0.0.1:33418/cb", "http://localhost:33418/cb", "com.example.app:/cb"})},
                                        {"token_endpoint_auth_method", "none"},
                                        {"grant_types", Json::array({"authorization_code", "refresh_token"})},
                                        {"response_types", Json::array({"code"})},
                                        {"application_type", "native"},
                                        {"scope", "openid offline_access products:read"}}));
    EXPECT_EQ(made.status(), 201) << made.body();
    made.field("/client_secret", Json()).field("/token_endpoint_auth_method", "none").field("/application_type", "native");
    made.field("/scope", "openid profile email phone roles offline_access products:read");
    const std::string to = "http://127.0.0.1:50123/cb", itself = "&client_id=" + made.text("/client_id");
    const auto got = tokens(made, parameter(code_at(made, to, "openid%20offline_access"), "code"), to, itself);
    EXPECT_EQ(got.status(), 200) << got.body();
    EXPECT_NE(got.text("/refresh_token"), "");
    EXPECT_TRUE(code_at(made, "com.example.app:/cb", "openid").location().starts_with("com.example.app:/cb?code="));
    EXPECT_EQ(browser.get(place(made, "http://localhost:50123/cb")).status(), 400) << "a name may stand for anything: its port is the one that was registered";
    EXPECT_EQ(ask(Json::object({{"token_endpoint_auth_method", "none"}, {"grant_types", Json::array({"client_credentials"})}})).status(), 400);
    EXPECT_EQ(ask(Json::object({{"scope", "openid orders:read"}})).text("/error"), "invalid_client_metadata");
}

TEST_F(RegisteredSignIn, IsToldWhatIsKept) {
    const Json said = Json::object({{"client_name", "Calendar"},
                                    {"client_uri", "https://calendar.example.com/"},
                                    {"logo_uri", "https://calendar.example.com/logo.png"},
                                    {"policy_uri", "https://calendar.example.com/policy"},
                                    {"tos_uri", "https://calendar.example.com/terms"},
                                    {"contacts", Json::array({"ops@calendar.example.com"})},
                                    {"software_id", "4NRB1-0XZABZI9E6-5SM3R"},
                                    {"software_version", "2.1"},
                                    {"application_type", "web"},
                                    {"post_logout_redirect_uris", Json::array({"https://calendar.example.com/bye"})},
                                    {"backchannel_logout_uri", "https://calendar.example.com/out"},
                                    {"backchannel_logout_session_required", true}});
    const auto made = ask(said);
    EXPECT_EQ(made.status(), 201) << made.body();
    const testkit::Client itself(service.port(), made.text("/registration_access_token"));
    const std::string path = "/oauth2/register/" + made.text("/client_id");
    for (const auto& answer : {made, itself.get(path).expect(200)})
        for (const auto& [name, value] : said.as_object()) answer.field("/" + name, value);
    seen(made).field("/backchannel_logout_uri", "https://calendar.example.com/out");

    // All of what it reads but what only the server says, sent back, changes nothing; what is left out is gone.
    Json again = itself.get(path).expect(200).json();
    const std::string before = again.dump();
    for (const std::string name : {"registration_access_token", "registration_client_uri", "client_id_issued_at"}) again.as_object().erase(name);
    again["client_secret"] = made.text("/client_secret");
    EXPECT_EQ(itself.put(path, testkit::Members(again)).send().status(), 200);
    EXPECT_EQ(itself.get(path).expect(200).json().dump(), before);
    again["client_secret"] = "gcs_chosen";
    EXPECT_EQ(itself.put(path, testkit::Members(again)).send().text("/error"), "invalid_request");
    again.as_object().erase("client_secret");
    again.as_object().erase("logo_uri");
    again["tos_uri"] = "";
    itself.put(path, testkit::Members(again)).expect(200).field("/logo_uri", Json()).field("/tos_uri", Json()).field("/software_version", "2.1");
}

TEST_F(RegisteredSignIn, MayHaveItsIdTokensSignedByCurves) {
    const auto made = ask(Json::object({{"id_token_signed_response_alg", "ES256"}}));
    made.field("/id_token_signed_response_alg", "ES256");
    seen(made).field("/id_token_alg", "es256");
    const std::string id_token = tokens(made, parameter(code_at(made, callback), "code"), callback, "").text("/id_token");
    const auto jws = auth::parse_jws(id_token);
    ASSERT_TRUE(jws);
    EXPECT_EQ(*jws->header.find("alg"), Json("ES256"));
    const auto keys = auth::KeySet::parse(as.anonymous.get("/oauth2/jwks").expect(200).body()).or_throw();
    const auto* const key = keys.find(jws->header.find("kid")->as_string(), auth::Algorithm::es256);
    ASSERT_NE(key, nullptr);
    EXPECT_TRUE(key->verify(jws->signing_input, jws->signature));
    EXPECT_TRUE(browser.get(place(made, callback) + "&prompt=none&id_token_hint=" + id_token).location().starts_with(callback + "?code="));
    as.owner.patch("/api/v1/clients/" + made.text("/client_id"), {{"id_token_alg", "eddsa"}}).expect(422);
}

// What an administrator demands of a client it does not let itself off.
TEST_F(RegisteredSignIn, GoesOnAsItHasTo) {
    const auto made = ask();
    const testkit::Client itself(service.port(), made.text("/registration_access_token"));
    as.owner.patch("/api/v1/clients/" + made.text("/client_id"), {{"require_pushed_authorization_requests", true}, {"require_dpop", true}}).expect(200);
    for (const Json& more : {Json::object(), Json::object({{"require_pushed_authorization_requests", false}, {"dpop_bound_access_tokens", false}})}) {
        const Json body = Json::object({{"client_id", made.text("/client_id")}, {"redirect_uris", Json::array({callback})}});
        itself.put("/oauth2/register/" + made.text("/client_id"), testkit::Members(merge_patch(body, more)))
            .expect(200)
            .field("/require_pushed_authorization_requests", true)
            .field("/dpop_bound_access_tokens", true);
    }
    seen(made).field("/require_pushed_authorization_requests", true).field("/require_dpop", true);
    EXPECT_EQ(parameter(browser.get(place(made, callback)), "error"), "invalid_request");
}

// An administrator may trust a client; one that then sends people elsewhere, or is called otherwise, is another.
TEST_F(RegisteredSignIn, IsTrustedOnlyWhereItWas) {
    const auto made = ask();
    const testkit::Client itself(service.port(), made.text("/registration_access_token"));
    const std::string path = "/oauth2/register/" + made.text("/client_id");
    Json body = Json::object({{"client_id", made.text("/client_id")}, {"redirect_uris", Json::array({callback})}});
    const auto trusted_with = [&](const std::string& name, const Json& value) {
        as.owner.patch("/api/v1/clients/" + made.text("/client_id"), {{"first_party", true}}).expect(200);
        body[name] = value;
        itself.put(path, testkit::Members(body)).expect(200).field("/" + name, value);
        return seen(made).at("/first_party") == Json(true);
    };
    EXPECT_TRUE(trusted_with("policy_uri", "https://app.example.com/policy"));
    EXPECT_FALSE(trusted_with("client_name", "Your bank"));
    EXPECT_TRUE(trusted_with("client_name", "Your bank")) << "it is trusted anew, and changes nothing";
    EXPECT_FALSE(trusted_with("logo_uri", "https://app.example.com/logo.png"));
    EXPECT_FALSE(trusted_with("logo_uri", "https://app.example.com/other.png"));
    EXPECT_FALSE(trusted_with("post_logout_redirect_uris", Json::array({"https://elsewhere.example.com/bye"})));
    EXPECT_FALSE(trusted_with("redirect_uris", Json::array({callback, "https://elsewhere.example.com/cb"})));
    EXPECT_EQ(browser.get(place(made, "https://elsewhere.example.com/cb")).status(), 303);
}

} // namespace
} // namespace gravity::issuer
