#include "assembly.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/conformance.hpp>

namespace gravity::project {
namespace {

using testkit::Client;

std::string fresh_slug() { return "s-" + Uuid::v4().to_string(); }

testkit::Answer organization(const Client& who) {
    return who.post("/api/v1/organizations", {{"slug", fresh_slug()}, {"name", "Acme"}}).expect(201);
}
testkit::Answer project(const Client& who) {
    return who.post("/api/v1/projects", {{"organization_id", organization(who).text("/id")}, {"slug", fresh_slug()}, {"name", "Shop"}}).expect(201);
}
testkit::Answer member(const Client& who) {
    const Json body = Json::object({{"subject", Uuid::v4().to_string()}, {"role", "viewer"}});
    return who.post(organization(who).location() + "/members", testkit::Members(body)).expect(201);
}
testkit::Answer environment(const Client& who) {
    return who.post(project(who).location() + "/environments", {{"name", "preview"}, {"kind", "other"}}).expect(201);
}
Json key_body(const Client& who) {
    return Json::object({{"project_id", project(who).text("/id")}, {"env", "production"}, {"name", "x"}, {"scopes", Json::array({"projects:read"})}});
}
testkit::Answer key(const Client& who) { return who.post("/api/v1/api-keys", testkit::Members(key_body(who))).expect(201); }

// The project that somebody's token is of: what is measured is theirs.
std::string own_project(const Client& who) {
    const auto payload = Json::parse(base64url_decode(ascii::split(who.token(), '.').at(1)).value()).or_throw();
    return "/api/v1/projects/" + payload.find("project")->as_string();
}
std::string meter(const Client& who, std::string slug = "measured") {
    const int status = who.post("/api/v1/meters", {{"slug", slug}, {"event_type", "x"}, {"aggregation", "count"}}).send().status();
    EXPECT_TRUE(status == 201 || status == 409) << status; // made before
    return slug;
}
std::string quota_on(const Client& who, const std::string& slug) {
    const std::string at = own_project(who) + "/quotas/" + meter(who, slug);
    who.put(at, {{"limit", 1'000'000}, {"period", "ever"}}).expect(200);
    return at;
}
std::string quota(const Client& who) { return quota_on(who, "measured"); }
std::string reservation(const Client& who) {
    const std::string at = quota(who) + "/reservations/" + Uuid::v7().to_string();
    who.put(at, {{"amount", 5}}).expect(200);
    return at;
}
void measure(testkit::ConformanceOptions& options) {
    const std::string projects = "/api/v1/projects/{id}", reservations = projects + "/quotas/{meter}/reservations/{reservation}";
    options.body("POST /api/v1/meters", [](const Client&, Json body) {
        body["slug"] = "m-" + Uuid::v4().to_string();
        body["aggregation"] = "count"; // what the others need, the generator does not know
        body.as_object().erase("value_path");
        body.as_object().erase("group_by");
        return body;
    });
    options.path("GET " + projects + "/usage", [](const Client& who) { return own_project(who) + "/usage?meter=" + meter(who); });
    options.path("GET " + projects + "/quotas", [](const Client& who) {
        quota_on(who, "measured");
        quota_on(who, "measured-too");
        return own_project(who) + "/quotas";
    });
    options.path(projects + "/quotas/{meter}", quota);
    options.path(reservations, reservation);
    options.path("POST " + reservations + "/settle", [](const Client& who) { return reservation(who) + "/settle"; });
    options.body("PUT " + reservations, [](const Client&, Json) { return Json::object({{"amount", 5}}); });
    options.body("POST " + reservations + "/settle", [](const Client&, Json) { return Json::object({{"amount", 3}}); });
    options.except("DELETE " + reservations, "path-absent", "one that comes before what it undoes leaves a mark that refuses that");
    const std::string plan = "/api/v1/organizations/plans/{plan}/quotas";
    const auto plan_quota = [](const Client& who) {
        const std::string at = "/api/v1/organizations/plans/" + fresh_slug() + "/quotas/";
        for (const std::string meter : {"a", "b"}) who.put(at + meter, {{"limit", 5}, {"period", "day"}}).expect(200);
        return at;
    };
    options.path("GET " + plan, [plan_quota](const Client& who) {
        std::string at = plan_quota(who);
        at.pop_back();
        return at;
    });
    options.path(plan + "/{meter}", [plan_quota](const Client& who) { return plan_quota(who) + "a"; });
    const std::string own = "a plan is a name that each one gives a meaning of their own: there is none that is not there";
    options.except("GET " + plan, "path-absent", own);
    options.except("GET " + plan, "isolation", own);
    options.except("PUT " + plan + "/{meter}", "path-absent", own);
    const std::string elsewhere = "the project of a token is no row that this suite could look at; the API's own tests do";
    options.except("GET " + projects + "/usage", "isolation", elsewhere);
    options.except("GET " + projects + "/quotas", "isolation", elsewhere);
    options.except("GET " + projects + "/audit", "isolation", elsewhere);
    options.except("GET " + projects + "/audit/export", "isolation", elsewhere);
    options.body("POST /openmeter/api/v1/meters/{meterIdOrSlug}/query", [](const Client&, Json) { return Json::object(); }); // of groups that it has
    options.raw("POST /openmeter/api/v1/events", "[]", "application/cloudevents-batch+json");
}

testkit::ConformanceOptions options() {
    testkit::ConformanceOptions options;
    const std::string organizations = "/api/v1/organizations", projects = "/api/v1/projects", keys = "/api/v1/api-keys";
    options.path("GET " + organizations + "/{id}/members", [](const Client& who) {
        const auto at = organization(who).location() + "/members";
        for (const std::string subject : {"a", "b"}) who.post(at, {{"subject", subject}, {"role", "viewer"}}).expect(201);
        return at;
    });
    options.path(organizations + "/{id}/members/{subject}", [](const Client& who) { return member(who).location(); });
    // A member's role is made by who may make it; the generator's is as good as another.
    const auto in_an_organization = [](const Client& who, Json body) {
        if (body.find("organization_id") != nullptr) body["organization_id"] = organization(who).text("/id");
        return body;
    };
    options.body("POST " + projects, in_an_organization);
    options.body("POST " + projects + "/{id}/transfer", in_an_organization);
    options.path("POST " + projects + "/{id}/restore", [](const Client& who) {
        const auto made = project(who);
        who.del(made.location()).expect(204);
        return made.location() + "/restore";
    });
    options.path("GET " + projects + "/{id}/deletion", [](const Client& who) {
        const auto made = project(who);
        who.del(made.location()).expect(204);
        return made.location() + "/deletion";
    });
    options.path(projects + "/{id}/environments/{name}", [](const Client& who) { return environment(who).location(); });
    options.path("POST " + projects + "/{id}/environments/{name}/clone", [](const Client& who) { return environment(who).location() + "/clone"; });
    options.path("GET " + organizations + "/{id}/audit", [](const Client& who) { return organization(who).location() + "/audit"; });
    options.path("GET " + organizations + "/{id}/audit/export", [](const Client& who) { return organization(who).location() + "/audit/export"; });
    for (const std::string file : {"", "/export"})
        options.path("GET " + projects + "/{id}/audit" + file, [file](const Client& who) {
            meter(who, "m-" + Uuid::v4().to_string());
            meter(who, "m-" + Uuid::v4().to_string());
            return own_project(who) + "/audit" + file;
        });
    options.except("POST " + projects + "/{id}/clone", "idempotency-honoured", "it is more than one transaction; its slug is taken once, so a repeat is a 409");
    options.body("POST " + projects + "/{id}/clone", [](const Client&, Json) { return Json::object({{"slug", fresh_slug()}, {"name", "Twin"}}); });
    options.path("POST " + keys + "/{id}/explain", [](const Client& who) { return key(who).location() + "/explain"; });
    options.raw("POST " + keys + "/report-leak", "[]", "application/json");
    measure(options);
    options.body("POST " + keys, [](const Client& who, Json) { return key_body(who); });
    options.body("PATCH " + keys + "/{id}", [](const Client&, Json body) {
        body.as_object().erase("expires_at"); // a moment that has passed more often than not
        return body;
    });
    options.path("POST " + keys + "/{id}/rotate", [](const Client& who) { return key(who).location() + "/rotate"; });
    return options;
}

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(Project, assemble(0), options())

} // namespace
} // namespace gravity::project
