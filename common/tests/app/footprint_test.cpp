#include "app/footprint.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace gravity::app {
namespace {

// Kibibytes of this executable's text that are mapped now (proc(5), smaps).
std::size_t resident_text() {
    std::ifstream maps("/proc/self/smaps");
    std::size_t total = 0;
    bool own = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.find('-') < line.find(' ')) own = line.find(" r-xp ") != std::string::npos && line.find("common_app_test") != std::string::npos;
        if (own && line.starts_with("Rss:")) total += std::stoul(line.substr(4));
    }
    return total;
}

TEST(Footprint, TextThatIsNotInUseIsNoLongerMapped) {
    const std::size_t before = resident_text();
    ASSERT_GT(before, 0u);
    EXPECT_GT(give_back_what_is_unused(), 1024u * before / 2);
    EXPECT_LT(resident_text(), before); // it is in use again, as far as this test needs it
}

TEST(Footprint, IsLookedAtAfterTheStartAndAfterEachQuietPeriod) {
    using namespace std::chrono_literals;
    Rest rest;
    const std::chrono::steady_clock::time_point start{1h};
    EXPECT_TRUE(rest.due(start, 5s));
    EXPECT_FALSE(rest.due(start + 29s, 5s));           // not yet
    EXPECT_TRUE(rest.due(start + 30s, 5s + 200ms));    // two thirds of a per cent
    EXPECT_FALSE(rest.due(start + 60s, 5s + 600ms));   // worked
    EXPECT_FALSE(rest.due(start + 89s, 5s + 600ms));
    EXPECT_TRUE(rest.due(start + 90s, 5s + 600ms));    // and rests again
    EXPECT_FALSE(rest.due(start + 30min, 60s));        // what it did in a longer gap counts over that gap
}

TEST(Footprint, ProcessorTimeIsThatOfTheProcess) {
    const auto before = processor_time();
    while (processor_time() == before) {}
    EXPECT_GT(processor_time(), before);
}

} // namespace
} // namespace gravity::app
