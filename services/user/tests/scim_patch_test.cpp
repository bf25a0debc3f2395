#include "scim_error.hpp"
#include "scim_patch.hpp"

#include <gravity/base/ascii.hpp>

#include <gtest/gtest.h>

namespace gravity::user::scim {
namespace {

Json parse(std::string_view text) { return Json::parse(text).or_throw(); }

const std::string urn = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada")";

// The resource after the operations, without the name that every user has; or the reason.
std::string after(const std::string& before, const std::string& operations, Mode mode = Mode::strict, const ResourceType& type = user_type()) {
    try {
        const std::string head = &type == &user_type() ? urn : R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g")";
        const Json resource = clean_resource(type, parse("{" + head + (before.empty() ? "" : "," + before) + "}"), mode);
        const Json message = parse(R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[)" + operations + "]}");
        Json patched = scim::patched(type, resource, message, mode);
        patched.as_object().erase(&type == &user_type() ? "userName" : "displayName");
        return patched.dump();
    } catch (const Refused& refused) {
        return std::string(refused.type());
    }
}
std::string group_after(const std::string& before, const std::string& operations, Mode mode = Mode::strict) {
    return after(before, operations, mode, group_type());
}

TEST(ScimPatch, AddsReplacesAndRemovesOneValue) {
    EXPECT_EQ(after("", R"({"op":"add","path":"title","value":"Dr"})"), R"({"title":"Dr"})");
    EXPECT_EQ(after(R"("title":"Dr")", R"({"op":"replace","path":"TITLE","value":"Prof"})"), R"({"title":"Prof"})");
    EXPECT_EQ(after(R"("title":"Dr")", R"({"op":"remove","path":"title"})"), "{}");
    EXPECT_EQ(after("", R"({"op":"remove","path":"title"})"), "{}");
    EXPECT_EQ(after(R"("title":"Dr")", R"({"op":"replace","path":"title","value":null})"), "{}");
    EXPECT_EQ(after(R"("name":{"givenName":"Ada"})", R"({"op":"replace","path":"name","value":{"familyName":"L"}})"),
              R"({"name":{"familyName":"L","givenName":"Ada"}})");
    EXPECT_EQ(after(R"("name":{"givenName":"Ada"})", R"({"op":"add","path":"name.familyName","value":"L"})"),
              R"({"name":{"familyName":"L","givenName":"Ada"}})");
    EXPECT_EQ(after(R"("name":{"givenName":"Ada"})", R"({"op":"remove","path":"name.givenName"})"), "{}");
    EXPECT_EQ(after("", R"({"op":"add","value":{"title":"Dr","name":{"givenName":"Ada"},"active":false}})"),
              R"({"active":false,"name":{"givenName":"Ada"},"title":"Dr"})");
    EXPECT_EQ(after("", R"({"op":"add","value":{"name.givenName":"Ada"}})"), R"({"name":{"givenName":"Ada"}})"); // Entra ID
}

TEST(ScimPatch, TakesAwayWhatIsToldToBeNothing) {
    const std::string name = R"("name":{"givenName":"Ada","middleName":"K"})", without = R"({"name":{"givenName":"Ada"}})";
    EXPECT_EQ(after(name, R"({"op":"replace","path":"name","value":{"middleName":null}})"), without);
    EXPECT_EQ(after(name, R"({"op":"replace","value":{"name":{"MIDDLENAME":null,"givenName":"Ada"}}})"), without);
    EXPECT_EQ(after(name, R"({"op":"replace","path":"name","value":{"middleName":null,"givenName":null}})"), "{}");
    EXPECT_EQ(after(R"("addresses":[{"type":"work","region":"CA","locality":"LA"}])",
                    R"({"op":"replace","path":"addresses[type eq \"work\"]","value":{"region":null}})"),
              R"({"addresses":[{"locality":"LA","type":"work"}]})");
    EXPECT_EQ(after(R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"2c2f"}})",
                    R"({"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":null}})"),
              "{}");
}

