// Members of single projects: their role there, beside those of the organisation.
#include "usage_fixture.hpp"

#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class ProjectMembers : public UsageApi {
protected:
    testkit::Answer blog = project(ada, acme, "blog");

    std::string members() const { return shop.location() + "/members"; }
    std::string count(const std::string& condition) { return service.database().admin("select count(*) from project_member where " + condition); }
};

TEST_F(ProjectMembers, AreAddedChangedAndRemoved) {
    event_types();
    const auto added = let_in(ada, shop, "auth0|ben/1", "viewer");
    EXPECT_EQ(added.location(), members() + "/auth0%7Cben%2F1");
    added.field("/project_id", shop.text("/id")).field("/version", 1);
    const auto read = ada.get(added.location()).expect(200).field("/subject", "auth0|ben/1").field("/role", "viewer");
    ada.post(members(), {{"subject", "auth0|ben/1"}, {"role", "admin"}}).expect_problem(409, "already-member");
    ada.post(members(), {{"subject", "ben"}, {"role", "king"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/role");
    for (const std::string& bad : std::vector<std::string>{"", "b n", std::string(256, 'a'), "b\xc3\xa9n"})
        ada.post(members(), {{"subject", bad}, {"role", "viewer"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/subject");
    ada.patch(added.location(), {{"role", "developer"}}).if_match(read.etag()).expect(200).field("/role", "developer").field("/version", 2);
    ada.patch(added.location(), {{"role", "viewer"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    ada.patch(added.location(), {{"role", "developer"}}).expect(200); // as it is: no event
    ada.patch(added.location(), {{"project_id", blog.text("/id")}}).expect_problem(400, "malformed-request");
    ada.patch(seat(shop, "nobody"), {{"role", "viewer"}}).expect_problem(404, "not-found");
    let_in(ada, shop, "cleo", "viewer");
    const auto page = ada.get(members() + "?limit=1").expect(200).field("/items/0/subject", "auth0|ben/1").field("/items/1", Json());
    ada.get(members() + "?limit=1&cursor=" + page.text("/next_cursor")).expect(200).field("/items/0/subject", "cleo").field("/next_cursor", Json());
    ada.get(blog.location() + "/members").expect(200).field("/items", Json::array()); // those of the organisation are not among them
    ada.del(added.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    ada.del(added.location()).expect(204);
    ada.del(added.location()).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "project_member.added project_member.changed project_member.added project_member.removed ");
}

TEST_F(ProjectMembers, MayWhatTheirRoleSaysInThatProject) {
    for (const std::string role : {"owner", "admin", "developer", "viewer", "billing"}) let_in(ada, shop, role, role);
    const auto made = key(ada, shop);
    for (const std::string role : {"owner", "admin", "developer", "viewer", "billing"}) {
        const auto who = person(role);
        const bool administers = role == "owner" || role == "admin", develops = administers || role == "developer";
        who.get(shop.location()).expect(200);
        who.get(shop.location() + "/environments").expect(200);
        who.get(quotas()).expect(200);
        who.get(made.location()).expect(200);
        who.post(made.location() + "/explain").expect(200).field("/active", true);
        who.get("/api/v1/api-keys").expect(200).field("/items/0/id", made.text("/id"));
        who.get("/api/v1/projects").expect(200).field("/items/0/id", shop.text("/id")).field("/items/1", Json());
        EXPECT_EQ(who.patch(shop.location(), {{"name", role}}).send().status(), administers ? 200 : 403) << role;
        EXPECT_EQ(who.patch(made.location(), {{"name", role}}).send().status(), develops ? 200 : 403) << role;
        EXPECT_EQ(who.post("/api/v1/api-keys", key_body(shop)).send().status(), develops ? 201 : 403) << role;
        service.database().admin("delete from api_key where id <> '" + made.text("/id") + "'");
        EXPECT_EQ(who.get(shop.location() + "/audit").send().status(), administers ? 200 : 403) << role;
        EXPECT_EQ(who.post(shop.location() + "/environments", {{"name", role}, {"kind", "other"}}).send().status(), administers ? 201 : 403) << role;
        EXPECT_EQ(who.post(members(), {{"subject", "of-" + role}, {"role", "viewer"}}).send().status(), administers ? 201 : 403) << role;
        EXPECT_EQ(who.post(members(), {{"subject", "owner-of-" + role}, {"role", "owner"}}).send().status(), role == "owner" ? 201 : 403) << role;
        if (role == "owner") continue;
        who.patch(seat(shop, role), {{"role", "owner"}}).expect_problem(403, "role-too-low"); // owners are made by owners
        who.patch(seat(shop, "owner"), {{"role", "viewer"}}).expect_problem(403, "role-too-low"); // and unmade by them
        who.del(seat(shop, "owner")).expect_problem(403, "role-too-low");
        who.del(shop.location()).expect_problem(403, "role-too-low");
    }
    person("viewer").del(seat(shop, "billing")).expect_problem(403, "role-too-low");
    person("viewer").del(seat(shop, "viewer")).expect(204); // everybody may leave
    person("viewer").get(shop.location()).expect_problem(404, "not-found");
    person("viewer").get("/api/v1/api-keys").expect(200).field("/items", Json::array());
    person("owner").del(shop.location()).expect(204);
    person("owner").post(shop.location() + "/restore").expect(200);
    service.caller(service.project(), "projects:read projects:write", "admin")
        .post(members(), {{"subject", "x"}, {"role", "viewer"}})
        .expect_problem(403, "forbidden"); // the scope is projects:admin
    as.anonymous.get(members()).expect_problem(401, "unauthenticated");
}

// What they may there they may nowhere else, and nothing that is the organisation's.
TEST_F(ProjectMembers, MayNothingElsewhere) {
    let_in(ada, shop, "ben", "owner");
    const auto other_key = key(ada, blog);
    ben.get(acme.location()).expect_problem(404, "not-found");
    ben.get(acme.location() + "/members").expect_problem(404, "not-found");
    ben.get(acme.location() + "/audit").expect_problem(404, "not-found");
    ben.get("/api/v1/organizations").expect(200).field("/items", Json::array());
    ben.post("/api/v1/projects", {{"organization_id", acme.text("/id")}, {"slug", "x"}, {"name", "x"}}).expect_problem(422, "no-such-organization");
    ben.get(blog.location()).expect_problem(404, "not-found");
    ben.get(blog.location() + "/members").expect_problem(404, "not-found");
    ben.post(blog.location() + "/members", {{"subject", "ben"}, {"role", "owner"}}).expect_problem(404, "not-found");
    ben.get(seat(blog, "ben")).expect_problem(404, "not-found");
    ben.del(seat(blog, "ben")).expect_problem(404, "not-found");
    ben.get(other_key.location()).expect_problem(404, "not-found");
    ben.post("/api/v1/api-keys", key_body(blog)).expect_problem(422, "no-such-environment");
    ben.get(blog.location() + "/quotas").expect_problem(404, "not-found");
    const auto bens = organization(ben, "bens");
    ben.post(shop.location() + "/transfer", {{"organization_id", bens.text("/id")}}).expect_problem(403, "role-too-low"); // it is not theirs to take
    ben.post(shop.location() + "/clone", {{"slug", "twin"}, {"name", "Twin"}}).expect_problem(403, "role-too-low");
    // The same subject among other identities is somebody else.
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes(), "ben");
    for (const auto& call : {namesake.get(shop.location()), namesake.get(members()), namesake.get(seat(shop, "ben")), namesake.del(seat(shop, "ben")),
                             namesake.patch(seat(shop, "ben"), {{"role", "viewer"}}), namesake.post(members(), {{"subject", "x"}, {"role", "viewer"}})})
        call.expect_problem(404, "not-found");
    namesake.get("/api/v1/projects").expect(200).field("/items", Json::array());
    EXPECT_EQ(count("role = 'owner' and subject = 'ben'"), "1");
}

// The stronger of both counts, whichever way somebody has it.
TEST_F(ProjectMembers, AddToARoleInTheOrganisation) {
    join(ada, acme, "ben", "viewer");
    ben.patch(shop.location(), {{"name", "x"}}).expect_problem(403, "role-too-low");
    let_in(ada, shop, "ben", "admin");
    ben.patch(shop.location(), {{"name", "x"}}).expect(200);
    ben.patch(blog.location(), {{"name", "x"}}).expect_problem(403, "role-too-low");
    ben.get("/api/v1/projects").expect(200).field("/items/1/id", shop.text("/id")).field("/items/2", Json()); // each once
    let_in(ada, shop, "ada", "viewer");
    ada.patch(shop.location(), {{"name", "y"}}).expect(200);
    ada.del(seat(acme, "ben")).expect(204); // what they are in the project they stay
    ben.patch(shop.location(), {{"name", "z"}}).expect(200);
    ben.get(acme.location()).expect_problem(404, "not-found");
    // With the project goes who is in it; whoever it is given to may remove them.
    const auto bens = organization(ben, "bens");
    join(ben, bens, "ada", "admin");
    ada.post(shop.location() + "/transfer", {{"organization_id", bens.text("/id")}}).expect(200);
    ada.get(seat(shop, "ben")).expect(200).field("/role", "admin");
    ben.del(seat(shop, "ben")).expect(204);
    ben.del(shop.location()).expect(204); // as an owner of the organisation that it has come to
}

TEST_F(ProjectMembers, OwnersHearOfTheKeysOfTheirProject) {
    let_in(ada, shop, "ben", "owner");
    let_in(ada, shop, "cleo", "viewer");
    join(ada, acme, "cleo", "developer");
    const auto made = key(person("cleo"), shop);
    service.take_events();
    as.anonymous.post("/api/v1/api-keys/report-leak").raw(made.text("/key"), "text/plain").expect(200);
    for (const auto& event : service.take_events())
        if (event.type == "gravity.project.api_key.leaked") {
            EXPECT_EQ(*event.data.find("tell"), Json::array({"cleo", "ada", "ben"})) << "who made it first, and each once";
            return;
        }
    ADD_FAILURE() << "no leak was announced";
}

TEST_F(ProjectMembers, SetItsLimitsByRole) {
    meter(worker);
    for (const std::string role : {"admin", "viewer"}) let_in(ada, shop, role, role);
    person("admin").put(quotas() + "/tokens", limit(5)).expect(200);
    person("viewer").put(quotas() + "/tokens", limit(9)).expect_problem(403, "role-too-low");
    person("viewer").get(quotas()).expect(200).field("/items/0/limit", 5.0);
    reserve(person("admin"), reservation(), 1).expect_problem(404, "not-found"); // whoever measures has the project's own token
}

// An owner in the project alone is none of the organisation: its last one stays, whoever asks.
TEST_F(ProjectMembers, DoNotLetTheLastOwnerOfTheOrganisationGo) {
    let_in(ada, shop, "ben", "owner");
    ada.del(seat(acme, "ada")).expect_problem(409, "last-owner");
    ada.patch(seat(acme, "ada"), {{"role", "viewer"}}).expect_problem(409, "last-owner");
    ben.del(seat(shop, "ben")).expect(204); // the project has an owner still
    ada.del(shop.location()).expect(204);
}

TEST_F(ProjectMembers, DoNotLetBothOwnersOfTheOrganisationGoAtOnce) {
    let_in(ada, shop, "cleo", "owner");
    for (int round = 0; round < 8; ++round) {
        const auto made = organization(ada, "round-" + std::to_string(round));
        const auto own = project(ada, made);
        let_in(ada, own, "cleo", "owner");
        join(ada, made, "ben", "owner");
        int statuses[2] = {};
        at_once(2, [&](int i) { statuses[i] = i == 0 ? ada.del(seat(made, "ada")).send().status() : ben.del(seat(made, "ben")).send().status(); });
        EXPECT_EQ(std::min(statuses[0], statuses[1]), 204);
        EXPECT_EQ(std::max(statuses[0], statuses[1]), 409);
        EXPECT_EQ(service.database().admin("select count(*) from member where role = 'owner' and organization_id = '" + made.text("/id") + "'"), "1");
    }
}

// Each removes the other: who comes second is no owner any more.
TEST_F(ProjectMembers, OwnersRemoveOneAnotherOnce) {
    let_in(ada, shop, "ben", "owner");
    let_in(ada, shop, "cleo", "owner");
    for (int round = 0; round < 8; ++round) {
        int statuses[2] = {};
        at_once(2, [&](int i) { statuses[i] = i == 0 ? ben.del(seat(shop, "cleo")).send().status() : cleo.del(seat(shop, "ben")).send().status(); });
        EXPECT_EQ(std::min(statuses[0], statuses[1]), 204);
        EXPECT_EQ(std::max(statuses[0], statuses[1]), 404);
        EXPECT_EQ(count("role = 'owner'"), "1");
        let_in(ada, shop, count("subject = 'ben'") == "1" ? "cleo" : "ben", "owner");
    }
}

// The role that somebody had when they asked is looked at again once it is their turn.
TEST_F(ProjectMembers, AreNotMadeByWhoHasJustBeenRemoved) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    let_in(ada, shop, "ben", "admin");
    testkit::Testpoint commit("pg.before_commit");
    commit.pause();
    int removed = 0, added = 0;
    std::thread one([&] { removed = ada.del(seat(shop, "ben")).send().status(); });
    commit.wait_until_paused();
    std::thread other([&] { added = ben.post(members(), {{"subject", "cleo"}, {"role", "viewer"}}).send().status(); });
    testkit::until([&] { return commit.waiting() == 2 || service.database().admin("select count(*) from pg_locks where not granted") != "0"; });
    commit.release();
    one.join();
    other.join();
    EXPECT_EQ(removed, 204);
    EXPECT_EQ(added, 404);
    EXPECT_EQ(count("true"), "0");
}

TEST_F(ProjectMembers, AreOneHoweverOftenTheyAreAddedAtOnce) {
    std::atomic<int> made{0}, refused{0};
    at_once(8, [&](int i) {
        const auto answer = ada.post(members(), {{"subject", "ben"}, {"role", i % 2 == 0 ? "viewer" : "developer"}}).send();
        ++(answer.status() == 201 ? made : refused);
        EXPECT_TRUE(answer.status() == 201 || answer.text("/type") == problem_type("already-member")) << answer.body();
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 7);
}

TEST_F(ProjectMembers, GoWithThePurgeOfThoseWhoAdminister) {
    let_in(ada, shop, "ben", "viewer");
    const auto stranger = service.caller(ProjectId::fresh(), service.all_scopes(), "ada");
    const auto theirs = project(stranger, organization(stranger, "theirs"));
    let_in(stranger, theirs, "ben", "viewer");
    const auto operators = service.caller(ProjectId::fresh(), "projects:purge");
    operators.del("/internal/projects/" + service.project().to_string()).expect(200);
    EXPECT_EQ(count("project = '" + service.project().to_string() + "'"), "0");
    EXPECT_EQ(count("true"), "1");
}

} // namespace
} // namespace gravity::project
