// Who did what, and from where.
#include "audit_text.hpp"
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <map>
#include <set>
#include <sstream>

namespace gravity::config {
namespace {

class Audit : public ConfigApi {
protected:
    explicit Audit(app::Texts settings = {}) : ConfigApi(with_master_key(std::move(settings))) {}

    static app::Texts with_master_key(app::Texts settings) {
        settings["CONFIG_MASTER_KEY"] = base64_encode(random_bytes(32));
        return settings;
    }

    const std::string log = "/api/v1/config/audit";
    testkit::Client ada = service.caller(service.project(), service.all_scopes() + " configs:secrets", "ada");
    testkit::Client ben = service.caller(service.project(), service.all_scopes(), "ben");

    /// The actions of a page, newest first.
    std::string actions(const std::string& query = "") {
        std::string all;
        const Json items = ada.get(log + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) all += item.find("action")->as_string() + " ";
        return all;
    }
    static testkit::Call post(const testkit::Client& who, const std::string& path, const Json& body = Json::object()) {
        return who.post(path, testkit::Members(body));
    }
    static std::string id_of(const std::string& place) { return place.substr(place.rfind('/') + 1); }
};

TEST_F(Audit, IsWrittenWithEachChange) {
    const std::string shop = set(ada, "shop").location();
    draft(ada, shop, Json::object({{"port", 8080}}));
    post(ada, shop + "/releases", Json::object({{"message", "Begin"}})).expect(201);
    EXPECT_EQ(actions(), "release.published draft.changed set.created ");
    const auto told = ada.get(log).expect(200);
    told.field("/items/0/subject", "ada").field("/items/0/address", "127.0.0.1").field("/items/0/set_id", id_of(shop)).field("/items/0/target", "1");
    told.field("/items/0/details/message", "Begin").field("/items/0/details/seq", 1).field("/items/0/actor", Json());
    told.field("/items/1/details/changes", Json::array({Json::object({{"key", "port"}, {"after", 8080}})}));
    told.field("/items/2/details/application", "shop").field("/items/2/target", id_of(shop));

    // What is refused is not there, nor what changes nothing.
    post(ada, shop + "/releases").expect_problem(409, "nothing-to-publish");
    ada.patch(shop + "/draft", {{"items", Json::object({{"a..b", 1}})}}).expect(422);
    ada.patch(shop, {{"review_required", false}}).expect(200);
    as.reader.patch(shop + "/draft", {{"items", Json::object({{"a", 1}})}}).expect(403);
    ada.get(shop + "/draft").expect(200);
    EXPECT_EQ(actions(), "release.published draft.changed set.created ");

    ada.patch(shop + "/draft", {{"items", Json::object({{"port", nullptr}, {"long", std::string(1'000, 'x')}})}}).expect(200);
    const auto long_one = ada.get(log + "?limit=1").expect(200);
    long_one.field("/items/0/details/changes/0/after/bytes", 1'002).field("/items/0/details/changes/1/before", 8080).field("/items/0/details/base_number", 1);
}

TEST_F(Audit, KnowsSecretsByTheirFingerprint) {
    const std::string shop = set(ada, "shop").location();
    const auto sealed = ada.patch(shop + "/draft", {{"secrets", Json::object({{"db.password", "hunter2"}})}}).expect(200);
    const std::string fingerprint = sealed.text("/secrets/db.password");
    ada.get(log + "?limit=1").expect(200).field("/items/0/details/changes/0/after/fingerprint", fingerprint);
    publish(ada, shop);
    ben.post(shop + "/keys/db.password/reveal").expect(200).field("/value", "hunter2");
    const auto shown = ada.get(log + "?action=secret.revealed").expect(200).field("/items/1", Json());
    shown.field("/items/0/subject", "ben").field("/items/0/target", "db.password").field("/items/0/details/fingerprint", fingerprint);
    shown.field("/items/0/details/number", 1).field("/items/0/set_id", id_of(shop));
    ben.post(shop + "/keys/none/reveal").expect_problem(404, "not-found");
    EXPECT_EQ(service.database().admin("select count(*) from audit a where a::text like '%hunter%'"), "0");
    EXPECT_EQ(actions("?action=secret.revealed"), "secret.revealed ");
}

// A route that changes something and is not here is a fault: what it does must be written down, or said why not.
TEST_F(Audit, HasEveryChange) {
    const std::string asking = "changes nothing", theirs = "what instances say of themselves";
    const std::string c = "/api/v1/configs", s = c + "/{id}", f = "/api/v1/feature-flags", j = "/api/v1/config-schemas", r = s + "/rollouts/{rollout}";
    const std::map<std::string, std::string> expected = {
        {"post " + c, "set.created"},
        {"patch " + s, "set.changed"},
        {"patch " + s + "/draft", "draft.changed"},
        {"post " + s + "/draft/approve", "draft.approved"},
        {"post " + s + "/draft/validate", asking},
        {"post " + s + "/draft/dry-run", asking},
        {"post " + s + "/releases", "release.published"},
        {"post " + s + "/releases/{number}/revert", "release.reverted"},
        {"post " + r + "/pause", "rollout.paused"},
        {"post " + r + "/resume", "rollout.resumed"},
        {"post " + r + "/abort", "rollout.aborted"},
        {"post " + s + "/tags", "tag.created"},
        {"delete " + s + "/tags/{tag}", "tag.deleted"},
        {"post " + s + "/keys/{key}/reveal", "secret.revealed"},
        {"post " + c + "/import", "draft.imported"},
        {"post " + c + "/import-all", "draft.imported"},
        {"post /api/v1/config/git-sources", "git_source.created"},
        {"patch /api/v1/config/git-sources/{id}", "git_source.changed"},
        {"put /api/v1/config/git-sources/{id}/credentials", "git_source.credentials_set"},
        {"delete /api/v1/config/git-sources/{id}", "git_source.deleted"},
        {"post /api/v1/config/git-sources/{id}/pull", "is written down once it has been done"},
        {"post /spring/monitor", "is written down once it has been done"},
        {"post " + c + "/acknowledgements", theirs},
        {"post /spring/encrypt", asking},
        {"post /spring/decrypt", "cipher.decrypted"},
        {"post /spring/encrypt/{application}/{profiles}", asking},
        {"post /spring/decrypt/{application}/{profiles}", "cipher.decrypted"},
        {"put /api/v1/config/spring-key", "spring_key.set"},
        {"delete /api/v1/config/spring-key", "spring_key.deleted"},
        {"post " + j, "schema.created"},
        {"patch " + j + "/{id}", "schema.changed"},
        {"delete " + j + "/{id}", "schema.deleted"},
        {"post " + f, "flag.created"},
        {"patch " + f + "/{id}", "flag.changed"},
        {"delete " + f + "/{id}", "flag.deleted"},
        {"post /ofrep/v1/evaluate/flags", asking},
        {"post /ofrep/v1/evaluate/flags/{key}", asking},
    };
    std::set<std::string> routes, known_routes;
    const Json document = ada.get("/openapi.json").expect(200).json();
    for (const auto& [path, methods] : document.find("paths")->as_object())
        for (const auto& [method, operation] : methods.as_object())
            if (std::set<std::string>{"post", "put", "patch", "delete"}.contains(method) && !path.starts_with("/internal/") &&
                !path.starts_with("/api/v1/config/access-keys")) // the platform's, which keeps who made them
                routes.insert(method + " " + path);
    for (const auto& [route, action] : expected) known_routes.insert(route);
    EXPECT_EQ(routes, known_routes);

    const std::string shop = set(ada, "shop").location();
    ada.patch(shop, {{"review_required", true}}).expect(200);
    ada.patch(shop + "/draft", {{"items", Json::object({{"a", 1}})}, {"secrets", Json::object({{"b", "x"}})}}).expect(200);
    ben.post(shop + "/draft/approve", {{"version", ada.get(shop + "/draft").expect(200).at("/version").as_integer()}}).expect(200);
    publish(ada, shop);
    ada.patch(shop, {{"review_required", false}}).expect(200);
    ada.post(shop + "/keys/b/reveal").expect(200);
    ada.post(shop + "/tags", {{"name", "v1"}, {"number", 1}}).expect(201);
    ada.del(shop + "/tags/v1").expect(204);
    draft(ada, shop, Json::object({{"a", 2}}));
    const Json plan = Json::object({{"steps", Json::array({50})}, {"bake_seconds", 3'600}});
    const std::string rollout = shop + "/rollouts/" + post(ada, shop + "/releases", Json::object({{"rollout", plan}})).expect(201).text("/rollout");
    for (const char* verb : {"/pause", "/resume", "/abort"}) post(ada, rollout + verb).expect(200);
    publish(ada, shop);
    post(ada, shop + "/releases/1/revert").expect(201);
    ada.post(c + "/import", {{"application", "till"}, {"format", "yaml"}, {"content", "port: 1"}}).expect(200);
    const std::string cipher = ada.post("/spring/encrypt").raw("hunter2", "text/plain").expect(200).body();
    ada.post("/spring/decrypt").raw(cipher, "text/plain").expect(200);
    ada.put("/api/v1/config/spring-key", {{"key", "foo"}}).expect(200);
    ada.del("/api/v1/config/spring-key").expect(204);
    const Json source = Json::object({{"url", "https://git.invalid/x.git"}, {"applications", Json::array({"shop"})}});
    const std::string repository = post(ada, "/api/v1/config/git-sources", source).expect(201).location();
    ada.patch(repository, {{"interval_minutes", 60}}).expect(200);
    ada.put(repository + "/credentials", {{"password", "hunter2"}}).expect(200);
    ada.del(repository).expect(204);
    const auto schema = ada.post(j, {{"application", "shop"}, {"schema", Json::object({{"type", "object"}})}}).expect(201);
    ada.patch(schema.location(), {{"description", "x"}}).expect(200);
    ada.del(schema.location()).expect(204);
    const Json variants = Json::object({{"on", true}, {"off", false}});
    const auto flag = ada.post(f, {{"key", "beta"}, {"type", "boolean"}, {"variants", variants}, {"default_variant", "off"}}).expect(201);
    ada.patch(flag.location(), {{"enabled", false}}).expect(200);
    ada.del(flag.location()).expect(204);

    const std::string done = " " + service.database().admin("select string_agg(distinct action, ' ') from audit") + " ";
    for (const auto& [route, action] : expected)
        if (action.find(' ') == std::string::npos) EXPECT_NE(done.find(" " + action + " "), std::string::npos) << route << ": " << action;
    EXPECT_NE(done.find(" rollout.begun "), std::string::npos);
    EXPECT_EQ(service.database().admin("select count(*) from audit where address is distinct from '127.0.0.1'"), "0");
    EXPECT_EQ(actions("?target=beta"), "flag.deleted flag.changed flag.created ");
    const auto changed = ada.get(log + "?action=flag.changed").expect(200).field("/items/0/set_id", Json());
    EXPECT_EQ(changed.at("/items/0/details").dump(), R"({"changes":[{"after":false,"before":true,"field":"enabled"}]})");
    EXPECT_EQ(actions("?target=" + id_of(rollout)), "rollout.aborted rollout.resumed rollout.paused ");
    const auto begun = ada.get(log + "?action=rollout.begun").expect(200).field("/items/0/target", "2");
    begun.field("/items/0/details/rollout", id_of(rollout)).field("/items/0/details/plan/bake_seconds", 3'600);
}

TEST_F(Audit, TellsWhatARolloutDoesOfItself) {
    const std::string shop = published(ada, "shop", "default", Json::object({{"a", 1}}));
    draft(ada, shop, Json::object({{"a", 2}}));
    const Json plan = Json::object({{"steps", Json::array({50})}, {"bake_seconds", 1}});
    const std::string rollout = shop + "/rollouts/" + post(ada, shop + "/releases", Json::object({{"rollout", plan}})).expect(201).text("/rollout");
    const std::string of_it = "?target=" + id_of(rollout);
    testkit::eventually("nobody says anything, so it pauses", [&] { return actions(of_it) == "rollout.paused "; }, std::chrono::seconds(30));
    const auto told = ada.get(log + of_it).expect(200).field("/items/0/subject", "service:config").field("/items/0/address", Json());
    told.field("/items/0/details/number", 2).field("/items/0/details/step", 0);
    EXPECT_NE(told.text("/items/0/details/reason"), "");
}

TEST_F(Audit, IsFilteredAndPaged) {
    const std::string shop = set(ada, "shop").location(), till = set(ben, "till").location();
    draft(ben, shop, Json::object({{"a", 1}}));
    draft(ada, till, Json::object({{"a", 1}}));
    EXPECT_EQ(actions("?subject=ben"), "draft.changed set.created ");
    EXPECT_EQ(actions("?subject=ben&action=set.created"), "set.created ");
    EXPECT_EQ(actions("?set_id=" + id_of(shop)), "draft.changed set.created ");
    EXPECT_EQ(actions("?set_id=" + Uuid::v7().to_string()), "");
    const std::string first = ada.get(log + "?limit=1&subject=ben&action=set.created").expect(200).text("/items/0/occurred_at");
    EXPECT_EQ(actions("?from=" + first), "draft.changed draft.changed set.created ");
    EXPECT_EQ(actions("?to=" + first), "set.created ");
    EXPECT_EQ(actions("?from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00Z"), "");
    ada.get(log + "?from=yesterday").expect_problem(422, "invalid-value");
    ada.get(log + "?action=").expect_problem(422, "invalid-value");
    ada.get(log + "?set_id=shop").expect_problem(422, "invalid-value");
    ada.get(log + "?limit=0").expect_problem(422, "invalid-value");
    ada.get(log + "?cursor=x").expect(400);
    ada.get(log + "?who=ben").expect_problem(400, "malformed-request");
    std::string all, at = "?limit=3";
    for (int pages = 1;; ++pages) {
        const auto page = ada.get(log + at).expect(200);
        all += actions(at);
        if (page.text("/next_cursor").empty()) {
            EXPECT_EQ(pages, 2);
            break;
        }
        at = "?limit=3&cursor=" + page.text("/next_cursor");
    }
    EXPECT_EQ(all, actions());
}

TEST_F(Audit, IsReadByWhoAdministersTheirOwn) {
    set(ada, "shop");
    as.stranger.get(log).expect(200).field("/items", Json::array());
    set(as.stranger, "theirs");
    as.stranger.get(log).expect(200).field("/items/0/details/application", "theirs").field("/items/1", Json());
    EXPECT_EQ(actions(), "set.created ");
    as.reader.get(log).expect_problem(403, "forbidden");
    service.caller(service.project(), "configs:write feature-flags:admin").get(log).expect_problem(403, "forbidden");
    service.caller(service.project(), "configs:admin").get(log).expect(200);
    as.anonymous.get(log).expect_problem(401, "unauthenticated");
}

TEST_F(Audit, IsReadAsAFile) {
    const std::string shop = set(ada, "shop").location();
    service.database().admin("insert into audit (id, project, occurred_at, action, subject, target, details) select gen_random_uuid(), '" +
                             service.project().to_string() + "', now() - interval '1 day', 'test', 'ada', 'n' || n, '{}' from generate_series(1, 450) n");
    const auto lines = [](const std::string& text) {
        std::vector<std::string> all;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    };
    const auto ndjson = ada.get(log + "/export").expect(200);
    ndjson.expect_header("Content-Type", "application/x-ndjson");
    const auto entries = lines(ndjson.body());
    ASSERT_EQ(entries.size(), 451u) << "more than a page has";
    EXPECT_EQ(Json::parse(entries[0]).or_throw(), ada.get(log + "?limit=1").expect(200).at("/items/0"));
    std::set<std::string> targets;
    for (const auto& entry : entries) targets.insert(Json::parse(entry).or_throw().find("target")->as_string());
    EXPECT_EQ(targets.size(), 451u);

    const auto csv = ada.get(log + "/export?format=csv&set_id=" + id_of(shop)).expect(200);
    csv.expect_header("Content-Type", "text/csv; charset=utf-8");
    const auto rows = lines(csv.body());
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0], "id,occurred_at,action,subject,actor,address,set_id,target,details\r");
    EXPECT_NE(rows[1].find(",set.created,ada,,127.0.0.1," + id_of(shop) + "," + id_of(shop) + ",\"{"), std::string::npos) << rows[1];
    EXPECT_EQ(ada.get(log + "/export?action=nothing").expect(200).body(), "");
    EXPECT_EQ(as.stranger.get(log + "/export").expect(200).body(), "");
    as.reader.get(log + "/export").expect_problem(403, "forbidden");
    ada.get(log + "/export?format=xml").expect_problem(422, "invalid-value");
    ada.get(log + "/export?limit=5").expect_problem(400, "malformed-request");
}

TEST(AuditFile, HasNothingThatASpreadsheetRuns) {
    AuditEntry entry;
    entry.id = AuditEntryId::parse("0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11").or_throw();
    entry.occurred_at = Timestamp::from_unix_seconds(0);
    entry.action = "draft.changed";
    entry.subject = "=cmd|' /C calc'!A0";
    entry.target = "a,\"b\"\r\nc";
    entry.details = Json::object();
    EXPECT_EQ(audit_line(entry, AuditFormat::csv),
              "0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11,1970-01-01T00:00:00Z,draft.changed,'=cmd|' /C calc'!A0,,,,\"a,\"\"b\"\"\r\nc\",{}\r\n");
    const std::string line = audit_line(entry, AuditFormat::ndjson);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(Json::parse(line).or_throw().find("target")->as_string(), entry.target);
    EXPECT_EQ(audit_head(AuditFormat::ndjson), "");
}

TEST_F(Audit, IsOnlyAddedTo) {
    const std::string shop = set(ada, "shop").location();
    draft(ada, shop, Json::object({{"a", 1}}));
    for (const std::string statement :
         {"update audit set subject = 'ben'", "delete from audit", "truncate audit", "do $$ begin delete from audit; end $$"})
        EXPECT_ANY_THROW(service.database().admin(statement)) << statement;
    EXPECT_EQ(service.database().admin("select count(*) from audit"), "2");
    set(as.stranger, "theirs");
    const auto operators = service.caller(ProjectId::fresh(), "projects:purge");
    const auto counts = operators.del("/internal/projects/" + service.project().to_string()).expect(200);
    EXPECT_EQ(counts.at("/removed/public.audit"), Json(2)); // with its project it goes
    EXPECT_EQ(service.database().admin("select count(*) from audit"), "1");
}

class ShortAudit : public Audit {
protected:
    ShortAudit() : Audit({{"CONFIG_AUDIT_DAYS", "30"}}) {}
};

TEST_F(ShortAudit, ForgetsWhatIsOld) {
    set(ada, "shop");
    const std::string project = service.project().to_string(), other = Uuid::v7().to_string();
    const auto old = [&](const std::string& of, int many, int days) {
        service.database().admin("insert into audit (id, project, occurred_at, action, subject, target, details) select gen_random_uuid(), '" + of +
                                 "', now() - interval '" + std::to_string(days) + " days', 'test', 'ada', 'n' || n, '{}' from generate_series(1, " +
                                 std::to_string(many) + ") n");
    };
    old(project, 1'200, 31); // more than a transaction takes
    old(project, 3, 29);
    old(other, 2, 31);
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             project + "', 'forget-audit', '{}', 'test', now(), 1, now())");
    testkit::eventually("they are forgotten", [&] { return service.database().admin("select count(*) from audit where project = '" + project + "'") == "4"; });
    EXPECT_EQ(service.database().admin("select count(*) from audit where project = '" + other + "'"), "2") << "each project's own";
    EXPECT_EQ(actions("?action=set.created"), "set.created ");
}

class ForwardedAudit : public Audit {
protected:
    ForwardedAudit() : Audit({{"CONFIG_TRUSTED_PROXIES", "127.0.0.0/8"}}) {}
};

TEST_F(ForwardedAudit, BelievesItsProxies) {
    ada.post(configs, {{"application", "shop"}}).header("X-Forwarded-For", "198.51.100.9, 203.0.113.7").expect(201);
    ada.get(log).expect(200).field("/items/0/address", "203.0.113.7");
}

TEST(AuditSettings, RefuseWhatIsNoNetwork) {
    EXPECT_ANY_THROW(testkit::RunningService(assemble(0), {{"CONFIG_TRUSTED_PROXIES", "10.0.0.1/8"}}));
    EXPECT_ANY_THROW(testkit::RunningService(assemble(0), {{"CONFIG_AUDIT_DAYS", "0"}}));
}

} // namespace
} // namespace gravity::config
