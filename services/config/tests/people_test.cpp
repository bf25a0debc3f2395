// What is kept of one person: an id beside what they wrote. It is told, and stays.
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::config {
namespace {

class PersonData : public ConfigApi {
protected:
    PersonData() : ConfigApi({{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}
    testkit::Client keeper = service.caller(ProjectId::fresh(), "people:collect people:erase", "user");
    testkit::Client ada = service.caller(service.project(), service.all_scopes() + " configs:secrets", "ada");

    std::string at(const std::string& subject) { return "/internal/projects/" + service.project().to_string() + "/people/" + subject; }
    testkit::Call erase(const std::string& subject) { return keeper.del(at(subject) + "?request=" + Uuid::v7().to_string()); }
};

TEST_F(PersonData, IsWhatTheyWroteAndWhatTheyWereShown) {
    const std::string set = published(ada, "shop", "default", Json::object({{"port", 80}}));
    const auto told = keeper.get(at("ada")).expect(200);
    told.field("/data/sets/0/application", "shop").field("/data/releases/0/number", 1).field("/data/secrets_shown", Json::array());
    told.field("/data/audit/0/action", "release.published").field("/data/audit/0/address", "127.0.0.1");
    EXPECT_EQ(told.body().find("port"), std::string::npos) << "the settings are the project's";
    keeper.get(at("nobody")).expect(200).field("/rows", 0).field("/data", Json::object());
}

TEST_F(PersonData, IsWhereSettingsComeFrom) {
    const Json source = Json::object({{"url", "https://git.invalid/x.git"},
                                      {"applications", Json::array({"shop"})},
                                      {"credentials", Json::object({{"username", "ada"}, {"password", "token"}})}});
    ada.post("/api/v1/config/git-sources", testkit::Members(source)).expect(201);
    ada.put("/api/v1/config/spring-key", {{"key", "foo"}}).expect(200);
    const auto told = keeper.get(at("ada")).expect(200);
    told.field("/data/git_sources/0/url", "https://git.invalid/x.git").field("/data/git_sources/0/username", "ada").field("/data/git_sources/1", Json());
    EXPECT_EQ(told.at("/data/spring_keys").size(), 1u);
    EXPECT_EQ(told.body().find("token"), std::string::npos);
    EXPECT_EQ(erase("ada").expect(200).at("/rows").as_integer(), told.at("/rows").as_integer());
}

TEST_F(PersonData, ComesInPartsWhereThereIsMuch) {
    published(ada, "shop", "default", Json::object({{"port", 80}}));
    const auto before = keeper.get(at("ada")).expect(200);
    EXPECT_EQ(before.text("/next"), "");
    const auto few = before.at("/rows").as_integer();
    const std::string row = "gen_random_uuid(), '" + service.project().to_string() + "', now() - n * interval '1 second', 'test.done', 'ada', 'x', '{}'";
    service.database().admin("insert into audit (id, project, occurred_at, action, subject, target, details) select " + row +
                             " from generate_series(1, 2500) n");
    std::int64_t rows = 0;
    int parts = 0;
    std::size_t done = 0;
    std::string place;
    do {
        const auto part = keeper.get(at("ada") + (place.empty() ? "" : "?place=" + place)).expect(200);
        rows += part.at("/rows").as_integer();
        done += part.at("/data/audit").size();
        EXPECT_LE(part.at("/rows").as_integer(), 1000);
        place = part.text("/next");
        ++parts;
    } while (!place.empty() && parts < 10);
    EXPECT_EQ(parts, 3);
    EXPECT_EQ(rows, few + 2500);
    EXPECT_EQ(done, before.at("/data/audit").size() + 2500); // each once
    for (const std::string bad : {"nonsense/x", "audit"})
        keeper.get(at("ada") + "?place=" + base64url_encode("0:" + bad)).expect_problem(422, "invalid-value");
    const std::string theirs = "/internal/projects/" + ProjectId::fresh().to_string() + "/people/ada"; // another project's
    keeper.get(theirs).expect(200).field("/rows", 0);
}

TEST_F(PersonData, StaysAsAnIdThatNamesNobody) {
    const std::string set = published(ada, "shop", "default", Json::object({{"port", 80}}));
    event_types();
    const auto receipt = erase("ada").expect(200).field("/method", "anonymised");
    EXPECT_GT(receipt.at("/rows").as_integer(), 1);
    EXPECT_NE(receipt.text("/kept/0/law").find("recital 26"), std::string::npos);
    EXPECT_EQ(event_types(), "erasure.completed ");
    as.owner.get(set + "/releases/1").expect(200).field("/author", "ada");
    const auto log = as.owner.get("/api/v1/config/audit?subject=ada&limit=1").expect(200);
    log.field("/items/0/action", "release.published").field("/items/0/address", Json());
    erase("nobody").expect(200).field("/rows", 0).field("/method", "nothing").field("/kept", Json::array());
}

} // namespace
} // namespace gravity::config
