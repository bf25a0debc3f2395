// What is kept of one person: an id beside what they wrote. It is told, and stays.
#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::config {
namespace {

class PersonData : public ConfigApi {
protected:
    PersonData() : ConfigApi({{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}
    testkit::Client keeper = service.caller(ProjectId::fresh(), "people:read people:erase", "user");
    testkit::Client ada = service.caller(service.project(), service.all_scopes() + " configs:secrets", "ada");

    std::string at(const std::string& subject) { return "/internal/projects/" + service.project().to_string() + "/people/" + subject; }
    testkit::Call erase(const std::string& subject) { return keeper.del(at(subject) + "?request=" + Uuid::v7().to_string()); }
};

TEST_F(PersonData, IsWhatTheyWroteAndWhatTheyWereShown) {
    const std::string set = published(ada, "shop", "default", Json::object({{"port", 80}}));
    const auto told = keeper.get(at("ada")).expect(200);
    told.field("/data/sets/0/application", "shop").field("/data/releases/0/number", 1).field("/data/secrets_shown", Json::array());
    EXPECT_EQ(told.body().find("port"), std::string::npos) << "the settings are the project's";
    keeper.get(at("nobody")).expect(200).field("/rows", 0).field("/data", Json::object());
}

TEST_F(PersonData, StaysAsAnIdThatNamesNobody) {
    const std::string set = published(ada, "shop", "default", Json::object({{"port", 80}}));
    event_types();
    const auto receipt = erase("ada").expect(200).field("/method", "kept");
    EXPECT_GT(receipt.at("/rows").as_integer(), 1);
    EXPECT_NE(receipt.text("/kept/0/law").find("recital 26"), std::string::npos);
    EXPECT_EQ(event_types(), "erasure.completed ");
    as.owner.get(set + "/releases/1").expect(200).field("/author", "ada");
    erase("nobody").expect(200).field("/rows", 0).field("/method", "nothing").field("/kept", Json::array());
}

} // namespace
} // namespace gravity::config
