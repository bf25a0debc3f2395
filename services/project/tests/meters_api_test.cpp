// Meters themselves.
#include "usage_fixture.hpp"

namespace gravity::project {
namespace {

class Meters : public UsageApi {};

TEST_F(Meters, AreMadeReadChangedAndDeleted) {
    const auto made = meter(worker, "tokens", "sum", Json::object({{"group_by", Json::object({{"model", "$.model"}})}, {"time_zone", "Europe/Berlin"}}));
    EXPECT_EQ(made.location(), "/api/v1/meters/tokens");
    const auto read =
        worker.get(made.location()).expect(200).field("/group_by/model", "$.model").field("/aggregation", "sum").field("/time_zone", "Europe/Berlin");
    worker.patch(made.location(), {{"description", "Tokens of models"}}).if_match(read.etag()).expect(200).field("/version", 2);
    worker.patch(made.location(), {{"description", "x"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    worker.patch(made.location(), {{"aggregation", "max"}}).expect_problem(400, "malformed-request");
    worker.post("/api/v1/meters", {{"slug", "tokens"}, {"event_type", "x"}, {"aggregation", "count"}}).expect_problem(409, "meter-slug-taken");
    meter(worker, "calls", "count");
    worker.get("/api/v1/meters").expect(200).field("/items/0/slug", "calls").field("/items/1/slug", "tokens").field("/items/2", Json());
    worker.get("/api/v1/meters?event_type=other").expect(200).field("/items", Json::array());
    report(worker, event("1", tokens(5))).expect(204);
    worker.del(made.location()).if_match("\"1\"").expect_problem(412, "stale-version");
    worker.del(made.location()).expect(204);
    worker.get(made.location()).expect_problem(404, "not-found");
    EXPECT_EQ(service.database().admin("select count(*) from usage_bucket"), "1") << "what the other one counted";
}

TEST_F(Meters, AreMadeOfWhatCanBe) {
    const auto make = [&](Json changes) {
        const Json good = Json::object({{"slug", "m"}, {"event_type", "x"}, {"aggregation", "sum"}, {"value_path", "$.v"}});
        return worker.post("/api/v1/meters", testkit::Members(merge_patch(good, changes)));
    };
    make(Json::object({{"aggregation", "count"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/value_path");
    make(Json::object({{"value_path", Json()}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/value_path");
    make(Json::object({{"value_path", "$[0]"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/value_path");
    make(Json::object({{"aggregation", "median"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/aggregation");
    make(Json::object({{"slug", "No"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/slug");
    make(Json::object({{"time_zone", "Mars/Olympus"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/time_zone");
    make(Json::object({{"group_by", Json::object({{"a b", "$.a"}})}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/group_by");
    Json nine = Json::object();
    for (int i = 0; i < 9; ++i) nine["g" + std::to_string(i)] = "$.a";
    make(Json::object({{"group_by", nine}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/group_by");
    service.database().admin("insert into meter (id, project, slug, event_type, aggregation, time_zone, created_at, updated_at) select gen_random_uuid(), '" +
                             shop.text("/id") + "', 'm' || n, 'x', 'count', 'UTC', now(), now() from generate_series(1, 500) n");
    make(Json::object()).expect_problem(409, "too-many-meters");
}

TEST_F(Meters, BelongToTheProjectThatIsMeasured) {
    const auto made = meter(worker);
    report(worker, event("1", tokens(5))).expect(204);
    const auto blog = of(ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw());
    for (const auto& who : {blog, ada, as.stranger}) {
        who.get(made.location()).expect_problem(404, "not-found");
        who.patch(made.location(), {{"description", "x"}}).expect_problem(404, "not-found");
        who.del(made.location()).expect_problem(404, "not-found");
        who.get(made.location() + "/query").expect_problem(404, "not-found");
        who.get("/api/v1/meters").expect(200).field("/items", Json::array());
        report(who, event("2", tokens(5))).expect_problem(422, "events-refused").field("/errors/0/pointer", "/0/type");
    }
    EXPECT_EQ(total(worker), Json(5.0));
    of(shop_id, "meters:read").post("/openmeter/api/v1/events").expect_problem(403, "forbidden");
    as.anonymous.post("/openmeter/api/v1/events").expect_problem(401, "unauthenticated");
    meter(blog); // a slug belongs to its project
}

} // namespace
} // namespace gravity::project
