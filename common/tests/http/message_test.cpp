#include <gravity/http/message.hpp>

#include <gtest/gtest.h>

using namespace gravity::http;

TEST(Message, MethodsAreCaseSensitive) {
    for (const char* name : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
        EXPECT_EQ(to_string(method_from(name)), name);
    EXPECT_EQ(method_from("get"), Method::other);
    EXPECT_EQ(method_from("PROPFIND"), Method::other);
    EXPECT_EQ(method_from(""), Method::other);
    EXPECT_EQ(to_string(Method::other), "");
}

TEST(Message, HeaderNamesCompareWithoutCase) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("X-One", "1");
    headers.add("ACCEPT", "b");
    EXPECT_EQ(headers.get("accept"), "a");
    EXPECT_EQ(headers.joined("aCCept"), "a, b");
    EXPECT_EQ(headers.count("accept"), 2u);
    EXPECT_TRUE(headers.has("x-one"));
    EXPECT_FALSE(headers.has("x-on"));
    EXPECT_FALSE(headers.get("missing"));
    EXPECT_EQ(headers.joined("missing"), "");
}

TEST(Message, JoinedKeepsEmptyMembers) {
    Headers headers;
    headers.add("A", "");
    headers.add("A", "x");
    EXPECT_EQ(headers.joined("a"), ", x");
}

TEST(Message, SetReplacesAllAndSurvivesItsOwnViews) {
    Headers headers;
    headers.add("A", "a value long enough not to fit in place");
    headers.add("b", "2");
    headers.add("a", "second");
    headers.set("A", *headers.get("a"));
    ASSERT_EQ(headers.count("a"), 1u);
    EXPECT_EQ(headers.get("a"), "a value long enough not to fit in place");
    headers.remove(headers.entries()[0].name);
    EXPECT_EQ(headers.entries().size(), 1u);
    headers.clear();
    EXPECT_TRUE(headers.entries().empty());
}

TEST(Message, PercentDecoding) {
    EXPECT_EQ(percent_decode("a%20b%2Fc%c3%A9"), "a b/c\xc3\xa9");
    EXPECT_EQ(percent_decode("a+b"), "a+b");
    EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
    EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
    EXPECT_EQ(percent_decode(""), "");
    for (const char* bad : {"%", "%2", "a%", "%g0", "%0g", "%%41", "% 41"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Message, PercentEncodingRoundTripsEveryByte) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const std::string encoded = percent_encode(all);
    for (const char c : encoded) EXPECT_TRUE(c == '%' || (c > 0x20 && c < 0x7f));
    EXPECT_EQ(percent_decode(encoded), all);
    EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encode("/?#[]@ %"), "%2F%3F%23%5B%5D%40%20%25");
}

TEST(Message, QueryParameters) {
    const auto parsed = parse_query("a=1&b=&c&=d&a=x%26y+z&&e=f=g");
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->size(), 6u);
    EXPECT_EQ((*parsed)[0].name, "a");
    EXPECT_EQ((*parsed)[1].value, "");
    EXPECT_EQ((*parsed)[2].name, "c");
    EXPECT_EQ((*parsed)[2].value, "");
    EXPECT_EQ((*parsed)[3].name, "");
    EXPECT_EQ((*parsed)[3].value, "d");
    EXPECT_EQ((*parsed)[4].value, "x&y z");
    EXPECT_EQ((*parsed)[5].value, "f=g");
    EXPECT_TRUE(parse_query("")->empty());
}

TEST(Message, QueryIsBoundedAndStrict) {
    EXPECT_FALSE(parse_query("a=%zz"));
    EXPECT_FALSE(parse_query("%=1"));
    EXPECT_TRUE(parse_query("a&b&c", 3));
    EXPECT_FALSE(parse_query("a&b&c", 2));
}

TEST(Message, ReasonPhrases) {
    EXPECT_EQ(reason_phrase(200), "OK");
    EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
    EXPECT_EQ(reason_phrase(299), "");
    EXPECT_EQ(reason_phrase(-1), "");
}
