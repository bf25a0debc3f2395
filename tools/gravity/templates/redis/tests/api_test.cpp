#include "api.hpp"
#include "model.hpp"

#include <gravity/testkit/redis.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::@id@ {
namespace {

class @Service@Api : public testing::Test {
protected:
    testkit::TestRedis redis;
    testkit::RunningService service{Service{"@service@", 0}.redis().routes(routes), {{"REDIS_URL", redis.url()}}};
    testkit::Callers as{service};
};

TEST_F(@Service@Api, KeepsAndForgets) {
    const auto made = as.owner.post("/api/v1/@collection@", {{"name", "Mug"}, {"seconds", 60}}).expect(201);
    EXPECT_EQ(made.location(), "/api/v1/@collection@/" + made.text("/id"));
    as.owner.get(made.location()).expect(200).field("/name", "Mug").field("/expires_at", made.at("/expires_at"));
    as.stranger.get(made.location()).expect_problem(404, "not-found");
    as.stranger.del(made.location()).expect_problem(404, "not-found");
    as.owner.del(made.location()).expect(204);
    as.owner.get(made.location()).expect_problem(404, "not-found");
}

TEST_F(@Service@Api, SaysWhyNot) {
    as.owner.post("/api/v1/@collection@", {{"name", ".mug"}}).expect_problem(422, "reserved-name");
    as.owner.post("/api/v1/@collection@", {{"name", "Mug"}, {"seconds", 0}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/seconds");
    as.owner.post("/api/v1/@collection@", {{"name", "Cup"}, {"colour", "red"}}).expect_problem(400, "malformed-request");
    as.reader.post("/api/v1/@collection@", {{"name", "Cup"}}).expect_problem(403, "forbidden");
    as.anonymous.post("/api/v1/@collection@", {{"name", "Cup"}}).expect_problem(401, "unauthenticated");
}

TEST_F(@Service@Api, SaysSoWithoutItsStore) {
    redis.kill();
    as.owner.get("/api/v1/@collection@/" + @Noun@Id::fresh().to_string()).expect_problem(503, "store-unavailable");
}

} // namespace
} // namespace gravity::@id@
