// Who did what, and from where.
#include "actor.hpp"
#include "audit_text.hpp"
#include "usage_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <map>
#include <set>
#include <sstream>

namespace gravity::project {
namespace {

TEST(AuditText, IsALineForEachEntry) {
    AuditEntry entry;
    entry.id = AuditEntryId::parse("0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11").or_throw();
    entry.occurred_at = Timestamp::from_unix_seconds(0);
    entry.action = "member.added";
    entry.subject = "=cmd|' /C calc'!A0";
    entry.target = "a,\"b\"\nc";
    entry.details = Json::object({{"role", "viewer"}});
    EXPECT_EQ(audit_line(entry, AuditFormat::csv), "0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11,1970-01-01T00:00:00Z,member.added,'=cmd|' /C calc'!A0,,,,,"
                                                   "\"a,\"\"b\"\"\nc\",\"{\"\"role\"\":\"\"viewer\"\"}\"\r\n");
    const std::string line = audit_line(entry, AuditFormat::ndjson);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(Json::parse(line).or_throw().find("target")->as_string(), "a,\"b\"\nc");
    EXPECT_EQ(audit_head(AuditFormat::ndjson), "");
    std::istringstream head{std::string(audit_head(AuditFormat::csv))};
    int columns = 0;
    for (std::string name; std::getline(head, name, ',');) ++columns;
    EXPECT_EQ(columns, 10);
}

class Audit : public UsageApi {
protected:
    explicit Audit(app::Texts settings = {}) : UsageApi(std::move(settings)) {}