TEST(ScimPatch, ReachesTheExtension) {
    const std::string e = R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")";
    const std::string path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    const std::string it = "{" + e + R"(:{"department":"X"}})";
    EXPECT_EQ(after("", R"({"op":"add","path":")" + path + R"(:department","value":"X"})"), it);
    EXPECT_EQ(after("", R"({"op":"add","path":")" + path + R"(","value":{"department":"X"}})"), it);
    EXPECT_EQ(after("", R"({"op":"add","value":)" + it + "}"), it);
    EXPECT_EQ(after(e + R"(:{"department":"X"})", R"({"op":"remove","path":")" + path + R"(:department"})"), "{}");
    EXPECT_EQ(after(e + R"(:{"department":"X"})", R"({"op":"remove","path":")" + path + R"("})"), "{}");
    EXPECT_EQ(after("", R"({"op":"remove","path":")" + path + R"(:department"})"), "{}");
    EXPECT_EQ(after("", R"({"op":"add","path":")" + path + R"(","value":{"schemas":["x"],"department":"X"}})"), it);
}

TEST(ScimPatch, AddsItemsOnceAndKeepsOnePrimary) {
    const std::string a = R"({"primary":true,"value":"a@x.org"})", b = R"({"primary":true,"value":"b@x.org"})";
    EXPECT_EQ(after("\"emails\":[" + a + "]", R"({"op":"add","path":"emails","value":[)" + a + "]}"), "{\"emails\":[" + a + "]}");
    EXPECT_EQ(after("\"emails\":[" + a + "]", R"({"op":"add","path":"emails","value":[)" + b +
                                                  "]}"),
              R"({"emails":[{"primary":false,"value":"a@x.org"},)" + b + "]}");
    EXPECT_EQ(after("\"emails\":[" + a + "]", R"({"op":"add","path":"emails","value":)" + b +
                                                  "}"),
              R"({"emails":[{"primary":false,"value":"a@x.org"},)" + b + "]}");
    EXPECT_EQ(after("\"emails\":[" + a + "]", R"({"op":"replace","path":"emails","value":[)" + b + "]}"), "{\"emails\":[" + b + "]}");
    EXPECT_EQ(after("\"emails\":[" + a + R"(,{"value":"b@x.org"}])", R"({"op":"add","path":"emails[value eq \"B@x.org\"].primary","value":true})"),
              R"({"emails":[{"primary":false,"value":"a@x.org"},)" + b + "]}");
}

TEST(ScimPatch, AddsToAnAddressThatIsThere) {
    const std::string two = R"("emails":[{"primary":true,"value":"a@x.org"},{"type":"home","value":"b@x.org"}])";
    EXPECT_EQ(after(two, R"({"op":"add","path":"emails","value":[{"value":"B@x.org","type":"work","primary":true}]})"),
              R"({"emails":[{"primary":false,"value":"a@x.org"},{"primary":true,"type":"work","value":"B@x.org"}]})");
    EXPECT_EQ(after(two, R"({"op":"add","value":{"emails":[{"value":"b@x.org"}]}})"),
              R"({"emails":[{"primary":true,"value":"a@x.org"},{"type":"home","value":"b@x.org"}]})");
    EXPECT_EQ(after(R"("phoneNumbers":[{"value":"+44 1"}])", R"({"op":"add","path":"phoneNumbers","value":[{"value":"+44 1","type":"work"}]})"),
              R"({"phoneNumbers":[{"type":"work","value":"+44 1"}]})");
    // Of others all they have makes them one.
    EXPECT_EQ(after(R"("addresses":[{"type":"work","country":"DE"}])", R"({"op":"add","path":"addresses","value":[{"country":"DE"}]})"),
              R"({"addresses":[{"country":"DE","type":"work"},{"country":"DE"}]})");
    EXPECT_EQ(after("", R"({"op":"add","path":"schemas","value":["urn:x"]})"), R"({"schemas":["urn:x"]})"); // a list of texts
}

