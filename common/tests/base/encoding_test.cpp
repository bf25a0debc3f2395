#include <gravity/base/encoding.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace gravity {
namespace {

using namespace std::string_literals;

// RFC 4648 section 10.
TEST(Encoding, Rfc4648Vectors) {
    const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64_encode(bytes), text);
        EXPECT_EQ(base64_decode(text), bytes);
        const std::string bare = text.substr(0, text.find('='));
        EXPECT_EQ(base64url_encode(bytes), bare);
        EXPECT_EQ(base64url_decode(bare), bytes);
    }
    EXPECT_EQ(hex_encode("foobar"), "666f6f626172");
    EXPECT_EQ(hex_decode("666F6f626172"), "foobar");
}

TEST(Encoding, Base64RefusesOtherTextsOfTheSameBytes) {
    for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm9v\n", " Zm9v",
                             "Zm-v", "Zm_v", "Zm9vYg==\n"}) {
        EXPECT_FALSE(base64_decode(text)) << text;
    }
    EXPECT_FALSE(base64_decode("Zm9\0"s));
}

TEST(Encoding, Base64urlRefusesPaddingAndOtherTexts) {
    for (const char* text :
         {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "Zm9vY", "Zm+v", "Zm/v", "Zm9v\n", "Zm9v.", "\xc3\xa9Zm"}) {
        EXPECT_FALSE(base64url_decode(text)) << text;
    }
    EXPECT_EQ(base64url_decode("-_-_"), "\xfb\xff\xbf");
}

TEST(Encoding, HexRefuses) {
    for (const char* text : {"6", "6g", "0x66", " 66", "66 "}) EXPECT_FALSE(hex_decode(text)) << text;
}

TEST(Encoding, RandomBytesRoundTrip) {
    std::mt19937 random(7);
    for (std::size_t length = 0; length < 200; ++length) {
        std::string bytes;
        for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random());
        EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
        EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
        EXPECT_EQ(hex_decode(hex_encode(bytes)), bytes);
    }
}

std::string json_text(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonString, EscapesWhatMustBe) {
    EXPECT_EQ(json_text(""), R"("")");
    EXPECT_EQ(json_text("plain text"), R"("plain text")");
    EXPECT_EQ(json_text("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(json_text("\n\r\t\b\x1b\x7f\0end"s), R"("\n\r\t\u0008\u001b\u007f\u0000end")");
    EXPECT_EQ(json_text("\u20ac \U0001f600 \u00e9"), "\"\u20ac \U0001f600 \u00e9\"");
}

TEST(JsonString, ReplacesIllFormedUtf8) {
    const std::string r = "\xef\xbf\xbd";
    const auto inside = [](std::string_view text) {
        const auto out = json_text(text);
        return out.substr(1, out.size() - 2);
    };
    EXPECT_EQ(inside("a\x80z"), "a" + r + "z");
    EXPECT_EQ(inside("\xc0\xaf"), r + r) << "overlong";
    EXPECT_EQ(inside("\xe2\x82"), r) << "cut short: one for the part";
    EXPECT_EQ(inside("\xe2\x82z"), r + "z");
    EXPECT_EQ(inside("\xed\xa0\x80"), r + r + r) << "surrogate";
    EXPECT_EQ(inside("\xf4\x90\x80\x80"), r + r + r + r) << "beyond U+10FFFF";
    EXPECT_EQ(inside("\xf0\x9f\x98\""), r + "\\\"");
    EXPECT_EQ(inside("\xff"), r);
}

TEST(JsonString, IsAlwaysValid) {
    std::mt19937 random(11);
    for (int round = 0; round < 5000; ++round) {
        std::string bytes;
        for (std::size_t i = random() % 24; i > 0; --i)
            bytes += static_cast<char>(random() % 3 == 0 ? random() : random() % 128);
        const auto out = json_text(bytes);
        const auto parsed = nlohmann::json::parse(out, nullptr, false);
        ASSERT_TRUE(parsed.is_string()) << hex_encode(bytes);
    }
}

} // namespace
} // namespace gravity
