#include <gravity/async/coroutine.hpp>
#include <gravity/redis/error.hpp>
#include <gravity/service.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

struct How {
    std::string kind;
    Default<false> executed;
};
BOOST_DESCRIBE_STRUCT(How, (), (kind, executed))

Task<How> fail(How how) {
    using enum redis::ErrorKind;
    for (const auto kind : {timeout, connection_lost, unavailable, overloaded, server, protocol, usage, cancelled, closed})
        if (redis::to_string(kind) == how.kind) throw redis::Error(kind, "a secret of the store", how.executed);
    co_return how;
}
Task<How> read(Ctx&, Params<How> how) { return fail(*how); }
Task<How> write(Ctx&, Body<How> how) { return fail(*how); }

void routes(Router& router) {
    auto things = router.collection("/api/v1/things", "things");
    things.get<read>("", {.summary = "Read"});
    things.post<write>("", {.summary = "Write"});
}

TEST(RedisFailure, IsAStoreThatIsAwayAndNotAFault) {
    const testkit::RunningService service{Service{"things", 0}.routes(routes)};
    const testkit::Callers as{service};
    for (const std::string kind : {"timeout", "connection_lost", "unavailable", "closed"}) {
        const auto answer = as.owner.get("/api/v1/things?executed=true&kind=" + kind).expect_problem(503, "store-unavailable");
        EXPECT_EQ(answer.header("Retry-After"), "2") << kind;
        EXPECT_EQ(answer.body().find("secret"), std::string::npos);
        as.owner.post("/api/v1/things", {{"kind", kind}, {"executed", false}}).expect_problem(503, "store-unavailable");
    }
    as.owner.post("/api/v1/things", {{"kind", "connection_lost"}, {"executed", true}}).expect_problem(503, "outcome-unknown");
    as.owner.get("/api/v1/things?kind=overloaded").expect_problem(503, "overloaded");
    for (const std::string kind : {"server", "protocol", "usage"}) as.owner.get("/api/v1/things?kind=" + kind).expect_problem(500, "internal");
    as.owner.get("/api/v1/things?kind=none").expect(200);
}

} // namespace
} // namespace gravity
