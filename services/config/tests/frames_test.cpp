#include "frames.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

TEST(Frames, AreRead) {
    const auto hello = parse_hello(R"({"hello":{"application":"shop","profiles":"dev,eu","label":"main","instance":"i-1","have":7}})");
    ASSERT_TRUE(hello) << hello.why();
    EXPECT_EQ(hello->application.view(), "shop");
    EXPECT_EQ(hello->have->value(), 7);
    EXPECT_EQ(parse_hello(R"({"hello":{"application":"shop"}})")->profiles.view(), "default");
    for (const std::string bad : {"", "x", "[]", "{}", R"({"hello":5})", R"({"hello":{}})"}) EXPECT_FALSE(parse_hello(bad)) << bad;
    for (const std::string bad : {R"({"hello":{"application":"shop","have":-1}})", R"({"hello":{"application":"shop"},"more":1})",
                                  R"({"hello":{"application":"shop","what":1}})", R"({"hello":{"application":"shop","label":"A"}})"})
        EXPECT_FALSE(parse_hello(bad)) << bad;
    EXPECT_EQ(parse_ack(R"({"ack":7})")->ack.value(), 7);
    EXPECT_TRUE(*parse_ack(R"({"ack":7,"status":"failed","detail":"no"})")->status == AckStatus::failed);
    for (const std::string bad : {"", "7", "{}", R"({"ack":-1})", R"({"ack":"7"})", R"({"ack":7,"status":"maybe"})", R"({"ack":7,"more":1})"})
        EXPECT_FALSE(parse_ack(bad)) << bad;
}

TEST(Frames, TakeAFailureInWhateverWordsItIsSaid) {
    const auto detail = [](const std::string& json) { return parse_ack(R"({"ack":7,"status":"failed","detail":")" + json + "\"}")->detail->str(); };
    EXPECT_EQ(detail(R"(Error: no\n\tat main (a.js:1)\r\n\u001b[31mred\u0085)"), "Error: no\n\tat main (a.js:1) \n [31mred ");
    std::string long_text, kept;
    for (int i = 0; i < 1'200; ++i) long_text += "\u00fc";
    for (int i = 0; i < 1'000; ++i) kept += "\u00fc";
    EXPECT_EQ(detail(long_text), kept);
    EXPECT_EQ(detail(""), "");
    std::string out, why;
    EXPECT_FALSE(FailureDetail::accept("\xff", out, why));
}

TEST(Frames, TellWhatHasChanged) {
    const Snapshot from{3, {{"a", 1}, {"b", 2}, {"c", 3}}}, to{5, {{"a", 1}, {"b", 9}, {"d", 4}}};
    EXPECT_EQ(change_document(from, to).dump(), R"({"changed":{"b":9,"d":4},"removed":["c"],"version":5})");
    EXPECT_EQ(snapshot_document(from).dump(), R"({"items":{"a":1,"b":2,"c":3},"version":3})");
}

TEST(Window, WaitsForAcknowledgements) {
    Window window;
    for (std::int64_t version = 1; version <= 8; ++version) {
        EXPECT_TRUE(window.open());
        window.sent(version, 10);
    }
    EXPECT_FALSE(window.open());
    window.acknowledged(0);
    EXPECT_FALSE(window.open());
    window.acknowledged(2);
    EXPECT_TRUE(window.open());
    window.sent(9, Window::most_bytes);
    EXPECT_FALSE(window.open());
    window.acknowledged(8);
    EXPECT_FALSE(window.open()); // few frames, too many bytes
    window.acknowledged(9);
    EXPECT_TRUE(window.open());
    window.acknowledged(100); // of what was never sent
    EXPECT_TRUE(window.open());
}

} // namespace
} // namespace gravity::config
