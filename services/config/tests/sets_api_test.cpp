#include "config_fixture.hpp"

namespace gravity::config {
namespace {

class Sets : public ConfigApi {};
class Drafts : public ConfigApi {};

TEST_F(Sets, AreMadeAndFound) {
    const auto made = as.owner.post(configs, {{"application", "shop"}}).expect(201);
    EXPECT_EQ(made.location(), configs + "/" + made.text("/id"));
    made.field("/profile", "default").field("/label", "main").field("/version", 1).field("/release", Json()).field("/created_by", "tester");
    as.owner.get(made.location()).expect(200).field("/application", "shop").expect_header("ETag", "\"1\"");
    as.owner.post(configs, {{"application", "shop"}}).expect_problem(409, "config-set-exists");
    set(as.owner, "shop", "dev");
    set(as.owner, "shop", "dev", "feature/x");
    const auto listed = as.owner.get(configs + "?application=shop&label=main").expect(200);
    listed.field("/items/0/profile", "dev").field("/items/1/profile", "default").field("/items/2", Json());
    as.owner.get(configs + "?profile=dev&limit=1").expect(200).field("/items/0/label", "feature/x");
    publish(as.owner, (draft(as.owner, made.location(), Json::object({{"a", 1}})), made.location()));
    as.owner.get(made.location()).expect(200).field("/release", 1).field("/version", 2);
}

TEST_F(Sets, HaveNamesOfAForm) {
    for (const std::string bad : {"Shop", "", "a/b", "sh op", "a:b"})
        as.owner.post(configs, {{"application", bad}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/application");
    as.owner.post(configs, {{"application", "a"}, {"label", "/x"}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/label");
    as.owner.post(configs, {{"application", "a"}, {"profil", "x"}}).expect_problem(400, "malformed-request");
}

TEST_F(Sets, BelongToTheirProject) {
    const std::string at = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    for (const std::string path : {"", "/draft", "/draft/merge", "/releases", "/releases/1", "/releases/1/diff"})
        as.stranger.get(at + path).expect_problem(404, "not-found");
    as.stranger.patch(at + "/draft", {{"items", Json::object({{"a", 2}})}}).expect_problem(404, "not-found");
    as.stranger.post(at + "/releases", testkit::Members(Json::object())).expect_problem(404, "not-found");
    as.stranger.post(at + "/releases/1/revert", testkit::Members(Json::object())).expect_problem(404, "not-found");
    as.stranger.get(configs).expect(200).field("/items", Json::array());
    set(as.stranger, "shop"); // the same names are free there
    EXPECT_EQ(where(effective(as.stranger, "shop"), "a"), "absent");
    as.reader.get(at).expect(200);
    as.reader.get(at + "/draft").expect_problem(403, "forbidden");
    as.reader.post(at + "/releases", testkit::Members(Json::object())).expect_problem(403, "forbidden");
    const auto writer = service.caller(service.project(), "configs:write");
    writer.patch(at + "/draft", {{"items", Json::object({{"a", 2}})}}).expect(200);
    writer.post(at + "/releases", testkit::Members(Json::object())).expect_problem(403, "forbidden");
}

TEST_F(Sets, HaveItemsThatArePlainOrSecret) {
    published(as.owner, "shop", "default", Json::object({{"a", 1}, {"list", Json::array()}, {"text", "x"}, {"on", true}}));
    const auto insert = [&](const std::string& key, const std::string& value) {
        const std::string row = "select set_id, number, project, '" + key + "', '" + value + "'::jsonb, 1 from release_item where key = 'a'";
        service.database().admin("insert into release_item (set_id, number, project, key, value, since) " + row);
    };
    insert("sealed", R"({"secret": "AAAA", "fingerprint": "00"})");
    for (const std::string neither : {R"({})", R"({"secret": "AAAA"})", R"({"secret": 1, "fingerprint": "00"})", R"([1])", "null",
                                      R"({"secret": "AAAA", "fingerprint": "00", "text": "hunter2"})"}) {
        try {
            insert("neither", neither);
            ADD_FAILURE() << neither;
        } catch (const std::exception& refused) {
            EXPECT_NE(std::string(refused.what()).find("release_item_is_plain_or_secret"), std::string::npos) << refused.what();
        }
    }
}

TEST_F(Sets, GoWithTheirProjectAndInNoOtherWay) {
    const std::string at = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    const std::string theirs = published(as.stranger, "shop", "default", Json::object({{"a", 1}}));
    for (const std::string statement : {"delete from release", "delete from release_item", "update release set author = 'x'",
                                        "update release_item set value = '2'"})
        EXPECT_THROW(service.database().admin(statement), std::exception) << statement;
    as.owner.get(at + "/releases/1").expect(200).field("/items/0/value", 1);
    const auto purger = service.caller(service.project(), "projects:purge");
    purger.del("/internal/projects/" + service.project().to_string()).expect(200);
    as.owner.get(configs).expect(200).field("/items", Json::array());
    EXPECT_EQ(service.database().admin("select (select count(*) from release) || ' ' || (select count(*) from release_item)"), "1 1");
    as.stranger.get(theirs + "/releases/1").expect(200);
}

TEST_F(Drafts, AreChangedByMergePatch) {
    const auto at = set(as.owner, "shop").location();
    const auto begun = as.owner.get(at + "/draft").expect(200).field("/items", Json::object()).field("/base_number", Json()).field("/version", 1);
    const auto next = as.owner.patch(at + "/draft", {{"items", Json::object({{"server", Json::object({{"port", 8080}})}, {"hosts", Json::array({"a", "b"})}})}})
                          .if_match(begun.etag())
                          .expect(200);
    next.field("/items", Json::object({{"server.port", 8080}, {"hosts[0]", "a"}, {"hosts[1]", "b"}})).field("/version", 2);
    as.owner.patch(at + "/draft", {{"items", Json::object({{"x", 1}})}}).if_match(begun.etag()).expect_problem(412, "stale-version");
    draft(as.owner, at, Json::object({{"hosts", nullptr}, {"server.port", 1}})).field("/items", Json::object({{"server.port", 1}}));
    as.owner.patch(at + "/draft", testkit::Members(Json::object())).expect(200).field("/items", Json::object({{"server.port", 1}}));
}

TEST_F(Drafts, RefuseWhatIsNoSetting) {
    const auto at = set(as.owner, "shop").location();
    const auto refused = [&](const Json& items, int status, std::string_view slug) {
        return as.owner.patch(at + "/draft", {{"items", items}}).expect_problem(status, slug);
    };
    refused(Json::object({{"__proto__", 1}}), 422, "invalid-value").field("/errors/0/pointer", "/items/__proto__");
    refused(Json::object({{"a..b", 1}}), 422, "invalid-value").field("/errors/0/pointer", "/items/a..b");
    refused(Json::object({{"a/b..c", 1}}), 422, "invalid-value").field("/errors/0/pointer", "/items/a~1b..c");
    refused(5, 422, "invalid-value");
    refused(nullptr, 422, "invalid-value");
    refused(Json::object({{"a", std::string(1 << 20, 'x')}}), 413, "value-too-large");
    Json many = Json::object();
    for (int i = 0; i < 10'001; ++i) many["k" + std::to_string(i)] = i;
    refused(many, 413, "too-many-keys");
    as.owner.patch(at + "/draft", {{"items", Json::object()}, {"other", 1}}).expect_problem(400, "malformed-request");
    as.owner.patch(at + "/draft", {{"base_number", 1}}).expect_problem(422, "no-such-base");
    as.owner.patch(at + "/draft", {{"base_number", 0}}).expect_problem(422, "invalid-value");
    as.owner.get(at + "/draft").expect(200).field("/items", Json::object()).field("/version", 1);
}

} // namespace
} // namespace gravity::config
