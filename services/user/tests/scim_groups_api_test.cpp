#include "scim_fixture.hpp"

#include <gravity/base/uuid.hpp>

#include <atomic>

namespace gravity::user {
namespace {

class ScimGroups : public ScimApi {
protected:
    std::string name_at(const std::string& location) {
        const auto read = directory.get(location.substr(location.find("/scim/"))).expect(200);
        return read.text("/userName") + read.text("/displayName");
    }
    std::string members(const testkit::Answer& group) {
        std::string all;
        const auto read = directory.get(at(group)).expect(200);
        const Json list = read.at("/members");
        if (!list.is_array()) return all;
        for (const Json& one : list.as_array()) all += name_at(one.find("$ref")->as_string()) + ":" + one.find("type")->as_string() + " ";
        return all;
    }
    testkit::Answer add(const testkit::Answer& group, const testkit::Answer& member) {
        return patch(at(group), R"({"op":"add","path":"members","value":[{"value":")" + member.text("/id") + "\"}]}");
    }
};

TEST_F(ScimGroups, AreCreatedReadReplacedAndDeleted) {
    const auto ada = user("ada", R"("displayName":"Ada L")"), bob = user("bob");
    event_types();
    const auto made = group("team", {ada.text("/id")});
    made.field("/displayName", "team").field("/members/0/value", ada.text("/id")).field("/members/0/type", "User");
    made.field("/meta/resourceType", "Group").expect_header("ETag", "\"1\"");
    EXPECT_EQ(made.text("/members/0/$ref"), ada.text("/meta/location"));
    EXPECT_EQ(directory.get(at(made)).expect(200).json(), made.json());
    directory.get(at(ada)).expect(200).field("/groups/0/value", made.text("/id")).field("/groups/0/display", "team");
    send("PUT", at(made), made.body()).expect(200).field("/meta/version", "\"1\"");
    send("PUT", at(made), group_json("squad", {bob.text("/id")}))
        .if_match("\"1\"")
        .expect(200)
        .field("/displayName", "squad")
        .field("/members/0/value", bob.text("/id"))
        .field("/members/1", Json());
    EXPECT_EQ(refusal(send("PUT", at(made), group_json("late")).if_match("\"1\"").send()), "412");
    EXPECT_EQ(event_types(), "group.created group_member.added group.updated group_member.removed group_member.added ");
    directory.del(at(made)).expect(204);
    EXPECT_EQ(refusal(directory.get(at(made)).send()), "404");
    EXPECT_EQ(refusal(directory.del(at(made)).send()), "404");
    directory.get(at(bob)).expect(200).field("/groups", Json());
    EXPECT_EQ(event_types(), "group.deleted ");
}

TEST_F(ScimGroups, HaveMembersThatAreThere) {
    const auto ada = user("ada"), bob = user("bob");
    const auto team = group("team", {ada.text("/id"), bob.text("/id")});
    EXPECT_EQ(refusal(send("POST", groups, group_json("x", {"nonsense"})).send()), "400 invalidValue");
    EXPECT_EQ(refusal(send("POST", groups, group_json("x", {Uuid::v7().to_string()})).send()), "400 invalidValue");
    const std::string nobody = R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"x","members":[{"type":"User"}]})";
    EXPECT_EQ(refusal(send("POST", groups, nobody).send()), "400 invalidValue");
    const auto theirs = service.caller(ProjectId::fresh(), "scim:write");
    const auto stranger = theirs.call("POST", users).raw(user_json("eve"), "application/scim+json").expect(201);
    EXPECT_EQ(refusal(send("POST", groups, group_json("x", {stranger.text("/id")})).send()), "400 invalidValue"); // of another project
    EXPECT_EQ(theirs.get(at(team)).send().status(), 404);
    directory.del(at(ada)).expect(204);
    EXPECT_EQ(members(team), "bob:User ");
    directory.get(groups + "?excludedAttributes=members").expect(200).field("/Resources/0/members", Json()).field("/Resources/0/displayName", "team");
    operator_.post("/api/v1/users/" + bob.text("/id") + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del("/api/v1/users/" + bob.text("/id")).expect(204);
    EXPECT_EQ(members(team), "");
}

// Each with its own, whatever else is on the page.
TEST_F(ScimGroups, AreListedWithTheirMembers) {
    const auto ada = user("ada"), bob = user("bob"), gone = user("gone");
    group("a", {ada.text("/id"), bob.text("/id"), gone.text("/id")}), group("b");
    const auto c = group("c", {bob.text("/id")});
    group("d", {c.text("/id"), ada.text("/id")});
    directory.del(at(gone)).expect(204);
    const auto listed = [&](const std::string& query) {
        std::string all;
        const Json list = directory.get(groups + "?sortBy=displayName" + query).expect(200).at("/Resources");
        for (const Json& one : list.as_array()) {
            all += one.find("displayName")->as_string() + ":";
            const Json* const members = one.find("members");
            for (const Json& member : members == nullptr ? Json::Array() : members->as_array()) all += " " + name_at(member.find("$ref")->as_string());
            all += ", ";
        }
        return all;
    };
    EXPECT_EQ(listed(""), "a: ada bob, b:, c: bob, d: ada c, ");
    EXPECT_EQ(listed("&startIndex=3&count=1"), "c: bob, ");
    EXPECT_EQ(listed("&attributes=displayName"), "a:, b:, c:, d:, ");
    EXPECT_EQ(listed("&startIndex=9"), "");
}