    std::string log() const { return acme.location() + "/audit"; }
    std::string own_log() const { return shop.location() + "/audit"; }
    /// "project.created organization.created ", newest first.
    static std::string actions(const testkit::Client& who, const std::string& at) {
        std::string text;
        const Json items = who.get(at).expect(200).at("/items");
        for (const Json& entry : items.as_array()) text += entry.find("action")->as_string() + " ";
        return text;
    }
    /// Who has somebody act for them.
    testkit::Client helped(const std::string& subject, const std::string& email) {
        return known(subject, email, true, {}, Json::object({{"act", Json::object({{"sub", "support"}})}}));
    }
};

TEST_F(Audit, SaysWhoDidWhatAndFromWhere) {
    join(ada, acme, "ben", "viewer");
    const auto entry = ada.get(log() + "?limit=1").expect(200);
    entry.field("/items/0/action", "member.added").field("/items/0/subject", "ada").field("/items/0/target", "ben").field("/items/0/actor", Json());
    entry.field("/items/0/address", "127.0.0.1").field("/items/0/organization_id", acme.text("/id")).field("/items/0/project_id", Json());
    entry.field("/items/0/details", Json::object({{"role", "viewer"}}));
    EXPECT_EQ(actions(ada, log()), "member.added project.created member.added organization.created ");
    const auto created = ada.get(log() + "?action=project.created").expect(200).field("/items/1", Json());
    created.field("/items/0/project_id", shop.text("/id")).field("/items/0/details/slug", "shop");

    // What was refused has not been done.
    ada.post(acme.location() + "/members", {{"subject", "ben"}, {"role", "viewer"}}).expect_problem(409, "already-member");
    ada.patch(shop.location(), {{"name", "x"}}).if_match("\"9\"").expect_problem(412, "stale-version");
    ada.patch(seat(acme, "ada"), {{"role", "viewer"}}).expect_problem(409, "last-owner");
    ada.post(shop.location() + "/resume").expect(200); // nothing to resume
    EXPECT_EQ(actions(ada, log()), "member.added project.created member.added organization.created ");

    const auto invited = ada.post(acme.location() + "/invitations", {{"email", "dora@example.com"}, {"role", "developer"}}).expect(201);
    helped("dora", "dora@example.com").post("/api/v1/organizations/invitations/accept", {{"token", invited.text("/token")}}).expect(200);
    const auto joined = ada.get(log() + "?limit=2").expect(200);
    EXPECT_EQ(joined.text("/items/0/action") + " " + joined.text("/items/1/action"), "member.added invitation.accepted");
    joined.field("/items/0/subject", "dora").field("/items/0/actor", "support");
    EXPECT_EQ(service.database().admin("select count(*) from audit a where a::text like '%dora@%' or a::text like '%" +
                                       invited.text("/token").substr(45) + "%'"),
              "0");
}

class ForwardedAudit : public Audit {
protected:
    ForwardedAudit() : Audit({{"PROJECT_TRUSTED_PROXIES", "127.0.0.0/8"}}) {}
};

TEST_F(ForwardedAudit, BelievesItsProxies) {
    ada.patch(shop.location(), {{"name", "x"}}).header("X-Forwarded-For", "198.51.100.9, 203.0.113.7").expect(200);
    ada.get(log() + "?limit=1").expect(200).field("/items/0/address", "203.0.113.7").field("/items/0/action", "project.changed");
    const auto made = key(ada, shop);
    as.anonymous.post("/api/v1/api-keys/revoke")
        .raw("token=" + made.text("/key"), "application/x-www-form-urlencoded")
        .header("X-Forwarded-For", "2001:db8::9")
        .expect(200);
    const auto revoked = ada.get(log() + "?limit=1").expect(200).field("/items/0/action", "api_key.revoked");
    revoked.field("/items/0/address", "2001:db8::9").field("/items/0/subject", Json());
    EXPECT_EQ(service.database().admin("select count(*) from audit a where a::text like '%" + made.text("/key").substr(30) + "%'"), "0");
}

// A route that changes something and is not here is a fault: what it does must be written down, or said why not.
TEST_F(Audit, HasEveryChange) {
    const std::string measuring = "counts usage, which is a record itself", asking = "changes nothing that people administer";
    const std::string o = "/api/v1/organizations", p = "/api/v1/projects/{id}", k = "/api/v1/api-keys", r = p + "/quotas/{meter}/reservations/{reservation}";
    const std::map<std::string, std::string> expected = {
        {"post " + o, "organization.created"},
        {"patch " + o + "/{id}", "organization.changed"},
        {"delete " + o + "/{id}", "organization.deleted"},
        {"put " + o + "/{id}/plan", "organization.plan_set"},
        {"post " + o + "/{id}/members", "member.added"},
        {"patch " + o + "/{id}/members/{subject}", "member.changed"},
        {"delete " + o + "/{id}/members/{subject}", "member.removed"},
        {"post " + o + "/{id}/invitations", "invitation.created"},
        {"delete " + o + "/{id}/invitations/{invitation}", "invitation.revoked"},
        {"post " + o + "/invitations/accept", "invitation.accepted"},
        {"put " + o + "/plans/{plan}/quotas/{meter}", "plan_quota.set"},
        {"delete " + o + "/plans/{plan}/quotas/{meter}", "plan_quota.removed"},
        {"post /api/v1/projects", "project.created"},
        {"patch " + p, "project.changed"},
        {"delete " + p, "project.deletion_requested"},
        {"post " + p + "/suspend", "project.suspended"},
        {"post " + p + "/resume", "project.resumed"},
        {"post " + p + "/restore", "project.restored"},
        {"post " + p + "/clone", "project.created"},
        {"post " + p + "/transfer", "project.transferred"},
        {"post " + p + "/members", "project_member.added"},
        {"patch " + p + "/members/{subject}", "project_member.changed"},
        {"delete " + p + "/members/{subject}", "project_member.removed"},
        {"post " + p + "/invitations", "project_invitation.created"},
        {"delete " + p + "/invitations/{invitation}", "project_invitation.revoked"},
        {"post /api/v1/projects/invitations/accept", "project_invitation.accepted"},
        {"post " + p + "/environments", "environment.created"},
        {"post " + p + "/environments/{name}/clone", "environment.created"},
        {"patch " + p + "/environments/{name}", "environment.changed"},
        {"delete " + p + "/environments/{name}", "environment.deleted"},
        {"post " + k, "api_key.created"},
        {"patch " + k + "/{id}", "api_key.changed"},
        {"post " + k + "/{id}/rotate", "api_key.rotated"},
        {"delete " + k + "/{id}", "api_key.revoked"},
        {"post " + k + "/revoke", "api_key.revoked"},
        {"post " + k + "/report-leak", "api_key.leaked"},
        {"post " + k + "/{id}/explain", asking},
        {"post " + k + "/verify", asking},
        {"post " + k + "/introspect", asking},
        {"post /api/v1/meters", "meter.created"},
        {"patch /api/v1/meters/{slug}", "meter.changed"},
        {"delete /api/v1/meters/{slug}", "meter.deleted"},
        {"put " + p + "/quotas/{meter}", "quota.set"},
        {"delete " + p + "/quotas/{meter}", "quota.removed"},
        {"put " + r, measuring},
        {"post " + r + "/settle", measuring},
        {"delete " + r, measuring},
        {"post /openmeter/api/v1/events", measuring},
        {"post /openmeter/api/v1/meters/{meterIdOrSlug}/query", asking},
    };
    std::set<std::string> routes, known_routes;
    const Json document = ada.get("/openapi.json").expect(200).json();
    for (const auto& [path, methods] : document.find("paths")->as_object())
        for (const auto& [method, operation] : methods.as_object())
            if (std::set<std::string>{"post", "put", "patch", "delete"}.contains(method) && !path.starts_with("/internal/")) routes.insert(method + " " + path);
    for (const auto& [route, action] : expected) known_routes.insert(route);
    EXPECT_EQ(routes, known_routes);

    const auto other = organization(ada, "other");
    ada.patch(other.location(), {{"name", "Other"}}).expect(200);
    join(ada, acme, "ben", "viewer");
    ada.patch(seat(acme, "ben"), {{"role", "billing"}}).expect(200);
    ada.del(seat(acme, "ben")).expect(204);
    const auto revoked = ada.post(acme.location() + "/invitations", {{"email", "a@example.com"}, {"role", "viewer"}}).expect(201);
    ada.del(revoked.location()).expect(204);
    const auto accepted = ada.post(acme.location() + "/invitations", {{"email", "dora@example.com"}, {"role", "viewer"}}).expect(201);
    helped("dora", "dora@example.com").post(o + "/invitations/accept", {{"token", accepted.text("/token")}}).expect(200);
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    ada.put(o + "/plans/free/quotas/tokens", limit(5)).expect(200);
    ada.del(o + "/plans/free/quotas/tokens").expect(204);
    ada.patch(shop.location(), {{"name", "x"}}).expect(200);
    ada.post(shop.location() + "/suspend").expect(200);
    ada.post(shop.location() + "/resume").expect(200);
    ada.del(shop.location()).expect(204);
    ada.post(shop.location() + "/restore").expect(200);
    let_in(ada, shop, "ben", "viewer");
    ada.patch(seat(shop, "ben"), {{"role", "billing"}}).expect(200);
    ada.del(seat(shop, "ben")).expect(204);
    const auto called_back = ada.post(shop.location() + "/invitations", {{"email", "a@example.com"}, {"role", "viewer"}}).expect(201);
    ada.del(called_back.location()).expect(204);
    const auto taken_up = ada.post(shop.location() + "/invitations", {{"email", "eve@example.com"}, {"role", "viewer"}}).expect(201);
    helped("eve", "eve@example.com").post("/api/v1/projects/invitations/accept", {{"token", taken_up.text("/token")}}).expect(200);
    ada.post(shop.location() + "/environments", {{"name", "blue"}, {"kind", "other"}}).expect(201);
    ada.patch(shop.location() + "/environments/blue", {{"kind", "staging"}}).expect(200);
    ada.del(shop.location() + "/environments/blue").expect(204);
    const auto old = key(ada, shop);
    ada.patch(old.location(), {{"name", "x"}}).expect(200);
    const auto fresh = ada.post(old.location() + "/rotate", Json::object()).expect(201);
    ada.del(fresh.location()).expect(204);
    const auto found = key(ada, shop);
    as.anonymous.post(k + "/report-leak").raw(found.text("/key"), "text/plain").expect(200);
    meter(worker);
    worker.patch("/api/v1/meters/tokens", {{"description", "x"}}).expect(200);
    worker.put(quotas() + "/tokens", limit(5)).expect(200);
    worker.del(quotas() + "/tokens").expect(204);
    worker.del("/api/v1/meters/tokens").expect(204);
    ada.post(shop.location() + "/transfer", {{"organization_id", other.text("/id")}}).expect(200);
    ada.del(acme.location()).expect(204);

    const std::string done = service.database().admin("select string_agg(distinct action, ' ') from audit") + " ";
    for (const auto& [route, action] : expected) {
        if (action == measuring || action == asking) continue;
        EXPECT_NE((" " + done).find(" " + action + " "), std::string::npos) << route << ": " << action;
    }
    EXPECT_EQ(service.database().admin("select count(*) from audit where address is distinct from '127.0.0.1'"), "0");
    EXPECT_EQ(service.database().admin("select string_agg(action, ' ' order by id) from audit where subject is null"), "api_key.leaked api_key.revoked");
    EXPECT_EQ(service.database().admin("select count(*) from audit where action = 'project.transferred'"), "2") << "who gives reads of it, and who is given";
    EXPECT_EQ(actions(ada, other.location() + "/audit"), "project.transferred organization.changed member.added organization.created ");
    EXPECT_EQ(actions(worker, own_log()), "meter.deleted quota.removed quota.set meter.changed meter.created ");
    EXPECT_EQ(actions(owner(), "/api/v1/projects/" + service.project().to_string() + "/audit"), "plan_quota.removed plan_quota.set ");
}

TEST_F(Audit, IsReadByWhoAdministers) {
    for (const std::string role : {"admin", "developer", "viewer"}) join(ada, acme, role, role);
    person("admin").get(log()).expect(200);
    for (const std::string role : {"developer", "viewer"})
        for (const std::string& at : {log(), log() + "/export", own_log(), own_log() + "/export"}) person(role).get(at).expect_problem(403, "role-too-low");
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes(), "ada");
    for (const auto& who : {ben, as.stranger, namesake})
        for (const std::string& at : {log(), log() + "/export", own_log(), own_log() + "/export"}) who.get(at).expect_problem(404, "not-found");
    const auto modest = service.caller(service.project(), "organizations:write projects:write", "ada");
    for (const std::string& at : {log(), log() + "/export", own_log(), own_log() + "/export"}) modest.get(at).expect_problem(403, "forbidden");
    as.anonymous.get(log()).expect_problem(401, "unauthenticated");

