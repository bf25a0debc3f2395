// Answers by UDP to networks of strangers.
#include "response_limit.hpp"

#include <gtest/gtest.h>

namespace gravity::registry::dns {
namespace {

using Verdict = ResponseLimit::Verdict;

Asker asker(std::string_view text) {
    const auto address = parse_address(text);
    EXPECT_TRUE(address.has_value()) << text;
    return address.value_or(Asker());
}

TEST(ResponseLimit, ANetworkGetsItsRateAndThenEverySecondIsSentToTcp) {
    ResponseLimit limit(10, 1);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.take(asker("203.0.113." + std::to_string(i)), 0), Verdict::answer);
    EXPECT_EQ(limit.take(asker("203.0.113.99"), 0), Verdict::truncate);
    EXPECT_EQ(limit.take(asker("203.0.113.99"), 0), Verdict::silence);
    EXPECT_EQ(limit.take(asker("203.0.113.99"), 0), Verdict::truncate);
    EXPECT_EQ(limit.take(asker("198.51.100.1"), 0), Verdict::answer); // another network
    EXPECT_EQ(limit.take(asker("203.0.113.99"), 100'000), Verdict::answer); // one has come back
    EXPECT_NE(limit.take(asker("203.0.113.99"), 100'000), Verdict::answer);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.take(asker("203.0.113.1"), 10'000'000), Verdict::answer); // and no more than a second's
    EXPECT_NE(limit.take(asker("203.0.113.1"), 10'000'000), Verdict::answer);
}

TEST(ResponseLimit, KnowsNetworksThatNoStrangerCanSendFrom) {
    for (const char* text : {"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"})
        EXPECT_TRUE(is_inside(asker(text))) << text;
    for (const char* text : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::2", "::ffff:8.8.8.8"}) EXPECT_FALSE(is_inside(asker(text))) << text;
}

TEST(ResponseLimit, OfIpv6TheNetworkIsA56) {
    ResponseLimit limit(1, 7);
    EXPECT_EQ(limit.take(asker("2001:db8:0:1100::1"), 0), Verdict::answer);
    EXPECT_NE(limit.take(asker("2001:db8:0:11ff::2"), 0), Verdict::answer);
    EXPECT_EQ(limit.take(asker("2001:db8:0:1200::1"), 0), Verdict::answer);
    EXPECT_EQ(limit.take(asker("::ffff:203.0.113.5"), 0), Verdict::answer);
    EXPECT_NE(limit.take(asker("203.0.113.6"), 0), Verdict::answer); // the same network in its own form
}

TEST(ResponseLimit, WhereNoStrangerIsThereIsNoLimit) {
    ResponseLimit limit(1, 7);
    for (const char* inside :
         {"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"})
        for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.take(asker(inside), 0), Verdict::answer) << inside;
    ResponseLimit none(0, 7);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(none.take(asker("203.0.113.1"), 0), Verdict::answer);
}

} // namespace
} // namespace gravity::registry::dns
