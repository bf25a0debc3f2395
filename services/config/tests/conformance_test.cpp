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