TEST(ScimPatch, ChangesWhatAFilterLetsThrough) {
    const std::string two = R"("emails":[{"type":"work","value":"a@x.org"},{"type":"home","value":"b@x.org"}])";
    EXPECT_EQ(after(two, R"({"op":"replace","path":"emails[type eq \"work\"].value","value":"c@x.org"})"),
              R"({"emails":[{"type":"work","value":"c@x.org"},{"type":"home","value":"b@x.org"}]})");
    EXPECT_EQ(after(two, R"({"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"c@x.org"}})"),
              R"({"emails":[{"type":"work","value":"c@x.org"},{"type":"home","value":"b@x.org"}]})");
    EXPECT_EQ(after(two, R"({"op":"remove","path":"emails[type eq \"work\" or value sw \"z\"]"})"), R"({"emails":[{"type":"home","value":"b@x.org"}]})");
    EXPECT_EQ(after(two, R"({"op":"remove","path":"emails[not (type eq \"x\")].type"})"), R"({"emails":[{"value":"a@x.org"},{"value":"b@x.org"}]})");
    EXPECT_EQ(after(two, R"({"op":"remove","path":"emails"})"), "{}");
    const std::string other = R"(,"path":"emails[type eq \"other\"].value")", unchanged = "{" + two + "}";
    EXPECT_EQ(after(two, R"({"op":"replace")" + other + R"(,"value":"c@x.org"})"), "noTarget");
    EXPECT_EQ(after(two, R"({"op":"add")" + other + R"(,"value":"c@x.org"})"), "noTarget");
    EXPECT_EQ(after(two, R"({"op":"remove")" + other + "}"), unchanged);
    EXPECT_EQ(after("", R"({"op":"replace","path":"emails[type eq \"work\"].value","value":"c@x.org"})", Mode::entra),
              R"({"emails":[{"type":"work","value":"c@x.org"}]})");
    EXPECT_EQ(after("", R"({"op":"add","path":"emails[type ne \"work\"].value","value":"c@x.org"})", Mode::entra), "noTarget");
}

// Entra ID takes members away by their values: taken for "all members" it empties groups.
TEST(ScimPatch, RemovesTheMembersThatAreNamed) {
    const std::string three = R"("members":[{"value":"1"},{"value":"2"},{"value":"3"}])";
    EXPECT_EQ(group_after(three, R"({"op":"remove","path":"members","value":[{"value":"2"},{"value":"9"}]})"), R"({"members":[{"value":"1"},{"value":"3"}]})");
    EXPECT_EQ(group_after(three, R"({"op":"remove","path":"members","value":{"value":"2"}})"), R"({"members":[{"value":"1"},{"value":"3"}]})");
    EXPECT_EQ(group_after(three, R"({"op":"remove","path":"members[value eq \"2\"]"})"), R"({"members":[{"value":"1"},{"value":"3"}]})");
    EXPECT_EQ(group_after(three, R"({"op":"remove","path":"members"})"), "{}");
    EXPECT_EQ(group_after(three, R"({"op":"remove","path":"members","value":[]})"), "{" + three + "}");
    EXPECT_EQ(group_after(three, R"({"op":"add","path":"members","value":[{"value":"3","type":"User"},{"value":"4"}]})"),
              R"({"members":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"}]})");
    EXPECT_EQ(group_after(three, R"({"op":"replace","path":"members[value eq \"2\"].value","value":"5"})"), "mutability");
}

// Who takes somebody away must not be told that all is well while they stay.
TEST(ScimPatch, KnowsMembersByIdsInUpperCase) {
    const std::string a = "01a22221-0fbc-70e0-b466-e6f856152510", b = "01a22221-0fc8-7181-8872-58b9f74c8788", upper = ascii::upper(a);
    const std::string two = R"("members":[{"value":")" + a + R"("},{"value":")" + b + R"("}])", one = R"({"members":[{"value":")" + b + R"("}]})";
    EXPECT_EQ(group_after(two, R"({"op":"remove","path":"members","value":[{"value":")" + upper + R"("}]})"), one);
    EXPECT_EQ(group_after(two, R"({"op":"remove","path":"members[value eq \")" + upper + R"(\"]"})"), one);
    EXPECT_EQ(group_after(two, R"({"op":"remove","path":"members[not (value eq \")" + ascii::upper(b) + R"(\")]"})"), one);
    EXPECT_EQ(group_after(two, R"({"op":"add","path":"members","value":[{"value":")" + upper + R"("}]})"), "{" + two + "}");
}

TEST(ScimPatch, AppliesAllOperationsInOrderOrNone) {
    EXPECT_EQ(after("", R"({"op":"add","path":"title","value":"a"},{"op":"replace","path":"title","value":"b"})"), R"({"title":"b"})");
    EXPECT_EQ(after("", R"({"op":"add","path":"title","value":"a"},{"op":"add","path":"nonsense","value":"b"})"), "invalidPath");
}

TEST(ScimPatch, RefusesWithTheReason) {
    const std::pair<std::string, std::string> wrong[] = {
        {R"({"op":"replace","path":"id","value":"x"})", "mutability"},
        {R"({"op":"add","path":"meta.version","value":"x"})", "mutability"},
        {R"({"op":"add","path":"groups","value":[{"value":"x"}]})", "mutability"},
        {R"({"op":"add","value":{"id":"x"}})", "mutability"},
        {R"({"op":"remove","path":"userName"})", "mutability"},
        {R"({"op":"replace","path":"userName","value":null})", "invalidValue"},
        {R"({"op":"remove"})", "noTarget"},
        {R"({"op":"move","path":"title","value":"x"})", "invalidSyntax"},
        {R"({"op":"Replace","path":"title","value":"x"})", "invalidSyntax"},
        {R"({"path":"title","value":"x"})", "invalidSyntax"},
        {R"({"op":"add","path":"title"})", "invalidSyntax"},
        {R"({"op":"add","path":7,"value":"x"})", "invalidPath"},
        {R"({"op":"add","path":"title[x eq 1]","value":"x"})", "invalidPath"},
        {R"({"op":"add","path":"emails[x eq \"1\"].value","value":"x"})", "noTarget"},
        {R"({"op":"add","path":"emails.nothing","value":"x"})", "invalidPath"},
        {R"({"op":"add","path":"title","value":7})", "invalidValue"},
        {R"({"op":"add","path":"active","value":"False"})", "invalidValue"},
        {R"({"op":"add","value":"x"})", "invalidSyntax"},
        {R"("x")", "invalidSyntax"},
    };
    for (const auto& [operation, reason] : wrong) EXPECT_EQ(after("", operation), reason) << operation;
    EXPECT_EQ(after(R"("emails":[{"value":"a@x.org"}])", R"({"op":"remove","path":"emails[x eq \"1\"]"})"), "invalidFilter");
    for (const std::string message : {"[]", "{}", R"({"schemas":["x"],"Operations":[]})",
                                      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[]})"})
        EXPECT_THROW(patched(user_type(), Json::object(), parse(message), Mode::strict), Refused) << message;
}

// What a directory maps by itself, and nobody keeps here, does not keep it from the rest.
TEST(ScimPatch, PassesOverWhatIsNotKept) {
    const std::string shapes[] = {
        R"({"op":"add","path":"roles[primary eq \"True\"].value","value":"admin"})",
        R"({"op":"add","path":"roles","value":[{"value":"{\"id\":\"1\"}"}]})",
        R"({"op":"replace","path":"emails[type eq \"work\"].display","value":"x"})",
        R"({"op":"replace","value":{"password":"s3cret"}})",
        R"({"op":"remove","path":"photos"})",
    };
    for (const std::string& shape : shapes) {
        EXPECT_EQ(after("", shape), "invalidPath") << shape;
        for (const Mode mode : {Mode::entra, Mode::okta})
            EXPECT_EQ(after("", shape + R"(,{"op":"add","path":"title","value":"Dr"})", mode), R"({"title":"Dr"})") << shape;
    }
    EXPECT_EQ(after("", R"({"op":"add","path":"nonsense","value":"x"})", Mode::entra), "invalidPath");
    EXPECT_EQ(after("", R"({"op":"add","path":"emails[type eq \"work\"].nonsense","value":"x"})", Mode::entra), "invalidPath");
}

TEST(ScimPatch, ChangesAManager) {
    const std::string enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", path = enterprise + ":manager";
    const std::string managed = "{\"" + enterprise + R"(":{"manager":{"value":"2c2f"}}})";
    EXPECT_EQ(after("", R"({"op":"add","path":")" + path + R"(","value":{"value":"2c2f","displayName":"Bob"}})"), managed);
    EXPECT_EQ(after("", R"({"op":"replace","path":")" + path + R"(.value","value":"2c2f"})"), managed);
    EXPECT_EQ(after("", R"({"op":"replace","value":{")" + path + R"(":{"value":"2c2f"}}})"), managed);
    EXPECT_EQ(after("", R"({"op":"add","path":")" + path + R"(","value":"2c2f"})"), "invalidValue");
    EXPECT_EQ(after("", R"({"op":"Add","path":")" + path + R"(","value":"2c2f"})", Mode::entra), managed); // as it sends it
    const std::string list = R"({"op":"Add","path":")" + path + R"(","value":[{"$ref":"http://example.com/scim/v2/Users/2c2f","value":"2c2f"}]})";
    EXPECT_NE(after("", list, Mode::entra).find(R"("value":"2c2f")"), std::string::npos); // and as its documentation has it
    EXPECT_EQ(after("", R"({"op":"Add","path":")" + path + R"(","value":[]})", Mode::entra), "{}");
    EXPECT_EQ(after("", R"({"op":"Add","path":")" + path + R"(","value":[{"value":"1"},{"value":"2"}]})", Mode::entra), "invalidValue");
    const std::string before = managed.substr(1, managed.size() - 2);
    EXPECT_EQ(after(before, R"({"op":"remove","path":")" + path + "\"}"), "{}");
    EXPECT_EQ(after(before, R"({"op":"remove","path":")" + path + ".value\"}"), "{}");
    EXPECT_EQ(after(before, R"({"op":"replace","path":")" + path + R"(","value":null})"), "{}");
}

