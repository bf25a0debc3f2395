#include "assembly.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/conformance.hpp>
#include <gravity/testkit/neighbour.hpp>

namespace gravity::user {
namespace {

using testkit::Client;

testkit::Answer user(const Client& who, std::string state) {
    return who.post("/api/v1/users", {{"handle", Uuid::v4().to_string()}, {"state", state}}).expect(201);
}

// One of ten names that nobody else has: of what there may be only so many.
std::string name_of(const Client& who) { return hex_encode(sha256(who.token())).substr(0, 8) + std::to_string(Uuid::v4().bytes()[0] % 10); }

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
    options.path(users + "/{id}/activity", [](const Client& who) { return user(who, "active").location() + "/activity"; });
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
    options.path(users + "/me/vcard", [me](const Client& who) { return me(who) + "/vcard"; });

    const std::string schemas = "/api/v1/profile-schemas/{name}", keys = "/api/v1/preference-definitions/{key}";
    const Json any_object = Json::object({{"type", "object"}}), any_text = Json::object({{"type", "string"}});
    options.body("PUT " + schemas, [any_object](const Client&, Json) { return Json::object({{"schema", any_object}}); });
    const auto schema = [any_object](const Client& who) {
        const std::string at = "/api/v1/profile-schemas/s" + name_of(who);
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
        const std::string at = "/api/v1/preference-definitions/k" + name_of(who);
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
    options.settings["USER_FRESH_SIGN_IN_SECONDS"] = "0";
    options.settings["USER_COOLING_OFF_DAYS"] = "0";
    options.settings["USER_PRIVACY_REQUESTS_PER_DAY"] = "10000";
    const std::string requests = "/api/v1/privacy-requests", holders = "/api/v1/data-holders", holds = "/api/v1/legal-holds",
                      mine = users + "/me/privacy-requests";
    const auto holder = [holders](const Client& who) {
        const std::string at = holders + "/h" + name_of(who);
        who.put(at, {{"client", "conformance"}, {"holds", "x"}}).expect(200);
        return at;
    };
    const auto no_holders = [holders](const Client& who) {
        const Json items = who.get(holders + "?limit=200").expect(200).at("/items");
        for (const Json& one : items.as_array()) who.del(holders + "/" + one.find("service")->as_string()).send();
    };
    const auto none_open = [me, mine](const Client& who) {
        me(who);
        const Json items = who.get(mine).expect(200).at("/items");
        for (const Json& one : items.as_array()) who.post(mine + "/" + one.find("id")->as_string() + "/cancel").send();
        return mine;
    };
    const auto export_of = [](const Client& who, Json) { return Json::object({{"kind", "export"}, {"user_id", user(who, "active").text("/id")}}); };
    const auto taken_in = [requests, export_of](const Client& who) { return who.post(requests, testkit::Members(export_of(who, {}))).expect(201).location(); };
    const auto once_it_is = [](const Client& who, std::string at, std::string state) {
        testkit::eventually(at + " is " + state, [&] { return who.get(at).expect(200).text("/state") == state; });
        return at;
    };
    const auto own_open = [=](const Client& who) {
        holder(who);
        return who.post(none_open(who), {{"kind", "export"}}).expect(201).location();
    };
    options.body("POST " + mine, [](const Client&, Json) { return Json::object({{"kind", "export"}}); });
    options.path("POST " + mine, none_open);
    options.path("GET " + mine, [=](const Client& who) {
        for (int i = 0; i < 2; ++i) own_open(who);
        return mine;
    });
    options.path(mine + "/{id}", own_open);
    options.path(mine + "/{id}/cancel", [=](const Client& who) { return own_open(who) + "/cancel"; });
    options.path(mine + "/{id}/download", [=](const Client& who) {
        no_holders(who);
        return once_it_is(who, who.post(none_open(who), {{"kind", "export"}}).expect(201).location(), "ready") + "/download";
    });
    options.body("POST " + requests, export_of);
    options.path("GET " + requests, [=](const Client& who) {
        for (int i = 0; i < 2; ++i) taken_in(who);
        return requests;
    });
    options.path(requests + "/{id}", taken_in);
    for (const std::string verb : {"approve", "cancel", "extend"}) options.path(requests + "/{id}/" + verb,
                                                                                [=](const Client& who) { return taken_in(who) + "/" + verb; });
    options.path(requests + "/{id}/download", [=](const Client& who) {
        no_holders(who);
        const auto at = taken_in(who);
        who.post(at + "/approve").expect(200);
        return once_it_is(who, at, "ready") + "/download";
    });
    options.path(requests + "/{id}/certificate", [=](const Client& who) {
        no_holders(who);
        const auto at = who.post(requests, {{"kind", "erasure"}, {"user_id", user(who, "active").text("/id")}}).expect(201).location();
        who.post(at + "/approve").expect(200);
        return once_it_is(who, at, "certified") + "/certificate";
    });
    options.path(holders + "/{service}", holder);
    options.path("GET " + holders, [=](const Client& who) {
        for (const std::string name : {"a", "b"}) who.put(holders + "/" + name, {{"client", "conformance"}, {"holds", "x"}}).expect(200);
        return holders;
    });
    const auto task = [=](const Client& who) {
        const auto service = holder(who), at = taken_in(who);
        who.post(at + "/approve").expect(200);
        return service + "/tasks/" + at.substr(at.rfind('/') + 1);
    };
    options.body("PUT " + holders + "/{service}/tasks/{request}", [](const Client&, Json) { return Json::object({{"rows", 1}, {"data", Json::object()}}); });
    options.path("PUT " + holders + "/{service}/tasks/{request}", task);
    options.body("PUT " + holders + "/{service}/tasks/{request}/parts/{part}", [](const Client&, Json) { return Json::object({{"data", Json::object()}}); });
    options.path("PUT " + holders + "/{service}/tasks/{request}/parts/{part}", [=](const Client& who) { return task(who) + "/parts/1"; });
    options.path("GET " + holders + "/{service}/tasks", [=](const Client& who) {
        const auto service = holder(who);
        for (int i = 0; i < 2; ++i) who.post(taken_in(who) + "/approve").expect(200);
        return service + "/tasks";
    });
    options.body("POST " + holds, [](const Client& who, Json) { return Json::object({{"user_id", user(who, "active").text("/id")}, {"reason", "x"}}); });
    for (const std::string operation : {"POST /api/v1/user/scim-clients", "PATCH /api/v1/user/scim-clients/{id}"})
        options.body(operation, [](const Client&, Json body) {
            body["subject"] = Uuid::v4().to_string();
            return body;
        });
    options.path("GET " + users + "/{id}/external-ids", [users](const Client& who) {
        const std::string name = Uuid::v4().to_string();
        const auto made = who.post(users, {{"handle", name}, {"external_id", name}}).expect(201);
        who.post("/api/v1/user-groups", {{"display_name", "x"}, {"external_id", name}}).expect(201);
        for (int i = 0; i < 2; ++i)
            who.post("/api/v1/user/scim-clients", {{"name", "x"}, {"subject", Uuid::v4().to_string()}, {"adopt_external_ids", true}}).expect(201);
        return made.location() + "/external-ids";
    });
    const std::string merges = "/api/v1/user-merges";
    const auto two = [](const Client& who, Json) {
        return Json::object({{"winner_id", user(who, "active").text("/id")}, {"loser_id", user(who, "active").text("/id")}});
    };
    const auto proposed = [=](const Client& who) { return who.post(merges, testkit::Members(two(who, {}))).expect(201).location(); };
    options.body("POST " + merges, two);
    options.path("POST " + merges + "/{id}/confirm", [=](const Client& who) { return proposed(who) + "/confirm"; });
    options.path("POST " + merges + "/{id}/undo", [=](const Client& who) {
        const auto at = proposed(who);
        who.post(at + "/confirm").expect(200);
        return at + "/undo";
    });
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
