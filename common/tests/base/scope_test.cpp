#include <gravity/base/caller.hpp>
#include <gravity/base/scope.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

bool allows(std::vector<std::string> granted, const char* wanted) {
    Caller caller;
    caller.scopes = std::move(granted);
    return caller.may(wanted);
}
bool allows(const char* granted, const char* wanted) { return allows(std::vector<std::string>{granted}, wanted); }

TEST(Scope, AdminIncludesWriteIncludesRead) {
    EXPECT_TRUE(allows("products:read", "products:read"));
    EXPECT_TRUE(allows("products:write", "products:read"));
    EXPECT_TRUE(allows("products:write", "products:write"));
    EXPECT_TRUE(allows("products:admin", "products:read"));
    EXPECT_TRUE(allows("products:admin", "products:write"));
    EXPECT_TRUE(allows("products:admin", "products:admin"));
    EXPECT_FALSE(allows("products:read", "products:write"));
    EXPECT_FALSE(allows("products:read", "products:admin"));
    EXPECT_FALSE(allows("products:write", "products:admin"));
}

TEST(Scope, NothingElseIsIncluded) {
    EXPECT_FALSE(allows("orders:admin", "products:read"));
    EXPECT_FALSE(allows("product:admin", "products:read"));
    EXPECT_FALSE(allows("products2:admin", "products:read"));
    EXPECT_FALSE(allows("projects:admin", "projects:purge"));
    EXPECT_TRUE(allows("projects:purge", "projects:purge"));
    EXPECT_FALSE(allows("projects:purge", "projects:read"));
    EXPECT_FALSE(allows("*", "products:read"));
    EXPECT_FALSE(allows("products:*", "products:read"));
    EXPECT_FALSE(allows("products:", "products:read"));
    EXPECT_FALSE(allows("products", "products:read"));
    EXPECT_FALSE(allows("admin", "read"));
    EXPECT_FALSE(allows("products:admin", "products"));
    EXPECT_FALSE(allows("a:b:read", "a:c:read"));
    EXPECT_TRUE(allows("a:b:write", "a:b:read"));
    EXPECT_FALSE(allows(std::vector<std::string>{}, "products:read"));
    EXPECT_TRUE(allows(std::vector<std::string>{"orders:read", "products:write"}, "products:read"));
}

TEST(Scope, ParsesSpaceSeparatedTokens) {
    EXPECT_EQ(parse_scopes("b:read a:write  b:read "), (std::vector<std::string>{"a:write", "b:read"}));
    EXPECT_EQ(parse_scopes(""), std::vector<std::string>{});
    EXPECT_EQ(parse_scopes("   "), std::vector<std::string>{});
    for (const char* bad : {"a\tb", "a\nb", "a\"b", "a\\b", "caf\xc3\xa9", "\x7f"})
        EXPECT_FALSE(parse_scopes(bad)) << bad;
    std::string many;
    for (int i = 0; i < 256; ++i) many += "s" + std::to_string(i) + " ";
    EXPECT_EQ(parse_scopes(many)->size(), 256u);
    EXPECT_FALSE(parse_scopes(many + "one-more"));
}

} // namespace
} // namespace gravity
