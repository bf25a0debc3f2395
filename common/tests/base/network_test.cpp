#include <gravity/base/network.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

std::string address(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    return parsed ? parsed->str() : "refused";
}
std::string network(std::string_view text) {
    const auto parsed = Network::parse(text);
    return parsed ? parsed->str() : parsed.why();
}

TEST(IpAddress, HasOneForm) {
    EXPECT_EQ(address("203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(address("2001:DB8:0::7"), "2001:db8::7");
    EXPECT_EQ(address("::ffff:10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(address("::"), "::");
    for (const std::string_view bad :
         {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "[::1]", "fe80::1%lo", "10.0.0.0/8", "::1/128", "example.com", " ::1"})
        EXPECT_EQ(address(bad), "refused") << bad;
    EXPECT_EQ(address(std::string_view("1.2.3.4\0", 8)), "refused");
    EXPECT_EQ(address(std::string(5'000, ':')), "refused");
}

TEST(IpAddress, IsCountedByItsNetwork) {
    EXPECT_EQ(IpAddress("2001:DB8:1:23ff::1").network(), "2001:db8:1:2300::/56");
    EXPECT_EQ(IpAddress("203.0.113.7").network(), "203.0.113.0/24");
    EXPECT_EQ(IpAddress("::ffff:203.0.113.7").network(), "203.0.113.0/24");
}

TEST(Network, HasOneForm) {
    EXPECT_EQ(network("203.0.113.0/24"), "203.0.113.0/24");
    EXPECT_EQ(network("203.0.113.7"), "203.0.113.7/32");
    EXPECT_EQ(network("2001:DB8::/32"), "2001:db8::/32");
    EXPECT_EQ(network("::1"), "::1/128");
    EXPECT_EQ(network("::ffff:10.0.0.0/104"), "10.0.0.0/8");
    EXPECT_EQ(network("0.0.0.0/0"), "0.0.0.0/0");
    for (const std::string_view bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "10.0.0.0/8/8", "::/129", "gateway"})
        EXPECT_EQ(network(bad), "must be an IPv4 or IPv6 address, with or without the length of a prefix") << bad;
    for (const std::string_view bad : {"10.0.0.1/8", "2001:db8::1/64", "0.0.0.1/0"}) EXPECT_EQ(network(bad), "must have no bits behind its prefix") << bad;
}

TEST(Network, ContainsWhatIsWithinIt) {
    const Network ten = "10.0.0.0/9";
    EXPECT_TRUE(ten.contains("10.127.255.255"));
    EXPECT_TRUE(ten.contains("10.0.0.0/9"));
    EXPECT_FALSE(ten.contains("10.128.0.0"));
    EXPECT_FALSE(ten.contains("10.0.0.0/8")) << "which is larger";
    EXPECT_FALSE(ten.contains("::1"));
    EXPECT_TRUE(Network("0.0.0.0/0").contains(Network::of(IpAddress("192.0.2.1"))));
    EXPECT_FALSE(Network("0.0.0.0/0").contains("::")) << "of the other version";
    EXPECT_TRUE(Network("2001:db8::/33").contains("2001:db8:7fff::/48"));
    EXPECT_FALSE(Network("2001:db8::/33").contains("2001:db8:8000::/48"));
}

} // namespace
} // namespace gravity
