#include "assembly.hpp"

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
    options.path("POST " + projects + "/{id}/restore", [](const Client& who) {
        const auto made = project(who);
        who.del(made.location()).expect(204);
        return made.location() + "/restore";
    });
    options.path(projects + "/{id}/environments/{name}", [](const Client& who) { return environment(who).location(); });
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
