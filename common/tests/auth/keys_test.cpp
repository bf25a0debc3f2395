#include "vectors.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/keys.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

namespace gravity::auth {
namespace {

bool verifies(std::string_view jwk, std::string_view token) {
    const auto key = PublicKey::parse(jwk);
    const auto jws = parse_jws(token);
    return key && jws && key->verify(jws->signing_input, jws->signature);
}

TEST(Vectors, Rfc7515AppendixA3) { EXPECT_TRUE(verifies(vectors::rfc7515_jwk, vectors::rfc7515_token)); }
TEST(Vectors, Rfc8037AppendixA4) { EXPECT_TRUE(verifies(vectors::rfc8037_jwk, vectors::rfc8037_token)); }
TEST(Vectors, Rfc7520Section41) { EXPECT_TRUE(verifies(vectors::rfc7520_jwk, vectors::rfc7520_token)); }

TEST(Vectors, Thumbprints) {
    EXPECT_EQ(PublicKey::parse(vectors::rfc8037_jwk)->thumbprint(), vectors::rfc8037_thumbprint);
    EXPECT_EQ(PublicKey::parse(vectors::rfc7638_jwk)->thumbprint(), vectors::rfc7638_thumbprint);
}

TEST(Vectors, EveryBitOfASignatureCounts) {
    for (const auto& [jwk, token] : {std::pair(vectors::rfc7515_jwk, vectors::rfc7515_token),
                                     std::pair(vectors::rfc8037_jwk, vectors::rfc8037_token),
                                     std::pair(vectors::rfc7520_jwk, vectors::rfc7520_token)}) {
        const auto key = PublicKey::parse(jwk);
        const auto jws = parse_jws(token);
        ASSERT_TRUE(key && jws && key->verify(jws->signing_input, jws->signature));
        for (std::size_t bit = 0; bit < jws->signature.size() * 8; ++bit) {
            std::string flipped = jws->signature;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
            EXPECT_FALSE(key->verify(jws->signing_input, flipped)) << to_string(key->algorithm()) << " bit " << bit;
        }
        std::string input(jws->signing_input);
        for (std::size_t i = 0; i < input.size(); i += 7) {
            std::string other = input;
            other[i] = static_cast<char>(other[i] ^ 4);
            EXPECT_FALSE(key->verify(other, jws->signature)) << "byte " << i;
        }
    }
}

TEST(PublicKey, RefusesSignaturesOfAnotherLengthOrForm) {
    const auto key = PublicKey::parse(vectors::rfc7515_jwk);
    const auto jws = parse_jws(vectors::rfc7515_token);
    ASSERT_TRUE(key && jws && key->verify(jws->signing_input, jws->signature));
    const std::string& good = jws->signature;
    EXPECT_FALSE(key->verify(jws->signing_input, ""));
    EXPECT_FALSE(key->verify(jws->signing_input, good.substr(0, 63)));
    EXPECT_FALSE(key->verify(jws->signing_input, good + '\0'));
    EXPECT_FALSE(key->verify(jws->signing_input, std::string(1, '\0') + good.substr(0, 63)));
    EXPECT_FALSE(key->verify(jws->signing_input, std::string(32, '\0') + good.substr(32))) << "r = 0";
    EXPECT_FALSE(key->verify(jws->signing_input, good.substr(0, 32) + std::string(32, '\0'))) << "s = 0";
    EXPECT_FALSE(key->verify(jws->signing_input, std::string(64, '\0'))) << "CVE-2022-21449";
    EXPECT_FALSE(key->verify(jws->signing_input, std::string(64, '\xff')));
    const auto order = *hex_decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    EXPECT_FALSE(key->verify(jws->signing_input, order + good.substr(32))) << "r = n";
    EXPECT_FALSE(key->verify(jws->signing_input, good.substr(0, 32) + order)) << "s = n";
    const std::string der = *hex_decode("30440220") + good.substr(0, 32) + *hex_decode("0220") + good.substr(32);
    EXPECT_FALSE(key->verify(jws->signing_input, der)) << "DER is not the form of JWS";
}

TEST(PublicKey, RefusesEdwardsSignaturesWithALargeScalar) {
    // S + L verifies in implementations that forget RFC 8032 section 5.1.7 step 1.
    const auto key = PublicKey::parse(vectors::rfc8037_jwk);
    const auto jws = parse_jws(vectors::rfc8037_token);
    ASSERT_TRUE(key && jws && key->verify(jws->signing_input, jws->signature));
    const auto order = *hex_decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"); // little-endian
    std::string malleated = jws->signature;
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += static_cast<unsigned char>(malleated[32 + i]) + static_cast<unsigned char>(order[i]);
        malleated[32 + i] = static_cast<char>(carry & 0xff);
        carry >>= 8;
    }
    EXPECT_FALSE(key->verify(jws->signing_input, malleated));
}

struct BadKey {
    const char* why;
    std::string jwk;
};

TEST(PublicKey, RefusesKeysThatCannotBeTrusted) {
    const std::string x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const std::string y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const auto ec = [&](const std::string& more) {
        return R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + y + "\"" + more + "}";
    };
    const auto rsa = [](const std::string& n, const std::string& e) {
        return R"({"kty":"RSA","n":")" + base64url_encode(n) + R"(","e":")" + base64url_encode(e) + "\"}";
    };
    const std::string e65537("\x01\x00\x01", 3);
    ASSERT_TRUE(PublicKey::parse(ec("")));
    const BadKey cases[] = {
        {"not on the curve", R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + x + "\"}"},
        {"wrong curve name", R"({"kty":"EC","crv":"P-384","x":")" + x + R"(","y":")" + y + "\"}"},
        {"P-521", std::string(vectors::rfc7520_p521_jwk)},
        {"secp256k1", R"({"kty":"EC","crv":"secp256k1","x":")" + x + R"(","y":")" + y + "\"}"},
        {"short coordinate",
         R"({"kty":"EC","crv":"P-256","x":")" + base64url_encode(std::string(31, 'x')) + R"(","y":")" + y + "\"}"},
        {"padded base64", R"({"kty":"EC","crv":"P-256","x":")" + x + R"(=","y":")" + y + "\"}"},
        {"no y", R"({"kty":"EC","crv":"P-256","x":")" + x + "\"}"},
        {"x is a number", R"({"kty":"EC","crv":"P-256","x":1,"y":")" + y + "\"}"},
        {"Ed448", R"({"kty":"OKP","crv":"Ed448","x":")" + x + "\"}"},
        {"X25519", R"({"kty":"OKP","crv":"X25519","x":")" + x + "\"}"},
        {"long Ed25519 key", R"({"kty":"OKP","crv":"Ed25519","x":")" + base64url_encode(std::string(33, 'x')) + "\"}"},
        {"symmetric", R"({"kty":"oct","k":"c2VjcmV0"})"},
        {"unknown type", R"({"kty":"AKP","pub":"x"})"},
        {"no type", R"({"crv":"P-256"})"},
        {"type is a number", R"({"kty":1})"},
        {"private member", ec(R"(,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")")},
        {"for encryption", ec(R"(,"use":"enc")")},
        {"for signing only", ec(R"(,"key_ops":["sign"])")},
        {"key_ops no array", ec(R"(,"key_ops":"verify")")},
        {"alg of another type", ec(R"(,"alg":"RS256")")},
        {"alg of another curve", ec(R"(,"alg":"ES384")")},
        {"alg no text", ec(R"(,"alg":256)")},
        {"empty kid", ec(R"(,"kid":"")")},
        {"kid no text", ec(R"(,"kid":7)")},
        {"huge kid", ec(R"(,"kid":")" + std::string(257, 'k') + "\"")},
        {"duplicate member", ec(R"(,"kty":"EC")")},
        {"RSA 1024", rsa('\xc1' + std::string(126, 'n') + 'o', e65537)},
        {"RSA 2040", rsa('\xc1' + std::string(253, 'n') + 'o', e65537)},
        {"RSA 8192", rsa('\xc1' + std::string(1022, 'n') + 'o', e65537)},
        {"even modulus", rsa('\xc1' + std::string(254, 'n') + 'n', e65537)},
        {"exponent 1", rsa('\xc1' + std::string(254, 'n') + 'o', "\x01")},
        {"even exponent", rsa('\xc1' + std::string(254, 'n') + 'o', "\x04")},
        {"exponent 0", rsa('\xc1' + std::string(254, 'n') + 'o', std::string(1, '\0'))},
        {"huge exponent", rsa('\xc1' + std::string(254, 'n') + 'o', "\x01\x01\x01\x01\x01")},
        {"empty modulus", rsa("", e65537)},
        {"an array", "[]"},
        {"a text", "\"key\""},
        {"nothing", ""},
        {"nested bomb", std::string(100000, '[')},
    };
    for (const auto& [why, jwk] : cases) {
        const auto key = PublicKey::parse(jwk);
        EXPECT_FALSE(key) << why;
        EXPECT_TRUE(key || !key.why().empty()) << why;
    }
}

