// Invitations to single projects: by address, once, and only while whoever invited has a say in it.
#include "usage_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class ProjectInvitations : public UsageApi {
protected:
    std::string at() const { return shop.location() + "/invitations"; }
    testkit::Answer invite(const testkit::Client& by, const std::string& email = "dora@example.com", const std::string& role = "developer") {
        return by.post(at(), {{"email", email}, {"role", role}}).expect(201);
    }
    static testkit::Call accept(const testkit::Client& who, const std::string& token) {
        return who.post("/api/v1/projects/invitations/accept", {{"token", token}});
    }
    std::string seats() { return service.database().admin("select count(*) from project_member"); }
};

TEST_F(ProjectInvitations, AreMadeShownOnceAndAccepted) {
    event_types();
    const auto made = invite(ada);
    EXPECT_EQ(made.location(), at() + "/" + made.text("/id"));
    const std::string token = made.text("/token");
    EXPECT_TRUE(token.starts_with("gip_" + made.text("/id") + "_")) << token;
    made.field("/state", "open").field("/project_id", shop.text("/id")).field("/organization_id", Json()).field("/invited_by", "ada");
    ada.get(made.location()).expect(200).field("/token", Json()).field("/token_hash", Json()).field("/email", "dora@example.com");
    EXPECT_EQ(ada.get(at()).expect(200).field("/items/0/id", made.text("/id")).body().find(token), std::string::npos);
    ada.get(acme.location() + "/invitations").expect(200).field("/items", Json::array()); // those are others
    ada.get(acme.location() + "/invitations/" + made.text("/id")).expect_problem(404, "not-found");

    const auto dora = known("dora", "dora@EXAMPLE.com");
    dora.get(shop.location()).expect_problem(404, "not-found");
    accept(dora, token).expect(200).field("/subject", "dora").field("/role", "developer").field("/project_id", shop.text("/id"));
    dora.get(shop.location()).expect(200);
    dora.get(acme.location()).expect_problem(404, "not-found"); // nothing of the organisation
    EXPECT_EQ(event_types(), "project_member.added ");
    ada.get(made.location()).expect(200).field("/state", "accepted").field("/accepted_by", "dora");
    accept(dora, token).expect_problem(409, "invitation-ended");
    ada.del(made.location()).expect_problem(409, "invitation-ended");
    ada.del(seat(shop, "dora")).expect(204);
    accept(dora, token).expect_problem(409, "invitation-ended"); // once is once
}

TEST_F(ProjectInvitations, AreOfOneKind) {
    const std::string one = invite(ada).text("/token");
    const std::string all = ada.post(acme.location() + "/invitations", {{"email", "dora@example.com"}, {"role", "viewer"}}).expect(201).text("/token");
    const auto dora = known("dora", "dora@example.com");
    for (const std::string& wrong : {all, "giv" + one.substr(3), one.substr(0, one.size() - 1) + (one.back() == 'A' ? 'E' : 'A'), std::string("gip_")})
        accept(dora, wrong).expect_problem(404, "not-found");
    for (const std::string& wrong : {one, "gip" + all.substr(3)})
        dora.post("/api/v1/organizations/invitations/accept", {{"token", wrong}}).expect_problem(404, "not-found");
    // What begins as the other kind does is none: its hash is of the whole.
    dora.post("/api/v1/organizations/invitations/accept", {{"token", "giv" + one.substr(3)}}).expect_problem(404, "not-found");
    accept(known("eve", "eve@example.com"), one).expect_problem(403, "other-address");
    accept(known("dora", "dora@example.com", true, ProjectId::fresh()), one).expect_problem(404, "not-found");
    accept(as.anonymous, one).expect_problem(401, "unauthenticated");
    accept(dora, one).expect(200);
    dora.post("/api/v1/organizations/invitations/accept", {{"token", all}}).expect(200).field("/role", "viewer");
}

TEST_F(ProjectInvitations, MakeOneMemberHoweverOftenTheyAreAccepted) {
    const std::string token = invite(ada).text("/token");
    std::atomic<int> joined{0}, refused{0};
    at_once(30, [&](int i) {
        const auto answer = accept(known(i % 2 == 0 ? "dora" : "dora-too", "dora@example.com"), token).send();
        ++(answer.status() == 200 ? joined : refused);
        EXPECT_TRUE(answer.status() == 200 || answer.status() == 409) << answer.body();
    });
    EXPECT_EQ(joined, 1);
    EXPECT_EQ(refused, 29);
    EXPECT_EQ(seats(), "1");
}

// Accepted or revoked, and never both.
TEST_F(ProjectInvitations, AreAcceptedOrRevoked) {
    for (int round = 0; round < 10; ++round) {
        const std::string address = "dora" + std::to_string(round) + "@example.com", subject = "dora" + std::to_string(round);
        const auto made = invite(ada, address);
        std::atomic<int> accepted{0}, revoked{0};
        at_once(2, [&](int i) {
            if (i == 0)
                accepted = accept(known(subject, address), made.text("/token")).send().status();
            else
                revoked = person("ada").del(made.location()).send().status();
        });
        EXPECT_TRUE((accepted == 200 && revoked == 409) || (accepted == 409 && revoked == 204)) << accepted << " " << revoked;
        EXPECT_EQ(service.database().admin("select count(*) from project_member where subject = '" + subject + "'"), accepted == 200 ? "1" : "0");
    }
}

