#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace gravity {
namespace {

std::string hex(std::string_view text) { return *hex_decode(text); }

// FIPS 180-4 examples (NIST CSRC).
TEST(Crypto, Sha256) {
    EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_encode(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, Sha256InPieces) {
    Sha256 hash;
    hash.update("a");
    hash.update("");
    hash.update("bc");
    EXPECT_EQ(hash.finish(), sha256("abc"));
    hash.update("abc");
    Sha256 moved = std::move(hash);
    EXPECT_EQ(moved.finish(), sha256("abc")) << "begins anew after finish";
    EXPECT_EQ(moved.finish(), sha256(""));
}

// RFC 4231 sections 4.2, 4.3, 4.7.
TEST(Crypto, HmacSha256) {
    EXPECT_EQ(hex_encode(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(
        hex_encode(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hex_encode(hmac_sha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 5869 appendix A.1 and A.3.
TEST(Crypto, HkdfSha256) {
    const std::string key(22, '\x0b');
    EXPECT_EQ(hex_encode(hkdf_sha256(key, hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), 42)),
              "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    EXPECT_EQ(hex_encode(hkdf_sha256(key, {}, {}, 42)),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Crypto, ConstantTimeEqual) {
    EXPECT_TRUE(constant_time_equal("", ""));
    EXPECT_TRUE(constant_time_equal("secret", "secret"));
    EXPECT_FALSE(constant_time_equal("secret", "secreT"));
    EXPECT_FALSE(constant_time_equal("secret", "secre"));
    EXPECT_FALSE(constant_time_equal("", "s"));
}

TEST(Crypto, RandomBytesDiffer) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
    EXPECT_EQ(seen.size(), 1000u);
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(33).size(), 33u);
}

// The GCM specification's test cases 13, 14 (empty, one block) and 16 (with associated data).
TEST(Crypto, AesGcmVectors) {
    const std::string zero_key(32, '\0');
    const std::string zero_nonce(12, '\0');
    EXPECT_EQ(hex_encode(aes256_gcm_seal(zero_key, zero_nonce, "", "")), "530f8afbc74536b9a963b4f1c4cb738b");
    EXPECT_EQ(hex_encode(aes256_gcm_seal(zero_key, zero_nonce, std::string(16, '\0'), "")),
              "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    const auto key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const auto nonce = hex("cafebabefacedbaddecaf888");
    const auto plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                           "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const auto associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const auto sealed = aes256_gcm_seal(key, nonce, plain, associated);
    EXPECT_EQ(hex_encode(sealed),
              "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
              "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
    EXPECT_EQ(aes256_gcm_open(key, nonce, sealed, associated), plain);
}

TEST(Crypto, AesGcmRefusesEveryFlippedBit) {
    const auto key = random_bytes(32);
    const auto nonce = random_bytes(12);
    const std::string row = "row-1";
    const auto sealed = aes256_gcm_seal(key, nonce, "attack at dawn", row);
    EXPECT_EQ(aes256_gcm_open(key, nonce, sealed, row), "attack at dawn");
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        auto bad = sealed;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
        EXPECT_FALSE(aes256_gcm_open(key, nonce, bad, row)) << "bit " << bit;
    }
    EXPECT_FALSE(aes256_gcm_open(key, nonce, sealed, "row-2"));
    EXPECT_FALSE(aes256_gcm_open(key, nonce, sealed, ""));
    EXPECT_FALSE(aes256_gcm_open(key, random_bytes(12), sealed, row));
    EXPECT_FALSE(aes256_gcm_open(random_bytes(32), nonce, sealed, row));
    for (std::size_t length = 0; length < sealed.size(); ++length)
        EXPECT_FALSE(aes256_gcm_open(key, nonce, sealed.substr(0, length), row));
    EXPECT_THROW(aes256_gcm_seal("short", nonce, "", ""), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(aes256_gcm_open(key, "short", sealed, row)), std::invalid_argument);
}

} // namespace
} // namespace gravity
