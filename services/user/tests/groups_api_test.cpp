#include "scim_fixture.hpp"

#include <gravity/base/uuid.hpp>

#include <atomic>

namespace gravity::user {
namespace {

class Groups : public ScimApi {
protected:
    testkit::Answer made(std::string name) { return operator_.post("/api/v1/user-groups", {{"display_name", name}}).expect(201); }
    testkit::Answer somebody(std::string handle) { return UserApi::user(std::move(handle)); }
    testkit::Call put(const testkit::Answer& group, const testkit::Answer& member) { return operator_.call("PUT", seat(group, member)); }
    testkit::Call take(const testkit::Answer& group, const testkit::Answer& member) { return operator_.del(seat(group, member)); }
    static std::string seat(const testkit::Answer& group, const testkit::Answer& member) { return group.location() + "/members/" + member.text("/id"); }
};

TEST_F(Groups, AreCreatedReadChangedAndDeleted) {
    const auto team = made("team");
    EXPECT_EQ(team.location(), "/api/v1/user-groups/" + team.text("/id"));
    const auto read = operator_.get(team.location()).expect(200).field("/display_name", "team").field("/version", 1);
    operator_.patch(team.location(), {{"external_id", "7"}}).if_match(read.etag()).expect(200).field("/external_id", "7").field("/version", 2);
    operator_.patch(team.location(), {{"external_id", "7"}}).expect(200).field("/version", 2);
    operator_.patch(team.location(), {{"display_name", "x"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    operator_.post("/api/v1/user-groups", {{"display_name", ""}}).expect_problem(422, "invalid-value");
    as.stranger.get(team.location()).expect_problem(404, "not-found");
    operator_.del(team.location()).if_match(read.etag()).expect_problem(412, "stale-version");
    operator_.del(team.location()).expect(204);
    operator_.get(team.location()).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "group.created group.updated group.deleted ");
}

TEST_F(Groups, HaveMembersOneByOne) {
    const auto team = made("team"), all = made("all"), ada = somebody("ada"), bob = somebody("bob");
    event_types();
    put(team, ada).expect(204);
    put(team, ada).expect(204); // is one already
    put(team, bob).expect(204);
    put(all, team).expect(204);
    EXPECT_EQ(event_types(), "group_member.added group_member.added group_member.added ");
    operator_.get(team.location()).expect(200).field("/version", 3);
    const auto page = operator_.get(team.location() + "/members?limit=1").expect(200).field("/items/0/id", ada.text("/id")).field("/items/0/kind", "user");
    operator_.get(team.location() + "/members?cursor=" + page.text("/next_cursor")).expect(200).field("/items/0/id", bob.text("/id")).field("/items/1", Json());
    operator_.get("/api/v1/user-groups?member=" + team.text("/id")).expect(200).field("/items/0/id", all.text("/id")).field("/items/1", Json());
    operator_.get("/api/v1/user-groups?member=" + ada.text("/id")).expect(200).field("/items/0/id", team.text("/id")).field("/items/1", Json());
    operator_.get("/api/v1/user-groups").expect(200).field("/items/1/id", team.text("/id")).field("/items/2", Json());
    directory.get("/scim/v2/Groups/" + team.text("/id")).expect(200).field("/members/1/value", bob.text("/id")); // SCIM sees the same
    put(team, all).expect_problem(422, "group-circle");
    put(team, team).expect_problem(422, "group-circle");
    const auto stranger = as.stranger.post("/api/v1/users", {{"handle", "eve"}}).expect(201);
    put(team, stranger).expect_problem(404, "not-found");
    take(team, ada).expect(204);
    take(team, ada).expect_problem(404, "not-found");
    operator_.del(team.location() + "/members/nonsense").expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "user.created group_member.removed ");
}

TEST_F(Groups, HaveEveryMemberThatIsAddedAtOnceAndEachOnce) {
    const auto team = made("team");
    std::vector<testkit::Answer> people;
    for (int i = 0; i < 10; ++i) people.push_back(somebody("p" + std::to_string(i)));
    event_types();
    at_once(20, [&](int i) { put(team, people[static_cast<std::size_t>(i / 2)]).expect(204); });
    EXPECT_EQ(service.database().admin("select count(*) from user_group_member"), "10");
    EXPECT_EQ(service.take_events().size(), 10u);
    operator_.get(team.location()).expect(200).field("/version", 11);
}

TEST_F(Groups, GoWithEverythingElseWhenTheirProjectIsPurged) {
    const auto team = made("team"), ada = somebody("ada"), bob = somebody("bob");
    put(team, ada).expect(204);
    operator_.patch(ada.location(), {{"emails", Json::array({Json::object({{"address", "ada@example.com"}})})}}).expect(200);
    operator_.post(bob.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(bob.location()).expect(204);
    const auto other = as.stranger.post("/api/v1/users", {{"handle", "ada"}}).expect(201);
    const auto operators = service.caller(ProjectId::fresh(), "projects:purge");
    operators.del("/internal/projects/" + service.project().to_string()).expect(200).field("/removed/public.users", 2);
    const auto rows = [&](const std::string& table) { return service.database().admin("select count(*) from " + table); };
    for (const std::string table : {"user_group", "user_group_member", "user_contact"}) EXPECT_EQ(rows(table), "0");
    for (const std::string table : {"users", "user_history"}) EXPECT_EQ(rows(table), "1");
    as.stranger.get(other.location()).expect(200);
}

} // namespace
} // namespace gravity::user
