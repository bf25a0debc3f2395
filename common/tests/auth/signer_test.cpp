#include "vectors.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace gravity::auth {
namespace {

constexpr Algorithm all[] = {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256};

/// The PKCS #8 form of an Ed25519 seed (RFC 8410 section 7).
std::string ed25519_pem(std::string_view seed) {
    return "-----BEGIN PRIVATE KEY-----\n" +
           base64_encode(*hex_decode("302e020100300506032b657004220420") + *base64url_decode(seed)) +
           "\n-----END PRIVATE KEY-----\n";
}

TEST(Signer, MakesTheSignatureOfRfc8037) {
    const auto signer = Signer::from_pem(ed25519_pem(vectors::rfc8037_seed));
    ASSERT_TRUE(signer) << signer.why();
    EXPECT_EQ(signer->kid(), vectors::rfc8037_thumbprint) << "the id is the thumbprint unless given";
    const auto token = vectors::rfc8037_token;
    const auto input = token.substr(0, token.rfind('.'));
    EXPECT_EQ(base64url_encode(signer->sign(input)), token.substr(token.rfind('.') + 1));
}

TEST(Signer, SignsWhatItsPublishedKeyVerifies) {
    for (const Algorithm algorithm : all) {
        const Signer signer = Signer::generate(algorithm, "the \"key\"");
        const auto set = KeySet::parse(signer.jwks());
        ASSERT_TRUE(set && set->ignored().empty()) << to_string(algorithm);
        const PublicKey* key = set->find("the \"key\"", algorithm);
        ASSERT_NE(key, nullptr);
        // Often enough that a short r or s, which DER shortens and JWS pads, comes up.
        for (int i = 0; i < (algorithm == Algorithm::es256 ? 600 : 3); ++i) {
            const auto token = signer.token("payload " + std::to_string(i), "at+jwt");
            const auto jws = parse_jws(token);
            ASSERT_TRUE(jws);
            ASSERT_TRUE(key->verify(jws->signing_input, jws->signature));
            EXPECT_EQ(jws->header.find("alg")->as_string(), to_string(algorithm));
            EXPECT_EQ(jws->header.find("kid")->as_string(), "the \"key\"");
            EXPECT_EQ(jws->header.find("typ")->as_string(), "at+jwt");
            EXPECT_EQ(base64url_decode(jws->payload), "payload " + std::to_string(i));
        }
    }
}

TEST(Signer, SignsForManyAtOnce) {
    const Signer signer = Signer::generate();
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 100; ++n) {
                const std::string text = std::to_string(i) + " " + std::to_string(n);
                good += signer.public_key().verify(text, signer.sign(text)) ? 1 : 0;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 800);
}

TEST(Signer, ItsPemReadsBackAsTheSameKey) {
    for (const Algorithm algorithm : all) {
        const Signer signer = Signer::generate(algorithm);
        const auto again = Signer::from_pem(signer.pem().reveal());
        ASSERT_TRUE(again) << again.why();
        EXPECT_EQ(again->algorithm(), algorithm);
        EXPECT_EQ(again->kid(), signer.kid());
        EXPECT_TRUE(signer.public_key().verify("x", again->sign("x")));
    }
}

TEST(Signer, FreshKeysDiffer) {
    std::set<std::string> kids;
    for (int i = 0; i < 20; ++i) kids.insert(Signer::generate().kid());
    EXPECT_EQ(kids.size(), 20u);
}

TEST(Signer, RefusesOtherKeys) {
    // An EC key on P-384, and an encrypted key: refused without asking for a passphrase.
    const char* p384 = "-----BEGIN PRIVATE KEY-----\n"
                       "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBgRRVcV8P5vWJYcbNe\n"
                       "-----END PRIVATE KEY-----\n";
    const char* encrypted = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
                            "AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\n"
                            "AAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE KEY-----\n";
    for (const std::string& pem : {std::string(p384), std::string(encrypted), std::string(), std::string("not a key"),
                                   Signer::generate().jwks(), std::string(65 * 1024, 'A')}) {
        EXPECT_FALSE(Signer::from_pem(pem));
    }
}

} // namespace
} // namespace gravity::auth