TEST(PublicKey, TakesAnRsaModulusWithLeadingZeros) {
    const auto json = Json::parse(vectors::rfc7520_jwk);
    ASSERT_TRUE(json);
    auto padded = *json;
    padded["n"] = base64url_encode(std::string(1, '\0') + *base64url_decode(padded.find("n")->as_string()));
    const auto key = PublicKey::from_jwk(padded);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->thumbprint(), PublicKey::from_jwk(*json)->thumbprint());
}

TEST(PublicKey, ItsJwkReadsBackAsTheSameKey) {
    for (const auto jwk : {vectors::rfc7515_jwk, vectors::rfc8037_jwk, vectors::rfc7520_jwk}) {
        const auto key = PublicKey::parse(jwk);
        ASSERT_TRUE(key);
        const auto again = PublicKey::parse(key->jwk());
        ASSERT_TRUE(again) << again.why();
        EXPECT_EQ(again->thumbprint(), key->thumbprint());
        EXPECT_EQ(again->kid(), key->kid());
        EXPECT_EQ(again->algorithm(), key->algorithm());
    }
}

std::string set_of(std::initializer_list<std::string> keys) {
    std::string out = R"({"keys":[)";
    for (const auto& key : keys) out += (out.back() == '[' ? "" : ",") + key;
    return out + "]}";
}

