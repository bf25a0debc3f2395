#include "authorize_domain.hpp"
#include "redirects.hpp"
#include "refresh_seal.hpp"

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

TEST(Redirects, GoToTheirOwnPlacesOnly) {
    for (const std::string good : {"https://app.example.com/callback", "https://app.example.com/callback?a=b", "http://127.0.0.1/cb",
                                   "http://127.0.0.1:8080/cb",
                                   "http://localhost:3000/", "http://[::1]/cb", "com.example.app:/cb", "com.example.app://cb"})
        EXPECT_TRUE(RedirectUri::parse(good)) << good;
    for (const std::string bad : {"", "app", "/callback", "http://app.example.com/", "https://app.example.com/#", "https://app.example.com/#a",
                                  "javascript:alert(1)",
                                  "data:text/html,x", "app:/cb", "https:", "https://app.example.com/a b", "https://a\\@b/", "https://user@app.example.com/",
                                  "http://127.0.0.1.example.com/", "HTTPS://app.example.com/", "com.example.app:"})
        EXPECT_FALSE(RedirectUri::parse(bad)) << bad;
}

TEST(Redirects, AreTheSameAsTextButForPortsOfThisMachine) {
    const RedirectUri web("https://app.example.com/cb"), native("http://127.0.0.1/cb");
    EXPECT_TRUE(same_redirect(web, "https://app.example.com/cb"));
    for (const std::string other : {"https://app.example.com/cb/", "https://app.example.com/cb?x=1", "https://app.example.com:443/cb",
                                    "https://APP.example.com/cb",
                                    "https://app.example.com/", "https://app.example.com.evil.example/cb"})
        EXPECT_FALSE(same_redirect(web, other)) << other;
    EXPECT_TRUE(same_redirect(native, "http://127.0.0.1:49152/cb"));
    EXPECT_TRUE(same_redirect(native, "http://127.0.0.1/cb"));
    for (const std::string other : {"http://127.0.0.1:1/other", "http://127.0.0.1:80@evil.example/cb", "http://127.0.0.1evil.example/cb", "http://[::1]:1/cb",
                                    "http://127.0.0.1:99999/cb", "http://localhost:1/cb"})
        EXPECT_FALSE(same_redirect(native, other)) << other;
}

TEST(Redirects, CarryParameters) {
    EXPECT_EQ(with_parameters("https://a.example/cb", {{"code", "x y"}, {"state", ""}, {"iss", "https://b"}}),
              "https://a.example/cb?code=x%20y&iss=https%3A%2F%2Fb");
    EXPECT_EQ(with_parameters("https://a.example/cb?k=1", {{"code", "x"}}), "https://a.example/cb?k=1&code=x");
    EXPECT_EQ(redirect_origin("https://a.example/cb?k=1"), "https://a.example");
    EXPECT_EQ(redirect_origin("com.example.app:/cb"), "com.example.app:");
    EXPECT_EQ(redirect_origin("http://127.0.0.1:50000/cb"), "http://127.0.0.1:50000");
    EXPECT_EQ(redirect_origin("http://[::1]:50000/cb"), "") << "and not all of http";
    EXPECT_TRUE(is_ipv6_redirect("https://[2001:db8::1]/cb"));
    EXPECT_FALSE(is_ipv6_redirect("https://a.example/?to=http://[::1]/"));
}

// RFC 7636 appendix B.
TEST(Pkce, IsTheHashOfTheVerifier) {
    EXPECT_TRUE(pkce_matches("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    EXPECT_FALSE(pkce_matches("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    EXPECT_FALSE(pkce_matches("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")) << "plain";
    EXPECT_FALSE(pkce_matches("", "")) << "too short";
}

TEST(RefreshAnswers, OpenWithTheirTokenOnly) {
    const std::string sealed = seal_answer("grt_one", "key", "answer");
    EXPECT_EQ(sealed.find("answer"), std::string::npos);
    EXPECT_EQ(open_answer("grt_one", "key", sealed), "answer");
    EXPECT_FALSE(open_answer("grt_one", "other", sealed));
    EXPECT_FALSE(open_answer("grt_one", "", sealed));
    EXPECT_FALSE(open_answer("grt_two", "key", sealed));
    EXPECT_FALSE(open_answer("grt_one", "key", sealed.substr(0, sealed.size() - 1)));
    EXPECT_FALSE(open_answer("grt_one", "key", "short"));
}

} // namespace
} // namespace gravity::issuer
