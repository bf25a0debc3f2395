// Order within a subject, freedom between subjects: pure.
#include "events/lanes.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gravity::events {
namespace {

using namespace std::chrono_literals;
using Moment = resilience::Moment;

const Moment noon{1000h};

TEST(Lanes, OneAtATimeOfASubjectAndInOrder) {
    Lanes<int> lanes;
    lanes.add("a", 1);
    lanes.add("a", 2);
    lanes.add("b", 3);
    const auto first = lanes.take(noon), second = lanes.take(noon);
    EXPECT_EQ(*first->item, 1);
    EXPECT_EQ(*second->item, 3);
    EXPECT_FALSE(lanes.take(noon)); // 2 waits for 1
    lanes.done("b");
    EXPECT_FALSE(lanes.take(noon));
    lanes.done("a");
    EXPECT_EQ(*lanes.take(noon)->item, 2);
    lanes.done("a");
    EXPECT_EQ(lanes.size(), 0u);
    EXPECT_FALSE(lanes.next());
}

TEST(Lanes, LaterOnesWaitBehindAnAttemptThatIsRepeated) {
    Lanes<int> lanes;
    lanes.add("a", 1);
    lanes.add("a", 2);
    lanes.add("b", 3);
    EXPECT_EQ(*lanes.take(noon)->item, 1);
    lanes.retry("a", noon + 10s);
    EXPECT_EQ(*lanes.take(noon)->item, 3);
    EXPECT_FALSE(lanes.take(noon + 9s));
    EXPECT_EQ(lanes.next(), noon + 10s);
    EXPECT_EQ(*lanes.take(noon + 10s)->item, 1);
    lanes.done("a");
    EXPECT_EQ(*lanes.take(noon + 10s)->item, 2); // the pause was the first one's
}

TEST(Lanes, ForgettingLeavesWhatRuns) {
    Lanes<int> lanes;
    for (const char* lane : {"a", "b"})
        for (int i = 0; i < 3; ++i) lanes.add(lane, i);
    const auto running = lanes.take(noon);
    lanes.clear_waiting();
    EXPECT_EQ(lanes.size(), 1u);
    EXPECT_TRUE(lanes.any_running());
    EXPECT_FALSE(lanes.take(noon));
    lanes.done(running->lane);
    EXPECT_EQ(lanes.size(), 0u);
}

// Whatever the order of takes, ends and repetitions: each subject's items end in the order they came, each once.
TEST(Lanes, KeepsTheOrderUnderAnyInterleaving) {
    std::uint64_t seed = 42;
    const auto dice = [&seed](std::uint64_t n) { return (seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33 % n; };
    for (int round = 0; round < 200; ++round) {
        Lanes<int> lanes;
        for (int i = 0; i < 30; ++i) lanes.add(std::string(1, static_cast<char>('a' + i % 4)), i);
        std::map<std::string, std::vector<int>> ended;
        std::map<std::string, int> running;
        Moment now = noon;
        while (lanes.size() > 0) {
            if (const auto ready = lanes.take(now)) {
                EXPECT_FALSE(running.contains(ready->lane));
                running[ready->lane] = *ready->item;
            } else if (!running.empty()) {
                auto one = std::next(running.begin(), static_cast<std::ptrdiff_t>(dice(7) % running.size()));
                if (dice(3) == 0) {
                    lanes.retry(one->first, now + 1s);
                } else {
                    ended[one->first].push_back(one->second);
                    lanes.done(one->first);
                }
                running.erase(one);
            } else {
                now = std::max(now, *lanes.next());
            }
        }
        for (const auto& [lane, items] : ended) EXPECT_TRUE(std::is_sorted(items.begin(), items.end())) << lane;
    }
}

} // namespace
} // namespace gravity::events
