#include "assembly.hpp"

#include <gravity/testkit/conformance.hpp>

namespace gravity::user {
namespace {

using testkit::Client;

testkit::Answer user(const Client& who, std::string state) {
    return who.post("/api/v1/users", {{"handle", Uuid::v4().to_string()}, {"state", state}}).expect(201);
}

testkit::ConformanceOptions options() {
    testkit::ConformanceOptions options;
    const std::string users = "/api/v1/users";
    // Handles, addresses and texts are generated to fit their types, not to fit each other.
    const auto plain = [](const Client&, Json body) {
        for (const std::string field : {"emails", "phones", "profile", "subject", "external_id"}) body.as_object().erase(field);
        if (body.find("handle") != nullptr) body["handle"] = Uuid::v4().to_string();
        return body;
    };
    options.body("POST " + users, plain);
    options.body("PATCH " + users + "/{id}", plain);
    options.body("PATCH " + users + "/me", plain);
    options.path(users + "/{id}", [](const Client& who) { return user(who, "active").location(); });
    options.path("DELETE " + users + "/{id}", [](const Client& who) {
        const auto at = user(who, "active").location();
        who.post(at + "/deactivate", {{"reason", "x"}}).expect(200);
        return at;
    });
    const auto changed = [&](std::string verb, std::vector<std::string> before, std::string first = "active") {
        options.path("POST " + users + "/{id}/" + verb, [=](const Client& who) {
            const auto at = user(who, first).location();
            for (const auto& change : before) who.post(at + "/" + change, {{"reason", "x"}}).expect(200);
            return at + "/" + verb;
        });
    };
    changed("activate", {}, "invited");
    changed("suspend", {});
    changed("reactivate", {"suspend"});
    changed("deactivate", {});
    changed("restore", {"deactivate"});
    const auto me = [](const Client& who) {
        who.post("/api/v1/users", {{"handle", Uuid::v4().to_string()}, {"subject", "conformance"}}).send(); // the second time they are there
        return std::string("/api/v1/users/me");
    };
    options.path("GET " + users + "/me", me);
    options.path("PATCH " + users + "/me", me);
    const std::string groups = "/api/v1/user-groups";
    const auto group = [groups](const Client& who) { return who.post(groups, {{"display_name", "x"}}).expect(201).location(); };
    options.path("PUT " + groups + "/{id}/members/{member}", [group](const Client& who) {
        return group(who) + "/members/" + user(who, "active").text("/id");
    });
    options.path("DELETE " + groups + "/{id}/members/{member}", [group](const Client& who) {
        const std::string at = group(who) + "/members/" + user(who, "active").text("/id");
        who.call("PUT", at).expect(204);
        return at;
    });
    options.path("GET " + groups + "/{id}/members", [group](const Client& who) {
        const std::string at = group(who) + "/members";
        for (int i = 0; i < 2; ++i) who.call("PUT", at + "/" + user(who, "active").text("/id")).expect(204);
        return at;
    });
    const std::string scim = "/scim/v2/Users", type = "application/scim+json";
    const std::string core = R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:)";
    const auto body = [core] { return core + R"(User"],"userName":")" + Uuid::v4().to_string() + "\"}"; };
    options.except("POST " + scim, "*", "a name can be had once, and bodies that are not JSON to the suite are always the same");
    options.path(scim + "/{id}", [=](const Client& who) {
        const auto at = who.call("POST", scim).raw(body(), type).expect(201).location();
        return at.substr(at.find("/scim"));
    });
    options.raw("PUT " + scim + "/{id}", body(), type);
    options.raw("POST /scim/v2/Groups", core + R"(Group"],"displayName":"x"})", type);
    options.raw("PUT /scim/v2/Groups/{id}", core + R"(Group"],"displayName":"y"})", type);
    return options;
}

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(User, assemble(0), options())

} // namespace
} // namespace gravity::user
