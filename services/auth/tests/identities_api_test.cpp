#include "people_fixture.hpp"

#include <gravity/testkit/check_isolation.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

class Identities : public PeopleApi {};

TEST_F(Identities, AreMadeChangedDisabledAndDeleted) {
    const auto made = as.owner.post("/api/v1/identities", {{"login_names", names({{"username", "Ada"}, {"email", "Ada@Example.com"}})}}).expect(201);
    EXPECT_EQ(made.location(), "/api/v1/identities/" + made.text("/id"));
    made.field("/state", "active").field("/version", 1).field("/login_names", names({{"email", "Ada@Example.com"}, {"username", "Ada"}}));
    as.owner.get(made.location()).expect(200).field("/login_names", made.at("/login_names"));

    const auto changed = as.owner.patch(made.location(), {{"login_names", names({{"email", "ada@example.org"}})}}).if_match(made.etag()).expect(200);
    changed.field("/version", 2).field("/login_names", names({{"email", "ada@example.org"}}));
    as.owner.patch(made.location(), {{"login_names", Json::array()}}).if_match(made.etag()).expect_problem(412, "stale-version");
    as.owner.patch(made.location(), {{"state", "disabled"}}).expect_problem(400, "malformed-request");
    EXPECT_EQ(event_types(), "identity.created ");

    as.owner.post(made.location() + "/disable", Json::object()).if_match(made.etag()).expect_problem(412, "stale-version");
    as.owner.post(made.location() + "/disable", Json::object()).if_match(changed.etag()).expect(200).field("/state", "disabled").field("/version", 3);
    as.owner.post(made.location() + "/disable", Json::object()).expect(200).field("/version", 3);
    as.owner.post(made.location() + "/enable", Json::object()).expect(200).field("/state", "active").field("/version", 4);
    EXPECT_EQ(event_types(), "identity.disabled ");

    as.owner.del(made.location()).if_match(made.etag()).expect_problem(412, "stale-version");
    as.owner.del(made.location()).expect(204);
    as.owner.get(made.location()).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "identity.deleted ");
}

TEST_F(Identities, WaitUntilTheyAreEnabled) {
    const auto made = as.owner.post("/api/v1/identities", {{"login_names", names({{"username", "grace"}})}, {"state", "pending"}}).expect(201);
    set_password(made, good_password).expect(201);
    EXPECT_FALSE(verified("grace", good_password));
    as.owner.post(made.location() + "/enable", Json::object()).expect(200).field("/state", "active");
    EXPECT_TRUE(verified("grace", good_password));
    as.owner.post("/api/v1/identities", {{"login_names", Json::array()}, {"state", "disabled"}}).expect_problem(422, "invalid-value");
}

TEST_F(Identities, HaveTheirNamesAlone) {
    const auto ada = identity("ada@example.com"), grace = identity("grace@example.com");
    as.owner.post("/api/v1/identities", {{"login_names", names({{"email", "ADA@EXAMPLE.COM"}})}}).expect_problem(409, "login-name-taken");
    as.owner.patch(grace.location(), {{"login_names", names({{"email", "Ada@example.com"}})}}).expect_problem(409, "login-name-taken");
    as.owner.get(grace.location()).expect(200).field("/version", 1).field("/login_names", names({{"email", "grace@example.com"}}));
    as.owner.patch(ada.location(), {{"login_names", names({{"email", "ada@example.com"}, {"phone", "+49 30 12345678"}})}}).expect(200);
    as.owner.post("/api/v1/identities", {{"login_names", names({{"phone", "+493012345678"}})}}).expect_problem(409, "login-name-taken");
    as.stranger.post("/api/v1/identities", {{"login_names", names({{"email", "ada@example.com"}})}}).expect(201);
    as.owner.patch(ada.location(), {{"login_names", Json::array()}}).expect(200);
    as.owner.patch(grace.location(), {{"login_names", names({{"email", "Ada@example.com"}})}}).expect(200);
}

TEST_F(Identities, HaveNamesOfTheirKind) {
    const auto refused = [&](Json list, std::string_view pointer) {
        as.owner.post("/api/v1/identities", {{"login_names", std::move(list)}})
            .expect_problem(422, "invalid-value")
            .field("/errors/0/pointer", std::string(pointer));
    };
    refused(names({{"email", "ada"}}), "/login_names/0/value");
    refused(names({{"username", "ada"}, {"phone", "12345678"}}), "/login_names/1/value");
    refused(names({{"username", "ada@home"}}), "/login_names/0/value");
    refused(names({{"username", "ada"}, {"username", "ADA"}}), "/login_names/1/value");
    Json many = Json::array();
    for (int i = 0; i < 11; ++i) many.push_back(Json::object({{"kind", "username"}, {"value", "ada" + std::to_string(i)}}));
    refused(std::move(many), "/login_names");
    as.owner.post("/api/v1/identities", {{"login_names", names({{"fax", "+493012345678"}})}}).expect_problem(422, "invalid-value");
    EXPECT_EQ(sql("select count(*) from identity"), "0");
}

