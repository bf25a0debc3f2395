#include "assembly.hpp"

#include <gravity/testkit/conformance.hpp>

namespace gravity::config {
namespace {

using testkit::Client;

std::string fresh_application() { return "app-" + Uuid::v4().to_string(); }

std::string set(const Client& who) { return who.post("/api/v1/configs", {{"application", fresh_application()}}).expect(201).location(); }
std::string drafted(const Client& who) {
    std::string at = set(who);
    who.patch(at + "/draft", {{"items", Json::object({{"port", 8080}})}}).expect(200);
    return at;
}
std::string released(const Client& who) {
    std::string at = drafted(who);
    who.post(at + "/releases", testkit::Members(Json::object())).expect(201);
    return at;
}
std::string released_twice(const Client& who) {
    std::string at = released(who);
    who.patch(at + "/draft", {{"items", Json::object({{"port", 8081}})}}).expect(200);
    who.post(at + "/releases", testkit::Members(Json::object())).expect(201);
    return at;
}

/// A rollout that is not finished; its path.
std::string rolling(const Client& who) {
    const std::string at = released(who);
    who.patch(at + "/draft", {{"items", Json::object({{"port", 8081}})}}).expect(200);
    const Json plan = Json::object({{"steps", Json::array({50})}, {"bake_seconds", 3600}});
    return at + "/rollouts/" + who.post(at + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect(201).text("/rollout");
}
std::string paused(const Client& who) {
    std::string rollout = rolling(who);
    who.post(rollout + "/pause", testkit::Members(Json::object())).expect(200);
    return rollout;
}
/// A set with two rollouts.
std::string rolled_twice(const Client& who) {
    const std::string first = rolling(who);
    const std::string at = first.substr(0, first.find("/rollouts/"));
    who.post(first + "/abort", testkit::Members(Json::object())).expect(200);
    const Json plan = Json::object({{"steps", Json::array({50})}, {"bake_seconds", 3600}});
    who.post(at + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect(201);
    return at;
}

/// A set that two instances run.
std::string told(const Client& who) {
    std::string at = released(who);
    const auto set = who.get(at).expect(200);
    const std::string application = set.text("/application");
    const std::string version = who.get("/api/v1/configs/effective?application=" + application).expect(200).at("/version").dump();
    for (const char* instance : {"one", "two"})
        who.post("/api/v1/configs/acknowledgements", {{"application", application}, {"instance", instance}, {"version", Json::parse(version).or_throw()}})
            .expect(204);
    return at;
}

Json flag() {
    const Json variants = Json::object({{"on", true}, {"off", false}});
    return Json::object({{"key", fresh_application()}, {"type", "boolean"}, {"variants", variants}, {"default_variant", "off"}});
}

testkit::ConformanceOptions options() {
    testkit::ConformanceOptions options;
    const std::string one = "/api/v1/configs/{id}";
    options.body("POST /api/v1/configs", [](const Client&, Json body) {
        body["application"] = fresh_application();
        return body;
    });
    options.except("POST " + one + "/releases", "if-match", "what it guards is the draft, which has a version of its own");
    options.except("GET /api/v1/configs/watch", "*", "a WebSocket");
    options.except("GET /api/v1/configs/watch/events", "*", "an answer that does not end");
    options.body("POST /api/v1/configs/acknowledgements", [](const Client&, Json body) {
        body["version"] = 0; // of an application without settings
        body["application"] = fresh_application();
        return body;
    });
    options.body("POST /api/v1/config-schemas", [](const Client&, Json) {
        return Json::object({{"application", fresh_application()}, {"schema", Json::object({{"type", "object"}})}});
    });
    options.body("PATCH /api/v1/config-schemas/{id}", [](const Client&, Json) { return Json::object({{"description", "Other"}}); });
    options.path(one + "/draft/validate", [](const Client& who) { return drafted(who) + "/draft/validate"; });
    options.path(one + "/draft/dry-run", [](const Client& who) { return drafted(who) + "/draft/dry-run"; });
    options.path(one + "/instances", [](const Client& who) { return told(who) + "/instances"; });
    options.path(one + "/instances/summary", [](const Client& who) { return told(who) + "/instances/summary"; });
    options.body("POST " + one + "/releases", [](const Client&, Json) { return Json::object({{"message", "Begin"}}); });
    options.path(one + "/draft/approve", [](const Client& who) { return set(who) + "/draft/approve"; });
    options.body("POST " + one + "/draft/approve", [](const Client&, Json) { return Json::object({{"version", 1}}); });
    options.path("GET " + one + "/tags", [](const Client& who) {
        const std::string at = released(who);
        for (const char* name : {"v1", "v2"}) who.post(at + "/tags", {{"name", name}, {"number", 1}}).expect(201);
        return at + "/tags";
    });
    options.path("POST " + one + "/tags", [](const Client& who) { return released(who) + "/tags"; });
    options.body("POST " + one + "/tags", [](const Client&, Json) { return Json::object({{"name", fresh_application()}, {"number", 1}}); });
    options.path(one + "/tags/{tag}", [](const Client& who) {
        const std::string at = released(who);
        return who.post(at + "/tags", {{"name", "v1"}, {"number", 1}}).expect(201).location();
    });
    options.path("GET " + one + "/rollouts", [](const Client& who) { return rolled_twice(who) + "/rollouts"; });
    options.path("GET " + one + "/rollouts/{rollout}", rolling);
    options.path(one + "/rollouts/{rollout}/pause", [](const Client& who) { return rolling(who) + "/pause"; });
    options.path(one + "/rollouts/{rollout}/resume", [](const Client& who) { return paused(who) + "/resume"; });
    options.path(one + "/rollouts/{rollout}/abort", [](const Client& who) { return rolling(who) + "/abort"; });
    options.body("POST /api/v1/configs/import", [](const Client&, Json) {
        return Json::object({{"application", fresh_application()}, {"format", "yaml"}, {"content", "port: 8080"}});
    });
    options.body("POST /api/v1/configs/import-all", [](const Client&, Json) {
        const Json set = Json::object({{"application", fresh_application()}, {"items", Json::object({{"port", 8080}})}});
        return Json::object({{"sets", Json::array({set})}});
    });
    const std::string springs = "/api/v1/config/spring-key";
    const auto with_spring_key = [springs](const Client& who) {
        who.put(springs, {{"key", "foo"}}).expect(200);
        return springs;
    };
    options.body("PUT " + springs, [](const Client&, Json) { return Json::object({{"key", "foo"}}); });
    for (const char* method : {"GET ", "PUT ", "DELETE "}) options.path(method + springs, with_spring_key);
    const std::string sources = "/api/v1/config/git-sources";
    const auto git_source = [](const Client&, Json) {
        return Json::object({{"url", "https://git.invalid/settings.git"}, {"applications", Json::array({"shop"})}});
    };
    options.body("POST " + sources, git_source);
    options.path("POST " + sources + "/{id}/pull", [sources, git_source](const Client& who) {
        return who.post(sources, testkit::Members(git_source(who, {}))).expect(201).location() + "/pull";
    });
    options.body("PATCH " + sources + "/{id}", [](const Client&, Json) { return Json::object({{"ref", "next"}}); });
    options.path("PUT " + sources + "/{id}/credentials", [sources, git_source](const Client& who) {
        return who.post(sources, testkit::Members(git_source(who, {}))).expect(201).location() + "/credentials";
    });
    options.body("PUT " + sources + "/{id}/credentials", [](const Client&, Json) { return Json::object({{"password", "x"}}); });
    options.path("GET " + one + "/export", [](const Client& who) { return released(who) + "/export"; });
    options.path("GET /api/v1/config/audit", [](const Client& who) {
        for (int i = 0; i < 2; ++i) set(who);
        return std::string("/api/v1/config/audit");
    });
    options.body("POST /api/v1/feature-flags", [](const Client&, Json) { return flag(); });
    options.body("PATCH /api/v1/feature-flags/{id}", [](const Client&, Json) { return Json::object({{"enabled", false}}); });
    options.path(one + "/draft", [](const Client& who) { return set(who) + "/draft"; });
    options.path(one + "/draft/merge", [](const Client& who) { return set(who) + "/draft/merge"; });
    options.body("PATCH " + one + "/draft", [](const Client&, Json) { return Json::object({{"items", Json::object({{"port", 8080}})}}); });
    options.path("GET " + one + "/releases", [](const Client& who) { return released_twice(who) + "/releases"; });
    options.path("POST " + one + "/releases", [](const Client& who) { return drafted(who) + "/releases"; });
    options.path(one + "/releases/{number}", [](const Client& who) { return released(who) + "/releases/1"; });
    options.path(one + "/releases/{number}/diff", [](const Client& who) { return released(who) + "/releases/1/diff"; });
    options.path(one + "/releases/{number}/revert", [](const Client& who) { return released_twice(who) + "/releases/1/revert"; });
    options.path(one + "/keys/{key}/reveal", [](const Client& who) {
        const std::string at = set(who);
        who.patch(at + "/draft", {{"secrets", Json::object({{"password", "x"}})}}).expect(200);
        who.post(at + "/releases", testkit::Members(Json::object())).expect(201);
        return at + "/keys/password/reveal";
    });
    options.path(one + "/reveals", [](const Client& who) {
        const std::string at = set(who);
        who.patch(at + "/draft", {{"secrets", Json::object({{"password", "x"}})}}).expect(200);
        who.post(at + "/releases", testkit::Members(Json::object())).expect(201);
        for (int i = 0; i < 2; ++i) who.post(at + "/keys/password/reveal").expect(200);
        return at + "/reveals";
    });
    options.settings = {{"CONFIG_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}};
    return options;
}

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(Config, assemble(0), options())

} // namespace
} // namespace gravity::config