TEST_F(ScimGroups, ArePatched) {
    const auto ada = user("ada"), bob = user("bob"), cleo = user("cleo");
    const auto team = group("team", {ada.text("/id"), bob.text("/id")});
    add(team, cleo).field("/meta/version", "\"2\"");
    add(team, cleo).field("/meta/version", "\"2\""); // is one already
    patch(at(team), R"({"op":"remove","path":"members[value eq \")" + bob.text("/id") + "\\\"]\"}");
    EXPECT_EQ(members(team), "ada:User cleo:User ");
    patch(at(team), R"({"op":"remove","path":"members","value":[{"value":")" + ada.text("/id") + "\"}]}");
    EXPECT_EQ(members(team), "cleo:User ");
    patch(at(team), R"({"op":"replace","path":"displayName","value":"squad"})").field("/displayName", "squad");
    patch(at(team), R"({"op":"remove","path":"members"})").field("/members", Json());
    EXPECT_EQ(refusal(patch(at(team), R"({"op":"remove","path":"displayName"})")), "400 mutability");
}

TEST_F(ScimGroups, AreFilteredAndSorted) {
    const auto ada = user("ada");
    const auto team = group("Team", {ada.text("/id")}), all = group("all", {team.text("/id")});
    const auto found = [&](const std::string& filter) { return names(groups, "sortBy=displayName&filter=" + http::percent_encode(filter)); };
    EXPECT_EQ(found("displayName eq \"team\""), "Team ");
    EXPECT_EQ(found("members.value eq \"" + ada.text("/id") + "\""), "Team ");
    EXPECT_EQ(found("members[type eq \"group\"]"), "all ");
    EXPECT_EQ(found("members pr"), "all Team ");
    EXPECT_EQ(filtered("groups.value eq \"" + team.text("/id") + "\""), "ada ");
    EXPECT_EQ(filtered("groups.display eq \"TEAM\""), "ada ");
}

TEST_F(ScimGroups, AreNotMembersOfThemselvesThroughAnyDepth) {
    std::vector<testkit::Answer> chain;
    for (int i = 0; i < 10; ++i) chain.push_back(group("g" + std::to_string(i)));
    EXPECT_EQ(refusal(add(chain[0], chain[0])), "400 invalidValue");
    for (std::size_t i = 0; i + 1 < 10; ++i) EXPECT_EQ(add(chain[i], chain[i + 1]).status(), 200) << i;
    EXPECT_EQ(members(chain[0]), "g1:Group ");
    EXPECT_EQ(refusal(add(chain[9], chain[0])), "400 invalidValue");
    EXPECT_EQ(refusal(add(chain[5], chain[4])), "400 invalidValue");
    EXPECT_EQ(refusal(add(chain[9], group("too deep"))), "400 invalidValue");
    EXPECT_EQ(refusal(add(group("too high"), chain[0])), "400 invalidValue");
    EXPECT_EQ(add(chain[0], chain[9]).status(), 200); // by two ways
}

// Each is allowed by what it sees of the other's: nothing.
TEST_F(ScimGroups, AreNoCircleThoughTwoCloseItAtOnce) {
    for (int round = 0; round < 10; ++round) {
        const auto a = group("a"), b = group("b");
        std::atomic<int> added{0}, refused{0};
        at_once(2, [&](int i) {
            const int status = (i == 0 ? add(a, b) : add(b, a)).status();
            ++(status == 200 ? added : refused);
            EXPECT_TRUE(status == 200 || status == 400) << status;
        });
        EXPECT_EQ(added, 1);
        EXPECT_EQ(refused, 1);
    }
}

TEST_F(ScimGroups, HaveEveryMemberThatIsAddedAtOnce) {
    const auto team = group("team");
    std::vector<testkit::Answer> people;
    for (int i = 0; i < 10; ++i) people.push_back(user("p" + std::to_string(i)));
    at_once(10, [&](int i) { EXPECT_EQ(add(team, people[static_cast<std::size_t>(i)]).status(), 200); });
    EXPECT_EQ(service.database().admin("select count(*) from user_group_member"), "10");
    directory.get(at(team)).expect(200).field("/meta/version", "\"11\"");
}

} // namespace
} // namespace gravity::user
