#include "config_fixture.hpp"

namespace gravity::config {
namespace {

class FlagsApi : public ConfigApi {
protected:
    const std::string flags = "/api/v1/feature-flags", all = "/ofrep/v1/evaluate/flags";

    Json on_off(const std::string& key) {
        return Json::object({{"key", key}, {"type", "boolean"}, {"variants", Json::object({{"on", true}, {"off", false}})}, {"default_variant", "off"}});
    }
    testkit::Answer flag(const std::string& key, const std::string& member = "", const Json& value = {}) {
        Json body = on_off(key);
        if (!member.empty()) body[member] = value;
        return as.owner.post(flags, testkit::Members(body)).expect(201);
    }
    static Json context(const Json& attributes) { return Json::object({{"context", attributes}}); }
    testkit::Answer evaluate(const std::string& key, const Json& attributes) {
        return as.owner.post(all + "/" + key, testkit::Members(context(attributes))).send();
    }
};

TEST_F(FlagsApi, AreKept) {
    const auto made = flag("beta");
    EXPECT_EQ(made.location(), flags + "/" + made.text("/id"));
    as.owner.post(flags, testkit::Members(on_off("beta"))).expect_problem(409, "flag-exists");
    as.owner.patch(made.location(), {{"default_variant", "on"}}).if_match(made.etag()).expect(200).field("/version", 2);
    as.owner.patch(made.location(), {{"default_variant", "off"}}).if_match(made.etag()).expect_problem(412, "stale-version");
    as.owner.patch(made.location(), {{"default_variant", "none"}}).expect_problem(422, "invalid-value");
    as.owner.patch(made.location(), {{"key", "other"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/key");
    as.owner.patch(made.location(), {{"type", "string"}}).expect_problem(422, "invalid-value");
    as.stranger.get(made.location()).expect_problem(404, "not-found");
    as.stranger.post(all + "/beta", testkit::Members(context(Json::object()))).expect(404);
    as.reader.patch(made.location(), {{"enabled", false}}).expect_problem(403, "forbidden");
    as.owner.del(made.location()).expect(204);
    as.owner.get(flags).expect(200).field("/items", Json::array());
    EXPECT_EQ(event_types(), "flag.changed flag.changed flag.changed ");
}

TEST_F(FlagsApi, DoNotPresupposeOneAnotherInACircle) {
    const auto needs = [](const std::string& key) { return Json::array({Json::object({{"flag", key}, {"variant", "on"}})}); };
    const auto a = flag("a"), b = flag("b", "prerequisites", needs("a"));
    as.owner.patch(a.location(), {{"prerequisites", needs("b")}}).expect_problem(422, "prerequisite-circle").field("/detail", "a > b > a");
    for (int round = 0; round < 10; ++round) { // two changes that are fine alone
        const auto left = flag("left" + std::to_string(round)), right = flag("right" + std::to_string(round));
        int made[2] = {};
        at_once(2, [&](int i) {
            const auto& one = i == 0 ? left : right;
            const auto& other = i == 0 ? right : left;
            made[i] = as.owner.patch(one.location(), {{"prerequisites", needs(other.text("/key"))}}).send().status();
        });
        EXPECT_EQ(std::min(made[0], made[1]), 200);
        EXPECT_EQ(std::max(made[0], made[1]), 422);
    }
}

TEST_F(FlagsApi, AreEvaluatedAsTheProtocolSays) {
    const auto rule = [](const Json& one) { return Json::array({one}); };
    flag("beta", "rules", rule(Json::object({{"when", Json::object({{"attribute", "plan"}, {"op", "eq"}, {"value", "pro"}})}, {"variant", "on"}})));
    flag("half", "rules", rule(Json::object({{"split", Json::array({Json::object({{"variant", "on"}, {"share", 50'000}})})}})));
    const auto pro = evaluate("beta", Json::object({{"plan", "pro"}}));
    EXPECT_EQ(pro.json(), Json::parse(R"({"key":"beta","reason":"TARGETING_MATCH","variant":"on","value":true,"metadata":{"version":1}})").or_throw());
    EXPECT_EQ(pro.status(), 200);
    evaluate("beta", Json::object()).field("/value", false).field("/reason", "DEFAULT");
    EXPECT_EQ(evaluate("none", Json::object()).field("/key", "none").field("/errorCode", "FLAG_NOT_FOUND").status(), 404);
    EXPECT_EQ(evaluate("half", Json::object()).field("/errorCode", "TARGETING_KEY_MISSING").status(), 400);
    EXPECT_EQ(evaluate("half", Json::object({{"targetingKey", "x"}})).field("/reason", "SPLIT").status(), 200);
    EXPECT_EQ(evaluate("half", Json::object({{"targetingKey", nullptr}})).field("/errorCode", "TARGETING_KEY_MISSING").status(), 400);
    EXPECT_EQ(evaluate("half", Json::object({{"targetingKey", 5}})).field("/errorCode", "INVALID_CONTEXT").status(), 400);
    for (const std::string body : {"{}", R"({"context":5})", "[]"}) {
        const auto refused = as.owner.post(all + "/beta").raw(body, "application/json").send();
        EXPECT_EQ(refused.field("/errorCode", "INVALID_CONTEXT").field("/key", "beta").status(), 400) << body;
    }
    EXPECT_EQ(as.owner.post(all + "/beta").raw("{", "application/json").send().field("/errorCode", "PARSE_ERROR").status(), 400);
    EXPECT_EQ(as.owner.post(all).raw("{}", "application/json").send().field("/errorCode", "INVALID_CONTEXT").status(), 400);
    as.anonymous.post(all, testkit::Members(context(Json::object()))).expect(401);
}

TEST_F(FlagsApi, AreEvaluatedAllAtOnceAndAgainOnlyIfTheyChanged) {
    const auto made = flag("beta");
    flag("half", "rules", Json::array({Json::object({{"split", Json::array({Json::object({{"variant", "on"}, {"share", 50'000}})})}})}));
    const auto ask = [&](const Json& attributes, const std::string& etag) {
        return as.owner.post(all, testkit::Members(context(attributes))).header("If-None-Match", etag).send();
    };
    const auto first = ask(Json::object(), "\"x\"");
    EXPECT_EQ(first.status(), 200);
    first.field("/flags/0/key", "beta").field("/flags/0/reason", "STATIC").field("/flags/1/errorCode", "TARGETING_KEY_MISSING").field("/flags/2", Json());
    EXPECT_EQ(ask(Json::object(), first.etag()).status(), 304);
    EXPECT_EQ(ask(Json::object({{"targetingKey", "x"}}), first.etag()).status(), 200);
    as.owner.patch(made.location(), {{"default_variant", "on"}}).expect(200);
    EXPECT_EQ(ask(Json::object(), first.etag()).status(), 200);
}

} // namespace
} // namespace gravity::config
