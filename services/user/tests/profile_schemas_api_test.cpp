#include "user_fixture.hpp"

#include <gravity/base/clock.hpp>

#include <atomic>

namespace gravity::user {
namespace {

class ProfileSchemas : public UserApi {
protected:
    Json shop = Json::parse(R"({"type":"object","additionalProperties":false,"properties":{
        "size":{"type":"integer","minimum":1,"maximum":60},"level":{"enum":["bronze","gold"],"readOnly":true},"note":{"type":"string","x-private":true}}})")
                    .or_throw();

    testkit::Answer put(Json schema) { return operator_.put("/api/v1/profile-schemas/shop", {{"schema", schema}}).send(); }
    testkit::Answer user_with(std::string handle, Json fields) {
        return operator_.post("/api/v1/users", {{"handle", handle}, {"custom", Json::object({{"shop", fields}})}}).send();
    }
    static testkit::Members custom(Json fields) { return testkit::Members(Json::object({{"custom", Json::object({{"shop", fields}})}})); }
};

TEST_F(ProfileSchemas, LetThroughWhatTheySay) {
    user_with("early", Json::object()).field("/errors/0/pointer", "/custom/shop").field("/status", 422);
    put(shop).field("/version", 1).field("/name", "shop");
    put(shop).field("/version", 1); // as it is
    const auto ada = user_with("ada", Json::object({{"size", 42}, {"level", "gold"}, {"note", "x"}})).field("/custom/shop/size", 42);
    const auto wrong = operator_.patch(ada.location(), custom(Json::object({{"size", 61}, {"level", "tin"}, {"colour", "red"}})))
                           .expect_problem(422, "invalid-value");
    wrong.field("/errors/0/pointer", "/custom/shop/colour").field("/errors/1/pointer", "/custom/shop/level").field("/errors/2/pointer", "/custom/shop/size");
    operator_.patch(ada.location(), custom(Json("red"))).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/custom/shop");
    operator_.patch(ada.location(), {{"custom", Json::object({{"other", Json::object()}})}}).expect_problem(422, "invalid-value");
    operator_.patch(ada.location(), custom(Json::object({{"note", std::string(33'000, 'a')}}))).expect_problem(422, "invalid-value");
    operator_.patch(ada.location(), custom(Json::object({{"size", Json()}})))
        .expect(200)
        .field("/custom/shop/level", "gold")
        .field("/custom/shop/size", Json());
    operator_.patch(ada.location(), custom(Json())).expect(200).field("/custom", Json::object());
    as.stranger.post("/api/v1/users", {{"handle", "eve"}, {"custom", Json::object({{"shop", Json::object()}})}})
        .expect_problem(422, "invalid-value"); // theirs is another
}

TEST_F(ProfileSchemas, AreReadListedAndTakenAway) {
    put(shop);
    const std::string at = "/api/v1/profile-schemas/shop";
    const auto read = operator_.get(at).expect(200).field("/schema", shop);
    operator_.put("/api/v1/profile-schemas/app", {{"schema", Json::object()}}).expect(200);
    operator_.get("/api/v1/profile-schemas").expect(200).field("/items/0/name", "app").field("/items/1/name", "shop");
    as.stranger.get(at).expect_problem(404, "not-found");
    person("clerk", "users:write").get(at).expect_problem(403, "forbidden");
    operator_.put(at, {{"schema", Json::object({{"$ref", "#"}})}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/schema/$ref");
    operator_.put(at, {{"schema", Json::object()}}).if_match("\"7\"").expect_problem(412, "stale-version");
    operator_.put("/api/v1/profile-schemas/new", {{"schema", Json::object()}}).if_match("\"1\"").expect_problem(412, "stale-version");
    operator_.put("/api/v1/profile-schemas/No%20Name", {{"schema", Json::object()}}).expect_problem(404, "not-found");
    user_with("ada", Json::object({{"size", 1}}));
    operator_.del(at).if_match(read.etag()).expect_problem(409, "breaks-profiles").field("/offenders", 1);
    operator_.patch("/api/v1/users/" + operator_.get("/api/v1/users?handle=ada").expect(200).text("/items/0/id"), custom(Json())).expect(200);
    operator_.del(at).if_match(read.etag()).expect(204);
    operator_.get(at).expect_problem(404, "not-found");
    for (int i = 0; i < 19; ++i) operator_.put("/api/v1/profile-schemas/s" + std::to_string(i), {{"schema", Json::object()}}).expect(200);
    put(shop).field("/type", problem_type("too-many-schemas"));
}

TEST_F(ProfileSchemas, AreNotChangedIntoWhatBreaksProfiles) {
    put(shop);
    for (int i = 1; i <= 5; ++i) user_with("u" + std::to_string(i), Json::object({{"size", i}}));
    Json narrower = shop;
    narrower["properties"]["size"]["maximum"] = 3;
    put(narrower).field("/type", problem_type("breaks-profiles")).field("/offenders", 2);
    operator_.get("/api/v1/profile-schemas/shop").expect(200).field("/schema", shop).field("/version", 1);
    narrower["properties"]["size"]["maximum"] = 5;
    put(narrower).field("/version", 2);
    user_with("u6", Json::object({{"size", 6}})).field("/status", 422);
}

// Whoever writes a field holds its schema: none is narrowed around a value that is not there yet.
TEST_F(ProfileSchemas, AreHeldByThoseWhoWriteFields) {
    put(shop);
    Json narrower = shop;
    narrower["properties"]["size"]["maximum"] = 3;
    std::atomic<int> made{0}, narrowed{0};
    at_once(12, [&](int i) {
        if (i % 3 == 0)
            narrowed += put(narrower).status() == 200 ? 1 : 0;
        else
            made += user_with("u" + std::to_string(i), Json::object({{"size", 5}})).status() == 201 ? 1 : 0;
    });
    EXPECT_TRUE(made == 0 || narrowed == 0) << made << " made, narrowed " << narrowed << " times";
    EXPECT_GT(made + narrowed, 0);
}

TEST_F(ProfileSchemas, KeepFieldsFromThoseTheyAreNotFor) {
    put(shop);
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"},
                                                      {"subject", "ada"},
                                                      {"custom", Json::object({{"shop", Json::object({{"size", 1}, {"level", "gold"}, {"note", "x"}})}})}})
                         .expect(201);
    const std::string then = now().to_string();
    const Json open = Json::object({{"size", 1}, {"level", "gold"}});
    const auto clerk = person("clerk", "users:write");
    clerk.get(ada.location()).expect(200).field("/custom/shop", open);
    clerk.get(ada.location() + "?at=" + then).expect(200).field("/custom/shop", open);
    clerk.get("/api/v1/users").expect(200).field("/items/0/custom/shop", open);
    clerk.patch(ada.location(), custom(Json::object({{"note", "y"}}))).expect_problem(403, "field-not-yours").field("/errors/0/pointer", "/custom/shop/note");
    clerk.patch(ada.location(), custom(Json::object({{"level", "bronze"}})))
        .expect(200)
        .field("/custom/shop", Json::object({{"size", 1}, {"level", "bronze"}}));
    operator_.get(ada.location()).expect(200).field("/custom/shop/note", "x"); // what a clerk does not see they do not lose
    const auto me = person("ada");
    me.get("/api/v1/users/me").expect(200).field("/custom/shop/note", "x");
    me.patch("/api/v1/users/me", custom(Json::object({{"note", "mine"}, {"size", 2}}))).expect(200).field("/custom/shop/note", "mine");
    me.patch("/api/v1/users/me", custom(Json::object({{"level", "gold"}})))
        .expect_problem(403, "field-not-yours")
        .field("/errors/0/pointer", "/custom/shop/level");
    me.patch("/api/v1/users/me", custom(Json())).expect_problem(403, "field-not-yours");
    me.patch("/api/v1/users/me", custom(Json::object({{"size", 0}}))).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/custom/shop/size");
    const std::string scim = operator_.get("/scim/v2/Users/" + ada.text("/id")).expect(200).body();
    EXPECT_EQ(scim.find("mine"), std::string::npos);
    operator_.call("PUT", "/scim/v2/Users/" + ada.text("/id"))
        .raw(R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada"})", "application/scim+json")
        .expect(200);
    operator_.get(ada.location()).expect(200).field("/custom/shop/note", "mine");
}

TEST_F(ProfileSchemas, GoWithThePerson) {
    put(shop);
    const auto ada = user_with("ada", Json::object({{"note", "x"}}));
    operator_.post(ada.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(ada.location()).expect(204);
    EXPECT_EQ(service.database().admin("select custom from users"), "{}");
    operator_.del("/api/v1/profile-schemas/shop").expect(204);
}

} // namespace
} // namespace gravity::user
