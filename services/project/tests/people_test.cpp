// What is kept of one person: shown to them, and gone when they are erased, but for what an organisation cannot do without.
#include "project_fixture.hpp"

#include <gravity/base/clock.hpp>

#include <atomic>
#include <set>

namespace gravity::project {
namespace {

class PersonData : public ProjectApi {
protected:
    testkit::Client keeper = service.caller(ProjectId::fresh(), "people:collect people:erase", "user");
    testkit::Answer acme = organization(ada);

    std::string at(const std::string& subject) { return "/internal/projects/" + service.project().to_string() + "/people/" + subject; }
    testkit::Call erase(const std::string& subject) { return keeper.del(at(subject) + "?request=" + Uuid::v7().to_string()); }
    std::string sql(const std::string& statement) { return service.database().admin(statement); }
    /// Dora, whose token tells her address, comes by an invitation.
    void dora_joins() {
        const std::string token = ada.post(acme.location() + "/invitations", {{"email", "Dora@example.com"}, {"role", "developer"}}).expect(201).text("/token");
        known("dora", "Dora@example.com").post("/api/v1/organizations/invitations/accept", {{"token", token}}).expect(200);
    }
};

TEST_F(PersonData, IsMembershipsAndInvitations) {
    dora_joins();
    key(ada, project(ada, acme));
    const auto of_dora = keeper.get(at("dora")).expect(200).field("/rows", 4); // two of them in the audit log
    of_dora.field("/data/audit/0/action", "invitation.accepted").field("/data/audit/1/action", "member.added");
    of_dora.field("/data/audit/1/address", "127.0.0.1").field("/data/audit/2", Json());
    of_dora.field("/data/memberships/0/organization", "Acme").field("/data/memberships/0/role", "developer");
    of_dora.field("/data/invitations/0/email", "Dora@example.com");
    const auto of_ada = keeper.get(at("ada")).expect(200).field("/data/memberships/0/role", "owner").field("/data/api_keys/0/name", "Back end");
    EXPECT_EQ(of_ada.body().find("Dora@"), std::string::npos) << "whom she invited is somebody else";
    keeper.get(at("nobody")).expect(200).field("/rows", 0).field("/data", Json::object());
}

// More than one answer holds, by number and by size: each item once, and all of them.
TEST_F(PersonData, ComesInPartsWhereItIsMore) {
    const std::string project_id = service.project().to_string();
    const auto done = [&](int from, int to, const std::string& action, const std::string& who) {
        sql("insert into audit (id, project, occurred_at, action, subject, address, target, details) select gen_random_uuid(), '" + project_id + "', now(), " +
            action + ", '" + who + "', '127.0.0.1', 'x', '{}' from generate_series(" + std::to_string(from) + ", " + std::to_string(to) + ") n");
    };
    done(1, 25'000, "'deed.' || n", "cleo");
    done(25'001, 25'020, "'deed.' || n || repeat('x', 400000)", "cleo"); // 8 MB of them
    done(1, 5, "'other.' || n", "ben");
    organization(cleo, "cleos");
    std::set<std::string> deeds;
    std::string place;
    int parts = 0, seats = 0, all = 0;
    do {
        const auto answer = keeper.get(at("cleo") + (place.empty() ? "" : "?place=" + place)).expect(200);
        EXPECT_LT(answer.body().size(), 4U << 20);
        const Json data = answer.at("/data");
        if (const Json* audit = data.find("audit"))
            for (const Json& deed : audit->as_array()) {
                ++all;
                deeds.insert(deed.find("action")->as_string().substr(0, 20));
            }
        seats += data.find("memberships") != nullptr ? 1 : 0;
        place = answer.at("/next").is_null() ? "" : answer.text("/next");
        ASSERT_LT(++parts, 50);
    } while (!place.empty());
    EXPECT_EQ(all, 25'022) << "with the organisation and who founded it";
    EXPECT_EQ(deeds.size(), 25'022U);
    EXPECT_EQ(seats, 1);
    EXPECT_GE(parts, 4);
    for (const std::string& bad : std::vector<std::string>{"!", "Nzo", "MDo3OjAxOTAwMDAw", "MDphOmI"}) // not base64, "7:", "0:7:01900000", "0:a:b"
        keeper.get(at("cleo") + "?place=" + bad).expect_problem(422, "invalid-value");
}

TEST_F(PersonData, GoesWithAddressesAndSeats) {
    dora_joins();
    const auto other = organization(ben, "other");
    ben.post(other.location() + "/invitations", {{"email", "dora@example.com"}, {"role", "viewer"}}).expect(201); // not accepted yet: her address all the same
    join(ben, other, "ada", "viewer");
    event_types();
    erase("dora").expect(200).field("/rows", 5).field("/method", "deleted").field("/kept/1", Json());
    EXPECT_EQ(sql("select string_agg(action || coalesce(address, ' from nowhere'), ', ' order by id) from audit where subject = 'dora'"),
              "invitation.accepted from nowhere, member.added from nowhere");
    EXPECT_EQ(sql("select subject from audit where action = 'member.removed' and target = 'dora'"), "service:project");
    EXPECT_EQ(sql("select count(*) from audit where subject = 'ben' and address is null"), "0");
    EXPECT_EQ(event_types(), "member.removed erasure.completed ");
    EXPECT_EQ(sql("select count(*) from invitation"), "0");
    EXPECT_EQ(sql("select count(*) from member where subject = 'dora'"), "0");
    EXPECT_EQ(sql("select count(*) from member"), "3");
    erase("dora").expect(200).field("/rows", 0).field("/method", "nothing");
}

TEST_F(PersonData, TheLastOwnerStaysAsAnId) {
    const auto other = organization(ben, "other");
    join(ben, other, "ada", "owner");
    key(ada, project(ada, acme));
    const auto receipt = erase("ada").expect(200).field("/method", "deleted");
    EXPECT_NE(receipt.text("/kept/0/what").find("last owner"), std::string::npos);
    EXPECT_NE(receipt.text("/kept/1/what").find("API keys"), std::string::npos);
    EXPECT_NE(receipt.text("/kept/2/what").find("audit"), std::string::npos);
    EXPECT_EQ(sql("select string_agg(o.slug || ' ' || m.subject, ', ' order by o.slug) from member m join organization o on o.id = m.organization_id"),
              "acme ada, other ben");
    erase("ada").expect(200).field("/method", "kept"); // what is left stays
}

TEST_F(PersonData, TwoOwnersWhoAreErasedAtOnceLeaveOne) {
    for (int round = 0; round < 5; ++round) {
        const auto one = organization(ada, "round-" + std::to_string(round));
        join(ada, one, "ben", "owner");
        std::atomic<int> done{0};
        at_once(2, [&](int i) {
            const testkit::Client mine = keeper; // a client belongs to one thread
            const std::string target = at(i == 0 ? "ada" : "ben") + "?request=";
            int status = 409; // the one that lost asks again, as who asks for a person does
            for (int attempt = 0; status == 409 && attempt < 20; ++attempt) status = mine.del(target + Uuid::v7().to_string()).send().status();
            done += status == 200;
        });
        EXPECT_EQ(done, 2);
        EXPECT_EQ(sql("select count(*) from member where organization_id = '" + one.text("/id") + "'"), "1");
    }
}

TEST_F(PersonData, IsASeatInASingleProject) {
    const auto shop = project(ada, acme), blog = project(ada, acme, "blog");
    let_in(ada, shop, "dora", "owner"); // though nobody else is one in the project alone: those of the organisation are
    let_in(ada, blog, "dora", "viewer");
    let_in(ada, blog, "ben", "viewer");
    const auto of_dora = keeper.get(at("dora")).expect(200).field("/rows", 2).field("/data/memberships", Json());
    of_dora.field("/data/project_memberships/0/project_id", shop.text("/id")).field("/data/project_memberships/0/role", "owner");
    of_dora.field("/data/project_memberships/1/project", "Shop").field("/data/project_memberships/2", Json());
    event_types();
    erase("dora").expect(200).field("/rows", 2).field("/method", "deleted").field("/kept/0", Json());
    EXPECT_EQ(event_types(), "project_member.removed project_member.removed erasure.completed ");
    EXPECT_EQ(sql("select string_agg(subject, ' ') from project_member"), "ben");
    EXPECT_EQ(sql("select count(*) from audit where action = 'project_member.removed' and target = 'dora' and subject = 'service:project' and "
                  "organization_id = '" +
                  acme.text("/id") + "' and project_id is not null"),
              "2");
    person("dora").get(shop.location()).expect_problem(404, "not-found");
    erase("dora").expect(200).field("/rows", 0);
}

TEST_F(PersonData, OfAnotherProjectIsNotTouched) {
    keeper.get("/internal/projects/" + ProjectId::fresh().to_string() + "/people/ada").expect(200).field("/rows", 0);
    keeper.del("/internal/projects/" + ProjectId::fresh().to_string() + "/people/ada?request=" + Uuid::v7().to_string()).expect(200).field("/rows", 0);
    EXPECT_EQ(sql("select count(*) from member where subject = 'ada'"), "1");
}

} // namespace
} // namespace gravity::project
