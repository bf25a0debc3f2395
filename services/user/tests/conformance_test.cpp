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
        for (const std::string field : {"emails", "phones", "profile", "subject", "external_id", "custom"}) body.as_object().erase(field);
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

    const std::string schemas = "/api/v1/profile-schemas/{name}", keys = "/api/v1/preference-definitions/{key}";
    const Json any_object = Json::object({{"type", "object"}}), any_text = Json::object({{"type", "string"}});
    options.body("PUT " + schemas, [any_object](const Client&, Json) { return Json::object({{"schema", any_object}}); });
    const auto schema = [any_object](const Client& who) {
        const std::string at = "/api/v1/profile-schemas/s" + std::to_string(Uuid::v4().bytes()[0] % 10);
        who.put(at, {{"schema", any_object}}).expect(200);
        return at;
    };
    options.path(schemas, schema);
    options.path("GET /api/v1/profile-schemas", [schema](const Client& who) {
        for (int i = 0; i < 2; ++i) schema(who);
        return std::string("/api/v1/profile-schemas");
    });
    options.body("PUT " + keys, [any_text](const Client&, Json) { return Json::object({{"json_schema", any_text}, {"default", "x"}}); });
    const auto preference = [any_text](const Client& who) {
        const std::string at = "/api/v1/preference-definitions/k" + std::to_string(Uuid::v4().bytes()[0]);
        who.put(at, {{"json_schema", any_text}, {"default", "x"}}).expect(200);
        return at;
    };
    options.path(keys, preference);
    options.path("GET /api/v1/preference-definitions", [any_text](const Client& who) {
        for (const std::string key : {"a", "b"}) who.put("/api/v1/preference-definitions/" + key, {{"json_schema", any_text}, {"default", "x"}}).expect(200);
        return std::string("/api/v1/preference-definitions");
    });
    const auto theme = [any_text](const Client& who, Json) {
        who.put("/api/v1/preference-definitions/theme", {{"json_schema", any_text}, {"default", "x"}}).expect(200);
        return Json::object({{"values", Json::object({{"theme", Uuid::v4().to_string()}})}});
    };
    const auto my = [me](std::string rest) { return [me, rest](const Client& who) { return me(who) + rest; }; };
    for (const std::string at : {"/api/v1/users/{id}", "/api/v1/users/me", "/api/v1/user-groups/{id}", "/api/v1/user"})
        options.body("PATCH " + at + "/preferences", theme);
    options.path(users + "/{id}/preferences", [](const Client& who) { return user(who, "active").location() + "/preferences"; });
    options.path("/api/v1/user-groups/{id}/preferences", [](const Client& who) {
        return who.post("/api/v1/user-groups", {{"display_name", "x"}}).expect(201).location() + "/preferences";
    });
    options.path(users + "/me/preferences", my("/preferences"));

    options.settings = {{"USER_CODES_IN_EVENTS", "true"}, {"USER_CONTACT_CHANGES_PER_DAY", "10000"}};
    const auto changes = [&](std::string kind, Json change) {
        const std::string at = users + "/me/" + kind + "-changes";
        options.path("POST " + at, my("/" + kind + "-changes"));
        options.body("POST " + at, [change](const Client&, Json) { return change; });
        const auto one = [me, kind, change](const Client& who) { return who.post(me(who) + "/" + kind + "-changes", testkit::Members(change))
                                                                     .expect(201)
                                                                     .location(); };
        options.path(at + "/{change}", one);
        options.path(at + "/{change}/confirm", [one](const Client& who) { return one(who) + "/confirm"; });
    };
    changes("email", Json::object({{"address", "ada@example.com"}}));
    changes("phone", Json::object({{"number", "+493012345678"}}));

    const auto text = [](const Client& who) {
        return who.post("/api/v1/consent-texts", {{"purpose", "news"}, {"label", "1"}, {"language", "en"}, {"text", Uuid::v4().to_string()}})
            .expect(201)
            .text("/sha256");
    };
    const auto consent = [text](const Client& who, Json) {
        return Json::object({{"text_sha256", text(who)}, {"evidence", Json::object({{"source", "web"}})}});
    };
    const std::string consents = "/api/v1/consents";
    options.body("POST " + consents, consent);
    options.body("POST " + users + "/{id}/consents", consent);
    options.path("POST " + users + "/{id}/consents", [](const Client& who) { return user(who, "active").location() + "/consents"; });
    const auto given = [me, consent](const Client& who) {
        me(who);
        return who.post("/api/v1/consents", testkit::Members(consent(who, {}))).expect(201).text("/id");
    };
    options.path("POST " + consents, [me](const Client& who) {
        me(who);
        return std::string("/api/v1/consents");
    });
    options.path("GET " + consents, [given](const Client& who) {
        for (int i = 0; i < 2; ++i) given(who);
        return std::string("/api/v1/consents");
    });
    options.path(consents + "/{id}", [given](const Client& who) { return "/api/v1/consents/" + given(who); });
    options.path(consents + "/{id}/withdraw", [given](const Client& who) { return "/api/v1/consents/" + given(who) + "/withdraw"; });
    options.path("GET " + users + "/me/consents", [given](const Client& who) {
        for (int i = 0; i < 2; ++i) given(who);
        return std::string("/api/v1/users/me/consents");
    });
    options.path(users + "/me/consents/{id}", [given](const Client& who) { return "/api/v1/users/me/consents/" + given(who); });
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