TEST_F(Identities, AreOneHoweverManyAskForTheNameAtOnce) {
    std::atomic<int> made{0}, refused{0};
    at_once(20, [&](int i) {
        const std::string name = i % 2 == 0 ? "Ada@example.com" : "ada@EXAMPLE.com";
        const auto answer = as.owner.post("/api/v1/identities", {{"login_names", names({{"email", name}, {"username", "ada"}})}}).send();
        ++(answer.status() == 201 ? made : refused);
        EXPECT_TRUE(answer.status() == 201 || answer.text("/type") == problem_type("login-name-taken")) << answer.body();
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 19);
    EXPECT_EQ(sql("select count(*) from identity"), "1");
}

TEST_F(Identities, AreFoundByNameAndState) {
    const auto ada = ada_of_three_names();
    const auto grace = identity("grace@example.com"), joan = identity("joan@example.com");
    as.owner.post(joan.location() + "/disable", Json::object()).expect(200);
    const auto found = [&](const std::string& query) {
        std::string ids;
        const Json items = as.owner.get("/api/v1/identities?" + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) ids += item.find("id")->as_string() + " ";
        return ids;
    };
    for (const std::string name : {"ADA%40example.com", "%2B49%20(30)%2012345678", "ada", "%EF%BC%A1DA"})
        EXPECT_EQ(found("login_name=" + name), ada.text("/id") + " ") << name;
    EXPECT_EQ(found("login_name=nobody"), "");
    EXPECT_EQ(found("login_name=a%20b"), "") << "what can be no name is nobody's";
    EXPECT_EQ(found("login_name=ada&state=disabled"), "");
    EXPECT_EQ(found("state=disabled"), joan.text("/id") + " ");
    EXPECT_EQ(found("state=active"), grace.text("/id") + " " + ada.text("/id") + " ");
    const auto first = as.owner.get("/api/v1/identities?limit=2").expect(200);
    EXPECT_EQ(first.text("/items/0/id"), joan.text("/id"));
    const auto rest = as.owner.get("/api/v1/identities?limit=2&cursor=" + first.text("/next_cursor")).expect(200);
    EXPECT_EQ(rest.text("/items/0/id"), ada.text("/id"));
    EXPECT_EQ(rest.at("/items").size(), 1u);
}

TEST_F(Identities, AreErasedWithAllThatIsKnownOfThem) {
    const auto ada = person("ada@example.com");
    check("ada@example.com", good_password);
    check("ada@example.com", "wrong one");
    as.owner.del(ada.location()).expect(204);
    EXPECT_EQ(sql("select (select count(*) from identity) + (select count(*) from login_name) + (select count(*) from credential)"), "0");
    EXPECT_EQ(sql("select count(*) from login_budget where key like '%example%'"), "0") << "what is counted tells of nobody";
    EXPECT_EQ(sql("select count(*) from gravity.outbox where data::text like '%ada@%'"), "0") << "nor do announcements";
    check("ada@example.com", good_password).field("/verified", false);
    identity("ada@example.com");
}

TEST_F(Identities, OfAnotherProjectAreNotThere) {
    const auto ada = person("ada@example.com");
    const std::string credential = as.owner.get("/api/v1/credentials").expect(200).text("/items/0/id");
    check("ada@example.com", "wrong one");
    as.stranger.get(ada.location()).expect_problem(404, "not-found");
    for (const std::string action : {"/disable", "/enable"}) as.stranger.post(ada.location() + action, Json::object()).expect_problem(404, "not-found");
    as.stranger.post(ada.location() + "/import", {{"password_hash", bcrypt_of_correct_horse}}).expect_problem(404, "not-found");
    as.stranger.patch(ada.location(), {{"login_names", Json::array()}}).expect_problem(404, "not-found");
    as.stranger.del(ada.location()).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/identities?login_name=ada%40example.com").expect(200).field("/items", Json::array());
    as.stranger.post("/api/v1/credentials", {{"identity_id", ada.text("/id")}, {"password", good_password}}).expect_problem(422, "no-such-identity");
    as.stranger.get("/api/v1/credentials/" + credential).expect_problem(404, "not-found");
    as.stranger.del("/api/v1/credentials/" + credential).expect_problem(404, "not-found");
    as.stranger.post("/api/v1/credentials/check", {{"login_name", "ada@example.com"}, {"password", good_password}, {"address", "203.0.113.7"}})
        .expect(200)
        .field("/verified", false);
    for (const auto& fault : testkit::check_isolation(service.database(), service.project())) ADD_FAILURE() << fault;
}

TEST_F(Identities, NeedTheirScopes) {
    const auto ada = identity("ada@example.com");
    const auto writer = service.caller(service.project(), "identities:write");
    writer.post(ada.location() + "/disable", Json::object()).expect(200);
    writer.post(ada.location() + "/import", {{"password_hash", "x"}}).expect_problem(403, "forbidden");
    writer.get("/api/v1/credentials").expect_problem(403, "forbidden");
    as.reader.post(ada.location() + "/enable", Json::object()).expect_problem(403, "forbidden");
    const auto strong = service.caller(service.project(), "credentials:admin identities:admin");
    const testkit::Members question{{"login_name", "ada"}, {"password", "x"}, {"address", "203.0.113.7"}};
    strong.post("/api/v1/credentials/check", question).expect_problem(403, "forbidden");
    as.anonymous.post("/api/v1/credentials/check", question).expect_problem(401, "unauthenticated");
}

} // namespace
} // namespace gravity::issuer