TEST_F(ProjectInvitations, GiveNoMoreThanWhoInvitesMay) {
    for (const std::string role : {"admin", "developer", "viewer"}) let_in(ada, shop, role, role);
    const auto admin = person("admin");
    admin.post(at(), {{"email", "x@example.com"}, {"role", "owner"}}).expect_problem(403, "role-too-low");
    const auto made = invite(admin, "dora@example.com", "admin");
    for (const std::string role : {"developer", "viewer"}) {
        const auto who = person(role);
        who.post(at(), {{"email", "x@example.com"}, {"role", "viewer"}}).expect_problem(403, "role-too-low");
        who.get(at()).expect_problem(403, "role-too-low");
        who.get(made.location()).expect_problem(403, "role-too-low");
        who.del(made.location()).expect_problem(403, "role-too-low");
    }
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes(), "ada");
    for (const auto& who : {ben, namesake}) {
        who.post(at(), {{"email", "x@example.com"}, {"role", "viewer"}}).expect_problem(404, "not-found");
        who.get(at()).expect_problem(404, "not-found");
        who.get(made.location()).expect_problem(404, "not-found");
        who.del(made.location()).expect_problem(404, "not-found");
    }
    const auto blog = project(ada, acme, "blog");
    ada.get(blog.location() + "/invitations/" + made.text("/id")).expect_problem(404, "not-found");
    ada.del(blog.location() + "/invitations/" + made.text("/id")).expect_problem(404, "not-found");
    service.caller(service.project(), "projects:write", "ada").post(at(), {{"email", "x@example.com"}, {"role", "viewer"}}).expect_problem(403, "forbidden");
    // Whoever invited may it no more: neither does what they promised.
    ada.patch(seat(shop, "admin"), {{"role", "viewer"}}).expect(200);
    accept(known("dora", "dora@example.com"), made.text("/token")).expect_problem(409, "invitation-ended");
    EXPECT_EQ(service.database().admin("select count(*) from project_member where subject = 'dora'"), "0");
}

// They go along: those by members of the project alone are good, those by who has only been of the former organisation are not.
TEST_F(ProjectInvitations, GoAlongWithTheProject) {
    join(ada, acme, "ben", "admin");
    let_in(ada, shop, "cleo", "admin");
    const std::string bens = invite(ben, "dora@example.com").text("/token"), cleos = invite(cleo, "eve@example.com").text("/token");
    const auto other = organization(ada, "other");
    ada.post(shop.location() + "/transfer", {{"organization_id", other.text("/id")}}).expect(200);
    accept(known("dora", "dora@example.com"), bens).expect_problem(409, "invitation-ended");
    accept(known("eve", "eve@example.com"), cleos).expect(200);
    ada.get(at()).expect(200).field("/items/0/state", "accepted").field("/items/1/state", "open");
}

TEST_F(ProjectInvitations, EndByTimeAndByHandAndAreBounded) {
    testkit::FakeClock clock(now());
    ada = person("ada");
    const auto brief = ada.post(at(), {{"email", "dora@example.com"}, {"role", "viewer"}, {"expires_in_seconds", 3600}}).expect(201);
    ada.post(at(), {{"email", "dora@EXAMPLE.com"}, {"role", "admin"}}).expect_problem(409, "already-invited");
    clock.advance(Duration::hours(1));
    ada = person("ada");
    const auto dora = known("dora", "dora@example.com");
    accept(dora, brief.text("/token")).expect_problem(409, "invitation-ended");
    const auto next = invite(ada);
    ada.del(next.location()).if_match("\"2\"").expect_problem(412, "stale-version");
    ada.del(next.location()).expect(204);
    ada.del(next.location()).expect(204);
    accept(dora, next.text("/token")).expect_problem(409, "invitation-ended");
    for (const std::string bad : {"", "dora", "dora@example.com\nBcc: eve@example.com"})
        ada.post(at(), {{"email", bad}, {"role", "viewer"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/email");
    service.database().admin(
        "insert into invitation (id, project, project_id, email, role, token_hash, invited_by, expires_at, created_at, updated_at) select "
        "gen_random_uuid(), project, id, n || '@example.com', 'viewer', sha256(''), 'ada', now() + interval '1 year', now(), now() "
        "from project, generate_series(1, 500) n");
    ada.post(at(), {{"email", "one.more@example.com"}, {"role", "viewer"}}).expect_problem(409, "too-many-invitations");
}

TEST_F(ProjectInvitations, AreForgottenWithWhoAcceptedThem) {
    accept(known("dora", "dora@example.com"), invite(ada).text("/token")).expect(200);
    const auto keeper = service.caller(ProjectId::fresh(), "people:collect people:erase", "user");
    const std::string person_at = "/internal/projects/" + service.project().to_string() + "/people/dora";
    const auto kept = keeper.get(person_at).expect(200).field("/data/invitations/0/email", "dora@example.com");
    kept.field("/data/invitations/0/project_id", shop.text("/id")).field("/data/invitations/0/organization_id", Json());
    keeper.del(person_at + "?request=" + Uuid::v7().to_string()).expect(200);
    EXPECT_EQ(service.database().admin("select count(*) from invitation"), "0");
    EXPECT_EQ(seats(), "0");
}

} // namespace
} // namespace gravity::project