TEST(ScimPatch, TakesAnAddressAwayByItsValue) {
    const std::string one = R"("emails":[{"primary":true,"type":"work","value":"a@x.org"},{"type":"home","value":"b@x.org"}])";
    const std::string path = R"({"op":"remove","path":"emails[type eq \"work\"].value"})";
    const std::string emptied = R"({"op":"replace","path":"emails[type eq \"work\"].value","value":""})";
    for (const Mode mode : {Mode::entra, Mode::okta}) {
        EXPECT_EQ(after(one, path, mode), R"({"emails":[{"type":"home","value":"b@x.org"}]})");
        EXPECT_EQ(after(one, emptied, mode), R"({"emails":[{"type":"home","value":"b@x.org"}]})");
    }
    EXPECT_EQ(after("", emptied, Mode::entra), "{}"); // nothing is made for it
    EXPECT_EQ(after(one, path), R"({"emails":[{"primary":true,"type":"work"},{"type":"home","value":"b@x.org"}]})"); // to the letter
}

TEST(ScimPatch, TakesBooleansAsTextsInPaths) {
    const std::string two = R"("emails":[{"primary":true,"value":"a@x.org"},{"primary":false,"value":"b@x.org"}])";
    const std::string path = R"({"op":"replace","path":"emails[primary eq \"True\"].value","value":"c@x.org"})";
    EXPECT_EQ(after(two, path, Mode::entra), R"({"emails":[{"primary":true,"value":"c@x.org"},{"primary":false,"value":"b@x.org"}]})");
    EXPECT_EQ(after("", path, Mode::entra), R"({"emails":[{"primary":true,"value":"c@x.org"}]})");
    EXPECT_EQ(after(two, path), "invalidFilter");
    EXPECT_EQ(after(two, R"({"op":"replace","path":"emails[primary eq \"maybe\"].value","value":"c@x.org"})", Mode::entra), "invalidFilter");
}

