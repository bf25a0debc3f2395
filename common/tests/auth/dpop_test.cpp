#include <gravity/auth/claims.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace gravity::auth {
namespace {

constexpr std::int64_t moment = 1'562'262'616;

class Proofs : public testing::Test {
protected:
    Signer key = Signer::generate();
    ProofContext context{.method = "POST", .url = "https://server.example.com/token", .now = moment};

    Json header() const {
        return Json::object({{"typ", "dpop+jwt"}, {"alg", to_string(key.algorithm())}, {"jwk", Json::parse(key.public_key().jwk()).or_throw()}});
    }
    static Json claims() {
        return Json::object({{"jti", "-BwC3ESc6acc2lTc"}, {"htm", "POST"}, {"htu", "https://server.example.com/token"}, {"iat", moment}});
    }
    std::string made(const Json& head, const Json& body) const { return signed_by(key, head, body); }
    static std::string signed_by(const Signer& signer, const Json& head, const Json& body) {
        const std::string input = base64url_encode(head.dump()) + "." + base64url_encode(body.dump());
        return input + "." + base64url_encode(signer.sign(input));
    }
    // Why a proof is refused; "" if it is taken.
    std::string why(const std::string& proof) const {
        const auto checked = check_proof(proof, context);
        return checked ? "" : checked.why();
    }
    std::string with(std::string_view name, Json value) const {
        Json changed = claims();
        changed[name] = std::move(value);
        return why(made(header(), changed));
    }
    std::string with_header(std::string_view name, Json value) const {
        Json changed = header();
        changed[name] = std::move(value);
        return why(made(changed, claims()));
    }
    std::string without(std::string_view name) const {
        Json head = header(), body = claims();
        head.as_object().erase(std::string(name));
        body.as_object().erase(std::string(name));
        return why(made(head, body));
    }
};

// RFC 9449 section 4.2, figure 2, with the key of figure 1's thumbprint in section 6.1.
TEST_F(Proofs, TheStandardsOwnIsTaken) {
    const std::string proof =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5Ijoi"
        "OVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6"
        "Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70"
        "nfbV37xRZT3Lg";
    const auto checked = check_proof(proof, context);
    ASSERT_TRUE(checked) << checked.why();
    EXPECT_EQ(checked->thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    EXPECT_EQ(checked->id, "-BwC3ESc6acc2lTc");
    EXPECT_EQ(checked->nonce, "");
    EXPECT_GT(checked->good_until, moment + proof_seconds) << "it has to be remembered for as long as it would be taken";
}

TEST_F(Proofs, AreSignedByTheKeyTheyCarry) {
    for (const auto algorithm : {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256}) {
        key = Signer::generate(algorithm);
        const auto checked = check_proof(made(header(), claims()), context);
        ASSERT_TRUE(checked) << checked.why();
        EXPECT_EQ(checked->thumbprint, key.public_key().thumbprint());
        EXPECT_EQ(why(signed_by(Signer::generate(algorithm), header(), claims())), "is not signed by its key");
    }
    key = Signer::generate(Algorithm::eddsa);
    EXPECT_EQ(with_header("alg", "Ed25519"), "") << "RFC 9864's name of it";
    key = Signer::generate();
    EXPECT_EQ(without("jwk"), "has no key");
    EXPECT_NE(with_header("jwk", "text"), "");
    Json with_private = header();
    with_private["jwk"]["d"] = "AAAA";
    EXPECT_NE(why(made(with_private, claims())), "") << "a private key was sent";
    EXPECT_NE(with_header("jwk", Json::object({{"kty", "oct"}, {"k", "AAAA"}})), "");
    for (const std::string algorithm : {"none", "HS256", "RS256", "EdDSA", "Ed25519", "ES384"})
        EXPECT_EQ(with_header("alg", algorithm), "names another algorithm than its key's") << algorithm;
    EXPECT_EQ(without("alg"), "names another algorithm than its key's");
    EXPECT_EQ(without("typ"), "is not of the type dpop+jwt");
    for (const std::string type : {"jwt", "at+jwt", ""}) EXPECT_EQ(with_header("typ", type), "is not of the type dpop+jwt");
    EXPECT_NE(with_header("crit", Json::array({"b64"})), "");
    const std::string body = base64url_encode(claims().dump());
    Json none = header();
    none["alg"] = "none";
    EXPECT_NE(why(base64url_encode(none.dump()) + "." + body + "."), "");
}

TEST_F(Proofs, AreForOneRequest) {
    EXPECT_EQ(why(made(header(), claims())), "");
    EXPECT_EQ(with("htm", "GET"), "is for another method");
    EXPECT_EQ(with("htm", "post"), "is for another method");
    EXPECT_EQ(with("htm", 1), "is for another method");
    EXPECT_EQ(without("htm"), "is for another method");
    for (const std::string same : {"https://server.example.com/token?a=b", "https://server.example.com/token#x", "HTTPS://SERVER.example.com:443/token"})
        EXPECT_EQ(with("htu", same), "") << same;
    for (const std::string other :
         {"http://server.example.com/token", "https://server.example.com/Token", "https://server.example.com/token/", "https://server.example.com:444/token",
          "https://evil.example.com/token", "/token", "", "https://a@server.example.com/token"})
        EXPECT_EQ(with("htu", other), "is for another URL") << other;
    EXPECT_EQ(without("htu"), "is for another URL");
    context.url = "https://server.example.com/token?grant=1";
    EXPECT_EQ(why(made(header(), claims())), "");
}

TEST_F(Proofs, AreOfNow) {
    for (const int off : {-60, -59, 0, 60}) EXPECT_EQ(with("iat", moment + off), "") << off;
    for (const int off : {-61, 61, -3600, 3600}) EXPECT_EQ(with("iat", moment + off), "was not made within the last minute") << off;
    EXPECT_EQ(with("iat", static_cast<double>(moment) + 0.5), "");
    for (const Json& bad : {Json(), Json("1562262616"), Json(1e300), Json(-1), Json(std::numeric_limits<std::int64_t>::min())})
        EXPECT_EQ(with("iat", bad), "was not made within the last minute");
    EXPECT_EQ(without("iat"), "was not made within the last minute");
}

TEST_F(Proofs, HaveAnIdAndPerhapsANonce) {
    for (const Json& bad : {Json(""), Json(std::string(256, 'j')), Json(7)}) EXPECT_EQ(with("jti", bad), "has no jti of 1 to 255 bytes");
    EXPECT_EQ(without("jti"), "has no jti of 1 to 255 bytes");
    Json body = claims();
    body["nonce"] = "n-0S6";
    const auto checked = check_proof(made(header(), body), context);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->nonce, "n-0S6");
    EXPECT_EQ(with("nonce", 1), "has a nonce that is no text");
}

TEST_F(Proofs, AreForOneTokenWhereOneCame) {
    const std::string token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    context.access_token = token;
    EXPECT_EQ(why(made(header(), claims())), "is for another token");
    EXPECT_EQ(with("ath", base64url_encode(sha256(token))), "");
    EXPECT_EQ(with("ath", base64url_encode(sha256(token + "x"))), "is for another token");
    EXPECT_EQ(with("ath", 1), "is for another token");
}

TEST_F(Proofs, AreShortAndWhole) {
    for (const std::string bad : {"", "a", "a.b", "a.b.c", "a.b.c.d", "!.!.!"}) EXPECT_NE(why(bad), "") << bad;
    EXPECT_EQ(with("more", std::string(max_proof_bytes, 'x')), "is too long");
    EXPECT_NE(why(made(header(), Json::array())), "");
    const std::string input = base64url_encode(header().dump()) + "." + base64url_encode("no json");
    EXPECT_EQ(why(input + "." + base64url_encode(key.sign(input))), "has no claims");
}

TEST(PresentedTokens, AreInOneFieldByEitherScheme) {
    const auto of = [](std::vector<std::string> fields) {
        http::Request request;
        for (const std::string& field : fields) request.headers.add("Authorization", field);
        const auto presented = presented_token(request);
        return presented ? std::string(presented->by_dpop ? "dpop " : "bearer ") + std::string(presented->token) : "none";
    };
    EXPECT_EQ(of({"Bearer a.b"}), "bearer a.b");
    EXPECT_EQ(of({"dpop  a.b "}), "dpop a.b");
    for (const std::string other : {"Basic a", "Bearer", "", "DPoPx a"}) EXPECT_EQ(of({other}), "none") << other;
    EXPECT_EQ(of({}), "none");
    EXPECT_EQ(of({"Bearer a", "DPoP a"}), "none");
}

class ProofGates : public Proofs {
protected:
    ProofGate gate{{"https://server.example.com", "https://shop.example.com:8443/"}, 5};
    std::string token = "some.access.token";
    Claims claims_of_token;
    http::Request request;
    int made_proofs = 0;

