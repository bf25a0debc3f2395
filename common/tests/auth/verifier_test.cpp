#include "vectors.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/auth/verifier.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>

namespace gravity::auth {
namespace {

constexpr std::int64_t now = 1'800'000'000;

std::shared_ptr<const KeySet> keys_of(std::initializer_list<Signer> signers) {
    std::vector<PublicKey> keys;
    for (const Signer& signer : signers) keys.push_back(signer.public_key());
    return std::make_shared<const KeySet>(std::move(keys));
}

VerifierOptions options() {
    VerifierOptions o;
    o.issuer = "https://issuer.test";
    o.audiences = {"gravity", "order"};
    return o;
}

struct VerifierTest : testing::Test {
    const Signer es = Signer::generate(Algorithm::es256, "es");
    const Signer ed = Signer::generate(Algorithm::eddsa, "ed");
    inline static const Signer rs = Signer::generate(Algorithm::rs256, "rs"); // slow to make
    Verifier verifier{options()};

    VerifierTest() { verifier.set_keys(keys_of({es, ed, rs})); }

    static Claims claims() {
        Claims c;
        c.issuer = "https://issuer.test";
        c.audience = {"gravity"};
        c.subject = "user-1";
        c.expires_at = now + 600;
        c.issued_at = now - 5;
        c.scopes = {"products:write"};
        return c;
    }

    void expect_error(std::string_view token, VerifyError error, std::int64_t at = now) {
        const auto result = verifier.verify(token, at);
        ASSERT_FALSE(result);
        EXPECT_EQ(to_string(result.error()), to_string(error)) << token.substr(0, 200);
    }

