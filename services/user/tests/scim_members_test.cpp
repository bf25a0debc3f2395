#include "scim_error.hpp"
#include "scim_members.hpp"

#include <gtest/gtest.h>

namespace gravity::user::scim {
namespace {

const std::string a = "0190aaaa-0000-7000-8000-000000000001", b = "0190aaaa-0000-7000-8000-000000000002";

/// "1 2": the last digits of who is named; "all" where all are looked at.
std::string named(const std::string& operations) {
    const auto ids = members_named(Json::parse(R"({"Operations":[)" + operations + "]}").or_throw());
    if (!ids) return "all";
    std::string digits;
    for (const auto& id : *ids) digits += (digits.empty() ? "" : " ") + id.substr(id.size() - 1);
    return digits;
}
std::string item(const std::string& id) { return R"({"value":")" + id + "\"}"; }

TEST(ScimMembers, AreNamedByWhatAddsAndRemovesThem) {
    EXPECT_EQ(named(R"({"op":"add","path":"members","value":[)" + item(a) + "," + item(b) + "]}"), "1 2");
    EXPECT_EQ(named(R"({"op":"Add","path":"MEMBERS","value":)" + item(a) + "}"), "1");
    EXPECT_EQ(named(R"({"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members","value":[)" + item(a) + "]}"), "1");
    EXPECT_EQ(named(R"({"OP":"add","Value":{"displayName":"x","members":[{"VALUE":")" + a + "\"}]}}"), "1");
    EXPECT_EQ(named(R"({"op":"remove","path":"members","value":[)" + item(b) + "]}"), "2");
    EXPECT_EQ(named(R"({"op":"remove","path":"members[value eq \")" + a + R"(\"]"})"), "1");
    EXPECT_EQ(named(R"({"op":"remove","path":"members[value eq \")" + a + R"(\" or value eq \")" + b + R"(\"]"})"), "1 2");
    EXPECT_EQ(named(R"({"op":"remove","path":"members[type eq \"User\" and value eq \")" + a + R"(\"]"})"), "1");
    EXPECT_EQ(named(R"({"op":"add","path":"members","value":[)" + item("nonsense") + R"(]},{"op":"replace","path":"displayName","value":"x"})"), "");
    EXPECT_EQ(named(R"({"op":"replace","value":{"id":"x","displayName":"x","schemas":[]}})"), "");
}

TEST(ScimMembers, AreAllLookedAtByWhatNamesNobody) {
    for (const std::string operation :
         {R"({"op":"remove","path":"members"})", R"({"op":"remove","path":"members","value":null})", R"({"op":"replace","path":"members","value":[]})",
          R"({"op":"replace","value":{"members":[]}})", R"({"op":"remove","path":"members[type eq \"User\"]"})",
          R"({"op":"remove","path":"members[value pr]"})",
          R"({"op":"remove","path":"members[not (value eq \"x\")]"})", R"({"op":"remove","path":"members[value eq \"x\" or type eq \"User\"]"})",
          R"({"op":"replace","path":"members[value eq \"x\"].type","value":"User"})", R"({"op":"remove","path":"members.value"})"})
        EXPECT_EQ(named(operation), "all") << operation;
    EXPECT_EQ(named(R"({"op":"add","path":"members","value":[)" + item(a) + R"(]},{"op":"remove","path":"members"})"), "all");
}

TEST(ScimMembers, AreNotLookedForInWhatIsNoMessage) {
    for (const std::string text : {"[]", "1", "{}", R"({"Operations":1})", R"({"Operations":[1,null,{}]})", R"({"Operations":[{"op":1,"path":2,"value":3}]})",
                                   R"({"Operations":[{"op":"add","path":"members","value":[1,{"value":2},{}]}]})"}) {
        const auto ids = members_named(Json::parse(text).or_throw());
        ASSERT_TRUE(ids) << text;
        EXPECT_TRUE(ids->empty()) << text;
    }
    EXPECT_THROW(named(R"({"op":"add","path":"a[","value":1})"), Refused);
}

} // namespace
} // namespace gravity::user::scim