TEST(ScimPatch, TakesWhatDirectoriesSend) {
    EXPECT_EQ(after("", R"({"op":"Replace","path":"active","value":"False"})", Mode::entra), R"({"active":false})");
    EXPECT_EQ(after("", R"({"op":"Add","path":"active","value":"nonsense"})", Mode::entra), "invalidValue");
    EXPECT_EQ(group_after("", R"({"op":"Replace","value":{"id":"7","displayName":"x","externalId":"e"}})", Mode::okta), R"({"externalId":"e"})");
    EXPECT_EQ(group_after("", R"({"op":"Replace","path":"id","value":"7"})", Mode::okta), "mutability");
}

// As those do for whom an attribute that is not there is an empty text.
TEST(ScimPatch, EmptiesByAnEmptyTextInTheirModes) {
    const std::string manager = R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"2c2f"}})";
    const std::string path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    for (const Mode mode : {Mode::entra, Mode::okta}) {
        EXPECT_EQ(after(R"("title":"Dr")", R"({"op":"replace","path":"title","value":""})", mode), "{}");
        EXPECT_EQ(after(R"("locale":"de")", R"({"op":"replace","value":{"locale":""}})", mode), "{}");
        EXPECT_EQ(after(R"("name":{"givenName":"Ada"})", R"({"op":"replace","path":"name.givenName","value":""})", mode), "{}");
        EXPECT_EQ(after(R"("name":{"givenName":"Ada"})", R"({"op":"replace","path":"name","value":{"givenName":""}})", mode), "{}");
        EXPECT_EQ(after(manager, R"({"op":"replace","path":")" + path + R"(","value":{"value":""}})", mode), "{}");
        EXPECT_EQ(after(manager, R"({"op":"replace","path":")" + path + R"(","value":""})", mode), "{}");
        EXPECT_EQ(after("", R"({"op":"replace","path":"userName","value":""})", mode), "invalidValue"); // which everybody has
    }
    EXPECT_EQ(after("", R"({"op":"replace","path":"title","value":""})"), R"({"title":""})"); // refused where it is to be kept
}

