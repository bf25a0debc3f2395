// The end of a project: what services are asked, what they answer, and what is told of it. The services are played here.
#include "usage_fixture.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <filesystem>
#include <fstream>
#include <mutex>

namespace gravity::project {
namespace {

// What is left every few minutes.
void run(testkit::RunningService& service) {
    const std::string moment = "'" + now().to_string() + "'";
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             service.project().to_string() + "', 'delete-projects', '{}', 'test', " + moment + ", 1, " + moment + ")");
    service.run_jobs_until_idle();
}

struct Platform {
    testkit::FakeDiscovery discovery;
    testkit::Neighbour catalog{"product-catalog"}, user{"user"}, gateway{"gateway"};
    auth::Signer signer = auth::Signer::generate();
    std::filesystem::path key_file = std::filesystem::temp_directory_path() / ("gravity-proof-" + Uuid::v4().to_string() + ".pem");
    std::mutex listing;
    Json listed = Json::object({{"product-catalog", Json::array({"gravity"})},
                                {"user", Json::array({"gravity"})},
                                {"project", Json::array({"gravity"})},
                                {"consul", Json::array()},
                                {"web", Json::array({"other"})}});
    Platform() {
        std::ofstream(key_file) << signer.pem().reveal();
        discovery.add(catalog);
        discovery.add(user);
        discovery.consul().on("GET", "/v1/catalog/services", [this](const http::Request&) {
            const std::lock_guard lock(listing);
            return testkit::Reply{.body = listed};
        });
    }
    void list(Json services) {
        const std::lock_guard lock(listing);
        listed = std::move(services);
    }
    ~Platform() { std::filesystem::remove(key_file); }
};

class Deletions : private Platform, public UsageApi {
protected:
    Deletions() : UsageApi({{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}, {"PROJECT_PROOF_KEY_FILE", key_file.string()}}) {}
    using Platform::discovery, Platform::catalog, Platform::user, Platform::gateway, Platform::signer, Platform::listed, Platform::list;

    testkit::FakeClock clock{now()};
    const std::string purge = "/internal/projects/" + shop.text("/id");

