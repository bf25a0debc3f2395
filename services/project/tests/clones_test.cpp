// Projects made after others.
#include "usage_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::project {
namespace {

class Clones : public UsageApi {
protected:
    testkit::Call clone(const testkit::Client& who, Json more = Json::object(), const std::string& slug = "twin") {
        return who.post(shop.location() + "/clone", testkit::Members(merge_patch(Json::object({{"slug", slug}, {"name", "Twin"}}), more)));
    }
    testkit::Client worker_of(const testkit::Answer& project) { return of(ProjectId::parse(project.text("/id")).or_throw()); }
    std::string rows(const std::string& table, const testkit::Answer& project) {
        return service.database().admin("select count(*) from " + table + " where project = '" + project.text("/id") + "'");
    }
};

TEST_F(Clones, AreSetUpLikeTheFirstAndHaveNoneOfItsData) {
    ada.post(shop.location() + "/environments", {{"name", "preview"}, {"kind", "other"}}).expect(201);
    ada.del(shop.location() + "/environments/staging").expect(204);
    meter(worker, "tokens", "sum", Json::object({{"group_by", Json::object({{"model", "$.model"}})}, {"time_zone", "Europe/Berlin"}}));
    meter(worker, "calls", "count");
    worker.put(quotas() + "/tokens", limit(500, "month")).expect(200);
    report(worker, event("1", tokens(42))).expect(204);
    reserve(worker, reservation(), 7).expect(200);
    auto body = key_body(shop);
    body["cidrs"] = Json::array({"10.0.0.0/8"});
    body["uses_left"] = 9;
    const auto limited = ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201);
    const auto plain = key(ada, shop), revoked = key(ada, shop), rotated = key(ada, shop);
    ada.del(revoked.location()).expect(204);
    const auto next = ada.post(rotated.location() + "/rotate", Json::object()).expect(201);
    event_types();

    const auto twin = clone(ada).expect(201);
    EXPECT_EQ(twin.location(), "/api/v1/projects/" + twin.text("/id"));
    twin.field("/slug", "twin").field("/name", "Twin").field("/organization_id", acme.text("/id")).field("/state", "active");
    EXPECT_NE(twin.text("/id"), shop.text("/id"));
    ada.get(twin.location()).expect(200).field("/slug", "twin").field("/keys", Json());
    const auto environments = ada.get(twin.location() + "/environments").expect(200).field("/items/0/name", "development");
    environments.field("/items/1/name", "preview").field("/items/1/kind", "other").field("/items/2/name", "production").field("/items/3", Json());

    twin.field("/keys/0/reissued_from", limited.text("/id")).field("/keys/1/reissued_from", plain.text("/id"));
    twin.field("/keys/2/reissued_from", next.text("/id")).field("/keys/3", Json());
    twin.field("/keys/0/cidrs", limited.at("/cidrs")).field("/keys/0/uses_left", 9).field("/keys/0/scopes", limited.at("/scopes"));
    EXPECT_NE(twin.text("/keys/1/key"), plain.text("/key"));
    verify(ada, twin.text("/keys/1/key")).field("/active", true).field("/project", twin.text("/id")).field("/env", "production");
    verify(ada, plain.text("/key")).field("/active", true).field("/project", shop.text("/id"));
    EXPECT_EQ(event_types(), "project.created api_key.created api_key.created api_key.created ");

    const auto twins = worker_of(twin);
    const auto meters = twins.get("/api/v1/meters").expect(200).field("/items/0/slug", "calls").field("/items/1/slug", "tokens").field("/items/2", Json());
    meters.field("/items/1/time_zone", "Europe/Berlin").field("/items/1/group_by", Json::object({{"model", "$.model"}}));
    const auto state = twins.get(twin.location() + "/quotas").expect(200).field("/items/0/meter", "tokens").field("/items/0/limit", 500.0);
    state.field("/items/0/period", "month").field("/items/0/used", 0.0).field("/items/0/reserved", 0.0);
    for (const std::string table : {"usage_seen", "usage_bucket", "usage_total", "quota_reservation"}) EXPECT_EQ(rows(table, twin), "0") << table;
    report(twins, event("1", tokens(1))).expect(204); // the same event, of another project
    EXPECT_EQ(total(twins), Json(1.0));
    EXPECT_EQ(total(worker), Json(42.0));
    const auto log = ada.get(acme.location() + "/audit?action=project.created&limit=1").expect(200).field("/items/0/target", twin.text("/id"));
    log.field("/items/0/details/cloned_from", shop.text("/id"));
    ada.get(twin.location() + "/audit?action=quota.set").expect(200).field("/items/0/target", "tokens").field("/items/1", Json());
}

