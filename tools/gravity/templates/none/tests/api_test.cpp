#include "api.hpp"

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::@id@ {
namespace {

class @Service@Api : public testing::Test {
protected:
    testkit::RunningService service{Service{"@service@", 0}.routes(routes)};
    testkit::Callers as{service};
};

TEST_F(@Service@Api, Answers) {
    as.owner.post("/api/v1/@collection@", {{"name", "Blue Mug"}}).expect(200).field("/name", "Blue Mug").field("/slug", "blue-mug");
}

TEST_F(@Service@Api, SaysWhyNot) {
    as.owner.post("/api/v1/@collection@", {{"name", "!"}}).expect_problem(422, "nothing-left");
    as.owner.post("/api/v1/@collection@", {{"name", ""}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/name");
    as.owner.post("/api/v1/@collection@", {{"name", "Cup"}, {"colour", "red"}}).expect_problem(400, "malformed-request");
    as.reader.post("/api/v1/@collection@", {{"name", "Cup"}}).expect_problem(403, "forbidden");
    as.anonymous.post("/api/v1/@collection@", {{"name", "Cup"}}).expect_problem(401, "unauthenticated");
}

} // namespace
} // namespace gravity::@id@
