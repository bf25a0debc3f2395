#include "client_fixture.hpp"
#include "passkey_fixture.hpp"

#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/neighbour.hpp>

namespace gravity::issuer {
namespace {

/// Why somebody was refused, as operators read it.
class WhyRefused : public SignInApi {
protected:
    explicit WhyRefused(app::Texts more = {}) : SignInApi(std::move(more)) {}
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};

    /// What is kept under the trace, once it is.
    testkit::Answer kept(const std::string& trace) {
        EXPECT_EQ(trace.size(), 32u) << trace;
        const std::string path = "/api/v1/auth-failures/" + trace;
        testkit::eventually("it is kept", [&] { return as.owner.get(path).send().status() == 200; });
        return as.owner.get(path).expect(200);
    }
    void act_out(const std::string& access) {
        const std::string form = "token=" + access + "&client_id=" + shop.text("/id") + "&client_secret=" + shop.text("/client_secret");
        ASSERT_EQ(as.anonymous.post("/oauth2/revoke").raw(form, "application/x-www-form-urlencoded").send().status(), 200);
    }
    static std::string trace_on(const testkit::Answer& page) { return text_between(page.body(), "If you ask for help, say: <code>", "</code>"); }
};

TEST_F(WhyRefused, OfClientsTellWhichCheckItWas) {
    const std::string form = "grant_type=client_credentials&client_id=" + shop.text("/id") + "&client_secret=nothing-like-it";
    const auto refused = as.anonymous.post("/oauth2/token").raw(form, "application/x-www-form-urlencoded").send();
    EXPECT_EQ(refused.text("/error"), "invalid_client");
    EXPECT_EQ(refused.text("/error_description"), "The client could not be authenticated") << "and no more";
    const auto found = kept(refused.text("/trace_id"));
    EXPECT_EQ(found.text("/items/0/failed"), "invalid_client");
    EXPECT_EQ(found.text("/items/0/detail"), "the secret is none of its live ones");
    EXPECT_EQ(found.text("/items/0/client_id"), shop.text("/id"));
    EXPECT_EQ(found.text("/items/0/endpoint"), "POST /oauth2/token");
    EXPECT_EQ(found.text("/items/0/network"), "127.0.0.0/24");
    EXPECT_EQ(found.body().find("nothing-like-it"), std::string::npos);
    as.stranger.get("/api/v1/auth-failures/" + refused.text("/trace_id")).expect_problem(404, "not-found");
    as.reader.get("/api/v1/auth-failures/" + refused.text("/trace_id")).expect_problem(403, "forbidden");
    as.anonymous.get("/api/v1/auth-failures/" + refused.text("/trace_id")).expect_problem(401, "unauthenticated");
}

struct ProofsOfClocks : ClientApi {
    using ClientApi::proof;
};

// Five minutes off, either way: an operator has to see that it is the clock.
TEST_F(WhyRefused, OfClientsWhoseClockIsWrongTellByHowMuch) {
    const auth::Signer key = auth::Signer::generate();
    const auto made = as.owner
                          .post("/api/v1/clients", {{"name", "Keys"},
                                                    {"scopes", Json::array()},
                                                    {"token_endpoint_auth_method", "private_key_jwt"},
                                                    {"jwks", Json::parse(key.jwks()).or_throw()}})
                          .expect(201);
    const std::string id = made.text("/id");
    const auto ask = [&](std::int64_t off, const std::string& proof) {
        const std::int64_t there = now().unix_seconds() + off;
        const Json claims = Json::object({{"iss", id}, {"sub", id}, {"aud", issuer_url}, {"iat", there}, {"exp", there + 60}, {"jti", Uuid::v4().to_string()}});
        const std::string form = "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        auto call = as.anonymous.post("/oauth2/token");
        call.raw(form + "&client_assertion=" + key.token(claims.dump(), "JWT"), "application/x-www-form-urlencoded");
        if (!proof.empty()) call.header("DPoP", proof);
        return call.send();
    };
    const auto refused = [&](std::int64_t off) {
        const auto answer = ask(off, "");
        EXPECT_EQ(answer.text("/error"), "invalid_client");
        EXPECT_EQ(answer.text("/error_description"), "The client could not be authenticated") << "whoever tries is told no more";
        return kept(answer.text("/trace_id")).text("/items/0/detail");
    };
    EXPECT_EQ(ask(0, "").status(), 200);
    EXPECT_EQ(refused(-300), "the assertion is not taken: expired: exp is 240 s ago by the clock here");
    EXPECT_EQ(refused(300), "the assertion is not taken: not valid yet: iat or nbf is 300 s ahead of the clock here");
    for (const int off : {-300, 300}) {
        const auto answer = ask(0, ProofsOfClocks::proof(key, Json::object({{"iat", now().unix_seconds() + off}})));
        EXPECT_EQ(answer.text("/error"), "invalid_dpop_proof");
        EXPECT_EQ(answer.text("/error_description"), "The DPoP proof is not valid");
        EXPECT_EQ(kept(answer.text("/trace_id")).text("/items/0/detail"), "was not made within the last minute");
    }
}

TEST_F(WhyRefused, OfCodesTellWhatDidNotFit) {
    const auto detail = [&](const std::string& code, const std::string& by) {
        const auto refused = redeem(shop, code, by);
        EXPECT_EQ(refused.text("/error_description"), "The grant is not valid");
        return kept(refused.text("/trace_id")).text("/items/0/detail");
    };
    const std::string code = parameter(signed_in(browser, shop), "code");
    EXPECT_EQ(detail(code, std::string(43, 'w')), "code_verifier does not fit code_challenge");
    EXPECT_EQ(detail(code, verifier), "there is no such code, it has ended, or it was used before");
}

TEST_F(WhyRefused, OfSignInsTellWhoseItWas) {
    const auto item = [&](const std::string& name, const std::string& password) {
        const auto page = type(browser, flow_of(browser.get(request(shop))), name, password);
        EXPECT_EQ(page.status(), 400);
        return kept(trace_on(page));
    };
    const auto wrong = item("ada@example.com", "not this horse at all"), unknown = item("nobody@example.com", good_password);
    EXPECT_EQ(wrong.text("/items/0/failed"), "wrong_password");
    EXPECT_EQ(wrong.text("/items/0/identity_id"), ada.text("/id"));
    EXPECT_EQ(unknown.text("/items/0/failed"), "unknown_name");
    EXPECT_TRUE(unknown.at("/items/0/identity_id").is_null());
    EXPECT_EQ(unknown.body().find("nobody@"), std::string::npos);
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    EXPECT_EQ(item("ada@example.com", good_password).text("/items/0/failed"), "not_active");
    const auto often = [&] {
        auto page = type(browser, flow_of(browser.get(request(shop))), "ada@example.com", "not this horse at all");
        while (page.status() != 429) page = type(browser, flow_of(browser.get(request(shop))), "ada@example.com", "not this horse at all");
        return page;
    }();
    EXPECT_EQ(kept(trace_on(often)).text("/items/0/failed"), "too-many-attempts");
    EXPECT_EQ(trace_on(browser.get(browser.get(request(shop)).location())), "") << "a page on which nothing failed";
}

TEST_F(WhyRefused, OfUserinfoTellWhatOfTheToken) {
    const auto ask = [&](const std::string& token) {
        const auto refused = userinfo(token);
        EXPECT_EQ(refused.text("/error"), "invalid_token");
        return refused.text("/trace_id");
    };
    const std::string access = redeem(shop, parameter(signed_in(browser, shop), "code")).text("/access_token");
    ASSERT_EQ(userinfo(access).status(), 200);
    act_out(access);
    const auto out = kept(ask(access));
    EXPECT_EQ(out.text("/items/0/failed"), "invalid_token");
    EXPECT_EQ(out.text("/items/0/detail"), "it was revoked, or the person has signed out or may sign in no more");
    EXPECT_EQ(out.text("/items/0/identity_id"), ada.text("/id"));
    EXPECT_EQ(out.text("/items/0/client_id"), shop.text("/id"));
    EXPECT_EQ(out.text("/items/0/endpoint"), "GET /oauth2/userinfo");
    EXPECT_EQ(out.body().find(access), std::string::npos);
}

class WhyRefusedAtOperators : public WhyRefused {
protected:
    static inline const ProjectId operators = ProjectId::fresh();
    WhyRefusedAtOperators() : WhyRefused({{"AUTH_OPERATOR_PROJECT", operators.to_string()}}) {}
};

TEST_F(WhyRefusedAtOperators, IsKeptWhereNobodyKnowsWhoseItIs) {
    const auto operating = service.caller(operators, "identities:admin");
    const auto detail = [&](const std::string& trace, const std::string& failed) {
        const std::string path = "/api/v1/auth-failures/" + trace;
        testkit::eventually("it is kept", [&] { return operating.get(path).send().status() == 200; });
        const auto found = operating.get(path).expect(200);
        EXPECT_EQ(found.text("/items/0/failed"), failed);
        as.owner.get(path).expect_problem(404, "not-found");
        return found.text("/items/0/detail");
    };
    EXPECT_EQ(detail(userinfo("x").text("/trace_id"), "invalid_token"), "malformed");
    const std::string access = redeem(shop, parameter(signed_in(browser, shop), "code")).text("/access_token");
    clock.advance(Duration::minutes(7)); // behind its end, and what clocks may be apart
    EXPECT_EQ(detail(userinfo(access).text("/trace_id"), "invalid_token"), "expired");
    const auto unknown = browser.post("/login/device", "user_code=BBBB-BBBB");
    EXPECT_EQ(unknown.status(), 400);
    EXPECT_EQ(detail(trace_on(unknown), "unknown_user_code"), "");
    EXPECT_EQ(detail(trace_on(browser.get("/login/reset?token=x")), "link_gone"), "");
}

TEST_F(WhyRefused, AtTheSecurityPageIsUnderTheTraceThatItShows) {
    signed_in(browser, shop);
    const std::string proof = text_between(browser.get("/account/security").body(), "name=\"proof\" value=\"", "\"");
    const auto page = browser.post("/account/security/password", "proof=" + proof + "&password=not+this+horse&new_password=a+better+horse+altogether");
    EXPECT_EQ(page.status(), 400);
    const auto found = kept(trace_on(page));
    EXPECT_EQ(found.text("/items/0/failed"), "wrong_password");
    EXPECT_EQ(found.text("/items/0/identity_id"), ada.text("/id"));
}

TEST_F(WhyRefused, OfRequestsForCodesTellWhatIsWrong) {
    const auto sent = browser.get(request(shop, "&max_age=soon"));
    EXPECT_EQ(parameter(sent, "error"), "invalid_request");
    const auto found = kept(parameter(sent, "trace_id"));
    EXPECT_EQ(found.text("/items/0/failed"), "invalid_request");
    EXPECT_EQ(found.text("/items/0/detail"), "max_age must be a number of seconds");
    const auto lost = browser.get("/oauth2/authorize?response_type=code&client_id=" + shop.text("/id") + "&redirect_uri=https%3A%2F%2Fevil.example.com");
    EXPECT_EQ(lost.status(), 400);
    EXPECT_EQ(kept(trace_on(lost)).text("/items/0/failed"), "redirect_uri");
}

TEST_F(WhyRefused, AreKeptInBoundsAndForAWeek) {
    for (int i = 0; i < 130; ++i) token_form(shop, "grant_type=refresh_token&refresh_token=none");
    testkit::eventually("a hundred are kept", [&] { return sql("select count(*) from auth_failure") == "100"; });
    clock.advance(Duration::minutes(2));
    const auto refused = token_form(shop, "grant_type=refresh_token&refresh_token=none");
    EXPECT_EQ(kept(refused.text("/trace_id")).text("/items/0/detail"), "no such refresh token") << "a minute later there is room again";
    EXPECT_EQ(sql("select count(*) from auth_failure"), "101");
    const std::string metrics = as.anonymous.get("/metrics").send().body();
    EXPECT_NE(metrics.find("gravity_auth_failures_total{outcome=\"left_out\"}"), std::string::npos);

    clock.advance(Duration::hours(8 * 24));
    forget_ended();
    EXPECT_EQ(sql("select count(*) from auth_failure"), "0");
}

TEST_F(WhyRefused, AreNotReadByWhatIsNoTrace) {
    for (const std::string none : {"x", "0AF7651916CD43DD8448EB211C80319C", "0af7651916cd43dd8448eb211c80319c0"})
        as.owner.get("/api/v1/auth-failures/" + none).expect_problem(404, "not-found");
    as.owner.get("/api/v1/auth-failures/0af7651916cd43dd8448eb211c80319c").expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::issuer
