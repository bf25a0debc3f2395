#include "config_fixture.hpp"

#include <algorithm>
#include <atomic>

namespace gravity::config {
namespace {

class Releases : public ConfigApi {};

TEST_F(Releases, ArePublishedAndStayAsTheyAre) {
    const auto at = set(as.owner, "shop", "dev").location();
    as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish");
    draft(as.owner, at, Json::object({{"port", 8080}, {"name", "x"}}));
    const auto first = as.owner.post(at + "/releases", {{"message", "Begin"}}).expect(201);
    EXPECT_EQ(first.location(), at + "/releases/1");
    first.field("/number", 1).field("/parent", Json()).field("/author", "tester").field("/message", "Begin").field("/seq", 1);
    as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish");
    as.owner.get(at + "/draft").expect(200).field("/base_number", 1);
    draft(as.owner, at, Json::object({{"port", 8081}}));
    publish(as.owner, at).field("/number", 2).field("/parent", 1).field("/seq", 2);
    as.owner.get(at + "/releases/1").expect(200).field("/items/0/key", "name").field("/items/1/value", 8080).field("/items/1/since", 1);
    as.owner.get(at + "/releases/2").expect(200).field("/items/0/since", 1).field("/items/1/value", 8081).field("/items/1/since", 2);
    as.owner.get(at + "/releases").expect(200).field("/items/0/number", 2).field("/items/1/number", 1).field("/items/2", Json());
    as.owner.get(at + "/releases?limit=1").expect(200).field("/items/0/number", 2);
    as.owner.get(at + "/releases/3").expect_problem(404, "not-found");
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[1].type, "gravity.config.release.published");
    EXPECT_EQ("/api/v1/configs/" + events[1].subject, at);
    EXPECT_EQ(events[1].data.find("application")->as_string(), "shop");
    EXPECT_EQ(events[1].data.find("number")->as_integer(), 2);
    EXPECT_EQ(events[1].data.find("items"), nullptr); // ids, never values
}

TEST_F(Releases, Differ) {
    const auto at = published(as.owner, "shop", "default", Json::object({{"a", 1}, {"b/c", 2}, {"d", 3}}));
    draft(as.owner, at, Json::object({{"a", 5}, {"b/c", nullptr}, {"e", "new"}}));
    publish(as.owner, at);
    const auto diff = as.owner.get(at + "/releases/2/diff").expect(200).field("/against", 1);
    EXPECT_EQ(diff.at("/patch")
                  .dump(),
              R"([{"before":1,"op":"replace","path":"/a","value":5},{"before":2,"op":"remove","path":"/b~1c"},{"op":"add","path":"/e","value":"new"}])");
    as.owner.get(at + "/releases/1/diff?against=2").expect(200).field("/patch/0/value", 1).field("/patch/1/op", "add").field("/patch/2/op", "remove");
    as.owner.get(at + "/releases/1/diff").expect(200).field("/against", 0).field("/patch/2/path", "/d");
    as.owner.get(at + "/releases/2/diff?against=2").expect(200).field("/patch", Json::array());
    as.owner.get(at + "/releases/2/diff?against=9").expect_problem(404, "not-found");
    as.owner.get(at + "/releases/2/diff?against=-1").expect_problem(422, "invalid-value");
}

TEST_F(Releases, AreReverted) {
    const auto at = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    draft(as.owner, at, Json::object({{"a", 2}, {"b", 1}}));
    publish(as.owner, at);
    event_types();
    const auto reverted = as.owner.post(at + "/releases/1/revert", {{"message", "Back"}}).expect(201);
    reverted.field("/number", 3).field("/reverts_to", 1).field("/message", "Back");
    EXPECT_EQ(reverted.location(), at + "/releases/3");
    EXPECT_EQ(reverted.text("/content_hash"), as.owner.get(at + "/releases/1").expect(200).text("/content_hash"));
    EXPECT_EQ(where(effective(as.owner, "shop"), "a"), "1 of shop in default");
    EXPECT_EQ(where(effective(as.owner, "shop"), "b"), "absent");
    as.owner.get(at + "/draft").expect(200).field("/base_number", 3).field("/items", Json::object({{"a", 1}})); // which had no changes of its own
    as.owner.post(at + "/releases/1/revert", testkit::Members(Json::object())).expect_problem(409, "nothing-to-publish");
    as.owner.post(at + "/releases/9/revert", testkit::Members(Json::object())).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "release.reverted ");
}

