#include "api.hpp"
#include "product_catalog_migrations.hpp"

#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::product_catalog {
namespace {

using testkit::eur;

class CatalogApi : public testing::Test {
protected:
    testkit::RunningService service{Service{"product-catalog", 0}.postgres(product_catalog_migrations()).routes(routes)};
    testkit::Callers as{service};

    testkit::Answer mug(std::string slug = "mug") {
        return as.owner.post("/api/v1/products", {{"name", "Mug"}, {"slug", slug}, {"list_price", eur(1999)}}).expect(201);
    }
};

TEST_F(CatalogApi, CreatesAndReads) {
    const auto made = mug();
    EXPECT_EQ(made.location(), "/api/v1/products/" + made.text("/id"));
    EXPECT_EQ(made.etag(), "\"1\"");
    as.owner.get(made.location()).expect(200).field("/name", "Mug").field("/status", "draft").field("/list_price", eur(1999));
    EXPECT_EQ(service.take_events().at(0).type, "gravity.product_catalog.product.created");
}

TEST_F(CatalogApi, PublishesADraftOnce) {
    const auto p = mug();
    as.owner.post(p.location() + "/publish").if_match(p.etag()).expect(200).field("/status", "active").expect_header("ETag", "\"2\"");
    as.owner.post(p.location() + "/publish").if_match("\"2\"").expect_problem(422, "not-a-draft");
    as.owner.post(p.location() + "/publish").if_match(p.etag()).expect_problem(412, "stale-version").field("/current_version", 2);
    as.owner.del(p.location()).expect_problem(409, "still-active");
    as.owner.post(p.location() + "/unpublish").expect(200).field("/status", "draft");
    as.owner.del(p.location()).expect(204);
    as.owner.get(p.location()).expect_problem(404, "not-found");
    std::string types;
    for (const auto& event : service.take_events()) types += event.type.substr(event.type.rfind('.')) + " " + (event.subject == p.text("/id") ? "" : "?");
    EXPECT_EQ(types, ".created .published .unpublished .deleted ");
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
    as.owner.patch(p.location(), {{"name", "Cup"}, {"list_price", Json()}}).if_match("\"1\"").expect(200)
        .field("/name", "Cup").field("/list_price", Json()).field("/slug", "mug").field("/version", 2);
    as.owner.patch(p.location(), {{"name", Json()}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/name");
    as.owner.patch(p.location(), {{"status", "active"}}).expect_problem(400, "malformed-request").field("/errors/0/pointer", "/status");
    as.owner.patch(p.location(), {{"name", "Late"}}).if_match("\"1\"").expect_problem(412, "stale-version");
}

TEST_F(CatalogApi, TellsEverythingThatIsWrongAtOnce) {
    const auto answer = as.owner.post("/api/v1/products", {{"name", ""}, {"list_price", Json::object({{"amount", "1"}, {"currency", "EU"}})}, {"colour", 1}})
                            .expect_problem(400, "malformed-request");
    std::string pointers;
    const Json errors = answer.at("/errors");
    for (const Json& error : errors.as_array()) pointers += error.find("pointer")->as_string() + " ";
    EXPECT_EQ(pointers, "/colour /list_price/amount /list_price/currency /name /slug ");
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

TEST_F(CatalogApi, PagesThroughAllProductsOnce) {
    for (int i = 0; i < 7; ++i) mug("mug-" + std::to_string(i));
    std::string slugs, cursor;
    do {
        const auto page = as.owner.get("/api/v1/products?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor)).expect(200);
        const Json items = page.at("/items");
        for (const Json& item : items.as_array()) slugs += item.find("slug")->as_string().substr(4);
        cursor = page.text("/next_cursor");
    } while (!cursor.empty());
    EXPECT_EQ(slugs, "6543210");
    as.owner.get("/api/v1/products?status=active").expect(200).field("/items", Json::array());
    as.owner.get("/api/v1/products?limit=0").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/limit");
    as.owner.get("/api/v1/products?colour=red").expect_problem(400, "malformed-request");
}

} // namespace
} // namespace gravity::product_catalog
