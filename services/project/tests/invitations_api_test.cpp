#include "invitations_domain.hpp"
#include "project_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class Invitations : public ProjectApi {
protected:
    explicit Invitations(app::Texts settings = {}) : ProjectApi(std::move(settings)) {}
    testkit::Answer acme = organization(ada);

    std::string at() const { return acme.location() + "/invitations"; }
    testkit::Answer invite(const testkit::Client& by, const std::string& email = "dora@example.com", const std::string& role = "developer") {
        return by.post(at(), {{"email", email}, {"role", role}}).expect(201);
    }
    static testkit::Call accept(const testkit::Client& who, const std::string& token) {
        return who.post("/api/v1/organizations/invitations/accept", {{"token", token}});
    }
};

TEST_F(Invitations, AreMadeShownOnceAndAccepted) {
    event_types();
    const auto made = invite(ada);
    EXPECT_EQ(made.location(), at() + "/" + made.text("/id"));
    const std::string token = made.text("/token");
    EXPECT_TRUE(token.starts_with("giv_" + made.text("/id") + "_")) << token;
    made.field("/state", "open")
        .field("/invited_by", "ada")
        .field("/expires_at", (Timestamp::parse(made.text("/created_at")).or_throw() + Duration::days(7)).to_string());
    ada.get(made.location()).expect(200).field("/token", Json()).field("/token_hash", Json()).field("/email", "dora@example.com");
    EXPECT_EQ(ada.get(at()).expect(200).body().find(token), std::string::npos);
    EXPECT_EQ(service.database().admin("select encode(token_hash, 'hex') from invitation"), hex_encode(invitation_hash(token).view()));
    for (const std::string table : {"invitation", "gravity.outbox", "gravity.idempotency"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%" + token.substr(45) + "%'"), "0") << table;

    const auto dora = known("dora", "dora@EXAMPLE.com");
    dora.get(acme.location()).expect_problem(404, "not-found");
    accept(dora, token).expect(200).field("/subject", "dora").field("/role", "developer").field("/organization_id", acme.text("/id"));
    dora.get(acme.location()).expect(200);
    EXPECT_EQ(event_types(), "member.added ");
    ada.get(made.location()).expect(200).field("/state", "accepted").field("/accepted_by", "dora").field("/version", 2);
    accept(dora, token).expect_problem(409, "invitation-ended");
    ada.del(made.location()).expect_problem(409, "invitation-ended");
    ada.del(seat(acme, "dora")).expect(204);
    accept(dora, token).expect_problem(409, "invitation-ended"); // once is once
}

TEST_F(Invitations, MakeOneMemberHoweverOftenTheyAreAccepted) {
    const auto made = invite(ada);
    std::atomic<int> joined{0}, refused{0};
    at_once(50, [&](int i) {
        const auto answer = accept(known(i % 2 == 0 ? "dora" : "dora-too", "dora@example.com"), made.text("/token")).send();
        ++(answer.status() == 200 ? joined : refused);
        EXPECT_TRUE(answer.status() == 200 || answer.text("/type") == problem_type("invitation-ended") ||
                    answer.text("/type") == problem_type("already-member"))
            << answer.body();
    });
    EXPECT_EQ(joined, 1);
    EXPECT_EQ(refused, 49);
    EXPECT_EQ(service.database().admin("select count(*) from member where subject like 'dora%'"), "1");
}

TEST_F(Invitations, AreForOneAddress) {
    const std::string token = invite(ada, "Dora.Lee@Example.COM").text("/token");
    accept(known("dora", "dora.lee@example.com"), token).expect_problem(403, "other-address"); // the local part as it was given (RFC 5321 section 2.4)
    accept(known("eve", "eve@example.com"), token).expect_problem(403, "other-address");
    accept(known("dora", "Dora.Lee@example.com", false), token).expect_problem(403, "address-not-confirmed");
    accept(known("dora", "Dora.Lee@example.com", "true"), token).expect_problem(403, "address-not-confirmed");
    accept(known("dora", "Dora.Lee@example.com", Json()), token).expect_problem(403, "address-not-confirmed");
    accept(known("dora", "not an address"), token).expect_problem(403, "address-not-confirmed");
    accept(known("do ra", "Dora.Lee@example.com"), token).expect_problem(403, "subject-not-usable");
    accept(ben, token).expect_problem(503, "dependency-unavailable"); // nothing tells his, and there is nobody to ask
    accept(as.anonymous, token).expect_problem(401, "unauthenticated");
    accept(known("dora", "Dora.Lee@example.com"), token).expect(200);
}

TEST_F(Invitations, AreNotGuessed) {
    const auto made = invite(ada);
    const std::string token = made.text("/token"), id = made.text("/id");
    const auto dora = known("dora", "dora@example.com");
    std::string wrong = token;
    wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
    for (const std::string& bad : {wrong, token + "0", token.substr(1), std::string("x"), "giv_" + id, "giv_" + id + "_" + std::string(43, 'A'),
                                   "giv_" + Uuid::v7().to_string() + "_" + std::string(43, 'A'), "giv_" + std::string(36, 'x') + "_" + std::string(43, 'A')})
        accept(dora, bad).expect_problem(404, "not-found");
    accept(dora, "").expect_problem(422, "invalid-value");
    accept(dora, std::string(201, 'x')).expect_problem(422, "invalid-value");
    accept(known("dora", "dora@example.com", true, ProjectId::fresh()), token).expect_problem(404, "not-found"); // among other identities
    accept(dora, token).expect(200);
}

TEST_F(Invitations, EndByTimeAndByHand) {
    testkit::FakeClock clock(now());
    ada = person("ada");
    const auto brief = ada.post(at(), {{"email", "dora@example.com"}, {"role", "viewer"}, {"expires_in_seconds", 3600}}).expect(201);
    ada.post(at(), {{"email", "dora@EXAMPLE.com"}, {"role", "admin"}}).expect_problem(409, "already-invited");
    clock.advance(Duration::hours(1));
    ada = person("ada");
    const auto dora = known("dora", "dora@example.com");
    ada.get(brief.location()).expect(200).field("/state", "expired");
    accept(dora, brief.text("/token")).expect_problem(409, "invitation-ended");
    const auto next = invite(ada);
    ada.del(next.location()).if_match("\"2\"").expect_problem(412, "stale-version");
    ada.del(next.location()).expect(204);
    ada.del(next.location()).expect(204);
    ada.get(next.location()).expect(200).field("/state", "revoked").field("/version", 2);
    accept(dora, next.text("/token")).expect_problem(409, "invitation-ended");
    const auto last = invite(ada);
    accept(dora, last.text("/token")).expect(200);
    ada.get(at())
        .expect(200)
        .field("/items/0/state", "accepted")
        .field("/items/1/state", "revoked")
        .field("/items/2/state", "revoked")
        .field("/items/3", Json());
    const auto page = ada.get(at() + "?limit=2").expect(200).field("/items/1/id", next.text("/id"));
    ada.get(at() + "?limit=2&cursor=" + page.text("/next_cursor")).expect(200).field("/items/0/id", brief.text("/id")).field("/next_cursor", Json());
}

TEST_F(Invitations, GiveNoMoreThanWhoInvitesMay) {
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) join(ada, acme, role, role);
    const auto admin = person("admin");
    admin.post(at(), {{"email", "x@example.com"}, {"role", "owner"}}).expect_problem(403, "role-too-low");
    const auto made = invite(admin, "dora@example.com", "admin");
    for (const std::string role : {"developer", "viewer", "billing"}) {
        const auto who = person(role);
        who.post(at(), {{"email", "x@example.com"}, {"role", "viewer"}}).expect_problem(403, "role-too-low");
        who.get(at()).expect_problem(403, "role-too-low");
        who.get(made.location()).expect_problem(403, "role-too-low");
        who.del(made.location()).expect_problem(403, "role-too-low");
    }
    // Whoever invited may it no more: neither does what they promised.
    ada.patch(seat(acme, "admin"), {{"role", "viewer"}}).expect(200);
    const auto dora = known("dora", "dora@example.com");
    accept(dora, made.text("/token")).expect_problem(409, "invitation-ended");
    ada.del(seat(acme, "admin")).expect(204);
    accept(dora, made.text("/token")).expect_problem(409, "invitation-ended");
    const auto owned = invite(ada, "eve@example.com", "owner");
    accept(known("eve", "eve@example.com"), owned.text("/token")).expect(200).field("/role", "owner");
}

TEST_F(Invitations, OfOthersAreNotThere) {
    const auto made = invite(ada);
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes(), "ada");
    for (const auto& who : {ben, namesake}) {
        who.get(at()).expect_problem(404, "not-found");
        who.post(at(), {{"email", "x@example.com"}, {"role", "viewer"}}).expect_problem(404, "not-found");
        who.get(made.location()).expect_problem(404, "not-found");
        who.del(made.location()).expect_problem(404, "not-found");
    }
    const auto other = organization(ada, "other");
    ada.get(other.location() + "/invitations/" + made.text("/id")).expect_problem(404, "not-found");
    ada.del(other.location() + "/invitations/" + made.text("/id")).expect_problem(404, "not-found");
    ada.get(made.location()).expect(200).field("/state", "open");
}

