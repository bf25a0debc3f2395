// Lines of the log as `agent/monitor` shows them.
#include "monitor.hpp"

#include <gtest/gtest.h>

namespace gravity::registry {
namespace {

constexpr const char* line = R"({"ts":"2026-11-26T12:00:00.123Z","level":"warn","service":"discovery","msg":"a check failed",)"
                             R"("check":"web 1","n":3,"empty":"","ok":true})";

std::string shown(std::string_view text, log::Level level = log::Level::info, bool json = false) {
    return monitor_line(text, {level, json}).value_or("nothing");
}

TEST(Monitor, ShowsALineAsConsulDoes) {
    EXPECT_EQ(shown(line), R"(2026-11-26T12:00:00.123Z [WARN]  discovery: a check failed: check="web 1" empty="" n=3 ok=true)");
    EXPECT_EQ(shown(line, log::Level::info, true),
              R"({"@level":"warn","@message":"a check failed","@module":"discovery","@timestamp":"2026-11-26T12:00:00.123Z",)"
              R"("check":"web 1","empty":"","n":3,"ok":true})");
    EXPECT_EQ(shown(R"({"ts":"t","level":"error","service":"s","msg":"m"})"), "t [ERROR] s: m");
}

TEST(Monitor, LeavesOutWhatIsTooLittleAndWhatIsNoLine) {
    EXPECT_EQ(shown(line, log::Level::warn), shown(line));
    for (const char* nothing : {"", "{", "[]", "7", "{}", R"({"level":"loud"})", R"({"level":7})"}) EXPECT_EQ(shown(nothing), "nothing") << nothing;
    EXPECT_EQ(shown(line, log::Level::error), "nothing");
}

} // namespace
} // namespace gravity::registry
