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
    return options;
}

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(User, assemble(0), options())

} // namespace
} // namespace gravity::user
