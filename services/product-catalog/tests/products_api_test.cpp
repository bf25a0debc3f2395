#include "catalog_fixture.hpp"

namespace gravity::product_catalog {
namespace {

using testkit::eur;

TEST_F(CatalogApi, CreatesAndReads) {
    const auto made = mug();
    EXPECT_EQ(made.location(), "/api/v1/products/" + made.text("/id"));
    EXPECT_EQ(made.etag(), "\"1\"");
    as.owner.get(made.location()).expect(200).field("/name", "Mug").field("/status", "draft").field("/list_price", eur(1999));
    EXPECT_EQ(service.take_events().at(0).type, "gravity.product_catalog.product.created");
}

TEST_F(CatalogApi, PublishesWhatIsStagedOnce) {
    const auto p = mug();
    as.owner.get(p.location() + "?published=true").expect_problem(404, "not-found");
    as.owner.post(p.location() + "/publish").if_match(p.etag()).expect(200).field("/status", "active").field("/revision", 1).expect_header("ETag", "\"2\"");
    as.owner.post(p.location() + "/publish").if_match("\"2\"").expect_problem(422, "nothing-to-publish");
    as.owner.post(p.location() + "/publish").if_match(p.etag()).expect_problem(412, "stale-version").field("/current_version", 2);
    as.owner.del(p.location()).expect_problem(409, "still-active");
    as.owner.post(p.location() + "/unpublish").expect(200).field("/status", "draft").field("/revision", 1);
    as.owner.post(p.location() + "/unpublish").expect_problem(422, "not-active");
    as.owner.del(p.location()).expect(204);
    as.owner.get(p.location()).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "product.created product.published product.unpublished product.deleted ");
}

TEST_F(CatalogApi, BuyersSeeAnEditOnlyOncePublished) {
    const auto p = mug();
    as.owner.post(p.location() + "/publish").expect(200).field("/staged_changes", false);
    as.owner.patch(p.location(), {{"name", "Cup"}}).expect(200).field("/staged_changes", true);
    as.owner.get(p.location()).expect(200).field("/name", "Cup");
    as.owner.get(p.location() + "?published=true").expect(200).field("/name", "Mug").field("/revision", 1);
    as.owner.post(p.location() + "/publish").expect(200).field("/revision", 2);
    as.owner.get(p.location() + "?published=true").expect(200).field("/name", "Cup");
    as.owner.get(p.location() + "?revision=1").expect(200).field("/name", "Mug");
    as.owner.get(p.location() + "?revision=3").expect_problem(404, "not-found");
    as.owner.get(p.location() + "?revision=1&published=true").expect_problem(422, "invalid-value");
}

TEST_F(CatalogApi, WhatABuyerSawCanBeLookedUpEvenWhenTheProductIsGone) {
    const auto p = mug();
    const auto v = variant(p, "MUG-1");
    const auto first = as.owner.post(p.location() + "/publish").expect(200).text("/published_at");
    as.owner.patch(p.location(), {{"name", "Cup"}}).expect(200);
    as.owner.patch(v.location(), {{"sku", "CUP-1"}}).expect(200);
    as.owner.post(p.location() + "/publish").expect(200);
    const auto second = as.owner.get(p.location()).expect(200).text("/published_at");
    as.owner.post(p.location() + "/unpublish").expect(200);
    as.owner.del(p.location()).expect(204);

    as.owner.get(p.location() + "?at=" + first).expect(200).field("/name", "Mug").field("/revision", 1).field("/ended_at", second);
    as.owner.get(p.location() + "?at=" + second).expect(200).field("/name", "Cup").field("/revision", 2);
    as.owner.get(p.location() + "?at=2020-01-01T00:00:00Z").expect_problem(404, "not-found");
    as.owner.get(p.location() + "?at=2099-01-01T00:00:00Z").expect_problem(404, "not-found"); // withdrawn by then
    as.owner.get(p.location() + "/variants?revision=1").expect(200).field("/items/0/sku", "MUG-1");
    as.owner.get(p.location() + "/variants?revision=2").expect(200).field("/items/0/sku", "CUP-1");
    as.owner.get(p.location() + "/revisions").expect(200).field("/items/0/revision", 2).field("/items/1/revision", 1);
    as.stranger.get(p.location() + "?revision=1").expect_problem(404, "not-found");
}

TEST_F(CatalogApi, AnotherProjectSeesNothing) {
    const auto p = mug();
    as.stranger.get(p.location()).expect_problem(404, "not-found");
    as.stranger.patch(p.location(), {{"name", "Mine"}}).expect_problem(404, "not-found");
    as.stranger.del(p.location()).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/products").expect(200).field("/items", Json::array());
    as.stranger.post("/api/v1/products", {{"name", "Mug"}, {"slug", "mug"}}).expect(201);
}

TEST_F(CatalogApi, ASlugIsTakenOnce) {
    mug();
    as.owner.post("/api/v1/products", {{"name", "Other"}, {"slug", "mug"}}).expect_problem(409, "slug-taken");
    const auto other = mug("cup");
    as.owner.patch(other.location(), {{"slug", "mug"}}).expect_problem(409, "slug-taken");
}

TEST_F(CatalogApi, AMergePatchChangesWhatItNames) {
    const auto p = mug();
    as.owner.patch(p.location(), {{"name", "Cup"}, {"list_price", Json()}})
        .if_match("\"1\"")
        .expect(200)
        .field("/name", "Cup")
        .field("/list_price", Json())
        .field("/slug", "mug")
        .field("/version", 2);
    as.owner.patch(p.location(), {{"name", Json()}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/name");
    as.owner.patch(p.location(), {{"status", "active"}}).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/status");
    as.owner.patch(p.location(), {{"name", "Late"}}).if_match("\"1\"").expect_problem(412, "stale-version");
}

TEST_F(CatalogApi, TellsEverythingThatIsWrongAtOnce) {
    const auto answer =
        as.owner.post("/api/v1/products", {{"name", ""}, {"list_price", Json::object({{"amount", "1"}, {"currency", "EU"}})}, {"slug", 1}, {"colour", 1}})
            .expect_problem(400, "malformed-request");
    EXPECT_EQ(pointers(answer), "/colour /list_price/amount /list_price/currency /name /slug ");
}

TEST_F(CatalogApi, AnIdempotencyKeyAnswersWhatItAnsweredBefore) {
    const testkit::Members body{{"name", "Mug"}, {"slug", "mug"}};
    const auto first = as.owner.post("/api/v1/products", body).key("k1").expect(201);
    const auto again = as.owner.post("/api/v1/products", body).key("k1").expect(201);
    EXPECT_EQ(first.body(), again.body());
    EXPECT_EQ(first.location(), again.location());
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
    as.owner.post("/api/v1/products", {{"name", "Cup"}, {"slug", "cup"}}).key("k1").expect_problem(422, "idempotency-key-reused");
    as.owner.post("/api/v1/products", body).key("\xff").expect_problem(400, "malformed-request");
    as.stranger.post("/api/v1/products", body).key("k1").expect(201); // keys of two projects are different keys
    EXPECT_EQ(service.take_events().size(), 2u);
}

// ---- slugs, references

TEST_F(CatalogApi, AnAbandonedDraftSlugIsFreeAndAShownOneIsNot) {
    const auto p = mug();
    as.owner.patch(p.location(), {{"slug", "cup"}}).expect(200);
    const auto other = mug("mug"); // given up before anybody saw it
    as.owner.post(p.location() + "/publish").expect(200);
    service.take_events();
    as.owner.patch(p.location(), {{"slug", "beaker"}}).expect(200);
    as.owner.patch(other.location(), {{"slug", "cup"}}).expect_problem(409, "slug-taken").field("/slug", "cup").field("/lang", "en"); // still current
    as.owner.post(p.location() + "/publish").expect(200);
    as.owner.patch(other.location(), {{"slug", "cup"}}).expect_problem(409, "slug-taken"); // old: a redirect
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[1].type, "gravity.product_catalog.slug.changed");
    EXPECT_EQ(*events[1].data.find("previous"), Json("cup"));
    as.owner.patch(p.location(), {{"slug", "cup"}}).expect(200); // one's own old slug
}

TEST_F(CatalogApi, TranslationsAreOfTheLanguagesOfTheSetting) {
    const auto p = mug();
    as.owner.patch(p.location(), {{"translations", Json::object({{"de", Json::object({{"name", "Becher"}, {"slug", "becher"}})}})}})
        .expect(200)
        .field("/translations/de/name", "Becher");
    as.owner.patch(p.location(), {{"translations", Json::object({{"fr", Json::object({{"name", "Tasse"}})}})}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/translations/fr");
    as.owner.patch(p.location(), {{"translations", Json::object({{"en", Json::object({{"name", "Mug"}})}})}}).expect_problem(422, "invalid-value");
}

TEST_F(CatalogApi, WhatAProductRefersToExists) {
    const auto p = mug();
    const std::string nobody = "01975f2c-0000-7000-8000-000000000000";
    const auto answer = as.owner.patch(p.location(), {{"categories", Json::array({nobody})},
                                                      {"channels", Json::array({Json::object({{"channel", "nowhere"}})})},
                                                      {"links", Json::array({Json::object({{"kind", "accessory"}, {"product_id", nobody}})})}})
                            .expect_problem(422, "invalid-value");
    EXPECT_EQ(pointers(answer), "/categories/0 /channels/0 /links/0 ");
    const auto strange = as.stranger.post("/api/v1/products", {{"name", "Mug"}, {"slug", "mug"}}).expect(201);
    as.owner.patch(p.location(), {{"links", Json::array({Json::object({{"kind", "related"}, {"product_id", strange.text("/id")}})})}})
        .expect_problem(422, "invalid-value");
}

} // namespace
} // namespace gravity::product_catalog