// Whatever is told of nobody, a group keeps its members.
TEST(ScimPatch, LosesNoMembersByAnEmptyText) {
    const std::string two = R"("members":[{"value":"1"},{"value":"2"}])";
    for (const Mode mode : {Mode::entra, Mode::okta})
        for (const std::string op : {"replace", "remove"}) {
            const auto with = [&](const std::string& value) { return R"({"op":")" + op + R"(","path":"members","value":)" + value + "}"; };
            EXPECT_EQ(group_after(two, with(R"("")"), mode), "invalidValue") << op;
            EXPECT_NE(group_after(two, with(R"([{"value":""}])"), mode), "{}") << op; // nobody has that id: refused where it is looked up
        }
}

// Languages, time zones and URLs as directories have them.
TEST(ScimPatch, PassesOverWhatIsNoneInTheirModes) {
    const std::string before = R"("locale":"de","profileUrl":"https://example.com/ada","timezone":"UTC")", same = "{" + before + "}";
    const auto replaced = [](const std::string& name, const std::string& value) {
        return R"({"op":"replace","path":")" + name + R"(","value":")" + value + "\"}";
    };
    for (const Mode mode : {Mode::entra, Mode::okta}) {
        EXPECT_EQ(after("", replaced("locale", "en_US"), mode), R"({"locale":"en-US"})");
        for (const std::string name : {"locale", "timezone", "profileUrl"}) {
            EXPECT_EQ(after("", replaced(name, "LFJNAIPKWEYB"), mode), "{}") << name;
            EXPECT_EQ(after(before, replaced(name, "LFJNAIPKWEYB"), mode), same) << name;
        }
        EXPECT_EQ(after(before, R"({"op":"replace","path":"locale","value":null})", mode), R"({"profileUrl":"https://example.com/ada","timezone":"UTC"})");
    }
    EXPECT_EQ(after("", replaced("locale", "en_US")), R"({"locale":"en_US"})"); // refused where it is to be kept
}

std::string cleaned(const std::string& members, Mode mode = Mode::strict) {
    try {
        Json resource = clean_resource(user_type(), parse("{" + urn + "," + members + "}"), mode);
        resource.as_object().erase("userName");
        return resource.dump();
    } catch (const Refused& refused) {
        return std::string(refused.type());
    }
}

