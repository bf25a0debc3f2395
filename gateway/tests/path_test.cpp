#include "path.hpp"

#include <gtest/gtest.h>

#include <random>

namespace gravity::gateway {
namespace {

std::string normal(std::string_view raw) {
    std::string out;
    const auto why = normalise_path(raw, out);
    return why.empty() ? out : "refused";
}

TEST(Path, HasOneForm) {
    EXPECT_EQ(normal(""), "/");
    EXPECT_EQ(normal("/"), "/");
    EXPECT_EQ(normal("/a/b"), "/a/b");
    EXPECT_EQ(normal("/a/b/"), "/a/b/");
    EXPECT_EQ(normal("//a///b"), "/a/b");
    EXPECT_EQ(normal("/a/./b/."), "/a/b/");
    EXPECT_EQ(normal("/a/b/../c"), "/a/c");
    EXPECT_EQ(normal("/a/.."), "/");
    EXPECT_EQ(normal("/../../a"), "/a");
    EXPECT_EQ(normal("/a/%2e%2E/b"), "/b");
    EXPECT_EQ(normal("/a/.%2e/b"), "/b");
    EXPECT_EQ(normal("/a//../b"), "/b") << "an empty segment is none";
    EXPECT_EQ(normal("/%69nternal"), "/internal");
    EXPECT_EQ(normal("/a%c3%a4%20b"), "/a%C3%A4%20b");
    EXPECT_EQ(normal("/%252e%252e/a"), "/%252e%252e/a") << "decoded once, not twice";
    EXPECT_EQ(normal("/..a/b../.c"), "/..a/b../.c");
    EXPECT_EQ(normal("/a;b=c,d"), "/a;b=c,d");
}

TEST(Path, HidesNothing) {
    for (const char* raw : {"a", "/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/a%00", "/a%", "/a%2", "/a%zz", "/a%2g", "/..%2f", "/%"})
        EXPECT_EQ(normal(raw), "refused") << raw;
    for (const char byte : {'\0', '\x01', ' ', '\x7f', '\xc3'}) EXPECT_EQ(normal(std::string("/a") + byte), "refused") << static_cast<int>(byte);
}

// The normal form is its own normal form: nothing is left for a second party to normalise.
TEST(Path, IsStable) {
    std::mt19937 random(7);
    const std::string parts[] = {"/", ".", "..", "a", "%2e", "%41", "%20", "//", "-", "b", "%7E"};
    for (int i = 0; i < 20'000; ++i) {
        std::string raw = "/";
        for (auto n = random() % 10; n > 0; --n) raw += parts[random() % std::size(parts)];
        const std::string once = normal(raw);
        EXPECT_EQ(normal(once), once) << raw;
        EXPECT_EQ(once.find("//"), std::string::npos) << raw;
        EXPECT_EQ((once + "/").find("/../"), std::string::npos) << raw;
        EXPECT_EQ((once + "/").find("/./"), std::string::npos) << raw;
    }
}

} // namespace
} // namespace gravity::gateway
