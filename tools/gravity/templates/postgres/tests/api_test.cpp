#include "@id@_migrations.hpp"
#include "api.hpp"

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::@id@ {
namespace {

class @Service@Api : public testing::Test {
protected:
    testkit::RunningService service{Service{"@service@", 0}.postgres(@id@_migrations()).routes(routes)};
    testkit::Callers as{service};

    testkit::Answer mug() { return as.owner.post("/api/v1/@collection@", {{"name", "Mug"}}).expect(201); }
};

TEST_F(@Service@Api, CreatesReadsChangesAndDeletes) {
    const auto made = mug();
    EXPECT_EQ(made.location(), "/api/v1/@collection@/" + made.text("/id"));
    as.owner.get(made.location()).expect(200).field("/name", "Mug").field("/locked", false).expect_header("ETag", "\"1\"");
    as.owner.patch(made.location(), {{"name", "Cup"}}).if_match("\"1\"").expect(200).field("/name", "Cup").field("/version", 2);
    as.owner.patch(made.location(), {{"name", "Late"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    as.owner.del(made.location()).expect(204);
    as.owner.get(made.location()).expect_problem(404, "not-found");
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, "gravity.@id@.@noun@.created");
    EXPECT_EQ(events[0].subject, made.text("/id"));
}

TEST_F(@Service@Api, SaysWhyNot) {
    const auto made = mug();
    as.owner.post("/api/v1/@collection@", {{"name", "Mug"}}).expect_problem(409, "name-taken");
    as.owner.post("/api/v1/@collection@", {{"name", ""}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/name");
    as.owner.post("/api/v1/@collection@", {{"name", "Cup"}, {"colour", "red"}}).expect_problem(400, "malformed-request");
    as.owner.patch(made.location(), {{"locked", true}}).expect(200);
    as.owner.del(made.location()).expect_problem(409, "is-locked");
    as.reader.del(made.location()).expect_problem(403, "forbidden");
    as.anonymous.get(made.location()).expect_problem(401, "unauthenticated");
}

TEST_F(@Service@Api, AnotherProjectSeesNothing) {
    const auto made = mug();
    as.stranger.get(made.location()).expect_problem(404, "not-found");
    as.stranger.patch(made.location(), {{"name", "Mine"}}).expect_problem(404, "not-found");
    as.stranger.del(made.location()).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/@collection@").expect(200).field("/items", Json::array());
    as.owner.get("/api/v1/@collection@").expect(200).field("/items/0/name", "Mug");
}

} // namespace
} // namespace gravity::@id@
