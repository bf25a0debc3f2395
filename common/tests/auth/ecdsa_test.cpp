#include <gravity/auth/ecdsa.hpp>
#include <gravity/base/encoding.hpp>

#include <gtest/gtest.h>

namespace gravity::auth {
namespace {

std::string bytes(std::string_view hex) { return *hex_decode(hex); }
std::string padded(std::string_view hex) { return std::string(64 - hex.size(), '0') + std::string(hex); }

// RFC 6979 appendix A.2.5, P-256 with SHA-256 over "sample"; the DER around it by hand (X.690 section 8.3): a zero in front of what begins with a set bit.
constexpr std::string_view r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
constexpr std::string_view s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

TEST(Ecdsa, DerBecomesTheTwoNumbersOfJws) {
    const auto pair = jws_signature(bytes("3046022100" + std::string(r) + "022100" + std::string(s)));
    ASSERT_TRUE(pair);
    EXPECT_EQ(hex_encode(*pair), std::string(r) + std::string(s));
}

TEST(Ecdsa, ShortNumbersArePadded) {
    const auto pair = jws_signature(bytes("300702010102020080"));
    ASSERT_TRUE(pair);
    EXPECT_EQ(hex_encode(*pair), padded("01") + padded("80"));
}

TEST(Ecdsa, WhatIsNoPairIsRefused) {
    const std::string good = "3046022100" + std::string(r) + "022100" + std::string(s);
    const std::string refused[] = {
        "",
        "30",
        good + "00",                     // something behind it
        good.substr(0, good.size() - 2), // something missing
        "3006020101020180",              // a number below zero
        "3006020181020101",              // the other one
        "3003020101",                    // one number
        "300602010104010a",              // the second is a text
        "3026022101" + std::string(64, '0') + "020101", // 33 bytes
        std::string(r) + std::string(s), // raw already
        std::string(400, '3'),
    };
    for (const std::string& hex : refused) EXPECT_FALSE(jws_signature(bytes(hex))) << hex;
    // Every cut, and every bit: an answer or none, and nothing that is longer than a signature.
    const std::string der = bytes(good);
    for (std::size_t size = 0; size < der.size(); ++size) EXPECT_FALSE(jws_signature(der.substr(0, size))) << size;
    for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
        std::string other = der;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
        const auto pair = jws_signature(other);
        EXPECT_TRUE(!pair || pair->size() == 64U) << bit;
    }
}

} // namespace
} // namespace gravity::auth
