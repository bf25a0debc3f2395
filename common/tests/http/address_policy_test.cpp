#include <gravity/http/address_policy.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

using namespace gravity::http;

TEST(AddressPolicy, PublicAddresses) {
    for (const char* good : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
                             "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
                             "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00::1", "2001:200::1",
                             "2001:4860:4860::8888", "2620:4f:8000::1", "64:ff9b::1.1.1.1"})
        EXPECT_TRUE(is_public_address(good)) << good;
}

TEST(AddressPolicy, SpecialAddresses) {
    for (const char* bad :
         {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
          "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
          "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
          "::ffff:1.1.1.1", "::ffff:127.0.0.1", "::1.1.1.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1", "100::1",
          "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::1", "2002:101:101::1",
          "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "4000::1"})
        EXPECT_FALSE(is_public_address(bad)) << bad;
    for (const char* nonsense : {"", "localhost", "1.1.1", "1.1.1.1.1", "0x01010101", "01.1.1.1", "1.1.1.1 ", "fe80::1%lo", "[::1]"})
        EXPECT_FALSE(is_public_address(nonsense)) << nonsense;
}

TEST(AddressPolicy, OperatorsExceptions) {
    const AddressPolicy policy({"10.1.0.0/16", "127.0.0.1", "fd00::/9", "192.168.4.0/23"});
    for (const char* good : {"10.1.0.0", "10.1.255.255", "127.0.0.1", "fd7f::1", "192.168.5.255", "8.8.8.8"})
        EXPECT_TRUE(policy.allows(good)) << good;
    for (const char* bad : {"10.2.0.0", "127.0.0.2", "fd80::1", "192.168.6.0", "::ffff:10.1.0.1", "a01::", "nonsense"})
        EXPECT_FALSE(policy.allows(bad)) << bad;
    EXPECT_TRUE(AddressPolicy({"0.0.0.0/0"}).allows("127.0.0.1"));
    EXPECT_FALSE(AddressPolicy({"0.0.0.0/0"}).allows("::1"));
    for (const char* bad : {"", "x", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "10.0.0/8", "/8", "10.0.0.0/-1"})
        EXPECT_THROW(AddressPolicy({bad}), std::invalid_argument) << bad;
}
