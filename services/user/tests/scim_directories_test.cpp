#include "scim_fixture.hpp"

namespace gravity::user {
namespace {

// Requests as directories send them, in the shapes that their makers document (Microsoft: "Develop and plan provisioning for a SCIM endpoint"; Okta: "SCIM
// Protocol 2.0"). `$user` and `$other` stand for the ids of who is in `$group`, `$new` for somebody who is not.
struct Shape {
    std::string method;
    std::string path;
    std::string body;
    std::string in_strict; // what strict answers
    std::string pointer{}; // where the answer has the value
    Json value{};
};

class ScimDirectories : public ScimApi {
protected:
    void SetUp() override {
        for (const std::string mode : {"entra", "okta", "strict"})
            operator_.post("/api/v1/user/scim-clients", {{"name", mode}, {"subject", mode}, {"mode", mode}}).expect(201);
    }
    // Each on people and a group of its own, by whoever has that mode.
    testkit::Answer sent(Shape& shape, const std::string& mode) {
        const std::string tag = "x" + std::to_string(++count_);
        const auto ada = user(tag + "@example.com", R"("emails":[{"type":"work","value":")" + tag + R"(@example.com","primary":true}])");
        const auto bob = user(tag + "b"), eve = user(tag + "c");
        const auto team = group(tag, {ada.text("/id"), bob.text("/id")});
        const std::pair<std::string, std::string> stand_for[] = {
            {"$user", ada.text("/id")}, {"$other", bob.text("/id")}, {"$new", eve.text("/id")}, {"$group", team.text("/id")}, {"$tag", tag}};
        const auto filled = [&](std::string text) {
            for (const auto& [name, value] : stand_for)
                for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) text.replace(at, name.size(), value);
            return text;
        };
        if (shape.value.is_string()) shape.value = filled(shape.value.as_string());
        auto call = service.caller(service.project(), "scim:write", mode).call(shape.method, "/scim/v2" + filled(shape.path));
        return shape.body.empty() ? call.send() : call.raw(filled(shape.body), "application/scim+json").send();
    }
    void expect_shapes(const std::vector<Shape>& shapes, const std::string& mode) {
        for (const Shape& shape : shapes) {
            SCOPED_TRACE(shape.method + " " + shape.path + " " + shape.body);
            Shape in_mode = shape, in_strict = shape;
            const auto taken = sent(in_mode, mode), strict = sent(in_strict, "strict");
            EXPECT_LT(taken.status(), 300) << taken.body();
            if (!shape.pointer.empty()) {
                EXPECT_EQ(taken.at(shape.pointer), in_mode.value) << taken.body();
            }
            if (shape.in_strict == "the same")
                EXPECT_EQ(strict.status(), taken.status()) << strict.body();
            else
                EXPECT_EQ(refusal(strict), shape.in_strict);
        }
    }
    static std::string patch_op(const std::string& operations) { return patch_json(operations); }

private:
    int count_ = 0;
};

const std::string both_schemas = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"])";
const std::string group_schemas =
    R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"])";

TEST_F(ScimDirectories, EntraIdIsUnderstoodInItsMode) {
    const std::string department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    expect_shapes(
        {
            {"GET", "/Users?filter=userName%20eq%20%22nobody-$tag%22", "", "the same", "/totalResults", 0},
            {"POST", "/Users",
             "{" + both_schemas + R"(,"externalId":"e-$tag","userName":"new-$tag@example.com","active":true,"emails":[{"primary":true,"type":"work",)"
                                  R"("value":"new-$tag@example.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"Ada L",)"
                                  R"("familyName":"L","givenName":"Ada"},"roles":[]})",
             "the same", "/emails/0/primary", true},
            {"POST", "/Users", "{" + both_schemas + R"(,"userName":"new-$tag@example.com","active":"True"})", "400 invalidValue", "/active", true},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Replace","path":"emails[type eq \"work\"].value","value":"up-$tag@example.com"},)"
                                               R"({"op":"Replace","path":"name.familyName","value":"Updated"})"),
             "400 invalidSyntax", "/name/familyName", "Updated"},
            // Of an address that is not there yet, in either word.
            {"PATCH", "/Users/$other", patch_op(R"({"op":"Add","path":"emails[type eq \"work\"].value","value":"add-$tag@example.com"})"), "400 invalidSyntax",
             "/emails/0/type", "work"},
            {"PATCH", "/Users/$other", patch_op(R"({"op":"replace","path":"emails[type eq \"work\"].value","value":"rep-$tag@example.com"})"), "400 noTarget",
             "/emails/0/type", "work"},
            {"PATCH", "/Users/$other", patch_op(R"({"op":"add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+49 30 1"})"), "400 noTarget",
             "/phoneNumbers/0/type", "mobile"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Replace","path":"userName","value":"renamed-$tag@example.com"})"), "400 invalidSyntax"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Replace","path":"active","value":false})"), "400 invalidSyntax", "/active", false},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Replace","path":"active","value":"False"})"), "400 invalidSyntax", "/active", false},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"replace","path":"active","value":"False"})"), "400 invalidValue", "/active", false},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Add","path":")" + department + R"(","value":"Engines"})"), "400 invalidSyntax"},
            // With the compliant flag of the tenant URL, one operation without a path whose members are paths.
            {"PATCH", "/Users/$user", patch_op(R"({"op":"replace","value":{"title":"Dr","name.givenName":"Augusta",")" + department + R"(":"Engines"}})"),
             "the same", "/name/givenName", "Augusta"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"$other"})"),
             "400 invalidSyntax", "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager/value", "$other"},
            // What it maps by itself, and is not kept here.
            {"PATCH", "/Users/$user", patch_op(R"({"op":"add","path":"roles[primary eq \"True\"].value","value":"admin"},)"
                                               R"({"op":"replace","path":"emails[type eq \"work\"].display","value":"x"},)"
                                               R"({"op":"replace","path":"title","value":"Dr"})"),
             "400 invalidPath", "/title", "Dr"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"replace","path":"emails[primary eq \"True\"].value","value":"prim-$tag@example.com"})"),
             "400 invalidFilter", "/emails/0/value", "prim-$tag@example.com"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"Street 1"},)"
                                               R"({"op":"Add","path":"addresses[type eq \"work\"].country","value":"AT"})"),
             "400 invalidSyntax", "/addresses/0/country", "AT"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Replace","path":"externalId","value":"ext-$tag"})"), "400 invalidSyntax", "/externalId", "ext-$tag"},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"Remove","path":"emails[type eq \"work\"].value"})"), "400 invalidSyntax", "/emails", Json()},
            {"GET", "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22$tag%40example.com%22", "", "400 invalidFilter", "/totalResults", 1},
            {"GET", "/Users?filter=userName+eq+%22$tag%40example.com%22", "", "the same", "/Resources/0/id", "$user"},
            {"GET", "/Users?filter=externalId%20eq%20%22nobody-$tag%22", "", "the same", "/totalResults", 0},
            {"GET", "/Groups/$group?excludedAttributes=members", "", "the same", "/members", Json()},
            {"GET", "/Groups?filter=id%20eq%20%22$group%22%20and%20members%20eq%20%22$user%22&excludedAttributes=members", "", "the same", "/totalResults", 1},
            {"GET", "/Groups?filter=id%20eq%20%22$group%22%20and%20members%20eq%20%22$new%22&excludedAttributes=members", "", "the same", "/totalResults", 0},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"Remove","path":"members[value eq \"$user\"]"})"), "400 invalidSyntax", "/members/0/value", "$other"},
            {"POST", "/Groups", "{" + group_schemas + R"(,"externalId":"g-$tag","displayName":"Group $tag","meta":{"resourceType":"Group"}})", "the same",
             "/displayName", "Group $tag"},
            {"GET", "/Groups?excludedAttributes=members&filter=displayName%20eq%20%22$tag%22", "", "the same", "/Resources/0/members", Json()},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"Replace","path":"displayName","value":"Renamed"})"), "400 invalidSyntax", "/displayName", "Renamed"},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"Add","path":"members","value":[{"$ref":null,"value":"$new"}]})"), "400 invalidSyntax",
             "/members/2/value", "$new"},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"Remove","path":"members","value":[{"$ref":null,"value":"$user"}]})"), "400 invalidSyntax",
             "/members/0/value", "$other"},
            {"DELETE", "/Users/$user", "", "the same"},
            {"DELETE", "/Groups/$group", "", "the same"},
        },
        "entra");
}