TEST_F(Releases, RefuseAStaleDraftAndOfferTheMerge) {
    const auto at = published(as.owner, "shop", "default", Json::object({{"a", 1}, {"b", 1}}));
    draft(as.owner, at, Json::object({{"a", 2}}));
    publish(as.owner, at);
    draft(as.owner, at, Json::object({{"a", 3}, {"mine", true}}));
    as.owner.post(at + "/releases/1/revert", testkit::Members(Json::object())).expect(201);
    as.owner.get(at + "/draft").expect(200).field("/base_number", 2); // it has changes of its own
    const auto refused = as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(412, "stale-draft");
    refused.field("/published_number", 3).field("/merge", at + "/draft/merge").field("/errors/0/pointer", "/items/a");
    const auto preview = as.owner.get(at + "/draft/merge").expect(200).field("/base_number", 2).field("/published_number", 3);
    EXPECT_EQ(preview.at("/conflicts").dump(), R"([{"base":2,"draft":3,"key":"a","published":1}])");
    EXPECT_EQ(preview.at("/items").dump(), R"({"a":3,"b":1,"mine":true})");
    as.owner.patch(at + "/draft", {{"base_number", 2}, {"items", Json::object()}}).expect(200); // the base it has
    as.owner.patch(at + "/draft", {{"base_number", 1}}).expect_problem(422, "no-such-base");
    const auto taken_over = as.owner.patch(at + "/draft", {{"base_number", 3}, {"items", Json::object({{"a", 4}})}}).expect(200);
    taken_over.field("/items", Json::object({{"a", 4}, {"b", 1}, {"mine", true}}));
    publish(as.owner, at).field("/number", 4);
}

TEST_F(Releases, OfFiftyPublishersOneWins) {
    const auto at = set(as.owner, "shop").location();
    const auto ready = draft(as.owner, at, Json::object({{"a", 1}}));
    std::atomic<int> won{0}, late{0}, others{0};
    at_once(50, [&](int) {
        const int status = as.owner.post(at + "/releases", testkit::Members(Json::object())).if_match(ready.etag()).send().status();
        (status == 201 ? won : status == 412 ? late
                                             : others)++;
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(late, 49);
    EXPECT_EQ(others, 0);
    as.owner.get(at + "/releases").expect(200).field("/items/0/number", 1).field("/items/1", Json());
    EXPECT_EQ(event_types(), "release.published ");
}

TEST_F(Releases, OfManySetsAtOnceHaveOneOrder) {
    std::vector<std::string> sets;
    for (int i = 0; i < 20; ++i) {
        sets.push_back(set(as.owner, "app" + std::to_string(i)).location());
        draft(as.owner, sets.back(), Json::object({{"a", i}}));
    }
    std::vector<std::int64_t> seqs(sets.size());
    at_once(20, [&](int i) { seqs[static_cast<std::size_t>(i)] = publish(as.owner, sets[static_cast<std::size_t>(i)]).at("/seq").as_integer(); });
    std::sort(seqs.begin(), seqs.end());
    for (std::size_t i = 0; i < seqs.size(); ++i) EXPECT_EQ(seqs[i], static_cast<std::int64_t>(i + 1)); // none is lost, none twice
}

TEST_F(Releases, RefuseReferencesThatNobodyResolves) {
    const auto at = set(as.owner, "shop").location();
    draft(as.owner, at, Json::object({{"url", "http://${host}/"}}));
    const auto refused = as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(422, "unresolved-reference");
    refused.field("/errors/0/pointer", "/items/url").field("/errors/0/detail", "shop in default: ${host} is not set");
    draft(as.owner, at, Json::object({{"host", "${url}"}}));
    as.owner.post(at + "/releases", testkit::Members(Json::object())).expect_problem(422, "unresolved-reference").field("/errors/1/pointer", "/items/url");
    draft(as.owner, at, Json::object({{"host", nullptr}}));
    const auto shared = published(as.owner, "application", "default", Json::object({{"host", "example.org"}}));
    publish(as.owner, at); // what is inherited is there
    EXPECT_EQ(where(effective(as.owner, "shop"), "url"), R"("http://example.org/" of shop in default)");
    draft(as.owner, shared, Json::object({{"host", nullptr}, {"other", 1}}));
    const auto missed = as.owner.post(shared + "/releases", testkit::Members(Json::object())).expect_problem(422, "unresolved-reference");
    missed.field("/errors/0/detail", "shop in default: ${host} is not set");
    // A profile of its own that breaks what the others have.
    const auto dev = set(as.owner, "shop", "dev").location();
    draft(as.owner, dev, Json::object({{"host", "${url}"}}));
    const auto circle = as.owner.post(dev + "/releases", testkit::Members(Json::object())).expect_problem(422, "unresolved-reference");
    circle.field("/errors/0/detail", "shop in dev: ${host} refers back to itself");
    as.owner.get(configs + "/effective?application=shop&profiles=dev").expect(200).field("/version", 2);
}

} // namespace
} // namespace gravity::config
