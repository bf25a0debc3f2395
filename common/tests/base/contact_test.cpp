#include <gravity/base/contact.hpp>

#include <gtest/gtest.h>

using gravity::Email;
using gravity::Phone;
using gravity::Url;

namespace {

std::string email(std::string_view text) {
    const auto parsed = Email::parse(text);
    return parsed ? parsed->str() : "refused";
}
std::string url(std::string_view text) {
    const auto parsed = Url::parse(text);
    return parsed ? parsed->str() : "refused";
}

TEST(Email, KeepsTheLocalPartAndLowersTheDomain) {
    EXPECT_EQ(email("Ada.Lovelace+x@Example.COM"), "Ada.Lovelace+x@example.com");
    EXPECT_EQ(email("o'neil@a-b.example"), "o'neil@a-b.example");
    EXPECT_EQ(email("a@BÜCHER.example"), "a@bücher.example");
    EXPECT_EQ(email("a@xn--bcher-kva.example"), "a@xn--bcher-kva.example");
    const Email ada = "ada@example.com";
    EXPECT_EQ(ada.local_part(), "ada");
    EXPECT_EQ(ada.domain(), "example.com");
}

TEST(Email, RefusesWhatCannotBeSentTo) {
    for (const char* bad : {"",
                            "@",
                            "a",
                            "a@",
                            "@example.com",
                            "a@example",
                            "0@0.a",
                            "a@b.\xc3\xbc",
                            "a@.example.com",
                            "a@example..com",
                            "a@example.com.",
                            "a@-x.com",
                            "a@x-.com",
                            ".a@example.com",
                            "a.@example.com",
                            "a..b@example.com",
                            "a b@example.com",
                            "\"a\"@example.com",
                            "a@[127.0.0.1]",
                            "a@127.0.0.1",
                            "a@b@example.com",
                            "a@exa_mple.com",
                            "a@example.com\n",
                            "ä@example.com",
                            "a@xn--zzzz\xc3.com",
                            "a@xn--a.com",
                            "a@\xff.com",
                            "<a@example.com>"}) {
        EXPECT_EQ(email(bad), "refused") << bad;
    }
}

TEST(Email, HoldsTheLengthsOfRfc5321) {
    EXPECT_NE(email(std::string(64, 'a') + "@example.com"), "refused");
    EXPECT_EQ(email(std::string(65, 'a') + "@example.com"), "refused");
    const std::string label(63, 'b');
    EXPECT_NE(email("a@" + label + ".com"), "refused");
    EXPECT_EQ(email("a@" + label + "b.com"), "refused");
    const std::string domain = label + "." + label + "." + label + "."; // 192
    EXPECT_NE(email("a@" + domain + std::string(60, 'c')), "refused");  // 254 in all
    EXPECT_EQ(email("a@" + domain + std::string(61, 'c')), "refused");
}

TEST(Phone, IsE164) {
    for (const char* good : {"+4930123456", "+12025550123", "+123456789012345"})
        EXPECT_TRUE(Phone::parse(good)) << good;
    for (const char* bad : {"", "+", "030123456", "+0301234567", "+49 30 123456", "+1234567890123456", "+123456",
                            "4930123456", "+49-3012345", "++493012345"}) {
        EXPECT_FALSE(Phone::parse(bad)) << bad;
    }
}

TEST(Url, IsNormalised) {
    EXPECT_EQ(url("HTTPS://Example.COM"), "https://example.com/");
    EXPECT_EQ(url("https://example.com:443/a"), "https://example.com/a");
    EXPECT_EQ(url("http://example.com:443/a"), "http://example.com:443/a");
    EXPECT_EQ(url("http://example.com:080/"), "http://example.com/");
    EXPECT_EQ(url("http://example.com:/"), "http://example.com/");
    EXPECT_EQ(url("https://bücher.example/ü?ö=ß#ä"), "https://xn--bcher-kva.example/%C3%BC?%C3%B6=%C3%9F#%C3%A4");
    EXPECT_EQ(url("http://a/b/../c/./d"), "http://a/c/d");
    EXPECT_EQ(url("http://a/../../x"), "http://a/x");
    EXPECT_EQ(url("http://a/b/%2E%2e/c/."), "http://a/c/");
    EXPECT_EQ(url("http://a/b//c/"), "http://a/b//c/");
    EXPECT_EQ(url("http://a?filter[x]=1&b={c}"), "http://a/?filter%5Bx%5D=1&b=%7Bc%7D");
    EXPECT_EQ(url("http://[2001:DB8:0::1]:8080/"), "http://[2001:db8::1]:8080/");
    EXPECT_EQ(url("http://127.0.0.1/"), "http://127.0.0.1/");
    EXPECT_EQ(url("http://my_container:9000/x"), "http://my_container:9000/x");
    EXPECT_EQ(url("http://１２７.0.0.1/"), "refused"); // full-width digits map to an address
}

TEST(Url, IsAFixedPointOfItself) {
    for (const char* text : {"HTTPS://Example.COM", "https://bücher.example/ü?ö=ß#ä", "http://a/b/%2E%2e/c/.",
                             "http://[::1]", "http://a#", "http://a?"}) {
        const std::string once = url(text);
        EXPECT_NE(once, "refused");
        EXPECT_EQ(url(once), once);
    }
}

TEST(Url, RefusesWhatMisleads) {
    for (const char* bad : {"",
                            "http://",
                            "http:///x",
                            "http:/a",
                            "ftp://a/",
                            "//a/b",
                            "/a",
                            "a.example",
                            "javascript:alert(1)",
                            "http://u@a/",
                            "http://u:p@a/",
                            "http://a b/",
                            "http://a/ b",
                            " http://a/",
                            "http://a/\n",
                            "http://a\\b",
                            "http://a/\\b",
                            "http://a/%",
                            "http://a/%2",
                            "http://a/%zz",
                            "http://a:0/",
                            "http://a:65536/",
                            "http://a:x/",
                            "http://a:123456/",
                            "http://a:80:80/",
                            "http://127.1/",
                            "http://0x7f.1/",
                            "http://2130706433/",
                            "http://1.2.3.4.5/",
                            "http://256.1.1.1/",
                            "http://01.2.3.4/",
                            "http://a.0x1/",
                            "http://a./",
                            "http://.a/",
                            "http://a..b/",
                            "http://[::1/",
                            "http://::1/",
                            "http://[::1]x/",
                            "http://[fe80::1%25eth0]/",
                            "http://a%41/",
                            "http://\xff/",
                            "http://a/\xff",
                            "https://xn--a/"}) {
        EXPECT_EQ(url(bad), "refused") << bad;
    }
    EXPECT_EQ(Url::parse("http://u:p@a/").why(), "must not contain a user name or password");
    EXPECT_TRUE(Url::parse("http://a/" + std::string(2'039, 'x')));
    EXPECT_FALSE(Url::parse("http://a/" + std::string(2'040, 'x')));
    std::string umlauts = "http://a/";
    for (int i = 0; i < 400; ++i) umlauts += "ü";
    EXPECT_FALSE(Url::parse(umlauts)); // 809 bytes, 2,409 when encoded
}

TEST(Url, NamesItsParts) {
    const Url u = "https://example.com:8443/a/b?c=d#e";
    EXPECT_EQ(u.scheme(), "https");
    EXPECT_EQ(u.host(), "example.com");
    EXPECT_EQ(u.port(), 8443);
    EXPECT_EQ(u.target(), "/a/b?c=d");
    EXPECT_EQ(u.origin(), "https://example.com:8443");
    const Url v6 = "http://[::1]:81";
    EXPECT_EQ(v6.host(), "::1");
    EXPECT_EQ(v6.port(), 81);
    EXPECT_EQ(v6.target(), "/");
    EXPECT_EQ(Url("http://a").port(), 80);
    EXPECT_EQ(Url("https://[::1]").port(), 443);
}

} // namespace
