#include "project_fixture.hpp"

#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class Organizations : public ProjectApi {};
class Members : public ProjectApi {};

TEST_F(Organizations, AreFoundedReadChangedAndDeleted) {
    const auto made = organization(ada);
    EXPECT_EQ(made.location(), "/api/v1/organizations/" + made.text("/id"));
    EXPECT_EQ(event_types(), "member.added ");
    const auto read = ada.get(made.location()).expect(200).field("/slug", "acme").field("/version", 1);
    ada.get(seat(made, "ada")).expect(200).field("/role", "owner");
    ada.patch(made.location(), {{"name", "Acme Ltd"}}).if_match(read.etag()).expect(200).field("/name", "Acme Ltd").field("/slug", "acme").field("/version", 2);
    ada.patch(made.location(), {{"name", "Late"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    ada.post("/api/v1/organizations", {{"slug", "acme"}, {"name", "Other"}}).expect_problem(409, "organization-slug-taken");
    const auto other = organization(ada, "other");
    ada.patch(other.location(), {{"slug", "acme"}}).expect_problem(409, "organization-slug-taken");
    project(ada, made);
    ada.del(made.location()).expect_problem(409, "has-projects");
    ada.del(other.location()).if_match("\"7\"").expect_problem(412, "stale-version");
    ada.del(other.location()).expect(204); // its last owner goes with it
    ada.get(other.location()).expect_problem(404, "not-found");
    EXPECT_EQ(service.database().admin("select count(*) from member"), "1");
}

TEST_F(Organizations, AreListedToTheirMembersInPages) {
    for (const std::string slug : {"one", "two", "three"}) organization(ada, slug);
    organization(ben, "bens");
    const auto page = ada.get("/api/v1/organizations?limit=2").expect(200).field("/items/0/slug", "three").field("/items/1/slug", "two");
    page.field("/items/2", Json());
    ada.get("/api/v1/organizations?limit=2&cursor=" + page.text("/next_cursor")).expect(200).field("/items/0/slug", "one").field("/next_cursor", Json());
    ben.get("/api/v1/organizations").expect(200).field("/items/0/slug", "bens").field("/items/1", Json());
    cleo.get("/api/v1/organizations").expect(200).field("/items", Json::array());
    as.stranger.get("/api/v1/organizations").expect(200).field("/items", Json::array());
}

TEST_F(Organizations, HavePlainSlugs) {
    for (const std::string slug : {"api", "admin", "Acme", "ac me", "-acme", "acm\xd0\xb5", ""})
        ada.post("/api/v1/organizations", {{"slug", slug}, {"name", "x"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/slug");
    const auto made = organization(ada);
    ada.patch(made.location(), {{"slug", "admin"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/slug");
    ada.patch(made.location(), {{"plan", "gold"}}).expect_problem(400, "malformed-request");
}

TEST_F(Organizations, AreNotThereForWhoIsNoMember) {
    const auto made = organization(ada);
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes(), "ada"); // the same subject among other identities
    for (const auto& who : {ben, namesake}) {
        who.get(made.location()).expect_problem(404, "not-found");
        who.patch(made.location(), {{"name", "Mine"}}).expect_problem(404, "not-found");
        who.del(made.location()).expect_problem(404, "not-found");
        who.get(made.location() + "/members").expect_problem(404, "not-found");
        who.get(seat(made, "ada")).expect_problem(404, "not-found");
        who.post(made.location() + "/members", {{"subject", "ben"}, {"role", "owner"}}).expect_problem(404, "not-found");
        who.patch(seat(made, "ada"), {{"role", "viewer"}}).expect_problem(404, "not-found");
        who.del(seat(made, "ada")).expect_problem(404, "not-found");
    }
    organization(namesake); // a slug belongs to those who administer
}

TEST_F(Organizations, AreFoundedByWhoCanBeNamed) {
    for (const std::string subject : {"ada lovelace", ".."})
        service.caller(service.project(), "organizations:write", subject)
            .post("/api/v1/organizations", {{"slug", "acme"}, {"name", "Acme"}})
            .expect_problem(403, "subject-not-usable");
}

TEST_F(Members, AreAddedChangedAndRemoved) {
    const auto made = organization(ada);
    for (const std::string path : {".", ".."}) // nobody could be removed by such an address
        ada.post(made.location() + "/members", {{"subject", path}, {"role", "viewer"}}).expect_problem(422, "invalid-value");
    join(ada, made, "...", "viewer");
    ada.del(made.location() + "/members/...").expect(204);
    event_types();
    const auto added = join(ada, made, "auth0|ben/1", "viewer");
    EXPECT_EQ(added.location(), made.location() + "/members/auth0%7Cben%2F1");
    const auto read = ada.get(added.location()).expect(200).field("/subject", "auth0|ben/1").field("/role", "viewer");
    ada.post(made.location() + "/members", {{"subject", "auth0|ben/1"}, {"role", "admin"}}).expect_problem(409, "already-member");
    ada.post(made.location() + "/members", {{"subject", "ben"}, {"role", "king"}}).expect_problem(422, "invalid-value");
    ada.post(made.location() + "/members", {{"subject", "b n"}, {"role", "viewer"}}).expect_problem(422, "invalid-value");
    ada.patch(added.location(), {{"role", "developer"}}).if_match(read.etag()).expect(200).field("/role", "developer").field("/version", 2);
    ada.patch(added.location(), {{"role", "viewer"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    ada.patch(added.location(), {{"role", "developer"}}).expect(200); // as it is: no event
    ada.get(made.location() + "/members").expect(200).field("/items/0/subject", "ada").field("/items/1/role", "developer");
    ada.del(added.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    ada.del(added.location()).expect(204);
    ada.del(added.location()).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "member.added member.changed member.removed ");
}

TEST_F(Members, MayWhatTheirRoleSays) {
    const auto made = organization(ada);
    const std::vector<std::string> roles = {"admin", "developer", "viewer", "billing"};
    for (const auto& role : roles) join(ada, made, role, role);
    for (const auto& role : roles) {
        const auto who = person(role);
        const bool administers = role == "admin";
        who.get(made.location()).expect(200);
        who.get(made.location() + "/members").expect(200);
        EXPECT_EQ(who.patch(made.location(), {{"name", role}}).send().status(), administers ? 200 : 403);
        EXPECT_EQ(who.post(made.location() + "/members", {{"subject", "new"}, {"role", "viewer"}}).send().status(), administers ? 201 : 403);
        EXPECT_EQ(who.patch(seat(made, "billing"), {{"role", "billing"}}).send().status(), administers ? 200 : 403);
        who.patch(seat(made, role), {{"role", "owner"}}).expect_problem(403, "role-too-low"); // owners are made by owners
        who.post(made.location() + "/members", {{"subject", "x"}, {"role", "owner"}}).expect_problem(403, "role-too-low");
        who.patch(seat(made, "ada"), {{"role", "viewer"}}).expect_problem(403, "role-too-low"); // and unmade by them
        who.del(seat(made, "ada")).expect_problem(403, "role-too-low");
        who.del(made.location()).expect_problem(403, "role-too-low");
    }
    person("viewer").del(seat(made, "new")).expect_problem(403, "role-too-low");
    person("admin").del(seat(made, "new")).expect(204);
    person("viewer").del(seat(made, "viewer")).expect(204); // everybody may leave
    person("viewer").get(made.location()).expect_problem(404, "not-found");
    as.reader.post("/api/v1/organizations", {{"slug", "x"}, {"name", "x"}}).expect_problem(403, "forbidden");
    as.anonymous.get(made.location()).expect_problem(401, "unauthenticated");
}

TEST_F(Members, KeepAnOwnerAmongThem) {
    const auto made = organization(ada);
    join(ada, made, "ben", "admin");
    ada.del(seat(made, "ada")).expect_problem(409, "last-owner");
    ada.patch(seat(made, "ada"), {{"role", "admin"}}).expect_problem(409, "last-owner");
    ada.patch(seat(made, "ben"), {{"role", "owner"}}).expect(200);
    ada.patch(seat(made, "ada"), {{"role", "viewer"}}).expect(200);
    ben.del(seat(made, "ben")).expect_problem(409, "last-owner");
    ben.del(seat(made, "ada")).expect(204);
}

// Both are the other's reason why they may go. The first has written and not yet committed when the second asks.
TEST_F(Members, KeepAnOwnerThoughBothLeaveAtOnce) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    const auto made = organization(ada);
    join(ada, made, "ben", "owner");
    testkit::Testpoint commit("pg.before_commit");
    commit.pause();
    int first = 0, second = 0;
    std::thread one([&] { first = ada.del(seat(made, "ada")).send().status(); });
    commit.wait_until_paused();
    std::thread other([&] { second = ben.patch(seat(made, "ben"), {{"role", "viewer"}}).send().status(); });
    testkit::until([&] {
        return commit.waiting() == 2 || service.database().admin("select count(*) from pg_locks where not granted") != "0";
    });
    commit.release();
    one.join();
    other.join();
    EXPECT_EQ(first, 204);
    EXPECT_EQ(second, 409);
    EXPECT_EQ(service.database().admin("select string_agg(subject || role, ' ') from member"), "benowner");
}

// What the handlers' lock does, the table does without it, whatever the SQL.
TEST_F(Members, KeepAnOwnerInTheTableToo) {
    const auto made = organization(ada);
    join(ada, made, "ben", "viewer");
    const std::string id = made.text("/id");
    for (const std::string sql : {"delete from member where subject = 'ada'", "update member set role = 'admin' where subject = 'ada'",
                                  "update member set role = 'viewer'", "delete from member"}) {
        EXPECT_ANY_THROW(service.database().admin(sql)) << sql;
        EXPECT_EQ(service.database().admin("select count(*) from member where role = 'owner' and organization_id = '" + id + "'"), "1") << sql;
    }
}

// Two transactions that know nothing of the handlers' lock; each stays open for a moment, so that the other is under way.
TEST_F(Members, KeepAnOwnerInTheTableThoughBothGoAtOnce) {
    const auto made = organization(ada);
    join(ada, made, "ben", "owner");
    std::atomic<int> gone{0}, refused{0};
    at_once(2, [&](int i) {
        try {
            service.database().admin(std::string("delete from member where subject = '") + (i == 0 ? "ada" : "ben") + "'; select pg_sleep(0.2)");
            ++gone;
        } catch (const std::exception& error) {
            ++refused;
            EXPECT_NE(std::string(error.what()).find("would have no owner"), std::string::npos) << error.what();
        }
    });
    EXPECT_EQ(gone, 1);
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(service.database().admin("select count(*) from member where role = 'owner'"), "1");
}

TEST_F(Members, KeepAnOwnerHoweverManyGoAndHoweverTheyDoIt) {
    for (int round = 0; round < 8; ++round) {
        const auto made = organization(ada, "round-" + std::to_string(round));
        for (int i = 0; i < 5; ++i) join(ada, made, "owner-" + std::to_string(i), "owner");
        ada.del(seat(made, "ada")).expect(204);
        std::atomic<int> gone{0}, kept{0};
        at_once(5, [&](int i) {
            const std::string me = "owner-" + std::to_string(i);
            const auto who = person(me);
            const auto answer = i % 2 == 0 ? who.del(seat(made, me)).send() : who.patch(seat(made, me), {{"role", "viewer"}}).send();
            ++(answer.status() < 300 ? gone : kept);
            EXPECT_TRUE(answer.status() < 300 || answer.text("/type") == problem_type("last-owner")) << answer.body();
        });
        EXPECT_EQ(gone, 4);
        EXPECT_EQ(kept, 1);
        EXPECT_EQ(service.database().admin("select count(*) from member where role = 'owner' and organization_id = '" + made.text("/id") + "'"), "1");
    }
}

// Each removes the other: who comes second is no owner any more.
TEST_F(Members, KeepAnOwnerThoughOwnersRemoveOneAnother) {
    for (int round = 0; round < 8; ++round) {
        const auto made = organization(ada, "duel-" + std::to_string(round));
        join(ada, made, "ben", "owner");
        int statuses[2] = {};
        at_once(2, [&](int i) { statuses[i] = i == 0 ? ada.del(seat(made, "ben")).send().status() : ben.del(seat(made, "ada")).send().status(); });
        EXPECT_EQ(std::min(statuses[0], statuses[1]), 204);
        EXPECT_EQ(std::max(statuses[0], statuses[1]), 404);
        EXPECT_EQ(service.database().admin("select count(*) from member where role = 'owner' and organization_id = '" + made.text("/id") + "'"), "1");
    }
}

TEST_F(Members, GoWithThePurgeOfThoseWhoAdminister) {
    const auto made = organization(ada);
    key(ada, project(ada, made));
    const auto operators = service.caller(ProjectId::fresh(), "projects:purge");
    operators.del("/internal/projects/" + service.project().to_string()).expect(200).field("/removed/public.organization", 1);
    for (const std::string table : {"member", "api_key_directory", "project"}) EXPECT_EQ(service.database().admin("select count(*) from " + table), "0");
}

} // namespace
} // namespace gravity::project
