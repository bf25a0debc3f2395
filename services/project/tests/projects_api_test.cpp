#include "project_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class Projects : public ProjectApi {};
class Environments : public ProjectApi {};

TEST_F(Projects, AreCreatedReadAndChanged) {
    const auto acme = organization(ada);
    event_types();
    const auto made = project(ada, acme);
    EXPECT_EQ(made.location(), "/api/v1/projects/" + made.text("/id"));
    made.field("/state", "active").field("/organization_id", acme.text("/id"));
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, "gravity.project.project.created");
    EXPECT_EQ(events[0].subject, made.text("/id"));
    const auto read = ada.get(made.location()).expect(200).field("/slug", "shop");
    ada.patch(made.location(), {{"name", "Store"}}).if_match(read.etag()).expect(200).field("/name", "Store").field("/slug", "shop").field("/version", 2);
    ada.patch(made.location(), {{"name", "Late"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    ada.patch(made.location(), {{"slug", "api"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/slug");
    ada.patch(made.location(), {{"organization_id", acme.text("/id")}}).expect_problem(400, "malformed-request");
    const auto body = [&](std::string slug, std::string organization) {
        return Json::object({{"organization_id", organization}, {"slug", slug}, {"name", "x"}});
    };
    ada.post("/api/v1/projects", body("shop", acme.text("/id"))).expect_problem(409, "project-slug-taken");
    ada.post("/api/v1/projects", body("admin", acme.text("/id"))).expect_problem(422, "invalid-value");
    ada.post("/api/v1/projects", body("blog", Uuid::v7().to_string())).expect_problem(422, "no-such-organization");
    ben.post("/api/v1/projects", body("blog", acme.text("/id"))).expect_problem(422, "no-such-organization");
    const auto blog = ada.post("/api/v1/projects", body("blog", acme.text("/id"))).expect(201);
    ada.patch(blog.location(), {{"slug", "shop"}}).expect_problem(409, "project-slug-taken");
    ada.post("/api/v1/projects", body("shop", organization(ada, "other").text("/id"))).expect(201); // a slug belongs to its organisation
}

TEST_F(Projects, AreListedByOrganizationAndState) {
    const auto acme = organization(ada), other = organization(ada, "other");
    const auto shop = project(ada, acme), blog = project(ada, acme, "blog"), third = project(ada, other);
    project(ben, organization(ben, "bens"));
    ada.post(shop.location() + "/suspend").expect(200);
    ada.get("/api/v1/projects").expect(200).field("/items/0/id", third.text("/id")).field("/items/2/id", shop.text("/id")).field("/items/3", Json());
    ada.get("/api/v1/projects?organization_id=" + acme.text("/id")).expect(200).field("/items/0/id", blog.text("/id")).field("/items/2", Json());
    ada.get("/api/v1/projects?state=suspended").expect(200).field("/items/0/id", shop.text("/id")).field("/items/1", Json());
    const auto page = ada.get("/api/v1/projects?limit=2").expect(200).field("/items/1/id", blog.text("/id"));
    ada.get("/api/v1/projects?limit=2&cursor=" + page.text("/next_cursor")).expect(200).field("/items/0/id", shop.text("/id")).field("/next_cursor", Json());
    ada.get("/api/v1/projects?state=dead").expect_problem(422, "invalid-value");
    cleo.get("/api/v1/projects").expect(200).field("/items", Json::array());
}

TEST_F(Projects, AreSuspendedAndResumedOnce) {
    const auto made = project(ada, organization(ada));
    event_types();
    const auto suspended = ada.post(made.location() + "/suspend").if_match("\"1\"").expect(200).field("/state", "suspended").field("/version", 2);
    ada.post(made.location() + "/suspend").expect(200).field("/version", 2).field("/suspended_at", suspended.at("/suspended_at"));
    ada.post(made.location() + "/resume").if_match("\"1\"").expect_problem(412, "stale-version");
    ada.post(made.location() + "/resume").expect(200).field("/state", "active").field("/suspended_at", Json());
    ada.post(made.location() + "/resume").expect(200).field("/version", 3);
    EXPECT_EQ(event_types(), "project.suspended project.resumed ");
}

TEST_F(Projects, AreDeletedAfterDaysInWhichThatCanBeUndone) {
    testkit::FakeClock clock(now());
    const auto made = project(ada, organization(ada));
    event_types();
    ada.post(made.location() + "/restore").expect_problem(409, "not-pending");
    ada.post(made.location() + "/suspend").expect(200);
    ada.del(made.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    ada.del(made.location()).expect(204);
    const auto pending = ada.get(made.location()).expect(200).field("/state", "pending_deletion");
    EXPECT_EQ(pending.text("/delete_after"), (now() + Duration::hours(24 * 30)).to_string());
    ada.del(made.location()).expect(204); // asked for already
    ada.post(made.location() + "/suspend").expect_problem(409, "deletion-pending");
    ada.post(made.location() + "/resume").expect_problem(409, "deletion-pending");
    clock.advance(Duration::hours(24 * 30 - 1));
    ada = person("ada"); // with a token of that day
    ada.post(made.location() + "/restore").expect(200).field("/state", "suspended").field("/delete_after", Json());
    ada.del(made.location()).expect(204);
    clock.advance(Duration::hours(24 * 30));
    ada = person("ada");
    ada.post(made.location() + "/restore").expect_problem(409, "too-late");
    EXPECT_EQ(event_types(), "project.suspended project.deletion_requested project.restored project.deletion_requested ");
}

TEST_F(Projects, AreTransferredByTheirOwnersToWhereTheyMayCreateThem) {
    const auto acme = organization(ada), bens = organization(ben, "bens");
    const auto made = project(ada, acme);
    const auto give = [&](const testkit::Client& who, const std::string& to) {
        return who.post(made.location() + "/transfer", {{"organization_id", to}});
    };
    give(ada, bens.text("/id")).expect_problem(422, "no-such-organization"); // she is nobody there
    give(ada, Uuid::v7().to_string()).expect_problem(422, "no-such-organization");
    give(ben, bens.text("/id")).expect_problem(404, "not-found");
    give(ada, acme.text("/id")).expect(200).field("/version", 1);
    join(ben, bens, "ada", "developer");
    give(ada, bens.text("/id")).expect_problem(403, "role-too-low");
    ben.patch(seat(bens, "ada"), {{"role", "admin"}}).expect(200);
    join(ada, acme, "cleo", "admin");
    join(ben, bens, "cleo", "owner");
    give(cleo, bens.text("/id")).expect_problem(403, "role-too-low"); // no owner of what she would give
    give(ada, bens.text("/id")).if_match("\"7\"").expect_problem(412, "stale-version");
    const auto other = project(ben, bens);
    give(ada, bens.text("/id")).expect_problem(409, "project-slug-taken");
    ben.patch(other.location(), {{"slug", "other"}}).expect(200);
    ada.del(made.location()).expect(204);
    give(ada, bens.text("/id")).expect_problem(409, "deletion-pending");
    ada.post(made.location() + "/restore").expect(200);
    event_types();
    give(ada, bens.text("/id")).expect(200).field("/organization_id", bens.text("/id"));
    EXPECT_EQ(event_types(), "project.transferred ");
    ben.get(made.location()).expect(200);
    ada.del(made.location()).expect_problem(403, "role-too-low");
}

// To two at once: it goes to one of them, and from there it is no longer hers to give.
TEST_F(Projects, AreGivenAwayOnceHoweverManyTransfersThereAreAtOnce) {
    const auto acme = organization(ada), bens = organization(ben, "bens"), cleos = organization(cleo, "cleos");
    join(ben, bens, "ada", "admin");
    join(cleo, cleos, "ada", "admin");
    for (int round = 0; round < 8; ++round) {
        const auto made = project(ada, acme, "shop-" + std::to_string(round));
        int statuses[2] = {0, 0};
        at_once(2, [&](int i) {
            const std::string to = i == 0 ? bens.text("/id") : cleos.text("/id");
            statuses[i] = person("ada").post(made.location() + "/transfer", {{"organization_id", to}}).send().status();
        });
        EXPECT_EQ(statuses[0] + statuses[1], 200 + 403) << statuses[0] << " " << statuses[1];
        ada.get(made.location()).expect(200).field("/organization_id", (statuses[0] == 200 ? bens : cleos).text("/id")).field("/version", 2);
    }
}

// Whoever waits for a transfer has no say any more once it is done.
TEST_F(Projects, AreNotChangedByWhoHasJustLostThem) {
    const auto acme = organization(ada), bens = organization(ben, "bens");
    join(ben, bens, "ada", "admin");
    join(ada, acme, "cleo", "admin");
    for (int round = 0; round < 8; ++round) {
        const auto made = project(ada, acme, "shop-" + std::to_string(round));
        int given = 0, renamed = 0, added = 0;
        at_once(3, [&](int i) {
            if (i == 0)
                given = person("ada").post(made.location() + "/transfer", {{"organization_id", bens.text("/id")}}).send().status();
            else if (i == 1)
                renamed = person("cleo").patch(made.location(), {{"name", "Mine"}}).send().status();
            else
                added = person("cleo").post(made.location() + "/environments", {{"name", "mine"}, {"kind", "other"}}).send().status();
        });
        EXPECT_EQ(given, 200);
        EXPECT_TRUE(renamed == 200 || renamed == 404) << renamed;
        EXPECT_TRUE(added == 201 || added == 404) << added;
        const std::string whose = "select count(*) from audit where project_id = '" + made.text("/id") + "' and subject = 'cleo' and organization_id <> '" +
                                  acme.text("/id") + "'";
        EXPECT_EQ(service.database().admin(whose), "0") << "nothing of hers was done in the organisation that she is nobody in";
    }
}

TEST_F(Projects, AreAdministeredByRole) {
    const auto acme = organization(ada);
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) join(ada, acme, role, role);
    const auto made = project(ada, acme);
    int more = 1;
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) {
        const auto who = person(role);
        const bool administers = role == "admin";
        who.get(made.location()).expect(200);
        who.get("/api/v1/projects").expect(200).field("/items/" + std::to_string(more), Json());
        EXPECT_EQ(who.patch(made.location(), {{"name", role}}).send().status(), administers ? 200 : 403);
        EXPECT_EQ(who.post(made.location() + "/suspend").send().status(), administers ? 200 : 403);
        EXPECT_EQ(who.post(made.location() + "/environments", {{"name", "preview"}, {"kind", "other"}}).send().status(), administers ? 201 : 403);
        const auto another = who.post("/api/v1/projects", {{"organization_id", acme.text("/id")}, {"slug", "more"}, {"name", "x"}}).send();
        EXPECT_EQ(another.status(), administers ? 201 : 403);
        who.del(made.location()).expect_problem(403, "role-too-low");
        who.post(made.location() + "/restore").expect_problem(403, "role-too-low");
        more = 2; // there is another by now
    }
}

TEST_F(Projects, AreNotThereForWhoIsNoMember) {
    const auto made = project(ada, organization(ada));
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes(), "ada");
    for (const auto& who : {ben, namesake}) {
        who.get(made.location()).expect_problem(404, "not-found");
        who.patch(made.location(), {{"name", "Mine"}}).expect_problem(404, "not-found");
        who.del(made.location()).expect_problem(404, "not-found");
        for (const std::string verb : {"/suspend", "/resume", "/restore"}) who.post(made.location() + verb).expect_problem(404, "not-found");
        who.get(made.location() + "/environments").expect_problem(404, "not-found");
        who.post(made.location() + "/environments", {{"name", "x"}, {"kind", "other"}}).expect_problem(404, "not-found");
        who.get(made.location() + "/environments/production").expect_problem(404, "not-found");
        who.patch(made.location() + "/environments/production", {{"kind", "other"}}).expect_problem(404, "not-found");
        who.del(made.location() + "/environments/production").expect_problem(404, "not-found");
    }
}

TEST_F(Projects, HaveOneOfASlugHoweverManyAreCreatedAtOnce) {
    const auto acme = organization(ada);
    std::atomic<int> made{0}, refused{0};
    at_once(8, [&](int) {
        const auto answer = ada.post("/api/v1/projects", {{"organization_id", acme.text("/id")}, {"slug", "shop"}, {"name", "x"}}).send();
        ++(answer.status() == 201 ? made : refused);
        EXPECT_TRUE(answer.status() == 201 || answer.text("/type") == problem_type("project-slug-taken")) << answer.body();
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 7);
    EXPECT_EQ(service.database().admin("select count(*) from environment"), "3");
}

TEST_F(Environments, AreThreeAtFirst) {
    const auto made = project(ada, organization(ada));
    ada.get(made.location() + "/environments")
        .expect(200)
        .field("/items/0/name", "development")
        .field("/items/1/kind", "production")
        .field("/items/2/name", "staging")
        .field("/items/3", Json());
}

TEST_F(Environments, AreAddedChangedAndDeleted) {
    const auto shop = project(ada, organization(ada));
    const auto made = ada.post(shop.location() + "/environments", {{"name", "preview-2"}, {"kind", "other"}}).expect(201);
    EXPECT_EQ(made.location(), shop.location() + "/environments/preview-2");
    const auto read = ada.get(made.location()).expect(200).field("/kind", "other").field("/project_id", shop.text("/id"));
    ada.patch(made.location(), {{"kind", "staging"}}).if_match(read.etag()).expect(200).field("/kind", "staging").field("/version", 2);
    ada.patch(made.location(), {{"kind", "other"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    ada.post(shop.location() + "/environments", {{"name", "preview-2"}, {"kind", "other"}}).expect_problem(409, "environment-exists");
    for (const std::string& name : std::vector<std::string>{"", "2", "a_b", "A", "-a", std::string(33, 'a')})
        ada.post(shop.location() + "/environments", {{"name", name}, {"kind", "other"}})
            .expect_problem(422, "invalid-value")
            .field("/errors/0/pointer", "/name");
    ada.get(shop.location() + "/environments?limit=2").expect(200).field("/items/1/name", "preview-2");
    ada.del(made.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    ada.del(made.location()).expect(204);
    ada.get(made.location()).expect_problem(404, "not-found");
}

TEST_F(Environments, StayWhileTheyHaveKeysThatAreGood) {
    const auto shop = project(ada, organization(ada));
    const auto made = key(ada, shop);
    ada.del(shop.location() + "/environments/production").expect_problem(409, "has-live-keys");
    ada.del(made.location()).expect(204);
    ada.del(shop.location() + "/environments/production").expect(204);
    ada.get(made.location()).expect_problem(404, "not-found");
    ada.post("/api/v1/api-keys", key_body(shop)).expect_problem(422, "no-such-environment");
}

// A key is made in it, or it is deleted: never both.
TEST_F(Environments, AreNotDeletedUnderAKeyThatIsMade) {
    const auto acme = organization(ada);
    for (int round = 0; round < 8; ++round) {
        const auto shop = project(ada, acme, "shop-" + std::to_string(round));
        int made = 0, deleted = 0;
        at_once(2, [&](int i) {
            if (i == 0)
                made = ada.post("/api/v1/api-keys", key_body(shop)).send().status();
            else
                deleted = ada.del(shop.location() + "/environments/production").send().status();
        });
        EXPECT_TRUE((made == 201 && deleted == 409) || (made == 422 && deleted == 204)) << made << ' ' << deleted;
    }
}

} // namespace
} // namespace gravity::project
