#include "config_fixture.hpp"

#include <atomic>

namespace gravity::config {
namespace {

class Review : public ConfigApi {
protected:
    std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 0}}));
    testkit::Client second = service.caller(service.project(), service.all_scopes(), "second");

    void SetUp() override { as.owner.patch(shop, {{"review_required", true}}).expect(200).field("/review_required", true); }

    std::int64_t version() { return as.owner.get(shop + "/draft").expect(200).at("/version").as_integer(); }
    testkit::Call approve(const testkit::Client& who, std::int64_t version) { return who.post(shop + "/draft/approve", {{"version", version}}); }
    testkit::Call publishing(const testkit::Client& who) { return who.post(shop + "/releases", testkit::Members(Json::object())); }
};

TEST_F(Review, IsBySomebodyElse) {
    draft(as.owner, shop, Json::object({{"a", 1}}));
    publishing(as.owner).expect_problem(409, "review-required");
    approve(as.owner, version()).expect_problem(403, "own-draft");
    approve(second, version() + 1).expect_problem(412, "stale-version");
    approve(second, version()).expect(200).field("/approved_by", "second").field("/editors", Json::array({"tester"}));
    const auto made = publishing(second).expect(201).field("/author", "tester").field("/approver", "second").field("/reviewed", true);
    as.owner.get(made.location()).expect(200).field("/approver", "second");
    as.owner.get(shop + "/draft").expect(200).field("/editors", Json::array()).field("/approved_by", Json()); // it begins anew
}

TEST_F(Review, IsOfTheDraftAsItIs) {
    draft(as.owner, shop, Json::object({{"a", 1}}));
    approve(second, version()).expect(200);
    draft(as.owner, shop, Json::object({{"a", 2}})); // who was approved changes it again
    publishing(as.owner).expect_problem(409, "review-required");
    draft(second, shop, Json::object({{"a", 3}})); // and who approved it does
    approve(second, version()).expect_problem(403, "own-draft");
    approve(as.owner, version()).expect_problem(403, "own-draft");
    const auto third = service.caller(service.project(), service.all_scopes(), "third");
    approve(third, version()).expect(200);
    publishing(as.owner).expect(201).field("/author", "second").field("/approver", "third");
}

TEST_F(Review, IsNotAskedForWhereTheSetDoesNotDemandIt) {
    as.owner.patch(shop, {{"review_required", false}}).expect(200);
    draft(as.owner, shop, Json::object({{"a", 1}}));
    publishing(as.owner).expect(201).field("/approver", Json()).field("/reviewed", false);
    as.reader.patch(shop, {{"review_required", true}}).expect(403);
    as.stranger.patch(shop, {{"review_required", true}}).expect_problem(404, "not-found");
    const auto seen = as.owner.get(shop).expect(200);
    as.owner.patch(shop, {{"review_required", true}}).if_match(seen.etag()).expect(200);
    as.owner.patch(shop, {{"review_required", false}}).if_match(seen.etag()).expect_problem(412, "stale-version");
}

TEST_F(Review, AReleaseIsTakenBackWithoutIt) {
    draft(as.owner, shop, Json::object({{"a", 1}}));
    approve(second, version()).expect(200);
    publishing(as.owner).expect(201);
    as.owner.post(shop + "/releases/1/revert", testkit::Members(Json::object())).expect(201).field("/reviewed", false);
}

// Whatever happens first: what is published was approved as it is.
TEST_F(Review, IsNeverOfSomethingElse) {
    for (int round = 1; round <= 10; ++round) {
        draft(as.owner, shop, Json::object({{"a", round}, {"b", 0}}));
        const std::int64_t seen = version();
        std::atomic<int> published{0};
        at_once(3, [&](int i) {
            if (i == 0) approve(second, seen).send();
            if (i == 1) as.owner.patch(shop + "/draft", {{"items", Json::object({{"b", round}})}}).send();
            if (i == 2) published = publishing(as.owner).send().status();
        });
        if (published == 201) as.owner.get(configs + "/effective?application=shop").expect(200).field("/items/1/value", 0);
        else EXPECT_EQ(published, 409);
        as.owner.patch(shop + "/draft", {{"items", Json::object({{"b", nullptr}})}}).expect(200);
        approve(second, version()).expect(200);
        publishing(as.owner).send();
    }
    EXPECT_EQ(service.database().admin("select count(*) from release where reviewed and approver is null or approver = author"), "0");
}

TEST_F(Review, OfARolloutIsForOnePublication) {
    draft(as.owner, shop, Json::object({{"a", 1}}));
    approve(second, version()).expect(200);
    const Json plan = Json::object({{"steps", Json::array({50})}, {"bake_seconds", 3600}});
    const auto begun = as.owner.post(shop + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect(201).field("/approver", "second");
    as.owner.post(shop + "/rollouts/" + begun.text("/rollout") + "/abort", testkit::Members(Json::object())).expect(200);
    publishing(as.owner).expect_problem(409, "review-required"); // it was taken back: somebody looks again
    approve(as.owner, version()).expect_problem(403, "own-draft");
}

class Tags : public ConfigApi {};

TEST_F(Tags, NameReleases) {
    const auto at = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    const auto made = as.owner.post(at + "/tags", {{"name", "v1.0"}, {"number", 1}}).expect(201).field("/tagged_by", "tester");
    EXPECT_EQ(made.location(), at + "/tags/v1.0");
    as.owner.post(at + "/tags", {{"name", "v1.0"}, {"number", 1}}).expect_problem(409, "tag-exists");
    as.owner.post(at + "/tags", {{"name", "v2"}, {"number", 2}}).expect_problem(404, "not-found");
    as.owner.post(at + "/tags", {{"name", "a b"}, {"number", 1}}).expect_problem(422, "invalid-value");
    as.owner.post(at + "/tags", {{"name", "latest"}, {"number", 1}}).expect(201);
    as.reader.get(at + "/tags").expect(200).field("/items/0/name", "latest").field("/items/1/number", 1).field("/items/2", Json());
    as.reader.get(made.location()).expect(200).field("/number", 1);
    as.reader.del(made.location()).expect(403);
    as.stranger.del(made.location()).expect_problem(404, "not-found");
    as.owner.del(made.location()).expect(204);
    as.owner.get(made.location()).expect_problem(404, "not-found");
    as.owner.del(made.location()).expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::config
