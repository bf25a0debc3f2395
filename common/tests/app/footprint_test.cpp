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
    EXPECT_GT(give_back_what_starting_took(), 1024u * before / 2);
    EXPECT_LT(resident_text(), before); // it is in use again, as far as this test needs it
}

} // namespace
} // namespace gravity::app
