#include "scim_error.hpp"
#include "scim_filter.hpp"

#include <gtest/gtest.h>

namespace gravity::user::scim {
namespace {

std::string shape(std::string_view text) { // with all its parentheses
    const std::function<std::string(const Filter&)> of = [&](const Filter& f) -> std::string {
        if (f.kind == Filter::Kind::compare) return to_text(f);
        if (f.kind == Filter::Kind::items) return f.path.name + "[" + of(f.parts.front()) + "]";
        std::string all = f.kind == Filter::Kind::negated ? "{not" : f.kind == Filter::Kind::both ? "{and"
                                                                                                  : "{or";
        for (const auto& part : f.parts) all += " " + of(part);
        return all + "}";
    };
    try {
        const Filter filter = parse_filter(text);
        EXPECT_EQ(parse_filter(to_text(filter)), filter) << text;
        return of(filter);
    } catch (const Refused& refused) {
        EXPECT_EQ(refused.status(), 400);
        return std::string(refused.type());
    }
}

// The examples of RFC 7644 figure 2.
TEST(ScimFilter, ReadsTheExamplesOfTheStandard) {
    EXPECT_EQ(shape("userName eq \"bjensen\""), "userName eq \"bjensen\"");
    EXPECT_EQ(shape("name.familyName co \"O'Malley\""), "name.familyName co \"O'Malley\"");
    EXPECT_EQ(shape("urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"J\""), "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"J\"");
    EXPECT_EQ(shape("title pr"), "title pr");
    EXPECT_EQ(shape("meta.lastModified gt \"2011-05-13T04:42:34Z\""), "meta.lastModified gt \"2011-05-13T04:42:34Z\"");
    EXPECT_EQ(shape("title pr and userType eq \"Employee\""), "{and title pr userType eq \"Employee\"}");
    EXPECT_EQ(shape("schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\""),
              "schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"");
    EXPECT_EQ(shape("userType eq \"Employee\" and (emails co \"example.com\" or emails.value co \"example.org\")"),
              "{and userType eq \"Employee\" {or emails co \"example.com\" emails.value co \"example.org\"}}");
    EXPECT_EQ(shape("userType ne \"Employee\" and not (emails co \"example.com\" or emails.value co \"example.org\")"),
              "{and userType ne \"Employee\" {not {or emails co \"example.com\" emails.value co \"example.org\"}}}");
    EXPECT_EQ(shape("userType eq \"Employee\" and emails[type eq \"work\" and value co \"@example.com\"]"),
              "{and userType eq \"Employee\" emails[{and type eq \"work\" value co \"@example.com\"}]}");
    EXPECT_EQ(shape("emails[type eq \"work\" and value co \"@example.com\"] or ims[type eq \"xmpp\" and value co \"@foo.com\"]"),
              "{or emails[{and type eq \"work\" value co \"@example.com\"}] ims[{and type eq \"xmpp\" value co \"@foo.com\"}]}");
}

TEST(ScimFilter, BindsAndCloserThanOr) {
    EXPECT_EQ(shape("a pr or b pr and c pr or d pr"), "{or a pr {and b pr c pr} d pr}");
    EXPECT_EQ(shape("(a pr or b pr) and c pr"), "{and {or a pr b pr} c pr}");
    EXPECT_EQ(shape("a pr and (b pr and c pr)"), "{and a pr {and b pr c pr}}");
    EXPECT_EQ(shape("not(a pr) and NOT ( b PR )"), "{and {not a pr} {not b pr}}");
    EXPECT_EQ(shape("not pr"), "not pr"); // an attribute may be called so
    EXPECT_EQ(shape("  a Eq true  "), "a eq true");
    EXPECT_EQ(shape("a eq null"), "a eq null");
    EXPECT_EQ(shape("a gt -1.5e3"), "a gt -1500.0");
    EXPECT_EQ(shape("a eq \"x \\\"y\\\" ] ) \\u00e9\""), "a eq \"x \\\"y\\\" ] ) \u00e9\"");
}

TEST(ScimFilter, RefusesWhatIsNone) {
    for (const std::string_view text :
         {"", " ", "a", "a eq", "a eq ", "a eq b", "a eq\"b\"", "a xx \"b\"", "a eq \"b", "a eq \"b\" and", "and a pr", "a pr b pr", "(a pr",
          "a pr)", "not a pr", "a[b pr", "a[b pr]]",
          "a[b[c pr]]", "a. pr", ".a pr", "1a pr", "a.b.c pr", "urn: pr", "urn:x pr", "userName eq \"x\" or 1 eq 1--",
          "a eq \"b\"; drop table users", "a eq 'b'", "a eq {}",
          "a eq [1]", "a eq \"\\ud800\"", "a eq 1e999", "a eq \"\xff\"", "\t a pr"})
        EXPECT_EQ(shape(text), "invalidFilter") << text;
}

TEST(ScimFilter, TakesWhatEntraIdAsksForWhereItIsMeant) {
    const std::string text = "emails[type eq \"work\"].value eq \"a\" and active eq true";
    EXPECT_EQ(shape(text), "invalidFilter");
    EXPECT_EQ(to_text(parse_filter(text, true)), "emails[type eq \"work\" and value eq \"a\"] and active eq true");
    EXPECT_EQ(to_text(parse_filter("emails[a pr or b pr].value pr", true)), "emails[(a pr or b pr) and value pr]");
    for (const std::string_view wrong : {"emails[a pr].", "emails[a pr].value", "emails[a pr].value eq", "emails[a pr].b[c pr]", "emails[a pr].b.c pr"})
        EXPECT_THROW(parse_filter(wrong, true), Refused) << wrong;
    std::string many = "e[a pr].b pr";
    for (int i = 1; i < 33; ++i) many += " or e[a pr].b pr";
    EXPECT_NO_THROW(parse_filter(many + " or a pr", true));                 // 100 terms: an item, what it is found by, what is so of it
    EXPECT_THROW(parse_filter(many + " or a pr or a pr", true), Refused);
}

TEST(ScimFilter, HasLimits) {
    const auto nested = [](int levels) { return std::string(static_cast<std::size_t>(levels), '(') + "a pr" +
                                                std::string(static_cast<std::size_t>(levels), ')'); };
    EXPECT_EQ(shape(nested(20)), "a pr");
    EXPECT_EQ(shape(nested(21)), "invalidFilter");
    EXPECT_EQ(shape(nested(1000)), "invalidFilter");
    std::string many = "a pr";
    for (int i = 1; i < 100; ++i) many += " or a pr";
    EXPECT_NE(shape(many), "invalidFilter");
    EXPECT_EQ(shape(many + " or a pr"), "invalidFilter");
    EXPECT_EQ(shape("a eq \"" + std::string(4096, 'x') + "\""), "invalidFilter");
}

std::string path(std::string_view text) {
    try {
        const PatchPath p = parse_path(text);
        return p.attribute.urn + "|" + p.attribute.name + "|" + p.attribute.sub + "|" + (p.items ? to_text(*p.items) : "") + "|" + p.sub;
    } catch (const Refused& refused) {
        return std::string(refused.type());
    }
}

TEST(ScimPath, IsAnAttributeItemsOfItAndASubAttribute) {
    EXPECT_EQ(path("members"), "|members|||");
    EXPECT_EQ(path("name.familyName"), "|name|familyName||");
    EXPECT_EQ(path("addresses[type eq \"work\"]"), "|addresses||type eq \"work\"|");
    EXPECT_EQ(path("members[value eq \"2819c223\"].displayName"), "|members||value eq \"2819c223\"|displayName");
    EXPECT_EQ(path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
              "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User|department|||");
    EXPECT_EQ(path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"), "urn:ietf:params:scim:schemas:extension:enterprise:2.0|User|||");
    for (const std::string_view text : {"", "a.b.c", "a[", "a[]", "a[b pr].", "a[b pr].c.d", "a b", "a.b[c pr]", " a", "members[value eq \"x\"] "})
        EXPECT_EQ(path(text), "invalidPath") << text;
}

} // namespace
} // namespace gravity::user::scim