TEST(KeySet, LeavesOutWhatItCannotUse) {
    const auto es = Signer::generate(Algorithm::es256, "a").public_key().jwk();
    const auto ed = Signer::generate(Algorithm::eddsa, "b").public_key().jwk();
    const auto twin = Signer::generate(Algorithm::es256, "a").public_key().jwk();
    const auto set = KeySet::parse(
        set_of({es, R"({"kty":"oct","k":"AA","kid":"c"})", ed, std::string(vectors::rfc7515_jwk), twin, "7"}));
    ASSERT_TRUE(set) << set.why();
    EXPECT_EQ(set->keys().size(), 2u);
    EXPECT_EQ(set->ignored(), (std::vector<std::string>{
                                  "key 2: it contains private or secret members", "key 4: it has no kid",
                                  "key 5: its kid is taken by an earlier key", "key 6: it is no object with a kty"}));
    EXPECT_TRUE(set->find("a", Algorithm::es256));
    EXPECT_FALSE(set->find("a", Algorithm::eddsa));
    EXPECT_TRUE(set->has("b"));
    EXPECT_FALSE(set->has("c"));
}

TEST(KeySet, TheSameIdMayNameKeysOfTwoTypes) { // RFC 7517 section 4.5
    const auto set = KeySet::parse(set_of({Signer::generate(Algorithm::es256, "k").public_key().jwk(),
                                           Signer::generate(Algorithm::eddsa, "k").public_key().jwk()}));
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->find("k", Algorithm::es256));
    EXPECT_TRUE(set->find("k", Algorithm::eddsa));
}

TEST(KeySet, RefusesWhatIsNoSet) {
    const std::string many = [] {
        std::string out = R"({"keys":[{})";
        for (int i = 0; i < 100; ++i) out += ",{}";
        return out + "]}";
    }();
    for (const std::string& text : {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"keys":{}})"),
                                    std::string(R"({"keys":[]}x)"), std::string(R"({"keys":[],"keys":[]})"), many,
                                    std::string(KeySet::max_document_bytes + 1, ' ')}) {
        EXPECT_FALSE(KeySet::parse(text)) << text.substr(0, 40);
    }
    EXPECT_TRUE(KeySet::parse(R"({"keys":[]})")->empty());
}

TEST(KeySet, FingerprintTellsOtherKeysFromOtherOrder) {
    const auto a = Signer::generate(Algorithm::es256, "a").public_key().jwk();
    const auto b = Signer::generate(Algorithm::es256, "b").public_key().jwk();
    const auto other = Signer::generate(Algorithm::es256, "b").public_key().jwk();
    const auto print = [](const std::string& document) { return KeySet::parse(document)->fingerprint(); };
    EXPECT_EQ(print(set_of({a, b})), print(set_of({b, a})));
    EXPECT_NE(print(set_of({a, b})), print(set_of({a})));
    EXPECT_NE(print(set_of({a, b})), print(set_of({a, other})));
    EXPECT_EQ(print(set_of({a, b})), print(KeySet::parse(set_of({a, b}))->document()));
}

} // namespace
} // namespace gravity::auth
