// What is reported while PostgreSQL is away: refused, so that it is sent again, and then counted once.
#include "project_migrations.hpp"
#include "usage_fixture.hpp"

#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

namespace gravity::project {
namespace {

struct CutStore {
    testkit::TestDatabase database{project_migrations()};
    testkit::FaultProxy proxy{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(database.url().substr(database.url().rfind(':') + 1)))};
};
class CutOffUsage : private CutStore, public UsageApi {
protected:
    CutOffUsage() : UsageApi({{"DATABASE_URL", proxy.in_front_of(database.url())}, {"MIGRATION_DATABASE_URL", database.owner_url()}}) {}
    using CutStore::proxy;
};

TEST_F(CutOffUsage, IsRefusedAndCountedOnceWhenItComesAgain) {
    meter(worker);
    report(worker, event("1", tokens(5))).expect(204);
    proxy.refuse();
    proxy.cut();
    report(worker, event("2", tokens(7))).expect_problem(503, "store-unavailable");
    proxy.pass();
    testkit::until([&] { return report(worker, event("2", tokens(7))).send().status() == 204; });
    report(worker, event("2", tokens(7))).expect(204);
    EXPECT_EQ(total(worker), Json(12.0));
}

} // namespace
} // namespace gravity::project