TEST_F(ScimDirectories, OktaIsUnderstoodInItsMode) {
    const std::string user_schema = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:User"])",
                      group_schema = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"])";
    expect_shapes(
        {
            {"GET", "/Users?filter=userName%20eq%20%22nobody-$tag%22&startIndex=1&count=100", "", "the same", "/totalResults", 0},
            {"POST", "/Users",
             "{" + user_schema + R"(,"userName":"new-$tag@example.com","name":{"givenName":"Test","familyName":"User"},"emails":[{"primary":true,)"
                                 R"("value":"new-$tag@example.com","type":"work"}],"displayName":"Test User","locale":"en-US","externalId":"o-$tag",)"
                                 R"("groups":[],"password":"1mz050nq","active":true})",
             "the same", "/password", Json()},
            {"PUT", "/Users/$user",
             "{" + user_schema + R"(,"id":"$user","userName":"$tag@example.com","name":{"givenName":"Another","middleName":"Excited","familyName":"User"},)"
                                 R"("emails":[{"primary":true,"value":"$tag@example.com","type":"work"}],"active":true,"groups":[],)"
                                 R"("meta":{"resourceType":"User"}})",
             "the same", "/name/middleName", "Excited"},
            {"GET", "/Users?startIndex=1&count=2", "", "the same", "/itemsPerPage", 2}, // its test of a connection
            // Languages with an underscore, and what is no URL and no time zone.
            {"POST", "/Users",
             "{" + user_schema + R"(,"userName":"odd-$tag@example.com","locale":"en_US","timezone":"Somewhere","profileUrl":"EWTNNYWRYPKL","active":true})",
             "400 invalidValue", "/locale", "en-US"},
            // A second address that is the first one again.
            {"POST", "/Users",
             "{" + user_schema + R"(,"userName":"two-$tag@example.com","emails":[{"primary":true,"value":"two-$tag@example.com","type":"work"},)"
                                 R"({"primary":false,"value":"Two-$tag@example.com","type":"home"}],"active":true})",
             "400 invalidValue", "/emails/1", Json()},
            {"GET", "/Users?filter=userName%20eq%20%22$tag%40example.com%22", "", "the same", "/Resources/0/id", "$user"},
            {"GET", "/Users/$user", "", "the same", "/active", true},
            // Who is taken away, and comes again.
            {"PUT", "/Users/$user", "{" + user_schema + R"(,"id":"$user","userName":"$tag@example.com","active":false})", "the same", "/active", false},
            {"PUT", "/Users/$user", "{" + user_schema + R"(,"id":"$user","userName":"$tag@example.com","active":true,"password":"1mz050nq"})", "the same",
             "/active", true},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"replace","value":{"password":"1mz050nq"}})"), "400 invalidPath", "/password", Json()},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"replace","value":{"active":false}})"), "the same", "/active", false},
            {"PATCH", "/Users/$user", patch_op(R"({"op":"replace","value":{"id":"$user","active":false}})"), "400 mutability", "/active", false},
            {"POST", "/Groups", "{" + group_schema + R"(,"displayName":"Test $tag","members":[]})", "the same"},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"replace","value":{"id":"$group","displayName":"Renamed"}})"), "400 mutability",
             "/displayName", "Renamed"},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"add","path":"members","value":[{"value":"$new","display":"eve"}]})"), "the same",
             "/members/2/value", "$new"},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"remove","path":"members[value eq \"$user\"]"})"), "the same", "/members/0/value", "$other"},
            {"PATCH", "/Groups/$group", patch_op(R"({"op":"replace","path":"members","value":[{"value":"$new","display":"eve"}]})"), "the same",
             "/members/0/value", "$new"},
            {"PUT", "/Groups/$group", "{" + group_schema + R"(,"id":"$group","displayName":"Put","members":[{"value":"$user","display":"ada"}]})", "the same",
             "/members/0/value", "$user"},
            {"GET", "/Groups?startIndex=1&count=100", "", "the same"},
        },
        "okta");
}