    /// A token with any header and payload, signed by the ES256 key.
    std::string forge(std::string_view header, std::string_view payload = to_json(claims())) const {
        const std::string input = base64url_encode(header) + '.' + base64url_encode(payload);
        return input + '.' + base64url_encode(es.sign(input));
    }
};

TEST_F(VerifierTest, TakesAGoodToken) {
    for (const Signer& signer : {es, ed}) {
        const auto result = verifier.verify(signer.token(claims()), now);
        ASSERT_TRUE(result) << to_string(result.error());
        EXPECT_EQ(**result, claims());
    }
}

TEST_F(VerifierTest, Rs256IsTakenOnlyIfSwitchedOn) {
    const auto token = rs.token(claims());
    expect_error(token, VerifyError::wrong_algorithm);
    auto with = options();
    with.allow_rs256 = true;
    Verifier foreign(with);
    foreign.set_keys(keys_of({rs}));
    EXPECT_TRUE(foreign.verify(token, now));
}

TEST_F(VerifierTest, NeedsAnIssuerAndAnAudience) {
    auto o = options();
    o.issuer.clear();
    EXPECT_THROW(Verifier{o}, std::invalid_argument);
    o = options();
    o.audiences.clear();
    EXPECT_THROW(Verifier{o}, std::invalid_argument);
    o.audiences = {""};
    EXPECT_THROW(Verifier{o}, std::invalid_argument);
}

TEST_F(VerifierTest, AllowsThirtySecondsBetweenTheClocks) {
    auto c = claims();
    c.not_before = now;
    c.issued_at = now;
    c.expires_at = now + 100;
    const auto token = es.token(c);
    expect_error(token, VerifyError::not_yet_valid, now - 31);
    EXPECT_TRUE(verifier.verify(token, now - 30));
    EXPECT_TRUE(verifier.verify(token, now + 129));
    expect_error(token, VerifyError::expired, now + 130);
    EXPECT_TRUE(verifier.verify(token, now + 50));
    expect_error(token, VerifyError::expired, std::numeric_limits<std::int64_t>::max() - 100);

    c.not_before.reset();
    c.issued_at = now + 31;
    expect_error(es.token(c), VerifyError::not_yet_valid);
    c.issued_at.reset();
    c.not_before = now + 31;
    expect_error(es.token(c), VerifyError::not_yet_valid);
}

TEST_F(VerifierTest, IsForOneIssuerAndItsAudiences) {
    auto c = claims();
    c.audience = {"elsewhere", "order"};
    EXPECT_TRUE(verifier.verify(es.token(c), now));
    c.audience = {"elsewhere"};
    expect_error(es.token(c), VerifyError::wrong_audience);
    c.audience = {"gravity/"};
    expect_error(es.token(c), VerifyError::wrong_audience);
    c = claims();
    c.issuer = "https://issuer.test/";
    expect_error(es.token(c), VerifyError::wrong_issuer);
    expect_error(es.token(R"({"iss":"https://issuer.test","aud":"gravity","exp":1800000600})", "at+jwt"),
                 VerifyError::missing_claim);
    expect_error(es.token(R"({"iss":"https://issuer.test","aud":"gravity","sub":"u"})", "at+jwt"),
                 VerifyError::missing_claim);
}

TEST_F(VerifierTest, TheKeyDecidesTheAlgorithm) {
    // The header of one algorithm with the id of another's key, signed so that it would verify if the header were
    // believed.
    expect_error(forge(R"({"alg":"ES256","kid":"ed","typ":"at+jwt"})"), VerifyError::wrong_algorithm);
    expect_error(forge(R"({"alg":"EdDSA","kid":"es","typ":"at+jwt"})"), VerifyError::wrong_algorithm);
    expect_error(forge(R"({"alg":"ES256","kid":"rs","typ":"at+jwt"})"), VerifyError::wrong_algorithm);
    for (const char* alg : {"none", "None", "NONE", "", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256", "ES384",
                            "ES512", "es256", "Ed25519", "RSA-OAEP"}) {
        expect_error(forge(std::string(R"({"alg":")") + alg + R"(","kid":"es","typ":"at+jwt"})"),
                     VerifyError::wrong_algorithm);
    }
    const std::string input =
        base64url_encode(R"({"alg":"none","kid":"es","typ":"at+jwt"})") + '.' + base64url_encode(to_json(claims()));
    expect_error(input + '.', VerifyError::wrong_algorithm);
}

TEST_F(VerifierTest, APublicKeyIsNoSharedSecret) {
    // The classic: HS256 with the published key as the secret (RFC 8725 section 2.1).
    for (const std::string& secret : {es.public_key().jwk(), rs.public_key().jwk(), es.jwks()}) {
        const std::string input = base64url_encode(R"({"alg":"HS256","kid":"es","typ":"at+jwt"})") + '.' +
                                  base64url_encode(to_json(claims()));
        expect_error(input + '.' + base64url_encode(hmac_sha256(secret, input)), VerifyError::wrong_algorithm);
        const std::string lying = base64url_encode(R"({"alg":"ES256","kid":"es","typ":"at+jwt"})") + '.' +
                                  base64url_encode(to_json(claims()));
        expect_error(lying + '.' + base64url_encode(hmac_sha256(secret, lying)), VerifyError::bad_signature);
    }
}

TEST_F(VerifierTest, KeysInTheTokenAreNotLookedAt) {
    const Signer attacker = Signer::generate(Algorithm::es256, "es");
    for (const std::string& member :
         {R"("jwk":)" + attacker.public_key().jwk(), std::string(R"("jku":"https://evil.test/jwks")"),
          std::string(R"("x5u":"https://evil.test/chain")"), std::string(R"("x5c":["MIIB"])")}) {
        const std::string header = R"({"alg":"ES256","kid":"es","typ":"at+jwt",)" + member + '}';
        const std::string input = base64url_encode(header) + '.' + base64url_encode(to_json(claims()));
        expect_error(input + '.' + base64url_encode(attacker.sign(input)), VerifyError::bad_signature);
    }
}

TEST_F(VerifierTest, RefusesHeadersItCannotTrust) {
    expect_error(forge(R"({"alg":"ES256","typ":"at+jwt"})"), VerifyError::malformed);
    expect_error(forge(R"({"alg":"ES256","kid":"","typ":"at+jwt"})"), VerifyError::malformed);
    expect_error(forge(R"({"alg":"ES256","kid":1,"typ":"at+jwt"})"), VerifyError::malformed);
    expect_error(forge(R"({"kid":"es","typ":"at+jwt"})"), VerifyError::malformed);
    expect_error(forge(R"({"alg":["ES256"],"kid":"es","typ":"at+jwt"})"), VerifyError::malformed);
    expect_error(forge(R"({"alg":"ES256","alg":"ES256","kid":"es","typ":"at+jwt"})"), VerifyError::malformed);
    expect_error(forge(R"({"alg":"ES256","kid":"es","typ":"at+jwt"} )"
                       "x"),
                 VerifyError::malformed);
    expect_error(forge(R"(["ES256"])"), VerifyError::malformed);
    expect_error(forge(""), VerifyError::malformed);
    expect_error(forge("{\"alg\":\"ES256\",\"kid\":\"\xff\",\"typ\":\"at+jwt\"}"), VerifyError::malformed);
    expect_error(forge(R"({"alg":"ES256","kid":"es","typ":"at+jwt","crit":["exp"],"exp":1})"),
                 VerifyError::unsupported);
    expect_error(forge(R"({"alg":"ES256","kid":"es","typ":"at+jwt","crit":[]})"), VerifyError::unsupported);
    expect_error(forge(R"({"alg":"ES256","kid":"es","typ":"at+jwt","crit":["b64"],"b64":false})"),
                 VerifyError::unsupported);
    expect_error(forge(R"({"alg":"ES256","kid":"../../etc/passwd","typ":"at+jwt"})"), VerifyError::unknown_key);
    expect_error(forge(R"({"alg":"HS256","kid":"unknown","typ":"at+jwt"})"), VerifyError::wrong_algorithm);
}

TEST_F(VerifierTest, ChecksTheType) {
    for (const char* type : {"at+jwt", "AT+JWT", "application/at+jwt", "JWT", "application/jwt"}) {
        EXPECT_TRUE(verifier.verify(es.token(to_json(claims()), type), now)) << type;
    }
    for (const char* type : {"logout+jwt", "dpop+jwt", "id+jwt", "", "application/", "text/jwt", "jwt "}) {
        expect_error(es.token(to_json(claims()), type), VerifyError::wrong_type);
    }
    expect_error(forge(R"({"alg":"ES256","kid":"es"})"), VerifyError::wrong_type);
    expect_error(forge(R"({"alg":"ES256","kid":"es","typ":7})"), VerifyError::wrong_type);
    auto lenient = options();
    lenient.types = {"jwt", ""};
    Verifier untyped(lenient);
    untyped.set_keys(keys_of({es}));
    EXPECT_TRUE(untyped.verify(forge(R"({"alg":"ES256","kid":"es"})"), now));
}

TEST_F(VerifierTest, RefusesPayloadsItCannotTrustThoughSigned) {
    const std::string good = to_json(claims());
    EXPECT_TRUE(verifier.verify(es.token(good, "at+jwt"), now));
    const std::string body = good.substr(1);
    std::string deep;
    for (int i = 0; i < 17; ++i) deep += R"({"a":)";
    deep += "1" + std::string(17, '}');
    for (const std::string& payload :
         {R"({"sub":"other",)" + body, R"({"exp":1,)" + body, R"({"x":{"y":1,"y":2},)" + body,
          R"({"x":)" + deep + ',' + body, good + "x", good + good, std::string(), std::string("[]"),
          std::string("\"text\""), std::string(3000, '['), "{\"x\":\"\xc3\x28\"," + body, R"({"x":1e999,)" + body,
          R"({"x":NaN,)" + body, R"({/**/"x":1,)" + body}) {
        expect_error(es.token(payload, "at+jwt"), VerifyError::malformed);
    }
    const auto jws = forge(R"({"alg":"ES256","kid":"es","typ":"at+jwt"})");
    const std::string input = jws.substr(0, jws.find('.') + 1) + "not*base64";
    expect_error(input + '.' + base64url_encode(es.sign(input)), VerifyError::malformed);
}

TEST_F(VerifierTest, RefusesWhatIsNoCompactJws) {
    const std::string good = es.token(claims());
    for (const std::string& token : {std::string(), std::string("."), std::string(".."), std::string("..."),
                                     std::string("a.b"), std::string("a.b.c"), good + '.', '.' + good, good + "=",
                                     good + ' ', ' ' + good, good + '\n', "Bearer " + good, good + ".e30",
                                     good.substr(0, good.rfind('.')), std::string(8000, '.'), std::string(200, '\0')}) {
        expect_error(token, VerifyError::malformed);
    }
    expect_error(std::string(max_token_bytes + 1, 'a'), VerifyError::too_large);
    expect_error(good + std::string(max_token_bytes, 'A'), VerifyError::too_large);
    expect_error(std::string(10'000'000, 'a'), VerifyError::too_large);
    const auto c = claims();
    std::string padded = to_json(c);
    padded.insert(1, R"("pad":")" + std::string(5000, 'x') + "\",");
    const auto large = es.token(padded, "at+jwt");
    ASSERT_LE(large.size(), max_token_bytes);
    EXPECT_TRUE(verifier.verify(large, now));
}

TEST_F(VerifierTest, NoPartOfATokenMayBeTruncatedOrExchanged) {
    const std::string good = es.token(claims());
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(verifier.verify(std::string_view(good).substr(0, length), now)) << length;
    auto other = claims();
    other.subject = "user-2";
    const std::string second = es.token(other);
    const auto dot = good.rfind('.');
    const auto second_dot = second.rfind('.');
    expect_error(good.substr(0, dot) + second.substr(second_dot), VerifyError::bad_signature);
    expect_error(good.substr(0, dot) + ed.token(claims()).substr(ed.token(claims()).rfind('.')),
                 VerifyError::bad_signature);
}

TEST_F(VerifierTest, EveryFlippedBitIsRefused) {
    const std::string good = es.token(claims());
    ASSERT_TRUE(verifier.verify(good, now));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
        ASSERT_FALSE(verifier.verify(bad, now)) << "bit " << bit;
    }
}

TEST_F(VerifierTest, RandomBytesAreRefusedWithoutAThrow) {
    std::mt19937 random(3);
    const std::string good = es.token(claims());
    for (int round = 0; round < 20000; ++round) {
        std::string token = random() % 2 ? good : std::string(random() % 300, '.');
        for (std::size_t i = random() % 6 + 1; i > 0 && !token.empty(); --i) {
            const auto at = random() % token.size();
            switch (random() % 3) {
            case 0: token[at] = static_cast<char>(random()); break;
            case 1: token.erase(at, random() % 20); break;
            default: token.insert(at, std::string(random() % 4 + 1, static_cast<char>("aA.=_-{\"0"[random() % 9])));
            }
        }
        if (token == good) continue;
        ASSERT_FALSE(verifier.verify(token, now)) << token;
    }
}

TEST_F(VerifierTest, WithoutKeysItCannotSay) {
    Verifier empty(options());
    EXPECT_EQ(empty.verify(es.token(claims()), now).error(), VerifyError::no_keys);
    empty.set_keys(std::make_shared<const KeySet>());
    EXPECT_EQ(empty.verify(es.token(claims()), now).error(), VerifyError::no_keys);
    empty.set_keys(keys_of({es}));
    EXPECT_TRUE(empty.verify(es.token(claims()), now));
    empty.set_keys(nullptr);
    EXPECT_EQ(empty.verify(es.token(claims()), now).error(), VerifyError::no_keys) << "nor from what it remembers";
}

TEST_F(VerifierTest, RemembersGoodTokensForFiveMinutesButNotPastTheirEnd) {
    auto c = claims();
    c.expires_at = now + 1000;
    const auto longer = es.token(c);
    ASSERT_TRUE(verifier.verify(longer, now));
    const auto checked = verifier.counts().checked;
    EXPECT_TRUE(verifier.verify(longer, now + 299));
    EXPECT_EQ(verifier.counts().checked, checked);
    EXPECT_TRUE(verifier.verify(longer, now + 300));
    EXPECT_EQ(verifier.counts().checked, checked + 1);

    c.expires_at = now + 10;
    const auto shorter = es.token(c);
    ASSERT_TRUE(verifier.verify(shorter, now));
    const auto before = verifier.counts().checked;
    EXPECT_TRUE(verifier.verify(shorter, now + 9));
    EXPECT_EQ(verifier.counts().checked, before);
    EXPECT_TRUE(verifier.verify(shorter, now + 10)) << "within the skew, but looked at anew";
    EXPECT_EQ(verifier.counts().checked, before + 1);
    expect_error(shorter, VerifyError::expired, now + 40);
    EXPECT_TRUE(verifier.verify(shorter, now - 10)) << "a clock that went back is asked again";
}

TEST_F(VerifierTest, RemembersRefusalsUntilTheNextSecond) {
    auto bad = es.token(claims());
    bad[bad.size() - 10] = bad[bad.size() - 10] == 'A' ? 'B' : 'A';
    expect_error(bad, VerifyError::bad_signature);
    const auto checked = verifier.counts().checked;
    expect_error(bad, VerifyError::bad_signature);
    EXPECT_EQ(verifier.counts().checked, checked);
    expect_error(bad, VerifyError::bad_signature, now + 1);
    EXPECT_EQ(verifier.counts().checked, checked + 1);
}

TEST_F(VerifierTest, RefusedTokensDoNotDriveOutGoodOnes) {
    const auto good = es.token(claims());
    ASSERT_TRUE(verifier.verify(good, now));
    const auto stem = good.substr(0, good.size() - 8);
    for (int i = 0; i < 2000; ++i) EXPECT_FALSE(verifier.verify(stem + base64url_encode(random_bytes(6)), now));
    const auto checked = verifier.counts().checked;
    EXPECT_TRUE(verifier.verify(good, now));
    EXPECT_EQ(verifier.counts().checked, checked);
}

TEST_F(VerifierTest, ARevokedKeyIsForgottenAtOnce) {
    const auto token = es.token(claims());
    ASSERT_TRUE(verifier.verify(token, now));
    const auto checked = verifier.counts().checked;
    verifier.set_keys(keys_of({rs, ed, es})); // a refresh that brings the same keys, in another order
    ASSERT_TRUE(verifier.verify(token, now));
    EXPECT_EQ(verifier.counts().checked, checked) << "changes nothing";
    verifier.set_keys(keys_of({ed}));
    expect_error(token, VerifyError::unknown_key);
    verifier.set_keys(keys_of({Signer::generate(Algorithm::es256, "es")}));
    expect_error(token, VerifyError::bad_signature); // the same id for another key
}

TEST_F(VerifierTest, AMissingKeyIsTakenAsSoonAsItIsThere) {
    Verifier late(options());
    late.set_keys(keys_of({ed}));
    const auto token = es.token(claims());
    EXPECT_EQ(late.verify(token, now).error(), VerifyError::unknown_key);
    late.set_keys(keys_of({ed, es}));
    EXPECT_TRUE(late.verify(token, now));
}

TEST_F(VerifierTest, ServesManyThreadsWhileKeysChange) {
    std::vector<std::string> tokens;
    for (int i = 0; i < 8; ++i) {
        auto c = claims();
        c.subject = "user-" + std::to_string(i);
        tokens.push_back((i % 2 ? ed : es).token(c));
    }
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 3000; ++i) {
                const auto which = static_cast<std::size_t>(i + t) % tokens.size();
                const auto result = verifier.verify(tokens[which], now);
                if (!result || (*result)->subject != "user-" + std::to_string(which)) ++wrong;
            }
        });
    }
    const Signer extra = Signer::generate();
    for (int i = 0; i < 50; ++i) verifier.set_keys(i % 2 ? keys_of({es, ed, extra}) : keys_of({es, ed}));
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace gravity::auth
