#include "usage_fixture.hpp"

#include <gravity/testkit/check_isolation.hpp>

namespace gravity::project {
namespace {

class Isolation : public UsageApi {};

// One project has a row in every table: it administers another, and is measured itself.
TEST_F(Isolation, HoldsForEveryTable) {
    key(ada, shop);
    let_in(ada, shop, "ben", "viewer");
    ada.post(acme.location() + "/invitations", {{"email", "dora@example.com"}, {"role", "viewer"}}).expect(201);
    ada.put("/api/v1/organizations/plans/free/quotas/tokens", limit(5)).expect(200);
    meter(ada);
    meter(ada, "users", "unique_count");
    const std::string own = "/api/v1/projects/" + service.project().to_string() + "/quotas/tokens";
    ada.put(own, limit(10)).expect(200);
    report(ada, event("1", tokens(9))).expect(204);
    reserve(ada, own + "/reservations/" + Uuid::v7().to_string(), 1).expect(200);
    service.database().admin(
        "insert into deletion_task (project_id, service, project, state, created_at) select id, 'user', project, 'open', now() from project");
    std::vector<std::string> empty;
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    for (const auto& table : empty) EXPECT_FALSE(table.starts_with("public.")) << table << " has no row to show a leak by";
}

// What is measured of a project goes with it, and what those say who administer it stays.
TEST_F(Isolation, HoldsForThePurgeOfWhatIsMeasured) {
    meter(worker);
    meter(worker, "users", "unique_count");
    ada.put(quotas() + "/tokens", limit(10)).expect(200);
    report(worker, event("1", tokens(9))).expect(204);
    reserve(worker, reservation(), 1).expect(200);
    meter(ada);
    report(ada, event("1", tokens(5))).expect(204);
    const auto operators = service.caller(ProjectId::fresh(), "projects:purge");
    const auto counts = operators.del("/internal/projects/" + shop.text("/id")).expect(200);
    for (const std::string table : {"meter", "usage_seen", "usage_bucket", "usage_unique", "usage_unique_room", "quota", "quota_alert", "quota_reservation",
                                    "audit"}) {
        EXPECT_FALSE(counts.at("/removed/public." + table).is_null()) << table;
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " where project = '" + shop.text("/id") + "'"), "0") << table;
    }
    EXPECT_EQ(total(ada), Json(5.0));
    ada.get(shop.location()).expect(200);
}

} // namespace
} // namespace gravity::project
