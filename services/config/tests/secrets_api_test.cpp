#include "config_fixture.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/capture.hpp>

namespace gravity::config {
namespace {

std::string fresh_master_key() { return base64_encode(random_bytes(32)); }

class SecretsApi : public ConfigApi {
protected:
    SecretsApi() : ConfigApi({{"CONFIG_MASTER_KEY", fresh_master_key()}}) {}

    testkit::Client shop_itself = service.caller(service.project(), "configs:read", "shop");
    testkit::Client trusted = service.caller(service.project(), "configs:read configs:secrets", "somebody");

    testkit::Answer conceal(const std::string& at, const std::string& key, const Json& text) {
        return as.owner.patch(at + "/draft", {{"secrets", Json::object({{key, text}})}}).expect(200);
    }
    std::string with_secret() {
        const std::string at = set(as.owner, "shop").location();
        draft(as.owner, at, Json::object({{"user", "sa"}, {"url", "db://${user}:${db.password}@h"}}));
        conceal(at, "db.password", "hunter2");
        publish(as.owner, at);
        return at;
    }
};

TEST_F(SecretsApi, AreSeenByWhoMayAndMaskedForOthers) {
    const std::string at = with_secret();
    EXPECT_EQ(where(effective(as.reader, "shop"), "db.password"), R"("***" of shop in default)");
    EXPECT_EQ(where(effective(as.reader, "shop"), "url"), R"("db://sa:***@h" of shop in default)");
    for (const auto& who : {shop_itself, trusted}) {
        EXPECT_EQ(where(effective(who, "shop"), "db.password"), R"("hunter2" of shop in default)");
        EXPECT_EQ(where(effective(who, "shop"), "url"), R"("db://sa:hunter2@h" of shop in default)");
        who.get("/spring/shop/dev").expect(200).field("/propertySources/0/source/db.password", "hunter2");
    }
    const auto other = service.caller(service.project(), "configs:read", "other");
    other.get("/spring/shop/dev").expect(200).field("/propertySources/0/source/db.password", "***");
    other.get("/spring/shop-dev.json").expect(200).field("/db/password", "***").field("/url", "db://sa:***@h");
    EXPECT_EQ(where(effective(shop_itself, "shop,other"), "db.password"), R"("***" of shop in default)"); // as one of several it is not itself
}

TEST_F(SecretsApi, StandNowhereInTheClear) {
    const log::Capture written;
    const std::string at = with_secret();
    conceal(at, "db.password", "hunter3");
    publish(as.owner, at);
    as.owner.post(at + "/keys/db.password/reveal").expect(200).field("/value", "hunter3");
    trusted.get("/spring/shop/dev").expect(200).field("/propertySources/0/source/db.password", "hunter3");
    for (const std::string path : {"", "/draft", "/draft/merge", "/releases", "/releases/1", "/releases/2", "/releases/2/diff"}) {
        const auto answer = as.owner.get(at + path).expect(200);
        EXPECT_EQ(answer.body().find("hunter"), std::string::npos) << path;
        EXPECT_EQ(answer.body().find("\"secret\""), std::string::npos) << path;
    }
    for (const auto& event : service.take_events()) EXPECT_EQ(event.data.dump().find("hunter"), std::string::npos);
    for (const std::string table : {"draft", "release_item", "data_key", "audit", "reveal", "gravity.outbox", "gravity.idempotency", "gravity.job"})
        EXPECT_EQ(service.database().admin("select count(*) from " + table + " t where t::text like '%hunter%'"), "0") << table;
    EXPECT_TRUE(written.contains("secret revealed"));
    EXPECT_FALSE(written.contains("hunter"));
}

TEST_F(SecretsApi, TellByFingerprintThatTheyHaveChanged) {
    const std::string at = with_secret();
    const auto before = as.owner.get(at + "/draft").expect(200).field("/items/db.password", "***");
    const std::string fingerprint = before.text("/secrets/db.password");
    EXPECT_EQ(fingerprint.size(), 16u);
    conceal(at, "db.password", "hunter2").field("/secrets/db.password", fingerprint);
    as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish"); // the same text is no change
    const auto after = conceal(at, "db.password", "hunter3");
    EXPECT_NE(after.text("/secrets/db.password"), fingerprint);
    publish(as.owner, at);
    const Json patch = as.owner.get(at + "/releases/2/diff").expect(200).at("/patch");
    EXPECT_EQ(patch.dump(), R"([{"before":"***","op":"replace","path":"/db.password","value":"***"}])");
    const auto first = as.owner.get(at + "/releases/1").expect(200), second = as.owner.get(at + "/releases/2").expect(200);
    EXPECT_EQ(first.text("/items/0/fingerprint"), fingerprint);
    EXPECT_NE(second.text("/items/0/fingerprint"), fingerprint);
    as.owner.post(at + "/releases/1/revert", testkit::Members(Json::object())).expect(201);
    EXPECT_EQ(where(effective(trusted, "shop"), "db.password"), R"("hunter2" of shop in default)");
    conceal(at, "db.password", nullptr).field("/secrets", Json::object()).field("/items/db.password", Json());
}

TEST_F(SecretsApi, StayWhereTheyAreSentBackAsTheyAreShown) {
    const std::string at = with_secret();
    const auto shown = as.owner.get(at + "/draft").expect(200);
    Json items = shown.at("/items");
    items["user"] = "ada";
    const auto changed = as.owner.patch(at + "/draft", {{"items", items}, {"secrets", shown.at("/secrets")}}).expect(200);
    changed.field("/secrets", shown.at("/secrets")).field("/items/user", "ada");
    const Json nested = Json::object({{"db", Json::object({{"password", "***"}})}});
    as.owner.patch(at + "/draft", {{"items", nested}, {"secrets", Json::object({{"db.password", "***"}})}}).expect(200).field("/secrets", shown.at("/secrets"));
    publish(as.owner, at);
    EXPECT_EQ(where(effective(trusted, "shop"), "url"), R"("db://ada:hunter2@h" of shop in default)");
}

TEST_F(SecretsApi, AreNotMadeOfTheirMask) {
    const std::string at = with_secret();
    const Json list = Json::object({{"other", "***"}, {"list", Json::array({"***"})}});
    const auto refused = as.owner.patch(at + "/draft", {{"items", list}}).expect_problem(422, "invalid-value");
    refused.field("/errors/0/pointer", "/items/list[0]").field("/errors/1/pointer", "/items/other").field("/errors/2", Json());
    for (const auto& [key, pointer] : std::map<std::string, std::string>{{"a/b", "/secrets/a~1b"}, {"user", "/secrets/user"}})
        as.owner.patch(at + "/draft", {{"secrets", Json::object({{key, "***"}})}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", pointer);
    as.owner.get(at + "/draft").expect(200).field("/items/user", "sa").field("/items/other", Json());
}

TEST_F(SecretsApi, AreRevealedAndThatIsKept) {
    const std::string at = with_secret();
    as.owner.post(at + "/keys/db.password/reveal").expect(200).field("/value", "hunter2").field("/release", 1);
    as.owner.post(at + "/keys/user/reveal").expect_problem(409, "not-a-secret");
    as.owner.post(at + "/keys/none/reveal").expect_problem(404, "not-found");
    as.reader.post(at + "/keys/db.password/reveal").expect_problem(403, "forbidden");
    as.stranger.post(at + "/keys/db.password/reveal").expect_problem(404, "not-found");
    as.owner.get(at + "/reveals").expect(200).field("/items/0/key", "db.password").field("/items/0/subject", "tester").field("/items/1", Json());
    EXPECT_THROW(service.database().admin("update reveal set subject = 'x'"), std::exception);
}

TEST_F(SecretsApi, OpenInTheirPlaceAlone) {
    const std::string at = with_secret();
    const std::string id = at.substr(configs.size() + 1);
    service.database().admin("insert into release_item (set_id, number, project, key, value, since) select set_id, number, project, 'moved', value, since from "
                             "release_item where key = 'db.password' and set_id = '" +
                             id + "'");
    trusted.get(configs + "/effective?application=shop").expect_problem(500, "integrity-violation");
    as.reader.get(configs + "/effective?application=shop").expect(200);
}

TEST_F(SecretsApi, RefuseWhatIsNone) {
    const std::string at = set(as.owner, "shop").location();
    const auto refused = [&](const Json& secrets, int status, std::string_view slug) {
        return as.owner.patch(at + "/draft", {{"secrets", secrets}}).expect_problem(status, slug);
    };
    refused(Json::object({{"a", 1}}), 422, "invalid-value").field("/errors/0/pointer", "/secrets/a");
    refused(Json::object({{"a..b", "x"}}), 422, "invalid-value").field("/errors/0/pointer", "/secrets/a..b");
    refused(5, 422, "invalid-value");
    refused(Json::object({{"a", std::string(64 * 1024 + 1, 'x')}}), 413, "value-too-large");
    refused(Json::object({{"a[1]", "x"}}), 422, "invalid-value");
    as.owner.patch(at + "/draft", {{"items", Json::object({{"a", Json::object({{"secret", "AAAA"}})}})}}).expect(200).field("/items/a.secret", "AAAA");
}

class NoMasterKey : public ConfigApi {};

TEST_F(NoMasterKey, LeavesAllElseAsItIs) {
    const std::string at = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    as.owner.patch(at + "/draft", {{"secrets", Json::object({{"b", "x"}})}}).expect_problem(503, "secrets-unavailable");
    const auto trusted = service.caller(service.project(), "configs:read configs:secrets");
    EXPECT_EQ(where(effective(trusted, "shop"), "a"), "1 of shop in default");
}

} // namespace
} // namespace gravity::config
