#include <gravity/auth/access_keys.hpp>
#include <gravity/base/encoding.hpp>

#include <gtest/gtest.h>

namespace gravity::auth {
namespace {

const std::string key = AccessKey::generate().text().reveal();

std::string of(http::Request request) {
    const auto presented = presented_key(request);
    return presented ? (presented->basic ? "basic " : "") + presented->text : "none";
}
http::Request with(std::string_view name, std::string_view value) {
    http::Request request;
    request.headers.add(name, value);
    return request;
}
http::Request asking(std::string_view query) {
    http::Request request;
    request.query = query;
    return request;
}
http::Request basic(const std::string& pair) { return with("Authorization", "Basic " + base64_encode(pair)); }

TEST(PresentedKey, StandsInAnyPlaceThatAStandardHasForIt) {
    EXPECT_EQ(of(with("Authorization", "Bearer " + key)), key);
    EXPECT_EQ(of(with("authorization", "bearer  " + key)), key);
    EXPECT_EQ(of(basic("anybody:" + key)), "basic " + key);
    EXPECT_EQ(of(basic(key + ":")), "basic " + key);
    EXPECT_EQ(of(with("X-API-Key", key)), key);
    EXPECT_EQ(of(asking("a=1&key=" + key + "&b=2")), key);
    EXPECT_EQ(of(asking("a=1&b=2")), "none");
    EXPECT_EQ(of({}), "none");
}

TEST(PresentedKey, ATokenOfThePlatformIsNone) {
    EXPECT_EQ(of(with("Authorization", "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln")), "none");
    auto both = with("Authorization", "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln");
    both.headers.add("X-API-Key", key); // the gateway has made a token of it
    EXPECT_EQ(of(both), "none");
    both.headers.add("Authorization", "Bearer " + key);
    EXPECT_EQ(of(both), "none") << "two Authorization fields: nobody can say which is meant";
}

TEST(PresentedKey, BasicThatCannotBeReadIsStillAnAttempt) {
    for (const auto value : {"Basic", "Basic ", "Basic ***", "Basic bm9jb2xvbg=="}) {
        const auto presented = presented_key(with("Authorization", value));
        if (std::string_view(value) == "Basic") {
            EXPECT_FALSE(presented);
        } else {
            ASSERT_TRUE(presented) << value;
            EXPECT_TRUE(presented->basic);
            EXPECT_FALSE(AccessKey::parse(presented->text));
        }
    }
}

} // namespace
} // namespace gravity::auth
