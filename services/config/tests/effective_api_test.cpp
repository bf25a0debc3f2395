#include "config_fixture.hpp"

namespace gravity::config {
namespace {

class EffectiveApi : public ConfigApi {};

TEST_F(EffectiveApi, LayersAndTellsWhereAValueComesFrom) {
    published(as.owner, "application", "default", Json::object({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}, {"f", 1}, {"list", Json::array({1, 2, 3})}}));
    published(as.owner, "shop", "default", Json::object({{"b", 2}, {"c", 2}, {"d", 2}, {"e", 2}, {"f", 2}, {"list", Json::array({9})}}));
    published(as.owner, "application", "dev", Json::object({{"c", 3}, {"d", 3}, {"e", 3}, {"f", 3}}));
    published(as.owner, "shop", "dev", Json::object({{"d", 4}, {"e", 4}, {"f", 4}}));
    published(as.owner, "application", "eu", Json::object({{"e", 5}, {"f", 5}}));
    published(as.owner, "shop", "eu", Json::object({{"f", 6}}));
    published(as.owner, "other", "default", Json::object({{"a", 7}}));
    const auto found = effective(as.owner, "shop", "dev,eu");
    const std::string expected[] = {"1 of application in default", "2 of shop in default", "3 of application in dev",
                                    "4 of shop in dev", "5 of application in eu", "6 of shop in eu"};
    const std::string keys = "abcdef";
    for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(where(found, keys.substr(i, 1)), expected[i]);
    EXPECT_EQ(where(found, "list[0]"), "9 of shop in default");
    EXPECT_EQ(where(found, "list[1]"), "absent");
    found.field("/version", 6).field("/origins/0/release", 1).field("/origins/5/application", "application");
    EXPECT_EQ(where(effective(as.owner, "shop", "eu,dev"), "f"), "4 of shop in dev"); // the last profile wins
    EXPECT_EQ(where(effective(as.owner, "unheard-of"), "a"), "1 of application in default");
}

TEST_F(EffectiveApi, HasAnETagThatChangesWithAnyOfItsSets) {
    const auto shared = published(as.owner, "application", "default", Json::object({{"a", 1}}));
    published(as.owner, "shop", "default", Json::object({{"b", 1}}));
    const std::string path = configs + "/effective?application=shop";
    const auto before = as.owner.get(path).expect(200).expect_header("ETag", "\"2\"");
    as.owner.get(path).header("If-None-Match", before.etag()).expect(304);
    draft(as.owner, shared, Json::object({{"a", 2}}));
    as.owner.get(path).header("If-None-Match", before.etag()).expect(304); // a draft is in force for nobody
    publish(as.owner, shared);
    as.owner.get(path).header("If-None-Match", before.etag()).expect(200).field("/version", 3);
    published(as.owner, "other", "default", Json::object({{"a", 1}}));
    as.owner.get(path).header("If-None-Match", "\"3\"").expect(304); // and another application none of its business
}

TEST_F(EffectiveApi, ResolvesReferencesAndShowsWhatWasWritten) {
    published(as.owner, "shop", "default", Json::object({{"host", "x"}, {"url", "http://${host}/"}}));
    const auto found = effective(as.owner, "shop");
    found.field("/items/1/key", "url").field("/items/1/value", "http://x/").field("/items/1/raw", "http://${host}/").field("/items/0/raw", Json());
}

TEST_F(EffectiveApi, KnowsItsLabels) {
    published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    published(as.owner, "shop", "default", Json::object({{"a", 2}}), "feature/x");
    EXPECT_EQ(where(effective(as.owner, "shop", "default", "feature%2Fx"), "a"), "2 of shop in default");
    as.owner.get(configs + "/effective?application=shop").expect(200).field("/label", "main");
    as.owner.get(configs + "/effective?application=shop&label=none").expect_problem(404, "no-such-label");
    as.stranger.get(configs + "/effective?application=shop&label=feature%2Fx").expect_problem(404, "no-such-label");
    as.stranger.get(configs + "/effective?application=shop&label=main").expect(200).field("/version", 0).field("/items", Json::array());
    as.owner.get(configs + "/effective").expect_problem(400, "malformed-request");
    as.owner.get(configs + "/effective?application=a,b,c,d,e,f,g,h,i,j,k").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/application");
    as.owner.get(configs + "/effective?application=shop&profil=x").expect_problem(400, "malformed-request");
}

} // namespace
} // namespace gravity::config