    ProofGates() {
        claims_of_token.key_thumbprint = key.public_key().thumbprint();
        request.method_text = "GET";
        request.path = "/api/v1/things";
        request.query = "limit=1";
    }
    Json fresh() {
        return Json::object({{"jti", "id-" + std::to_string(++made_proofs)},
                             {"htm", "GET"},
                             {"htu", "https://server.example.com/api/v1/things"},
                             {"iat", moment},
                             {"ath", base64url_encode(sha256(token))}});
    }
    std::string fresh_with(std::string_view name, Json value) {
        Json body = fresh();
        body[name] = std::move(value);
        return made(header(), body);
    }
    // "" if it may come in, else the problem's slug and what the challenge says.
    std::string answer(const std::string& proof, std::int64_t now = moment, bool by_dpop = true) {
        request.headers.clear();
        if (!proof.empty()) request.headers.add("DPoP", proof);
        try {
            gate.admit(request, {token, by_dpop}, claims_of_token, now);
        } catch (const Refusal& refusal) {
            const std::string field = refusal.headers().front().second;
            const auto quote = field.find('"');
            const std::string said = quote == std::string::npos ? field : field.substr(quote + 1, field.find('"', quote + 1) - quote - 1);
            return std::string(refusal.problem().slug) + " " + said;
        }
        return "";
    }
};

TEST_F(ProofGates, LetABoundTokenInWithItsProofOnce) {
    const std::string proof = made(header(), fresh());
    EXPECT_EQ(answer(proof), "");
    EXPECT_EQ(answer(proof), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(made(header(), fresh())), "");
    EXPECT_EQ(answer(fresh_with("htu", "https://shop.example.com:8443/api/v1/things?limit=2")), "");
    EXPECT_EQ(answer(""), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(fresh_with("htm", "POST")), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(fresh_with("htu", "https://server.example.com/api/v1/others")), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(fresh_with("htu", "https://evil.example.com/api/v1/things")), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(fresh_with("ath", base64url_encode(sha256("another token")))), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(fresh_with("ath", Json())), "unauthenticated invalid_dpop_proof");
    EXPECT_EQ(answer(made(header(), fresh()), moment + 120), "unauthenticated invalid_dpop_proof");
    request.headers.clear();
    key = Signer::generate();
    EXPECT_EQ(answer(made(header(), fresh())), "unauthenticated invalid_dpop_proof") << "of another key";
}

TEST_F(ProofGates, LetNeitherKindInAsTheOther) {
    EXPECT_EQ(answer(made(header(), fresh()), moment, false), "unauthenticated invalid_token");
    claims_of_token.key_thumbprint.clear();
    EXPECT_EQ(answer("", moment, false), "");
    EXPECT_EQ(answer(made(header(), fresh())), "unauthenticated invalid_token");
}

TEST_F(ProofGates, RememberForAsLongAsAProofIsTakenAndNoMoreThanTheyMay) {
    const auto of = [&](std::int64_t iat) { return fresh_with("iat", iat); };
    const std::string ahead = of(moment + 60);
    EXPECT_EQ(answer(ahead, moment), "");
    EXPECT_EQ(answer(of(moment + 100), moment + 100), "");
    EXPECT_EQ(answer(ahead, moment + 119), "unauthenticated invalid_dpop_proof") << "it would be taken still";
    for (int i = 0; i < 3; ++i) EXPECT_EQ(answer(of(moment + 110), moment + 110), "");
    EXPECT_EQ(answer(of(moment + 110), moment + 110), "overloaded 60");
    EXPECT_EQ(answer(of(moment + 130), moment + 130), "overloaded 60") << "they are remembered for another period";
    EXPECT_EQ(answer(of(moment + 400), moment + 400), "");
    const std::string before = of(moment + 400);
    EXPECT_EQ(answer(before, moment + 400), "");
    EXPECT_EQ(answer(before, moment + 390), "unauthenticated invalid_dpop_proof") << "though the clock was set back";
}

TEST_F(ProofGates, TakeNoneWithoutOrigins) {
    gate = ProofGate({});
    EXPECT_EQ(answer(made(header(), fresh())), "unauthenticated invalid_dpop_proof");
    for (const std::string bad : {"", "server.example.com", "https://server.example.com/path", "ftp://server.example.com", "https://a@server.example.com"})
        EXPECT_THROW(ProofGate({bad}), std::invalid_argument) << bad;
}

} // namespace
} // namespace gravity::auth