    // Two projects of one organisation, and each sees its own.
    const auto blog = project(ada, acme, "blog");
    const auto of_blog = of(ProjectId::parse(blog.text("/id")).or_throw());
    meter(worker);
    meter(of_blog);
    meter(of_blog, "more", "count");
    EXPECT_EQ(actions(worker, own_log()), "meter.created ");
    EXPECT_EQ(actions(of_blog, blog.location() + "/audit"), "meter.created meter.created ");
    EXPECT_EQ(actions(ada, blog.location() + "/audit"), "meter.created meter.created ") << "and who administers both";
    worker.get(blog.location() + "/audit").expect_problem(404, "not-found");
    worker.get(log()).expect_problem(403, "forbidden"); // no scope for organisations
}

TEST_F(Audit, IsFilteredAndRead) {
    testkit::FakeClock clock(now());
    ada = person("ada");
    join(ada, acme, "ben", "admin");
    const auto blog = project(ada, acme, "blog");
    clock.advance(Duration::minutes(1));
    const std::string later = now().to_string();
    ben = person("ben");
    ben.patch(blog.location(), {{"name", "Ben's"}}).expect(200);
    ben.post(blog.location() + "/suspend").expect(200);
    EXPECT_EQ(actions(ada, log() + "?subject=ben"), "project.suspended project.changed ");
    EXPECT_EQ(actions(ada, log() + "?from=" + later), "project.suspended project.changed ");
    EXPECT_EQ(actions(ada, log() + "?to=" + later), "project.created member.added project.created member.added organization.created ");
    EXPECT_EQ(actions(ada, log() + "?project_id=" + blog.text("/id")), "project.suspended project.changed project.created ");
    EXPECT_EQ(actions(ada, log() + "?project_id=" + blog.text("/id") + "&subject=ada&action=project.created"), "project.created ");
    EXPECT_EQ(actions(ada, log() + "?action=nothing"), "");
    ada.get(log() + "?from=yesterday").expect_problem(422, "invalid-value");
    ada.get(log() + "?action=").expect_problem(422, "invalid-value");
    ada.get(log() + "?who=ben").expect_problem(400, "malformed-request");
    std::string all, at = log() + "?limit=2";
    for (int pages = 1;; ++pages) {
        const auto page = ada.get(at).expect(200);
        all += actions(ada, at);
        if (page.text("/next_cursor").empty()) {
            EXPECT_EQ(pages, 4);
            break;
        }
        at = log() + "?limit=2&cursor=" + page.text("/next_cursor");
    }
    EXPECT_EQ(all, actions(ada, log()));
}

TEST_F(Audit, IsExported) {
    // More than a page of what is read at once.
    service.database().admin("insert into audit (id, project, occurred_at, action, subject, organization_id, target, details) select gen_random_uuid(), '" +
                             service.project().to_string() + "', now() - interval '1 day', 'test', 'ada', '" + acme.text("/id") +
                             "', 'n' || n, '{}' from generate_series(1, 450) n");
    const auto lines = [](const std::string& text) {
        std::vector<std::string> all;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    };
    const auto ndjson = ada.get(log() + "/export").expect(200);
    ndjson.expect_header("Content-Type", "application/x-ndjson");
    const auto entries = lines(ndjson.body());
    ASSERT_EQ(entries.size(), 453u);
    EXPECT_EQ(Json::parse(entries[0]).or_throw(), ada.get(log() + "?limit=1").expect(200).at("/items/0"));
    std::set<std::string> targets;
    for (const auto& entry : entries) targets.insert(Json::parse(entry).or_throw().find("target")->as_string());
    EXPECT_TRUE(targets.contains("n1") && targets.contains("n450"));

    const auto csv = ada.get(log() + "/export?format=csv&action=project.created").expect(200);
    csv.expect_header("Content-Type", "text/csv; charset=utf-8");
    const auto rows = lines(csv.body());
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_TRUE(rows[0].starts_with("id,occurred_at,action,"));
    EXPECT_NE(rows[1].find(",project.created,ada,,127.0.0.1," + acme.text("/id") + "," + shop.text("/id") + ","), std::string::npos) << rows[1];
    EXPECT_EQ(ada.get(log() + "/export?action=nothing").expect(200).body(), "");
    ada.get(log() + "/export?format=xml").expect_problem(422, "invalid-value");
    ada.get(log() + "/export?limit=5").expect_problem(400, "malformed-request");
    meter(worker);
    EXPECT_EQ(lines(worker.get(own_log() + "/export").expect(200).body()).size(), 1u);
    EXPECT_EQ(lines(worker.get(own_log() + "/export?format=csv").expect(200).body()).size(), 2u);
}

TEST_F(Audit, IsOnlyAddedTo) {
    for (const std::string statement : {"update audit set subject = 'ben'", "delete from audit", "truncate audit",
                                        "do $$ begin delete from audit; end $$"})
        EXPECT_ANY_THROW(service.database().admin(statement)) << statement;
    EXPECT_EQ(service.database().admin("select count(*) from audit"), "3");
    meter(worker);
    // With its project it goes: what is written of another one stays.
    const auto operators = service.caller(ProjectId::fresh(), "projects:purge");
    const auto counts = operators.del("/internal/projects/" + shop.text("/id")).expect(200);
    EXPECT_EQ(counts.at("/removed/public.audit"), Json(1));
    EXPECT_EQ(service.database().admin("select count(*) from audit"), "3");
}

} // namespace
} // namespace gravity::project
