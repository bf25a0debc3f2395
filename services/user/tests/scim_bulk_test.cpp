#include "scim_bulk.hpp"
#include "scim_error.hpp"
#include "scim_fixture.hpp"

namespace gravity::user {
namespace {

using scim::BulkOperation;

std::string order(const std::vector<std::pair<std::string, std::vector<std::string>>>& wanted) { // made and named
    std::vector<BulkOperation> operations;
    for (const auto& [id, names] : wanted) {
        Json data = Json::array();
        for (const auto& name : names) data.push_back("bulkId:" + name);
        operations.push_back({scim::BulkMethod::post, "POST", "/Groups", id, "", data});
    }
    std::string text;
    for (const scim::BulkStep& step : scim::bulk_order(operations)) {
        text += step.kind == scim::BulkStep::Kind::part ? "(" : "";
        text += operations[step.operation].bulk_id;
        text += step.kind == scim::BulkStep::Kind::rest ? ")" : "";
    }
    return text;
}

TEST(ScimBulkOrder, IsThatOfWhatOneNeedsOfTheOther) {
    EXPECT_EQ(order({{"a", {}}, {"b", {}}, {"c", {}}}), "abc");
    EXPECT_EQ(order({{"a", {"c"}}, {"b", {}}, {"c", {"b"}}}), "bca");
    EXPECT_EQ(order({{"a", {"b"}}, {"b", {"a"}}, {"c", {"a"}}, {"d", {}}}), "d(abca)"); // a circle, and who waits for it
    EXPECT_EQ(order({{"a", {"b"}}, {"b", {"a"}}, {"c", {"d"}}, {"d", {"c"}}}), "(ab(cda)c)"); // two
    EXPECT_EQ(order({{"a", {"a"}}}), "(aa)");
    EXPECT_EQ(order({{"a", {"nobody"}}}), "a"); // refused when its turn comes
}

TEST(ScimBulkOrder, KnowsIdsInPathsAndData) {
    BulkOperation operation{scim::BulkMethod::patch, "PATCH", "/Users/bulkId:a", "", "", Json::object({{"x", Json::array({"bulkId:b", "other"})}})};
    EXPECT_EQ(scim::resolve_bulk_ids(operation, {{"a", "1"}, {"b", "2"}}), std::nullopt);
    EXPECT_EQ(operation.path + operation.data.dump(), R"(/Users/1{"x":["2","other"]})");
    operation.path = "/Users/bulkId:c";
    EXPECT_EQ(scim::resolve_bulk_ids(operation, {}), "c");
}

TEST(ScimBulkOrder, LeavesOutWhatIsNotThereYet) {
    const Json data = Json::object({{"members", Json::array({Json::object({{"value", "bulkId:a"}}), Json::object({{"value", "bulkId:b"}})})},
                                    {"manager", Json::object({{"value", "bulkId:b"}, {"displayName", "B"}})},
                                    {"title", "bulkId:b"}});
    BulkOperation operation{scim::BulkMethod::post, "POST", "/Groups", "c", "", data};
    scim::leave_out_unknown(operation, {{"a", "1"}});
    EXPECT_EQ(operation.data.dump(), R"({"manager":{"displayName":"B"},"members":[{"value":"bulkId:a"}]})");
    EXPECT_EQ(scim::resolve_bulk_ids(operation, {{"a", "1"}}), std::nullopt);
}

class ScimBulk : public ScimApi {
protected:
    static std::string bulk_json(const std::string& operations, const std::string& more = "") {
        return R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],)" + more + R"("Operations":[)" + operations + "]}";
    }
    testkit::Answer bulk(const std::string& operations, const std::string& more = "") { return send("POST",
                                                                                                    "/scim/v2/Bulk", bulk_json(operations, more))
                                                                                            .send(); }
    static std::string post(const std::string& path, const std::string& id, const std::string& data) {
        return R"({"method":"POST","path":")" + path + R"(","bulkId":")" + id + R"(","data":)" + data + "}";
    }
    static std::string statuses(const testkit::Answer& answer) {
        std::string all;
        const Json one_list = answer.at("/Operations");
        for (const Json& one : one_list.as_array()) all += one.find("status")->as_string() + " ";
        return all;
    }
};

TEST_F(ScimBulk, DoesWhatItCanInOrderOfNeed) {
    const auto done = bulk(post("/Groups", "g", group_json("team", {"bulkId:u"})) + "," + post("/Users", "u", user_json("ada")) +
                           R"(,{"method":"PATCH","path":"/Users/bulkId:u","data":)" + patch_json(R"({"op":"add","path":"title","value":"Dr"})") + "}");
    EXPECT_EQ(statuses(done), "201 201 200 ");
    done.field("/schemas/0", "urn:ietf:params:scim:api:messages:2.0:BulkResponse").field("/Operations/0/bulkId", "g").field("/Operations/0/version", "\"1\"");
    const std::string group = done.text("/Operations/0/location"), person = done.text("/Operations/1/location");
    directory.get(group.substr(group.find("/scim"))).expect(200).field("/members/0/$ref", person);
    const std::string path = person.substr(person.find("/Users"));
    directory.get("/scim/v2" + path).expect(200).field("/title", "Dr");
    EXPECT_EQ(statuses(bulk(R"({"method":"PUT","path":")" + path + R"(","version":"\"1\"","data":)" + user_json("ada") +
                            R"(},{"method":"DELETE","path":")" + path + "\"}")),
              "412 204 ");
}