TEST(ScimResource, IsBroughtIntoShape) {
    EXPECT_EQ(cleaned(R"("TITLE":"x","NAME":{"GivenName":"Ada","z":1},"unknown":{"a":[1]},"password":"secret")"),
              R"({"name":{"givenName":"Ada"},"title":"x"})");
    EXPECT_EQ(cleaned(R"("id":"7","meta":{"version":"1"},"groups":[{"value":"g"}])"), "{}");
    EXPECT_EQ(cleaned(R"("title":null,"emails":[],"name":{},"addresses":[{}])"), "{}");
    for (const std::string wrong : {R"("title":1)", R"("active":"true")", R"("active":1)", R"("name":"Ada")", R"("emails":"a@x.org")",
                                    R"("emails":{"value":"a@x.org"})", R"("emails":["a@x.org"])",
                                    R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":"x")"})
        EXPECT_EQ(cleaned(wrong), "invalidValue") << wrong;
    EXPECT_EQ(cleaned(R"("emails":{"value":"a@x.org"})", Mode::entra), R"({"emails":[{"value":"a@x.org"}]})");
    for (const std::string twice : {R"("title":"x","TITLE":"y")", R"("name":{"givenName":"a","GIVENNAME":"b"})",
                                    R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"division":"a","Division":"b"})"})
        EXPECT_EQ(cleaned(twice), "invalidSyntax") << twice;
    // Forms that are filled in half.
    const std::string emails = R"("emails":[{"type":"home"},{"type":"work","value":""}])";
    EXPECT_EQ(cleaned(R"("nickName":"","name":{"formatted":"","givenName":"Ada"},"addresses":[{"region":""}],)" + emails, Mode::okta),
              R"({"name":{"givenName":"Ada"}})");
    EXPECT_EQ(cleaned(R"("emails":{"value":""})", Mode::entra), "{}");
    EXPECT_THROW(clean_resource(user_type(), parse("[]"), Mode::strict), Refused);
    EXPECT_THROW(clean_resource(user_type(), parse(R"({"userName":"ada"})"), Mode::strict), Refused);
    EXPECT_THROW(clean_resource(group_type(), parse("{" + urn + "}"), Mode::strict), Refused);
    EXPECT_THROW(clean_resource(user_type(), parse(R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]})"), Mode::strict), Refused);
}

TEST(ScimResource, IsCutToWhatIsAskedFor) {
    const Json whole = parse(R"({"schemas":[],"id":"7","userName":"ada","title":"x","name":{"givenName":"Ada","familyName":"L"},)"
                             R"("emails":[{"value":"a","type":"t"}],)"
                             R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"d","division":"v"}})");
    const auto cut = [&](std::string_view only, std::string_view without) { return Shown(user_type(), only, without).cut(whole).dump(); };
    EXPECT_EQ(cut("", ""), whole.dump());
    EXPECT_EQ(cut("userName", ""), R"({"id":"7","schemas":[],"userName":"ada"})");
    EXPECT_EQ(cut("NAME.givenName, emails.value", ""), R"({"emails":[{"value":"a"}],"id":"7","name":{"givenName":"Ada"},"schemas":[]})");
    EXPECT_EQ(cut("nothing", ""), R"({"id":"7","schemas":[]})");
    EXPECT_EQ(cut("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", ""),
              R"({"id":"7","schemas":[],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"d"}})");
    EXPECT_EQ(cut("", "id,schemas,userName,emails,name.familyName,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
              R"({"id":"7","name":{"givenName":"Ada"},"schemas":[],"title":"x"})");
    EXPECT_THROW(cut("title", "name"), Refused);
    EXPECT_THROW(cut("emails[type eq \"x\"]", ""), Refused);
    EXPECT_THROW(cut("a b", ""), Refused);
    EXPECT_FALSE(Shown(group_type(), "", "members").shows("members"));
    EXPECT_TRUE(Shown(group_type(), "members.value", "").shows("members"));
}

} // namespace
} // namespace gravity::user::scim
