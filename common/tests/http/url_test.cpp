#include <gravity/http/url.hpp>

#include <gtest/gtest.h>

using namespace gravity::http;

TEST(Url, TakesApart) {
    const auto url = parse_url("HTTPS://Example.ORG:8443/a/b?c=d#e");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->secure);
    EXPECT_EQ(url->host, "example.org");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a/b?c=d");
    EXPECT_EQ(url->to_string(), "https://example.org:8443/a/b?c=d");
    EXPECT_EQ(parse_url("http://h")->target, "/");
    EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
    EXPECT_EQ(parse_url("http://h:/x")->port, 80);
    EXPECT_EQ(parse_url("http://h:80/")->authority(), "h");
    EXPECT_EQ(parse_url("https://[::1]/")->host, "::1");
    EXPECT_EQ(parse_url("https://[::1]:80/")->authority(), "[::1]:80");
}

TEST(Url, RefusesWhatIsNotOne) {
    for (const char* bad : {"", "h", "//h/", "ftp://h/", "http:/h", "http://", "http:///x", "http://u@h/", "http://u:p@h/", "http://h:0/",
                            "http://h:65536/", "http://h:1x/", "http://a b/", "http://h/a b", "http://h/\r\n", "http://h\\@x/", "http://[::1",
                            "http://[::1]x/", "http://[h]/", "http://h%2f/", "http://\xc3\xa9/", "http://h/\xc3\xa9", "http://h,x/"})
        EXPECT_FALSE(parse_url(bad)) << bad;
    EXPECT_FALSE(parse_url("http://h/" + std::string(9000, 'a')));
}

TEST(Url, ResolvesReferences) { // the examples of RFC 3986 section 5.4, with an http base
    const auto base = parse_url("http://a/b/c/d;p?q");
    ASSERT_TRUE(base);
    const struct {
        const char *reference, *target;
    } cases[] = {
        {"g", "/b/c/g"},
        {"./g", "/b/c/g"},
        {"g/", "/b/c/g/"},
        {"/g", "/g"},
        {"?y", "/b/c/d;p?y"},
        {"g?y", "/b/c/g?y"},
        {"#s", "/b/c/d;p?q"},
        {"g#s", "/b/c/g"},
        {";x", "/b/c/;x"},
        {"", "/b/c/d;p?q"},
        {".", "/b/c/"},
        {"./", "/b/c/"},
        {"..", "/b/"},
        {"../", "/b/"},
        {"../g", "/b/g"},
        {"../..", "/"},
        {"../../g", "/g"},
        {"../../../g", "/g"},
        {"/./g", "/g"},
        {"/../g", "/g"},
        {"g.", "/b/c/g."},
        {"..g", "/b/c/..g"},
        {"./../g", "/b/g"},
        {"./g/.", "/b/c/g/"},
        {"g/../h", "/b/c/h"},
        {"g;x=1/../y", "/b/c/y"},
        {"g?y/../x", "/b/c/g?y/../x"},
    };
    for (const auto& [reference, target] : cases) {
        const auto resolved = resolve_reference(*base, reference);
        ASSERT_TRUE(resolved) << reference;
        EXPECT_EQ(resolved->target, target) << reference;
        EXPECT_EQ(resolved->host, "a");
    }
    EXPECT_EQ(resolve_reference(*base, "//g/x")->host, "g");
    EXPECT_TRUE(resolve_reference(*base, "https://g")->secure);
    EXPECT_FALSE(resolve_reference(*base, "mailto:x"));
    EXPECT_FALSE(resolve_reference(*base, "file:///etc/passwd"));
}
