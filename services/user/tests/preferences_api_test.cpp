#include "user_fixture.hpp"

namespace gravity::user {
namespace {

class PreferencesApi : public UserApi {
protected:
    void define(std::string key, Json schema, Json value, bool user_writable = true) {
        operator_.put("/api/v1/preference-definitions/" + key, {{"json_schema", schema}, {"default", value}, {"user_writable", user_writable}}).expect(200);
    }
    testkit::Call set(const testkit::Client& who, std::string at, Json values) {
        return who.patch(at + "/preferences", testkit::Members(Json::object({{"values", values}})));
    }
    std::string group(std::string name) { return operator_.post("/api/v1/user-groups", {{"display_name", name}}).expect(201).location(); }
    Json text = Json::object({{"type", "string"}, {"maxLength", 10}});
};

TEST_F(PreferencesApi, ComeFromTheNearestLayer) {
    define("theme", text, "light");
    define("mail.digest", Json::object({{"type", "boolean"}}), false);
    const auto ada = user("ada");
    const std::string inner = group("inner"), outer = group("outer"), other = group("other");
    operator_.call("PUT", inner + "/members/" + ada.text("/id")).expect(204);
    operator_.call("PUT", outer + "/members/" + inner.substr(inner.rfind('/') + 1)).expect(204);
    const auto theme = [&](std::string value, std::string layer) {
        return operator_.get(ada.location() + "/preferences").expect(200).field("/preferences/theme/value", value).field("/preferences/theme/layer", layer);
    };
    theme("light", "default").field("/preferences/mail.digest/value", false).field("/preferences/theme/user_writable", true);
    set(operator_, "/api/v1/user", Json::object({{"theme", "grey"}})).expect(200).field("/values", Json::object({{"theme", "grey"}}));
    theme("grey", "project");
    set(operator_, other, Json::object({{"theme", "pink"}})).expect(200); // nobody is in it
    theme("grey", "project");
    set(operator_, outer, Json::object({{"theme", "red"}})).expect(200);
    theme("red", "group").field("/preferences/theme/group_id", outer.substr(outer.rfind('/') + 1));
    set(operator_, inner, Json::object({{"theme", "blue"}})).expect(200); // nearer
    theme("blue", "group").field("/preferences/theme/group_id", inner.substr(inner.rfind('/') + 1));
    set(operator_, ada.location(), Json::object({{"theme", "dark"}})).expect(200).field("/preferences/theme/layer", "user");
    theme("dark", "user").field("/preferences/theme/group_id", Json());
    set(operator_, ada.location(), Json::object({{"theme", Json()}})).expect(200);
    theme("blue", "group");
    operator_.get(inner + "/preferences").expect(200).field("/values/theme", "blue");
    operator_.get("/api/v1/user/preferences").expect(200).field("/values/theme", "grey");
    operator_.del(inner).expect(204);
    theme("grey", "project");
    EXPECT_EQ(service.database().admin("select count(*) from preference_value"), "3"); // the group's went with it
    as.stranger.get(ada.location() + "/preferences").expect_problem(404, "not-found");
    as.stranger.get(outer + "/preferences").expect_problem(404, "not-found");
    as.stranger.get("/api/v1/user/preferences").expect(200).field("/values", Json::object());
}

// Of several groups as near as one another the one that was made first.
TEST_F(PreferencesApi, AreTheSameWhateverTheOrderOfGroups) {
    define("theme", text, "light");
    const auto ada = user("ada");
    const std::string first = group("z"), second = group("a");
    for (const auto& [at, value] : std::map<std::string, std::string>{{second, "late"}, {first, "early"}}) {
        operator_.call("PUT", at + "/members/" + ada.text("/id")).expect(204);
        set(operator_, at, Json::object({{"theme", value}})).expect(200);
    }
    operator_.get(ada.location() + "/preferences").expect(200).field("/preferences/theme/value", "early");
}

TEST_F(PreferencesApi, AreHeldAgainstTheirDefinitions) {
    define("theme", text, "light");
    const auto ada = user("ada");
    const auto wrong = set(operator_, ada.location(), Json::object({{"theme", 1}, {"nothing", "x"}})).expect_problem(422, "invalid-value");
    wrong.field("/errors/0/pointer", "/values/nothing").field("/errors/1/pointer", "/values/theme");
    set(operator_, ada.location(), Json::object({{"theme", std::string(11, 'a')}})).expect_problem(422, "invalid-value");
    set(operator_, ada.location(), Json::object({{"nothing", Json()}})).expect(200);
    define("long", Json::object(), "x");
    set(operator_, ada.location(), Json::object({{"long", std::string(9'000, 'a')}})).expect_problem(422, "invalid-value");
    operator_.patch(ada.location() + "/preferences", {{"theme", "x"}}).expect_problem(400, "malformed-request");
    set(operator_, "/api/v1/users/" + Uuid::v7().to_string(), Json::object()).expect_problem(404, "not-found");
    set(operator_, ada.location(), Json::object({{"theme", "dark"}})).expect(200);
    const std::string at = "/api/v1/preference-definitions/theme";
    operator_.put(at, {{"json_schema", Json::object({{"enum", Json::array({"light", "black"})}})}, {"default", "light"}})
        .expect_problem(409, "breaks-values")
        .field("/broken", 1);
    operator_.put(at, {{"json_schema", Json::object({{"enum", Json::array({"light", "dark"})}})}, {"default", "light"}}).expect(200).field("/version", 2);
    operator_.put(at, {{"json_schema", text}, {"default", 1}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/default");
    operator_.put(at, {{"json_schema", Json::object({{"not", text}})}, {"default", 1}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/json_schema/not");
    const Json marked = Json::parse(R"({"properties":{"a":{"readOnly":true}}})").or_throw();
    operator_.put(at, {{"json_schema", marked}, {"default", Json::object()}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/json_schema");
    operator_.put("/api/v1/preference-definitions/new", {{"json_schema", text}, {"default", "x"}}).if_match("\"1\"").expect_problem(412, "stale-version");
    for (const std::string key : {"A", "a..b", ".a", "a-b", "a%20b"})
        operator_.put("/api/v1/preference-definitions/" + key, {{"json_schema", text}, {"default", "x"}}).expect_problem(404, "not-found");
    operator_.get("/api/v1/preference-definitions").expect(200).field("/items/0/key", "long").field("/items/1/key", "theme");
    as.stranger.get(at).expect_problem(404, "not-found");
    person("clerk", "users:write").put(at, {{"json_schema", text}, {"default", "x"}}).expect_problem(403, "forbidden");
    operator_.del(at).if_match("\"1\"").expect_problem(412, "stale-version");
    operator_.del(at).expect(204);
    operator_.get(ada.location() + "/preferences").expect(200).field("/preferences/theme", Json());
    EXPECT_EQ(service.database().admin("select count(*) from preference_value"), "0");
}

TEST_F(PreferencesApi, AreSetByPeopleWhereTheyMay) {
    define("theme", text, "light");
    define("plan", text, "free", false);
    const auto ada = operator_.post("/api/v1/users", {{"handle", "ada"}, {"subject", "ada"}}).expect(201);
    const auto me = person("ada");
    set(me, "/api/v1/users/me", Json::object({{"theme", "dark"}})).expect(200).field("/preferences/theme/value", "dark");
    set(me, "/api/v1/users/me", Json::object({{"plan", "gold"}})).expect_problem(403, "preference-not-yours").field("/errors/0/pointer", "/values/plan");
    set(operator_, ada.location(), Json::object({{"plan", "gold"}})).expect(200);
    set(me, "/api/v1/users/me", Json::object({{"plan", Json()}})).expect_problem(403, "preference-not-yours");
    me.get("/api/v1/users/me/preferences").expect(200).field("/preferences/plan/value", "gold").field("/preferences/plan/user_writable", false);
    person("ada", "profile").patch("/api/v1/users/me/preferences", {{"values", Json::object()}}).expect_problem(403, "forbidden");
    person("nobody").get("/api/v1/users/me/preferences").expect_problem(404, "not-a-user");
    set(person("nobody"), "/api/v1/users/me", Json::object()).expect_problem(404, "not-a-user");
    set(me, ada.location(), Json::object({{"plan", "gold"}})).expect_problem(403, "forbidden");
    operator_.post(ada.location() + "/deactivate", {{"reason", "x"}}).expect(200);
    operator_.del(ada.location()).expect(204);
    EXPECT_EQ(service.database().admin("select count(*) from preference_value"), "0");
}

TEST_F(PreferencesApi, AreSoManyAndNoMore) {
    service.database().admin("insert into preference_definition (key, project, json_schema, \"default\", user_writable, created_at, updated_at) "
                             "select 'k' || n, '" +
                             service.project().to_string() + "', '{}', '1', true, now(), now() from generate_series(1, 500) n");
    operator_.put("/api/v1/preference-definitions/one.more", {{"json_schema", text}, {"default", "x"}}).expect_problem(409, "too-many-definitions");
    operator_.put("/api/v1/preference-definitions/k1", {{"json_schema", text}, {"default", "x"}}).expect(200).field("/version", 2);
    EXPECT_EQ(operator_.get(user("ada").location() + "/preferences").expect(200).at("/preferences").size(), 500U);
}

} // namespace
} // namespace gravity::user
