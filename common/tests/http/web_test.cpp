#include <gravity/http/web.hpp>

#include <gtest/gtest.h>

namespace gravity::http {
namespace {

template <class R>
Response written(R result) {
    const Request request;
    Output out(request);
    Result<R>::write(out, std::move(result));
    return out.response();
}
template <class R>
Route described() {
    Route route;
    Result<R>::describe(route);
    return route;
}

TEST(Web, IsSentAsItWasMade) {
    const Response sent = written(Web{"text/plain", "no such flow", 400}.with("Cache-Control", "no-store").with("Content-Type", "text/plain; charset=utf-8"));
    EXPECT_EQ(sent.status, 400);
    EXPECT_EQ(sent.body, "no such flow");
    EXPECT_EQ(sent.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(sent.headers.get("Content-Type"), "text/plain; charset=utf-8") << "a header replaces what was there";
}

TEST(Web, KeepsCookiesApart) {
    Web web = Web{"text/html", "x"}.with("Set-Cookie", "one=1; Path=/").with("X-Frame-Options", "SAMEORIGIN").with("X-Frame-Options", "DENY");
    web.headers.emplace_back("set-cookie", "two=2");
    const Response sent = written(std::move(web));
    EXPECT_EQ(sent.headers.count("Set-Cookie"), 2u);
    EXPECT_EQ(sent.headers.count("X-Frame-Options"), 1u);
    EXPECT_EQ(sent.headers.get("X-Frame-Options"), "DENY");
}

TEST(Web, WithoutATypeHasNoBody) {
    const Response sent = written(Web{"", "", 204});
    EXPECT_EQ(sent.status, 204);
    EXPECT_FALSE(sent.headers.has("Content-Type"));
    const Response empty = written(Web{"text/html", ""});
    EXPECT_EQ(empty.headers.get("Content-Type"), "text/html") << "an empty page is one";
}

TEST(Web, TheOthersAreSentAlikeAndDescribedAsWhatTheyAreWithoutAFault) {
    const Web refused{"application/scim+json", "{}", 409};
    EXPECT_EQ(written(WebCreated{refused}).status, 409);
    EXPECT_EQ(written(WebEmpty{refused}).body, "{}");
    EXPECT_EQ(written(WebSeeOther{Web{"text/html", "", 303}.with("Location", "/login")}).headers.get("Location"), "/login");
    EXPECT_EQ(described<Web>().answer.status, 200);
    EXPECT_EQ(described<WebCreated>().answer.status, 201);
    EXPECT_EQ(described<WebEmpty>().answer.status, 204);
    EXPECT_EQ(described<WebSeeOther>().answer.status, 303);
    EXPECT_TRUE(described<WebSeeOther>().answer.location);
}

} // namespace
} // namespace gravity::http