TEST_F(Clones, AreRefusedWhole) {
    meter(worker);
    const auto before = service.database().admin("select count(*) from meter");
    const auto entries = service.database().admin("select count(*) from audit");
    clone(ada, Json::object(), "shop").expect_problem(409, "project-slug-taken");
    clone(ada, Json::object({{"slug", "admin"}})).expect_problem(422, "invalid-value");
    clone(ada, Json::object({{"more", 1}})).expect_problem(400, "malformed-request");
    clone(ben).expect_problem(404, "not-found");
    clone(as.stranger).expect_problem(404, "not-found");
    join(ada, acme, "dev", "developer");
    clone(person("dev")).expect_problem(403, "role-too-low");
    ada.post("/api/v1/api-keys", key_body(shop, {"projects:admin"})).expect(201);
    const auto modest = service.caller(service.project(), "projects:write products:write", "ada");
    clone(modest).expect_problem(403, "scope-not-yours");
    EXPECT_EQ(service.database().admin("select count(*) from project"), "1");
    EXPECT_EQ(service.database().admin("select count(*) from meter"), before) << "what was made for it is gone";
    EXPECT_EQ(service.database().admin("select count(*) from audit"), std::to_string(std::stoi(entries) + 2)) << "a member and a key";
    clone(modest, Json::object({{"keys", false}})).expect(201).field("/keys", Json::array());
    ada.del(shop.location()).expect(204);
    clone(ada, Json::object(), "late").expect_problem(409, "deletion-pending");
}

TEST_F(Clones, AreMadeOnceHoweverManyAsk) {
    meter(worker);
    key(ada, shop);
    std::atomic<int> made{0}, refused{0};
    at_once(6, [&](int) {
        const auto answer = clone(ada).send();
        ++(answer.status() == 201 ? made : refused);
        EXPECT_TRUE(answer.status() == 201 || answer.text("/type") == problem_type("project-slug-taken")) << answer.body();
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 5);
    EXPECT_EQ(service.database().admin("select count(*) from meter"), "2");
    EXPECT_EQ(service.database().admin("select count(*) from api_key"), "2");
}

TEST_F(Clones, HaveNoMoreKeysThanCanBeShown) {
    service.database().admin("insert into api_key (id, project, project_id, env, public_id, hash, name, scopes, created_by, created_at, updated_at) "
                             "select gen_random_uuid(), project, id, 'production', 'k' || n, sha256(n::text::bytea), 'x', '{}', 'ada', now(), now() "
                             "from project, generate_series(1, 201) n");
    clone(ada).expect_problem(409, "too-many-keys");
    clone(ada, Json::object({{"keys", false}})).expect(201);
    service.database().admin("update api_key set revoked_at = now() where public_id = 'k1'");
    EXPECT_EQ(clone(ada, Json::object(), "third").expect(201).at("/keys").size(), 200u);
}

TEST_F(Clones, OfEnvironmentsHaveKeysOfTheirOwn) {
    auto body = key_body(shop);
    body["cidrs"] = Json::array({"10.0.0.0/8"});
    body["uses_left"] = 9;
    const auto limited = ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201);
    const auto plain = key(ada, shop), revoked = key(ada, shop);
    body = key_body(shop);
    body["env"] = "staging";
    ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201); // of another one
    ada.del(revoked.location()).expect(204);
    event_types();

    const std::string production = shop.location() + "/environments/production";
    const auto made = ada.post(production + "/clone", {{"name", "canary"}}).key("c1a0").expect(201);
    EXPECT_EQ(made.location(), shop.location() + "/environments/canary");
    made.field("/name", "canary").field("/kind", "production").field("/project_id", shop.text("/id"));
    made.field("/keys/0/reissued_from", limited.text("/id")).field("/keys/1/reissued_from", plain.text("/id")).field("/keys/2", Json());
    made.field("/keys/0/cidrs", limited.at("/cidrs")).field("/keys/0/uses_left", 9).field("/keys/1/env", "canary");
    ada.get(made.location()).expect(200).field("/kind", "production").field("/keys", Json());
    verify(ada, made.text("/keys/1/key")).field("/active", true).field("/env", "canary").field("/project", shop.text("/id"));
    verify(ada, plain.text("/key")).field("/active", true).field("/env", "production");
    EXPECT_EQ(event_types(), "api_key.created api_key.created ");
    const auto log = ada.get(acme.location() + "/audit?action=environment.created&limit=1").expect(200).field("/items/0/target", "canary");
    log.field("/items/0/details", Json::object({{"kind", "production"}, {"cloned_from", "production"}}));
    // Shown again to who asked under a key of theirs, and made once.
    EXPECT_EQ(ada.post(production + "/clone", {{"name", "canary"}}).key("c1a0").expect(201).text("/keys/1/key"), made.text("/keys/1/key"));
    ada.post(production + "/clone", {{"name", "canary"}}).expect_problem(409, "environment-exists");
    const auto bare = ada.post(production + "/clone", {{"name", "preview"}, {"kind", "other"}, {"keys", false}}).expect(201);
    bare.field("/kind", "other").field("/keys", Json::array());
    EXPECT_EQ(service.database().admin("select count(*) from api_key"), "6");
}