    static testkit::Reply removed(Json tables) {
        std::int64_t rows = 0;
        for (const auto& [table, count] : tables.as_object()) rows += count.as_integer();
        return {.body = Json::object({{"project", Uuid::v7().to_string()}, {"removed", std::move(tables)}, {"rows", rows}})};
    }
    void pass(Duration time) {
        clock.advance(time);
        ada = person("ada");
        worker = of(shop_id);
    }
    void ask_for_deletion() {
        ada.del(shop.location()).expect(204);
        deletion().field("/state", "pending_deletion").field("/tasks", Json::array()).field("/progress", 0.0);
        event_types();
        pass(Duration::days(30)); // from here on the schedule may begin by itself
    }
    void run_jobs() {
        pass(Duration::minutes(15)); // after which a service may be asked again
        run(service);
    }
    testkit::Answer deletion() { return ada.get(shop.location() + "/deletion").expect(200); }
};

TEST_F(Deletions, AreConfirmedByEveryService) {
    catalog.on("DELETE", purge, removed(Json::object({{"public.product", 7}, {"gravity.outbox", 3}})));
    catalog.on("DELETE", purge, removed(Json::object({{"public.product", 1}, {"gravity.outbox", 1}}))); // one that came in between
    catalog.on("DELETE", purge, removed(Json::object({{"gravity.outbox", 1}})));                        // what it announced of the deletion itself
    user.on("DELETE", purge, removed(Json::object()));
    const auto made = key(ada, shop);
    meter(worker);
    report(worker, event("1", tokens(5))).expect(204);
    ada.get(shop.location() + "/deletion").expect_problem(404, "not-found");
    ask_for_deletion();
    run_jobs();
    const auto done = deletion().field("/state", "deleted").field("/progress", 1.0).field("/tasks/0/service", "product-catalog").field("/tasks/0/rows", 8);
    done.field("/tasks/0/removed", Json::object({{"public.product", 8}})).field("/tasks/0/attempts", 3).field("/tasks/0/state", "confirmed");
    done.field("/tasks/1/service", "project")
        .field("/tasks/1/state", "confirmed")
        .field("/tasks/2/service", "user")
        .field("/tasks/2/rows", 0)
        .field("/tasks/3", Json());
    EXPECT_EQ(event_types(), "project.deletion_started project.deleted ");
    const auto log = ada.get(acme.location() + "/audit?limit=2").expect(200).field("/items/0/action", "project.deleted");
    log.field("/items/0/subject", "service:project").field("/items/0/address", Json()).field("/items/1/action", "project.deletion_started");
    EXPECT_EQ(service.database().admin("select count(*) from audit where project = '" + shop.text("/id") + "'"), "0") << "what was done to its meters";
    const auto asked = catalog.calls("DELETE", purge);
    ASSERT_EQ(asked.size(), 3u);
    EXPECT_GT(std::stol(std::string(asked[0].headers.get("X-Request-Timeout-Ms").value_or("0"))), 9 * 60'000) << "a service may take minutes for its rows";

    // What was kept here of it is gone; its id and name stay, and mean nobody else.
    for (const std::string table : {"environment", "api_key", "api_key_directory", "meter", "usage_seen", "usage_bucket"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table), "0") << table;
    EXPECT_EQ(verify(ada, made.text("/key")).at("/active"), Json(false));
    ada.get(shop.location()).expect(200).field("/state", "deleted");
    ada.get("/api/v1/projects").expect(200).field("/items", Json::array());
    ada.get("/api/v1/projects?state=deleted").expect(200).field("/items/0/id", shop.text("/id"));
    ada.post(shop.location() + "/restore").expect_problem(409, "too-late");
    ada.patch(shop.location(), {{"name", "Back"}}).expect_problem(409, "deletion-pending");
    ada.post(shop.location() + "/environments", {{"name", "x"}, {"kind", "other"}}).expect_problem(409, "deletion-pending");
    report(worker, event("2", tokens(5))).expect_problem(409, "project-not-active");
    // Whoever still has a token of it makes nothing that would stay.
    const auto late = of(shop_id, "meters:write organizations:admin");
    late.post("/api/v1/meters", {{"slug", "late"}, {"event_type", "x"}, {"aggregation", "count"}}).expect_problem(409, "project-not-active");
    late.post("/api/v1/organizations", {{"slug", "late"}, {"name", "Late"}}).expect_problem(409, "project-not-active");
    late.put("/api/v1/organizations/plans/free/quotas/late", limit(1)).expect_problem(409, "project-not-active");
    ada.del(shop.location()).expect(204);
    EXPECT_NE(project(ada, acme).text("/id"), shop.text("/id")); // the slug is free
    EXPECT_ANY_THROW(service.database().admin("update project set deleting_at = null, deleted_at = null, delete_after = null"));
    run_jobs();
    EXPECT_EQ(catalog.calls("DELETE", purge).size(), 3u) << "nobody is asked again";
}

TEST_F(Deletions, AreProven) {
    catalog.on("DELETE", purge, removed(Json::object({{"public.product", 7}})));
    catalog.on("DELETE", purge, removed(Json::object()));
    user.on("DELETE", purge, {.status = 404, .body = Json::object({{"type", "about:blank"}})});
    ask_for_deletion();
    run_jobs();
    const auto done = deletion().field("/state", "deleted").field("/tasks/2/state", "keeps_nothing");
    const std::string proof = done.text("/proof");
    const auto jws = auth::parse_jws(proof);
    ASSERT_TRUE(jws) << proof;
    const Json payload = Json::parse(base64url_decode(jws->payload).value()).or_throw();
    EXPECT_EQ(*payload.find("sub"), shop.at("/id"));
    EXPECT_EQ(*payload.at_pointer("/services/0/service"), Json("product-catalog"));
    EXPECT_EQ(*payload.at_pointer("/services/0/rows_before"), Json(7));
    EXPECT_EQ(*payload.at_pointer("/services/0/rows_after"), Json(0));
    EXPECT_EQ(*payload.at_pointer("/services/2/keeps_nothing"), Json(true));
    EXPECT_EQ(*payload.find("finished_at"), done.at("/finished_at"));
    const auto signature = base64url_decode(proof.substr(proof.rfind('.') + 1)).value();
    EXPECT_TRUE(signer.public_key().verify(proof.substr(0, proof.rfind('.')), signature));
    const auto keys = as.anonymous.get("/api/v1/projects/proof-keys").expect(200);
    EXPECT_EQ(keys.text("/keys/0/kid"), signer.kid());
    EXPECT_EQ(keys.at("/keys/0/d"), Json());
}

TEST_F(Deletions, AreTriedUntilEachHasAnswered) {
    catalog.on("DELETE", purge, {.status = 401, .body = Json::object({{"type", "x"}})});
    catalog.on("DELETE", purge, {.body = Json::array()});
    catalog.on("DELETE", purge, removed(Json::object()));
    user.on("DELETE", purge, removed(Json::object()));
    ask_for_deletion();
    run_jobs();
    deletion().field("/state", "deleting").field("/tasks/0/problem", "answered 401").field("/tasks/0/state", "open").field("/tasks/2/state", "confirmed");
    EXPECT_EQ(event_types(), "project.deletion_started ");
    ada.post(shop.location() + "/restore").expect_problem(409, "too-late");
    run_jobs();
    EXPECT_TRUE(deletion().field("/state", "deleting").text("/tasks/0/problem").starts_with("answered what is no count of rows"));
    run_jobs();
    deletion().field("/state", "deleted").field("/tasks/0/problem", Json()).field("/tasks/0/attempts", 3);
    EXPECT_EQ(user.calls("DELETE", purge).size(), 1u) << "who has confirmed is left alone";
    EXPECT_EQ(event_types(), "project.deleted ");
}

TEST_F(Deletions, WaitForDiscoveryRatherThanLeaveSomebodyOut) {
    catalog.on("DELETE", purge, removed(Json::object()));
    user.on("DELETE", purge, removed(Json::object()));
    const Json all = listed;
    list(Json("gone"));
    ask_for_deletion();
    run_jobs();
    deletion().field("/state", "deleting").field("/tasks", Json::array());
    list(all);
    run_jobs();
    deletion().field("/state", "deleted");
}

TEST_F(Deletions, ReachWhoAppearsLater) {
    catalog.on("DELETE", purge, removed(Json::object()));
    user.on("DELETE", purge, removed(Json::object()));
    ask_for_deletion();
    run_jobs();
    deletion().field("/state", "deleted").field("/progress", 1.0);
    discovery.add(gateway);
    gateway.on("DELETE", purge, removed(Json::object({{"public.late", 2}})));
    gateway.on("DELETE", purge, removed(Json::object()));
    list(merge_patch(listed, Json::object({{"gateway", Json::array({"gravity"})}})));
    run_jobs();
    deletion().field("/state", "deleted").field("/tasks/0/service", "gateway").field("/tasks/0/rows", 2).field("/tasks/0/state", "confirmed");
}

TEST_F(Deletions, AreUndoneInTime) {
    ada.del(shop.location()).expect(204);
    pass(Duration::days(29));
    run_jobs();
    deletion().field("/state", "pending_deletion");
    ada.post(shop.location() + "/restore").expect(200).field("/state", "active");
    ada.get(shop.location() + "/deletion").expect_problem(404, "not-found");
    pass(Duration::days(2));
    run_jobs();
    ada.get(shop.location()).expect(200).field("/state", "active");
    ada.del(shop.location()).expect(204);
    const std::string until = (now() + Duration::days(30)).to_string();
    run_jobs();
    deletion().field("/state", "pending_deletion").field("/delete_after", until);
    EXPECT_TRUE(catalog.calls("DELETE", purge).empty());
}

TEST_F(Deletions, AreSeenByWhoAdministers) {
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) join(ada, acme, role, role);
    ada.del(shop.location()).expect(204);
    for (const std::string role : {"admin", "developer", "viewer", "billing"})
        EXPECT_EQ(person(role).get(shop.location() + "/deletion").send().status(), role == "admin" ? 200 : 403) << role;
    for (const auto& who : {ben, as.stranger}) who.get(shop.location() + "/deletion").expect_problem(404, "not-found");
    let_in(ada, shop, "ben", "admin"); // it can be undone yet
    ben.get(shop.location() + "/deletion").expect(200);
    service.caller(service.project(), "projects:write", "ada").get(shop.location() + "/deletion").expect_problem(403, "forbidden");
}

class LonelyDeletions : public UsageApi {
protected:
    LonelyDeletions() : UsageApi({{"PROJECT_UNDO_DAYS", "1"}}) {}
};

// Alone it deletes what it keeps itself.
TEST_F(LonelyDeletions, NeedNobody) {
    testkit::FakeClock clock(now());
    ada = person("ada");
    let_in(ada, shop, "cleo", "admin");
    const testkit::Members wanted{{"email", "dora@example.com"}, {"role", "viewer"}};
    ada.post(shop.location() + "/invitations", wanted).expect(201);
    ada.del(shop.location()).expect(204);
    clock.advance(Duration::days(1));
    ada = person("ada");
    run(service);
    person("cleo").get(shop.location()).expect_problem(404, "not-found"); // nobody is a member of it alone any more
    EXPECT_EQ(service.database().admin("select (select count(*) from project_member) + (select count(*) from invitation)"), "0");
    ada.post(shop.location() + "/invitations", wanted).expect_problem(409, "deletion-pending");
    ada.post(shop.location() + "/members", {{"subject", "ben"}, {"role", "viewer"}}).expect_problem(409, "deletion-pending");
    ada.get(shop.location() + "/deletion")
        .expect(200)
        .field("/state", "deleted")
        .field("/tasks/0/service", "project")
        .field("/tasks/1", Json())
        .field("/proof", Json());
}

} // namespace
} // namespace gravity::project