TEST_F(Invitations, AreMadeOfWhatCanBe) {
    const auto make = [&](Json changes) {
        return ada.post(at(), testkit::Members(merge_patch(Json::object({{"email", "dora@example.com"}, {"role", "viewer"}}), changes)));
    };
    for (const std::string bad : {"", "dora", "dora@", "@example.com", "dora@example.com\nBcc: eve@example.com", "Dora <dora@example.com>"})
        make(Json::object({{"email", bad}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/email");
    make(Json::object({{"role", "king"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/role");
    for (const int bad : {3599, 2'592'001})
        make(Json::object({{"expires_in_seconds", bad}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/expires_in_seconds");
    invite(ada);
    accept(known("ada", "dora@example.com"), ada.get(at()).expect(200).text("/items/0/id")).expect_problem(404, "not-found");
    service.database().admin(
        "insert into invitation (id, project, organization_id, email, role, token_hash, invited_by, expires_at, created_at, updated_at) select "
        "gen_random_uuid(), project, id,"
        " n || '@example.com', 'viewer', sha256(''), 'ada', now() + interval '1 day', now(), now() from organization, generate_series(1, 499) n");
    make(Json::object({{"email", "one.more@example.com"}})).expect_problem(409, "too-many-invitations");
}

TEST_F(Invitations, AreOfNoUseToWhoIsAMember) {
    join(ada, acme, "dora", "viewer");
    const auto made = invite(ada);
    accept(known("dora", "dora@example.com"), made.text("/token")).expect_problem(409, "already-member");
    ada.get(made.location()).expect(200).field("/state", "open");
}

// A provider whose access tokens do not tell addresses is asked.
struct Surroundings {
    testkit::FakeDiscovery discovery;
    testkit::Neighbour provider{"auth"};
};
class AskedInvitations : private Surroundings, public Invitations {
protected:
    AskedInvitations() : Invitations({{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}}) { discovery.add(provider); }
    using Surroundings::provider;
    void say(Json answer, int status = 200) {
        provider.otherwise([answer = std::move(answer), status](const http::Request&) { return testkit::Reply{.status = status, .body = answer}; });
    }
};

TEST_F(AskedInvitations, AreAcceptedByWhatTheProviderTells) {
    const std::string token = invite(ada).text("/token");
    accept(ben, "giv_" + Uuid::v7().to_string() + "_" + std::string(43, 'A')).expect_problem(404, "not-found");
    EXPECT_TRUE(provider.calls().empty()) << "nobody is asked about whoever guesses";
    say(Json::object({{"sub", "ben"}, {"email", "dora@example.com"}, {"email_verified", false}}));
    accept(ben, token).expect_problem(403, "address-not-confirmed");
    say(Json::object({{"sub", "ben"}}));
    accept(ben, token).expect_problem(403, "address-not-confirmed");
    say(Json::object({{"sub", "eve"}, {"email", "dora@example.com"}, {"email_verified", true}}));
    accept(ben, token).expect_problem(403, "address-not-confirmed");
    say(Json::object({{"error", "insufficient_scope"}}), 403);
    accept(ben, token).expect_problem(403, "address-not-confirmed");
    say(Json::object({{"error", "server_error"}}), 500);
    accept(ben, token).expect_problem(503, "dependency-unavailable");
    say(Json::object({{"sub", "ben"}, {"email", "dora@example.com"}, {"email_verified", true}, {"name", "Ben"}}));
    accept(ben, token).expect(200).field("/subject", "ben");
    const auto asked = provider.calls("GET", "/oauth2/userinfo");
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.back().headers.get("Authorization").value_or(""), "Bearer " + ben.token());
}

} // namespace
} // namespace gravity::project