TEST_F(Clones, OfEnvironmentsAreForWhoMayMakeBoth) {
    key(ada, shop);
    const std::string at = shop.location() + "/environments/production/clone";
    const Json wanted = Json::object({{"name", "canary"}});
    ben.post(at, testkit::Members(wanted)).expect_problem(404, "not-found");
    as.stranger.post(at, testkit::Members(wanted)).expect_problem(404, "not-found");
    join(ada, acme, "dev", "developer");
    person("dev").post(at, testkit::Members(wanted)).expect_problem(403, "role-too-low");
    let_in(ada, shop, "cleo", "admin"); // of this project alone, which is enough: nothing of it leaves the project
    service.caller(service.project(), "projects:admin", "cleo").post(at, testkit::Members(wanted)).expect_problem(403, "scope-not-yours");
    service.caller(service.project(), "projects:write", "cleo").post(at, testkit::Members(wanted)).expect_problem(403, "forbidden");
    ada.post(shop.location() + "/environments/none/clone", testkit::Members(wanted)).expect_problem(404, "not-found");
    for (const Json& bad : {Json("Canary"), Json("1st"), Json(""), Json(7)}) {
        const int status = ada.post(at, {{"name", bad}}).send().status();
        EXPECT_TRUE(status == 422 || status == 400) << bad.dump() << status;
    }
    ada.post(shop.location() + "/suspend").expect(200);
    ada.post(at, testkit::Members(wanted)).expect_problem(409, "project-not-active");
    ada.post(shop.location() + "/resume").expect(200);
    EXPECT_EQ(service.database().admin("select count(*) from environment"), "3");
    cleo.post(at, testkit::Members(wanted)).expect(201);
    // However many ask at once, one is made.
    std::atomic<int> made{0}, refused{0};
    at_once(6, [&](int) {
        const int status = person("ada").post(at, {{"name", "twin"}}).send().status();
        made += status == 201;
        refused += status == 409;
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 5);
    EXPECT_EQ(service.database().admin("select count(*) from api_key"), "3");
    service.database().admin("insert into api_key (id, project, project_id, env, public_id, hash, name, scopes, created_by, created_at, updated_at) "
                             "select gen_random_uuid(), project, id, 'production', 'k' || n, sha256(n::text::bytea), 'x', '{}', 'ada', now(), now() "
                             "from project, generate_series(1, 200) n");
    ada.post(at, {{"name", "late"}}).expect_problem(409, "too-many-keys");
}

} // namespace
} // namespace gravity::project
