#include "client_fixture.hpp"
#include "proofs.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

const std::string grant = "grant_type=client_credentials";

TEST(DpopNonces, AreGoodForAWhileWhereTheyWereMade) {
    const auto keys = auth::MasterKeys::parse(test_master_key()).or_throw();
    const Nonces nonces(keys), replica(auth::MasterKeys::parse(test_master_key()).or_throw());
    const Nonces stranger(auth::MasterKeys::parse(test_master_key('x')).or_throw());
    const std::string nonce = nonces.fresh(1'800'000'000);
    EXPECT_TRUE(nonces.good(nonce, 1'800'000'000));
    EXPECT_TRUE(replica.good(nonce, 1'800'000'299));
    EXPECT_TRUE(replica.good(nonce, 1'799'999'990)) << "a replica's clock is a little behind";
    EXPECT_FALSE(nonces.good(nonce, 1'800'000'300));
    EXPECT_FALSE(nonces.good(nonce, 1'799'999'900));
    EXPECT_FALSE(stranger.good(nonce, 1'800'000'000));
    std::string forged = nonce;
    forged.back() = forged.back() == 'A' ? 'Q' : 'A';
    for (const std::string& bad : {forged, std::string(), std::string("nonce"), std::string(5000, 'A')}) EXPECT_FALSE(nonces.good(bad, 1'800'000'000)) << bad;
    EXPECT_FALSE(nonces.good(keys.authenticator("dpop-nonce").sign("soon"), 1'800'000'000));
    EXPECT_FALSE(nonces.good(keys.authenticator("cursor").sign("1800000000"), 1'800'000'000)) << "made for another purpose";
}

TEST(DpopProofs, ComeOneByOne) {
    const Proofs proofs(auth::MasterKeys::parse(test_master_key()).or_throw(), Settings{});
    http::Request request;
    request.method_text = "POST";
    EXPECT_FALSE(proofs.read(request));
    for (int i = 0; i < 2; ++i) request.headers.add("DPoP", "e30.e30.e30");
    EXPECT_THROW(proofs.read(request), oauth::Refused);
}

class Dpop : public ClientApi {
protected:
    explicit Dpop(app::Texts settings = {}) : ClientApi(std::move(settings)) {}
    auth::Signer key = auth::Signer::generate();
    testkit::Answer ask(const testkit::Answer& client, const std::string& dpop) { return form("/oauth2/token", grant, basic(client), dpop); }
    void expect_refused(const testkit::Answer& answer, std::string_view error = "invalid_dpop_proof") {
        EXPECT_EQ(answer.status(), 400) << answer.body();
        EXPECT_EQ(answer.text("/error"), error);
        EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    }
    static Json claims_of(const testkit::Answer& answer) {
        const std::string token = answer.text("/access_token");
        const auto jws = auth::parse_jws(token);
        return Json::parse(base64url_decode(jws->payload).value()).or_throw();
    }
};

TEST_F(Dpop, BindsTokensToTheKeyThatWasProven) {
    const auto made = client();
    for (const auto alg : {auth::Algorithm::es256, auth::Algorithm::eddsa, auth::Algorithm::rs256}) {
        key = auth::Signer::generate(alg);
        const auto answer = ask(made, proof(key));
        answer.field("/token_type", "DPoP").field("/expires_in", 300);
        EXPECT_EQ(answer.header("DPoP-Nonce"), "");
        EXPECT_EQ(*claims_of(answer).at_pointer("/cnf/jkt"), Json(key.public_key().thumbprint()));
        form("/oauth2/introspect", "token=" + answer.text("/access_token"), basic(made))
            .field("/active", true)
            .field("/token_type", "DPoP")
            .field("/cnf/jkt", key.public_key().thumbprint());
    }
    ask_token(made).field("/token_type", "Bearer");
    EXPECT_EQ(claims_of(ask_token(made)).find("cnf"), nullptr);
    const Json algorithms = as.anonymous.get("/.well-known/oauth-authorization-server").expect(200).at("/dpop_signing_alg_values_supported");
    EXPECT_EQ(algorithms, Json::array({"ES256", "EdDSA", "Ed25519", "RS256"}));
}

TEST_F(Dpop, RefusesProofsOfAnythingElse) {
    const auto made = client();
    expect_refused(ask(made, proof(key, Json::object({{"htu", "http://127.0.0.1:8081/oauth2/introspect"}}))));
    expect_refused(ask(made, proof(key, Json::object({{"htm", "GET"}}))));
    expect_refused(ask(made, proof(key, Json::object({{"iat", now().unix_seconds() - 120}}))));
    expect_refused(ask(made, proof(key, Json::object({{"jti", Json()}}))));
    expect_refused(ask(made, proof(key, Json::object(), "JWT")));
    expect_refused(ask(made, "nonsense"));
    expect_refused(ask(made, std::string(5000, 'a')));
    EXPECT_EQ(ask(made, proof(key, Json::object({{"htu", "http://127.0.0.1:8081/oauth2/token?x=1#y"}}))).status(), 200);
    EXPECT_EQ(form("/oauth2/token", grant, basic(made.text("/id"), "gcs_wrong"), proof(key)).text("/error"), "invalid_client");
}

TEST_F(Dpop, TakesAProofOnce) {
    const auto made = client(), other = client();
    const std::string once = proof(key);
    EXPECT_EQ(ask(made, once).status(), 200);
    expect_refused(ask(made, once));
    expect_refused(ask(other, once));
    const Json same_id = Json::object({{"jti", "same"}});
    EXPECT_EQ(ask(made, proof(key, same_id)).status(), 200);
    EXPECT_EQ(ask(made, proof(auth::Signer::generate(), same_id)).status(), 200) << "another key's ids are its own";
    const std::string raced = proof(key);
    std::atomic<int> got{0}, refused{0};
    at_once(50, [&](int) { ++(ask(made, raced).status() == 200 ? got : refused); });
    EXPECT_EQ(got, 1);
    EXPECT_EQ(refused, 49);
}

TEST_F(Dpop, ForgetsProofsThatAreOver) {
    testkit::FakeClock clock(now());
    EXPECT_EQ(ask(client(), proof(key)).status(), 200);
    const auto run = [&] {
        forget_ended();
        return service.database().admin("select count(*) from dpop_proof");
    };
    EXPECT_EQ(run(), "1");
    clock.advance(Duration::minutes(10));
    EXPECT_EQ(run(), "0");
}

TEST_F(Dpop, IsWhatAClientMayHaveToUse) {
    const auto made = client();
    granting.patch(made.location(), {{"require_dpop", true}}).expect(200).field("/require_dpop", true);
    expect_refused(ask_token(made));
    EXPECT_EQ(ask(made, proof(key)).text("/token_type"), "DPoP");
}

class BoundTokens : public Dpop {
protected:
    const std::string path = "/api/v1/clients";
    testkit::Answer made = client({"clients:read"});
    std::string token = ask(made, proof(key)).text("/access_token");

    // A proof for that resource, at the service as its clients know it.
    std::string proof_for(std::string origin, const auth::Signer& by) const {
        return proof(by, Json::object({{"htm", "GET"}, {"htu", origin + path}, {"ath", base64url_encode(sha256(token))}}));
    }
    testkit::Answer get(std::uint16_t port, const std::string& credentials, const std::string& dpop = {}) const {
        auto call = testkit::Client(port, "").get(path);
        call.header("Authorization", credentials);
        if (!dpop.empty()) call.header("DPoP", dpop);
        return call.send();
    }
    static std::string challenge(const testkit::Answer& answer) { return std::to_string(answer.status()) + " " + answer.header("WWW-Authenticate"); }
    static constexpr std::string_view bad_token = "401 DPoP error=\"invalid_token\", algs=\"ES256 EdDSA Ed25519 RS256\"";
    static constexpr std::string_view bad_proof = "401 DPoP error=\"invalid_dpop_proof\", algs=\"ES256 EdDSA Ed25519 RS256\"";
};

TEST_F(BoundTokens, OpenTheIssuersOwnApiWithTheirProofAlone) {
    const std::string here = "http://127.0.0.1:8081", once = proof_for(here, key);
    const auto port = service.port();
    EXPECT_EQ(get(port, "DPoP " + token, once).status(), 200);
    EXPECT_EQ(challenge(get(port, "DPoP " + token, once)), bad_proof);
    EXPECT_EQ(challenge(get(port, "DPoP " + token)), bad_proof);
    EXPECT_EQ(challenge(get(port, "DPoP " + token, proof_for(here, auth::Signer::generate()))), bad_proof);
    EXPECT_EQ(challenge(get(port, "DPoP " + token, proof_for("http://127.0.0.1:" + std::to_string(port), key))), bad_proof);
    EXPECT_EQ(challenge(get(port, "Bearer " + token, proof_for(here, key))), bad_token);
    EXPECT_EQ(challenge(get(port, "DPoP " + ask_token(made).text("/access_token"), proof_for(here, key))), bad_token);
    EXPECT_EQ(get(port, "DPoP " + token, proof_for(here, key)).status(), 200);
}

// Any service of the platform, which knows the issuer by its keys and itself by AUTH_DPOP_ORIGINS.
TEST_F(BoundTokens, OpenOtherServicesThatKnowTheirOwnName) {
    const std::string there = "https://shop.example.com";
    app::Texts settings{{"AUTH_JWKS_URL", "http://127.0.0.1:" + std::to_string(service.port()) + "/oauth2/jwks"},
                        {"AUTH_ISSUER", "http://127.0.0.1:8081"},
                        {"AUTH_PUBLIC_URL", "https://other.example.com"}};
    testkit::RunningService nameless(assemble(0), with_master_key(settings));
    settings["AUTH_DPOP_ORIGINS"] = "https://elsewhere.example.com, " + there;
    testkit::RunningService other(assemble(0), with_master_key(settings));
    const std::string once = proof_for(there, key);
    EXPECT_EQ(get(other.port(), "DPoP " + token, once).status(), 200);
    EXPECT_EQ(challenge(get(other.port(), "DPoP " + token, once)), bad_proof);
    EXPECT_EQ(challenge(get(other.port(), "DPoP " + token, proof_for("https://evil.example.com", key))), bad_proof);
    EXPECT_EQ(challenge(get(other.port(), "Bearer " + token)), bad_token);
    EXPECT_EQ(get(other.port(), "Bearer " + ask_token(made).text("/access_token")).status(), 200);
    EXPECT_EQ(challenge(get(nameless.port(), "DPoP " + token, proof_for(there, key))), bad_proof);
    EXPECT_EQ(challenge(get(nameless.port(), "Bearer " + token)), bad_token);
    EXPECT_EQ(challenge(get(nameless.port(), "Basic abc")), "401 Bearer error=\"invalid_token\"");
}

class DpopNonce : public Dpop {
protected:
    DpopNonce() : Dpop({{"AUTH_DPOP_NONCE", "true"}}) {}
};

TEST_F(DpopNonce, IsAskedForAndRenewed) {
    const auto made = client();
    const auto first = ask(made, proof(key));
    expect_refused(first, "use_dpop_nonce");
    const std::string nonce = first.header("DPoP-Nonce");
    ASSERT_FALSE(nonce.empty());
    const auto second = ask(made, proof(key, Json::object({{"nonce", nonce}})));
    EXPECT_EQ(second.status(), 200) << second.body();
    const std::string next = second.header("DPoP-Nonce");
    ASSERT_FALSE(next.empty());
    EXPECT_EQ(ask(made, proof(key, Json::object({{"nonce", next}}))).status(), 200);
    expect_refused(ask(made, proof(key, Json::object({{"nonce", "made up"}}))), "use_dpop_nonce");
    testkit::FakeClock clock(now());
    clock.advance(Duration::seconds(Nonces::good_seconds + 1));
    expect_refused(ask(made, proof(key, Json::object({{"nonce", next}}))), "use_dpop_nonce");
    EXPECT_EQ(ask_token(made).status(), 200) << "a token that is not bound needs no proof";
}

// A client whose assertion was spent on a nonce it did not have would have to make another one.
TEST_F(DpopNonce, IsAskedForBeforeAnAssertionIsUsed) {
    const auto made = key_client();
    const std::string body = grant + "&" + assertion(made.text("/id"), "once");
    const auto first = form("/oauth2/token", body, {}, proof(key));
    expect_refused(first, "use_dpop_nonce");
    EXPECT_EQ(form("/oauth2/token", body, {}, proof(key, Json::object({{"nonce", first.header("DPoP-Nonce")}}))).status(), 200);
}

} // namespace
} // namespace gravity::issuer
