#include "handles.hpp"

#include <gravity/base/utf8.hpp>

#include <gtest/gtest.h>

namespace gravity::user {
namespace {

std::string kept(std::string_view text) {
    std::string why;
    return accept_handle(text, why).value_or("refused: " + why);
}
bool refused(std::string_view text) { return kept(text).starts_with("refused: must"); }
bool alike(std::string_view a, std::string_view b) { return handle_skeleton(handle_key(a)) == handle_skeleton(handle_key(b)); }

TEST(Handles, AreKeptAsTypedInNfc) {
    EXPECT_EQ(kept("Ada.Lovelace+x@example.com"), "Ada.Lovelace+x@example.com");
    EXPECT_EQ(kept("Jose\u0301"), "Jos\u00e9");
    EXPECT_EQ(kept("\uff21\uff44\uff41"), "Ada"); // full width
    EXPECT_EQ(kept("\u00dfeta"), "\u00dfeta");
    EXPECT_EQ(kept("\u4e2d\u6587"), "\u4e2d\u6587");
    EXPECT_EQ(kept("\u05d0\u05d1\u05d2"), "\u05d0\u05d1\u05d2"); // from right to left
    EXPECT_EQ(kept("\u0661\u0662\u0663\u0627").substr(0, 7), "refused"); // begins with a number: the bidi rule
}

// The examples of RFC 8265 section 3.5.
TEST(Handles, AreThoseOfTheStandardsExamples) {
    for (const std::string_view text : {"juliet@example.com", "fussball", "fu\u00dfball", "\u03c0", "\u03a3", "\u03c3", "\u03c2"}) EXPECT_EQ(kept(text), text);
    EXPECT_EQ(handle_key("\u03a3"), "\u03c3"); // capital sigma
    EXPECT_NE(handle_key("fussball"), handle_key("fu\u00dfball"));
    for (const std::string_view text : {"foo bar", "", "henry\u2163", "\u265a"}) EXPECT_TRUE(refused(text)) << text;
}

// RFC 8264 section 9: what an identifier is not made of.
TEST(Handles, AreIdentifiers) {
    for (const std::string_view text : {"", "a b", "a\u00a0b", "a\tb", "a\x01", "\u2160", "\u00b2", "a\u200bb", "a\u200db", "a\u202eb", "\u0640",
                                        "\u2665", "\u00a3",
                                        "\u1100", "\u3031", "a\u00b7b", "\xff", "\xed\xa0\x80", "\u00ad"})
        EXPECT_TRUE(refused(text)) << text;
    EXPECT_TRUE(refused(std::string(256, 'a')));
    EXPECT_EQ(kept(std::string(255, 'a')), std::string(255, 'a'));
    EXPECT_TRUE(refused(std::string(10'000, 'a')));
}

TEST(Handles, DoNotMixScripts) {
    EXPECT_TRUE(refused("\u0430dmin"));             // Cyrillic a, Latin rest
    EXPECT_TRUE(refused("ada\u03bf"));              // Greek omicron
    EXPECT_TRUE(refused("\u0627\u0661\u06f2"));     // Arabic-Indic and extended digits
    EXPECT_TRUE(refused("\u05d0a"));                // both directions
    EXPECT_FALSE(refused("\u65e5\u672c\u306e"));    // Japanese is written in several
    EXPECT_FALSE(refused("\u0434\u0430"));
}

TEST(Handles, AreAlikeWhateverCaseAndLook) {
    EXPECT_TRUE(alike("Admin", "aDMIN"));
    EXPECT_TRUE(alike("ace", "\u0430\u0441\u0435")); // all of it Cyrillic
    EXPECT_TRUE(alike("paypal", "paypa1"));
    EXPECT_TRUE(alike("modern", "modem"));
    EXPECT_TRUE(alike("Jos\u00e9", "JOSE\u0301"));
    EXPECT_FALSE(alike("ada", "adam"));
    EXPECT_FALSE(alike("jose", "jos\u00e9"));
}

// What looks like many letters at once is long written out: an index takes some 2,700 bytes of a row.
TEST(Handles, HaveSkeletonsThatAnIndexTakes) {
    std::string longest, why;
    for (char32_t code = 0x21; code < 0x30000; ++code) {
        if (code >= 0xD800 && code < 0xE000) continue;
        std::string one;
        utf8::append(one, code);
        if (accept_handle(one, why) && handle_skeleton(handle_key(one)).size() > handle_skeleton(handle_key(longest)).size()) longest = one;
    }
    const std::size_t each = handle_skeleton(handle_key(longest)).size();
    ASSERT_GT(each * 255, 2700u); // else nothing is tested
    const auto many = [&](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) text += longest;
        return text;
    };
    EXPECT_TRUE(refused(many(255)));
    EXPECT_FALSE(refused(many(2048 / each)));
}

TEST(Handles, HostsAreAskedForInAscii) {
    EXPECT_EQ(ascii_host("B\u00fccher.Example"), "xn--bcher-kva.example");
    EXPECT_EQ(ascii_host("fa\u00df.de"), "xn--fa-hia.de"); // not "fass.de"
    EXPECT_FALSE(ascii_host("a_b.example"));
    EXPECT_FALSE(ascii_host("-a.example"));
}

} // namespace
} // namespace gravity::user