// How they hear that somebody is there already, or not at all: what both go on by.
TEST_F(ScimDirectories, AreToldOfWhoIsThereAndWhoIsNot) {
    for (const std::string mode : {"entra", "okta"}) {
        const testkit::Client caller = service.caller(service.project(), "scim:write", mode);
        const auto post = [&](const std::string& body) { return caller.call("POST", users).raw(body, "application/scim+json; charset=utf-8").send(); };
        const auto made = post(user_json(mode + "@example.com"));
        EXPECT_EQ(made.status(), 201);
        EXPECT_EQ(refusal(post(user_json(mode + "@example.com"))), "409 uniqueness");
        EXPECT_EQ(refusal(post(user_json(mode + "2", R"("active":"perhaps")"))), "400 invalidValue");
        const std::string nobody = users + "/" + Uuid::v7().to_string();
        const std::string body = patch_json(R"({"op":"replace","value":{"active":false}})");
        EXPECT_EQ(refusal(caller.get(nobody).send()), "404");
        EXPECT_EQ(refusal(caller.call("PATCH", nobody).raw(body, "application/scim+json").send()), "404");
        EXPECT_EQ(refusal(caller.call("PUT", nobody).raw(user_json("x"), "application/scim+json").send()), "404");
        EXPECT_EQ(refusal(caller.del(nobody).send()), "404");
        caller.del(at(made)).expect(204);
        EXPECT_EQ(refusal(caller.get(at(made)).send()), "404");
        caller.get(users + "?filter=userName%20eq%20%22" + mode + "%40example.com%22").expect(200).field("/totalResults", 0).field("/Resources", Json::array());
        EXPECT_EQ(post(user_json(mode + "@example.com")).status(), 201); // who comes back is a new one to the directory
    }
}

} // namespace
} // namespace gravity::user