// Section 3.7.1: each manages the other.
TEST_F(ScimBulk, MakesACircleInTwoSteps) {
    const auto managed_by = [](const std::string& id) {
        const std::string extension = R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")";
        return R"("title":"t",)" + extension + R"(:{"department":"d","manager":{"value":"bulkId:)" + id + R"("}})";
    };
    const auto done = bulk(post("/Users", "a", user_json("ada", managed_by("b"))) + "," + post("/Users", "b", user_json("bob", managed_by("a"))) + "," +
                           post("/Groups", "g", group_json("both", {"bulkId:a", "bulkId:b"})));
    EXPECT_EQ(statuses(done), "201 201 201 ");
    const std::string ada = done.text("/Operations/0/location"), team = done.text("/Operations/2/location");
    EXPECT_EQ(done.text("/Operations/0/bulkId"), "a");
    directory.get(ada.substr(ada.find("/scim"))).expect(200).field("/userName", "ada").field("/title", "t");
    const std::string manager = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager/$ref", bob = done.text("/Operations/1/location");
    directory.get(ada.substr(ada.find("/scim"))).expect(200).field(manager, bob);
    directory.get(bob.substr(bob.find("/scim"))).expect(200).field(manager, ada);
    EXPECT_EQ(directory.get(team.substr(team.find("/scim"))).expect(200).at("/members").size(), 2u);
    directory.get(users).expect(200).field("/totalResults", 2);
    // A group that is to be a member of itself is none, whoever else waits for it.
    const auto circle = bulk(post("/Groups", "x", group_json("x", {"bulkId:y"})) + "," + post("/Groups", "y", group_json("y", {"bulkId:x"})) + "," +
                             post("/Groups", "z", group_json("z", {"bulkId:z"})));
    EXPECT_EQ(statuses(circle), "400 201 400 ");
    circle.field("/Operations/0/response/scimType", "invalidValue").field("/Operations/2/response/scimType", "invalidValue");
    EXPECT_EQ(names(groups, "sortBy=displayName"), "both y ");
}

TEST_F(ScimBulk, TellsOfEachWhatIsWrong) {
    const auto done = bulk(post("/Users", "a", user_json("ada")) + "," + post("/Users", "b", user_json("ADA")) + "," + post("/Nothing", "c", "{}") + "," +
                           post("/Groups", "d", group_json("x", {"bulkId:b"})) + "," + post("/Groups", "e", group_json("x", {"bulkId:f"})) + "," +
                           post("/Groups", "f", group_json("x", {"bulkId:e"})) + "," + post("/Users/7", "g", user_json("bob")) +
                           R"(,{"method":"DELETE","path":"/Users"})");
    EXPECT_EQ(statuses(done), "201 409 404 400 400 201 404 404 ");
    done.field("/Operations/1/response/scimType", "uniqueness").field("/Operations/3/response/scimType", "invalidValue");
    directory.get(users).expect(200).field("/totalResults", 1);
    EXPECT_EQ(names(groups, ""), "x "); // one of the two, without the other
}

TEST_F(ScimBulk, StopsAfterSoManyErrors) {
    const std::string wrong = post("/Users", "a", "{}"), more = post("/Users", "b", user_json("bob"));
    EXPECT_EQ(statuses(bulk(wrong + "," + more, R"("failOnErrors":1,)")), "400 ");
    directory.get(users).expect(200).field("/totalResults", 0);
    EXPECT_EQ(statuses(bulk(wrong + "," + more, R"("failOnErrors":2,)")), "400 201 ");
}

TEST_F(ScimBulk, IsRefusedWhole) {
    std::string many = R"({"method":"DELETE","path":"/Users/x"})";
    for (int i = 0; i < 1000; ++i) many += R"(,{"method":"DELETE","path":"/Users/x"})";
    EXPECT_EQ(refusal(bulk(many)), "413");
    EXPECT_EQ(send("POST", "/scim/v2/Bulk", bulk_json(many + std::string(1 << 20, ' '))).send().status(), 413);
    for (const std::string operations : {"", "7", "{}", R"({"method":"GET","path":"/Users"})",
                                         R"({"method":"POST","path":"/Users","data":{}})", R"({"method":"PUT","path":"/Users/x"})",
                                         R"({"method":"DELETE"})", R"({"method":"DELETE","path":7})"})
        EXPECT_EQ(refusal(bulk(operations)), "400 invalidSyntax") << operations;
    EXPECT_EQ(refusal(bulk(post("/Users", "a", "{}") + "," + post("/Users", "a", "{}"))), "400 invalidValue");
    EXPECT_EQ(refusal(bulk(R"({"method":"DELETE","path":"/Users/x"})", R"("failOnErrors":0,)")), "400 invalidSyntax");
    for (const std::string body : {"", "[]", "{}"}) EXPECT_EQ(refusal(send("POST", "/scim/v2/Bulk", body).send()), "400 invalidSyntax");
}

TEST_F(ScimBulk, IsNotNeededToReadOneself) {
    const auto made = user("ada");
    person(made.text("/id")).get("/scim/v2/Me").expect(200).field("/userName", "ada").field("/meta/location", made.text("/meta/location"));
    EXPECT_EQ(refusal(person("nobody").get("/scim/v2/Me").send()), "404");
    EXPECT_EQ(directory.get("/scim/v2/Me").send().status(), 403);
}

} // namespace
} // namespace gravity::user
