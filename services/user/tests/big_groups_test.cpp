#include "scim_fixture.hpp"
#include "user_migrations.hpp"

#include <gravity/base/uuid.hpp>
#include <gravity/testkit/postgres.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::user {
namespace {

class BigGroups : public ScimApi {
protected:
    std::string sql(const std::string& text) { return service.database().admin(text); }
    testkit::Answer made(std::string name) { return operator_.post("/api/v1/user-groups", {{"display_name", name}}).expect(201); }
    testkit::Answer somebody(std::string handle) { return UserApi::user(std::move(handle)); }
    testkit::Call put(const testkit::Answer& group, const testkit::Answer& member) {
        return operator_.call("PUT", group.location() + "/members/" + member.text("/id"));
    }
    static std::string scim(const testkit::Answer& group) { return "/scim/v2/Groups/" + group.text("/id"); }
    testkit::Call change(const testkit::Answer& group, const std::string& operations) { return send("PATCH", scim(group), patch_json(operations)); }
    static std::string adding(const testkit::Answer& member) {
        return R"({"op":"add","path":"members","value":[{"value":")" + member.text("/id") + "\"}]}";
    }
    static std::string removing(const testkit::Answer& member) {
        return R"({"op":"remove","path":"members[value eq \")" + member.text("/id") + "\\\"]\"}";
    }
    static std::size_t members_in(const testkit::Answer& answer) { return answer.at("/members").size(); }
    static bool has(const testkit::Answer& answer, const testkit::Answer& member) {
        const Json members = answer.at("/members");
        return std::any_of(members.as_array().begin(), members.as_array().end(),
                           [&](const Json& one) { return one.find("value")->as_string() == member.text("/id"); });
    }

    /// People that are there and nobody has asked for one by one.
    void fill(const testkit::Answer& group, int count) {
        const std::string project = service.project().to_string(), id = group.text("/id");
        sql("insert into users (id, project, subject, handle, handle_key, handle_skeleton, state, state_actor, state_at, created_at, updated_at) "
            "select gen_random_uuid(), '" +
            project + "', n, n, n, n, 'active', 'filled', now(), now(), now() from (select generate_series(1, " + std::to_string(count) + ")::text) s (n)");
        sql("insert into user_group_member (group_id, user_id, project) select '" + id + "', id, project from users where state_actor = 'filled'");
    }
    /// Groups whose row does not say how many members there are.
    std::string miscounted() {
        return sql("select count(*) from user_group g where member_count <> (select count(*) from user_group_member m where m.group_id = g.id)");
    }
    std::int64_t count_of(const testkit::Answer& group) { return operator_.get(group.location()).expect(200).at("/member_count").as_integer(); }
    static std::string path_of(const std::string& link) { // of `<...>; rel="next"`
        const auto from = link.find("/scim/");
        return link.substr(from, link.find('>') - from);
    }
};

// A page of them by an index, in the order of their ids; with what else is asked for.
TEST_F(BigGroups, AreListedAPageAtATime) {
    const auto team = made("team"), other = made("other");
    for (int i = 0; i < 7; ++i) {
        const auto one = somebody("p" + std::to_string(i));
        put(team, one).expect(204);
        if (i % 3 == 0) put(other, one).expect(204);
        if (i == 2) operator_.post(one.location() + "/suspend", {{"reason", "x"}}).expect(200);
    }
    const auto gone = somebody("gone");
    put(team, gone).expect(204);
    operator_.post(gone.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(gone.location()).expect(204);
    put(team, other).expect(204); // a group is no user
    const auto listed = [&](const std::string& query) {
        std::string found;
        for (std::string cursor;;) {
            const auto page = operator_.get("/api/v1/users?limit=2&group=" + team.text("/id") + query + cursor).expect(200);
            const Json items = page.at("/items");
            for (const Json& one : items.as_array()) found += one.find("handle")->as_string() + " ";
            if (page.text("/next_cursor").empty()) return found;
            cursor = "&cursor=" + page.text("/next_cursor");
        }
    };
    EXPECT_EQ(listed(""), "p6 p5 p4 p3 p2 p1 p0 ");
    EXPECT_EQ(listed("&state=suspended"), "p2 ");
    EXPECT_EQ(listed("&prefix=p5"), "p5 ");
    EXPECT_EQ(listed("&handle=P4"), "p4 ");
    EXPECT_EQ(listed("&handle=gone"), "");
    EXPECT_EQ(listed("&email=nobody@example.com"), "");
    as.stranger.get("/api/v1/users?group=" + team.text("/id")).expect(200).field("/items", Json::array());
    fill(team, 3000);
    const auto first = operator_.get("/api/v1/users?limit=200&group=" + team.text("/id")).expect(200);
    const auto second = operator_.get("/api/v1/users?limit=200&group=" + team.text("/id") + "&cursor=" + first.text("/next_cursor")).expect(200);
    EXPECT_EQ(second.at("/items").size(), 200u);
    EXPECT_GT(first.text("/items/199/id"), second.text("/items/0/id"));
}

// A million rows say no more than a count that is nearly there.
TEST_F(BigGroups, HaveAMillionMembersAtMostHoweverManyAreAddedAtOnce) {
    const auto team = made("team"), other = made("other");
    std::vector<testkit::Answer> people;
    for (int i = 0; i < 64; ++i) people.push_back(somebody("p" + std::to_string(i)));
    sql("update user_group set member_count = 999990 where id = '" + team.text("/id") + "'");
    std::atomic<int> added{0}, refused{0};
    at_once(64, [&](int i) {
        const int status = put(team, people[static_cast<std::size_t>(i)]).send().status();
        ++(status == 204 ? added : refused);
        EXPECT_TRUE(status == 204 || status == 409) << status;
    });
    EXPECT_EQ(added, 10);
    EXPECT_EQ(refused, 54);
    EXPECT_EQ(sql("select count(*) from user_group_member"), "10");
    EXPECT_EQ(count_of(team), 1'000'000);
    const auto late = somebody("late");
    put(team, late).expect_problem(409, "group-full");
    EXPECT_EQ(refusal(patch(scim(team), adding(late))), "400 tooMany");
    put(other, late).expect(204); // each counts for itself
    const std::string member = sql("select user_id from user_group_member where group_id = '" + team.text("/id") + "' limit 1");
    operator_.del(team.location() + "/members/" + member).expect(204);
    put(team, late).expect(204);
    put(team, late).expect(204); // is one already
    EXPECT_EQ(count_of(team), 1'000'000);
}

TEST_F(BigGroups, KnowHowManyMembersTheyHaveOnEveryWay) {
    const auto ada = somebody("ada"), bob = somebody("bob"), cleo = somebody("cleo"), inner = made("inner"), team = made("team");
    put(team, ada).expect(204);
    put(team, ada).expect(204);
    put(team, inner).expect(204);
    EXPECT_EQ(count_of(team), 2);
    change(team, adding(bob) + "," + adding(cleo) + "," + removing(ada)).expect(200);
    EXPECT_EQ(count_of(team), 3);
    const auto made_by_scim = group("scim", {ada.text("/id"), bob.text("/id")});
    operator_.get("/api/v1/user-groups/" + made_by_scim.text("/id")).expect(200).field("/member_count", 2);
    send("PUT", at(made_by_scim), group_json("scim", {cleo.text("/id")})).expect(200);
    EXPECT_EQ(miscounted(), "0");
    operator_.del(inner.location()).expect(204); // a member that goes
    EXPECT_EQ(count_of(team), 2);
    // Both are members of the team: as one account they are one.
    const auto merge = operator_.post("/api/v1/user-merges", {{"winner_id", bob.text("/id")}, {"loser_id", cleo.text("/id")}}).expect(201);
    operator_.post(merge.location() + "/confirm").expect(200);
    EXPECT_EQ(count_of(team), 1);
    EXPECT_EQ(miscounted(), "0");
    operator_.post(merge.location() + "/undo").expect(200);
    EXPECT_EQ(count_of(team), 2);
    EXPECT_EQ(miscounted(), "0");
}

TEST_F(BigGroups, CountRightWhoComesAndGoesAtOnce) {
    const auto team = made("team");
    std::vector<testkit::Answer> people;
    for (int i = 0; i < 10; ++i) people.push_back(somebody("p" + std::to_string(i)));
    at_once(20, [&](int i) {
        const auto& one = people[static_cast<std::size_t>(i / 2)];
        if (i % 2 == 0)
            put(team, one).expect(204);
        else
            EXPECT_EQ(patch(scim(team), adding(one) + "," + removing(one) + "," + adding(one)).status(), 200);
    });
    EXPECT_EQ(miscounted(), "0");
    EXPECT_EQ(count_of(team), 10);
}

TEST_F(BigGroups, AreShownTenThousandMembersAtATime) {
    const auto team = made("team");
    fill(team, 10'003);
    const auto first = directory.get(scim(team)).expect(200);
    EXPECT_EQ(members_in(first), 10'000u);
    const std::string link = first.header("Link");
    ASSERT_NE(link.find("; rel=\"next\""), std::string::npos) << link;
    const auto rest = directory.get(path_of(link)).expect(200);
    EXPECT_EQ(members_in(rest), 3u);
    EXPECT_EQ(rest.header("Link"), "");
    EXPECT_LT(first.text("/members/9999/value"), rest.text("/members/0/value"));
    const auto only = directory.get(scim(team) + "?attributes=members").expect(200).field("/displayName", Json());
    EXPECT_EQ(members_in(directory.get(path_of(only.header("Link"))).expect(200).field("/displayName", Json())), 3u);
    const auto without = directory.get(scim(team) + "?excludedAttributes=members").expect(200).field("/members", Json());
    EXPECT_EQ(without.header("Link"), "");
    EXPECT_EQ(refusal(directory.get(scim(team) + "?membersAfter=nonsense").send()), "400 invalidValue");
    const auto theirs = service.caller(ProjectId::fresh(), "scim:write");
    EXPECT_EQ(theirs.get(scim(team)).send().status(), 404);
    operator_.get(team.location() + "/members?limit=2").expect(200).field("/items/1/kind", "user").field("/items/2", Json());
}

// There may be fewer groups than were asked for; their clients go on behind them.
TEST_F(BigGroups, AreTheLastOfTheirPage) {
    const auto small = made("small"), team = made("team"), tiny = made("tiny");
    put(small, somebody("ada")).expect(204);
    fill(team, 10'003);
    directory.get(groups).expect(200).field("/totalResults", 3).field("/itemsPerPage", 1).field("/Resources/0/displayName", "small");
    const auto second = directory.get(groups + "?startIndex=2").expect(200).field("/Resources/0/displayName", "team").field("/Resources/1", Json());
    EXPECT_EQ(second.at("/Resources/0/members").size(), 10'000u);
    directory.get(groups + "?startIndex=3").expect(200).field("/Resources/0/displayName", "tiny");
    EXPECT_EQ(names(groups, "excludedAttributes=members"), "small team tiny ");
    const auto page = directory.get(groups + "?cursor=").expect(200).field("/Resources/0/displayName", "small").field("/Resources/1", Json());
    const auto next = directory.get(groups + "?cursor=" + page.text("/nextCursor")).expect(200).field("/Resources/0/displayName", "team");
    const auto last = directory.get(groups + "?cursor=" + next.text("/nextCursor")).expect(200).field("/Resources/0/displayName", "tiny");
    EXPECT_EQ(last.text("/nextCursor"), "");
}

TEST_F(BigGroups, ChangeWithoutALookAtWhoElseIsInThem) {
    const auto team = made("team"), ada = somebody("ada"), bob = somebody("bob");
    fill(team, 10'003);
    const auto version = [&] { return directory.get(scim(team) + "?excludedAttributes=members").expect(200).etag(); };
    const auto added = change(team, adding(ada) + "," + adding(bob)).expect(204);
    EXPECT_EQ(added.body(), "");
    EXPECT_EQ(added.etag(), version());
    EXPECT_EQ(count_of(team), 10'005);
    const std::string before = version();
    change(team, adding(ada)).expect(204); // is one already
    EXPECT_EQ(version(), before);
    const std::string is_ada = "?excludedAttributes=members&filter=" + http::percent_encode("members[value eq \"" + ada.text("/id") + "\"]");
    directory.get(groups + is_ada).expect(200).field("/totalResults", 1).field("/Resources/0/members", Json());
    event_types();
    change(team, removing(ada)).expect(204);
    change(team, removing(ada)).expect(204); // nobody is let through
    change(team, R"({"op":"remove","path":"members","value":[{"value":")" + bob.text("/id") + "\"}]}").expect(204);
    EXPECT_EQ(event_types(), "group.updated group_member.removed group.updated group_member.removed ");
    directory.get(groups + is_ada).expect(200).field("/totalResults", 0);
    EXPECT_EQ(count_of(team), 10'003);
    send("PATCH", scim(team) + "?attributes=displayName", patch_json(R"({"op":"replace","path":"displayName","value":"squad"})"))
        .expect(200)
        .field("/displayName", "squad")
        .field("/members", Json());
    EXPECT_EQ(refusal(patch(scim(team), adding(ada) + R"(,{"op":"add","path":"members","value":[{"value":"nonsense"}]})")), "400 invalidValue");
    EXPECT_EQ(miscounted(), "0");
    EXPECT_EQ(count_of(team), 10'003);
}

// What would look at all of them, or take them all away, is for groups that one answer holds.
TEST_F(BigGroups, AreNotReplaced) {
    const auto team = made("team"), ada = somebody("ada");
    fill(team, 10'003);
    EXPECT_EQ(refusal(send("PUT", scim(team), group_json("team", {ada.text("/id")})).send()), "400 tooMany");
    EXPECT_EQ(refusal(send("PUT", scim(team), group_json("team")).send()), "400 tooMany");
    for (const std::string operation : {R"({"op":"remove","path":"members"})", R"({"op":"replace","path":"members","value":[]})",
                                        R"({"op":"remove","path":"members[type eq \"User\"]"})", R"({"op":"replace","value":{"members":[]}})"})
        EXPECT_EQ(refusal(patch(scim(team), operation)), "400 tooMany") << operation;
    EXPECT_EQ(count_of(team), 10'003);
    operator_.del(team.location()).expect(204);
    EXPECT_EQ(sql("select count(*) from user_group_member"), "0");
}

TEST_F(BigGroups, TakeManyMembersInOneRequest) {
    const auto team = made("team"), source = made("source"), ada = somebody("ada");
    fill(source, 2'000);
    const std::string id = source.text("/id");
    const std::string all = sql("select string_agg('{\"value\":\"' || user_id || '\"}', ',') from user_group_member where group_id = '" + id + "'");
    event_types();
    change(team, R"({"op":"add","path":"members","value":[)" + all + "]}," + adding(ada)).expect(204);
    EXPECT_EQ(service.take_events().size(), 2'002u); // the group's, and one for each
    EXPECT_EQ(count_of(team), 2'001);
    change(team, R"({"op":"remove","path":"members","value":[)" + all + "]}").expect(200); // few enough to be shown
    EXPECT_TRUE(has(directory.get(scim(team)).expect(200), ada));
    EXPECT_EQ(count_of(team), 1);
    EXPECT_EQ(count_of(source), 2'000);
    EXPECT_EQ(miscounted(), "0");
}

// Groups that were there before the count was.
TEST(GroupsOfBefore, AreCountedByTheMigration) {
    const auto all = user_migrations();
    const auto own = std::find_if(all.begin(), all.end(), [](const pg::Migration& file) { return file.name == "0015_big_groups"; });
    ASSERT_NE(own, all.end());
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), all.first(static_cast<std::size_t>(own - all.begin())), "gravity_test_app");
    const std::string one = Uuid::v7().to_string(), other = Uuid::v7().to_string();
    const auto user = [&](const std::string& project, const std::string& name) {
        store.admin("insert into users (id, project, subject, handle, handle_key, handle_skeleton, state, state_actor, state_at, created_at, updated_at) "
                    "values (gen_random_uuid(), '" +
                    project + "', '" + name + "', '" + name + "', '" + name + "', '" + name + "', 'active', 'test', now(), now(), now())");
    };
    const auto group = [&](const std::string& project, const std::string& name) {
        store.admin("insert into user_group (id, project, display_name, created_at, updated_at) values (gen_random_uuid(), '" + project + "', '" + name +
                    "', now(), now())");
    };
    user(one, "ada"), user(one, "bob"), user(other, "eve");
    group(one, "none"), group(one, "team"), group(one, "outer"), group(other, "team");
    store.admin("insert into user_group_member (group_id, user_id, project) select g.id, u.id, g.project from user_group g join users u "
                "on u.project = g.project where g.display_name = 'team'");
    store.admin("insert into user_group_member (group_id, member_group, project) select o.id, i.id, o.project from user_group o, user_group i "
                "where o.display_name = 'outer' and i.display_name = 'none'");

    EXPECT_EQ(pg::migrate(store.owner_url(), all, "gravity_test_app").applied, static_cast<int>(all.end() - own));
    EXPECT_EQ(store.admin("select string_agg(display_name || ':' || member_count, ' ' order by display_name, member_count) from user_group"),
              "none:0 outer:1 team:1 team:2");
    EXPECT_EQ(store.admin("select count(*) from user_group_member where member_id is distinct from coalesce(user_id, member_group)"), "0");
    EXPECT_EQ(store.admin("select count(*) from pg_class where relname in ('user_group', 'user_group_member') and relrowsecurity and relforcerowsecurity"),
              "2");
}

} // namespace
} // namespace gravity::user
