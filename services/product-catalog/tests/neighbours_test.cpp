// What inventory, review and pricing tell, and what the public sees when they do not.
#include "api.hpp"
#include "config.hpp"
#include "neighbours.hpp"
#include "product_catalog_migrations.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/redis.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::product_catalog {
namespace {

using testkit::eur;
using testkit::eventually;

bool has(const testkit::Answer& answer, std::string_view part) { return answer.body().find(part) != std::string::npos; }

/// A shop of one project, with a picture for everything it sells.
class Shop : public testing::Test {
protected:
    explicit Shop(app::Texts settings) : settings_(std::move(settings)) {
        settings_["CATALOG_PUBLIC_BASE_URL"] = "https://shop.example";
        settings_["CATALOG_PUBLIC_PROJECT"] = project.to_string();
    }
    void SetUp() override {
        service = std::make_unique<testkit::RunningService>(Service{"product-catalog", 0}
                                                                .settings<Settings>("CATALOG_")
                                                                .postgres(product_catalog_migrations())
                                                                .routes(routes)
                                                                .consume(note_depleted)
                                                                .consume(note_replenished)
                                                                .consume(note_rating)
                                                                .calls<Pricing>(),
                                                            settings_);
        editor = service->caller(project, service->all_scopes());
        nobody = testkit::Client(service->port(), "");
    }

    const ProjectId project = ProjectId::fresh();
    app::Texts settings_;
    std::unique_ptr<testkit::RunningService> service;
    testkit::Client editor, nobody;

    /// A published product of the slug with these SKUs; its id.
    std::string product(const std::string& slug, const std::vector<std::string>& skus) {
        const Json media = Json::parse(R"([{"url":"https://cdn.example/a.jpg"}])").or_throw();
        Json kinds = Json::array(), options = Json::array();
        for (const auto& sku : skus) kinds.push_back("kind " + sku);
        if (skus.size() > 1) options.push_back(Json::object({{"name", "kind"}, {"values", kinds}}));
        const auto made =
            editor.post("/api/v1/products", {{"name", slug}, {"slug", slug}, {"list_price", eur(1999)}, {"media", media}, {"options", options}}).expect(201);
        for (const auto& sku : skus)
            editor
                .post(made.location() + "/variants",
                      {{"sku", sku}, {"options", skus.size() > 1 ? Json::object({{"kind", "kind " + sku}}) : Json::object()}})
                .expect(201);
        editor.post(made.location() + "/publish").expect(200);
        return made.text("/id");
    }
    /// What an agent is told of a product or variant, the latter first.
    testkit::Answer look_up(const std::string& id) { return nobody.post("/catalog/product", {{"id", id}}).send(); }
};

class Announcements : public Shop {
protected:
    Announcements() : Shop({}) {
        settings_["EVENTS_URL"] = redis.url();
    }
    testkit::TestRedis redis;
    std::map<std::string, int> sequences;

    /// As the service `producer` would.
    void announce(const std::string& producer, const std::string& type, const std::string& subject, Json data, std::optional<ProjectId> of = {},
                  Timestamp at = now()) {
        const std::string sequence = std::to_string(++sequences[producer]), id = Uuid::v4().to_string(), whose = of.value_or(project).to_string();
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:" + producer},
                                         {"type", "gravity." + producer + "." + type},
                                         {"subject", subject},
                                         {"time", at.to_string()},
                                         {"project", whose},
                                         {"sequence", sequence},
                                         {"epoch", "1"},
                                         {"data", std::move(data)}});
        redis.cli("xadd 'gravity:events:{" + producer + "}' 1-" + sequence + " id " + id + " type gravity." + producer + "." + type + " project " + whose +
                  " e '" + event.dump() + "'");
    }
    void depleted(const std::string& sku) { announce("inventory", "stock.depleted", sku, Json::object({{"sku", sku}, {"warehouse", "BER"}})); }
    void replenished(const std::string& sku, Timestamp at = now()) {
        announce("inventory", "stock.replenished", sku, Json::object({{"sku", sku}}), {}, at);
    }
    void rated(const std::string& subject, double mean, std::int64_t count) {
        announce("review", "summary.changed", subject, Json::object({{"subject", subject}, {"mean", mean}, {"count", count}, {"verified", 3}}));
    }
    void until_handled(const std::string& producer) {
        const std::string stream = "'gravity:events:{" + producer + "}'", read = "entries-read\n" + std::to_string(sequences[producer]) + "\n";
        eventually("all events of " + producer + " are handled", [&] {
            return redis.cli("xinfo groups " + stream).find(read) != std::string::npos &&
                   redis.cli("xpending " + stream + " product_catalog").starts_with("0\n");
        });
    }
};

TEST_F(Announcements, OfStockAreSeenEverywhere) {
    product("mug", {"Mug-1", "Mug-2"});
    const auto expect_status = [&](const std::string& sku, Json status) {
        look_up(sku).field("/product/variants/0/sku", sku).field("/product/variants/0/availability/status", status);
    };
    EXPECT_FALSE(has(nobody.get("/p/en/mug").expect(200), "schema.org/InStock")); // nobody counts it
    expect_status("Mug-1", Json());
    look_up("Mug-1").field("/product/variants/0/availability/available", true);
    depleted("MUG-1"); // SKUs are the same in any case
    replenished("Mug-2");
    until_handled("inventory");
    const auto page = nobody.get("/p/en/mug").expect(200);
    EXPECT_TRUE(has(page, "<td>Mug-1</td><td>19.99\u00a0EUR</td><td>✗</td>")) << page.body();
    EXPECT_TRUE(has(page, "<td>Mug-2</td><td>19.99\u00a0EUR</td><td>✓</td>")) << page.body();
    EXPECT_TRUE(has(page, "schema.org/OutOfStock"));
    EXPECT_TRUE(has(nobody.get("/feeds/google.xml").expect(200), "<g:availability>out_of_stock</g:availability>"));
    expect_status("Mug-1", "out_of_stock");
    look_up("Mug-1").field("/product/variants/0/availability/available", false);
    expect_status("Mug-2", "in_stock");

    replenished("MUG-1", Timestamp::parse("2020-01-01T00:00:00Z").or_throw()); // older than what is known
    announce("inventory", "stock.depleted", "Mug-2", Json::object({{"sku", "Mug-2"}}), ProjectId::fresh()); // another project's
    announce("inventory", "stock.depleted", "x", Json::object({{"sku", std::string(300, 'x')}}));          // no SKU of ours
    until_handled("inventory");
    expect_status("Mug-1", "out_of_stock");
    expect_status("Mug-2", "in_stock");
    replenished("MUG-1");
    until_handled("inventory");
    expect_status("Mug-1", "in_stock");
    service->caller(project, "events:admin").get("/internal/dead-letters").expect(200).field("/items", Json::array());
}

TEST_F(Announcements, OfRatingsAreSeenEverywhere) {
    const std::string id = product("mug", {"MUG-1"});
    rated(id, 4.6, 12);
    rated("warehouse:berlin", 1, 1); // what else is reviewed
    until_handled("review");
    const auto page = nobody.get("/p/en/mug").expect(200);
    EXPECT_TRUE(has(page, "<p>★ 4.6 (12)</p>"));
    EXPECT_TRUE(has(page, "\"aggregateRating\":{\"@type\":\"AggregateRating\",\"bestRating\":5,\"ratingValue\":4.6,\"reviewCount\":12,\"worstRating\":1}"))
        << page.body();
    look_up(id).field("/product/rating/value", 4.6).field("/product/rating/scale_max", 5).field("/product/rating/count", 12);
    rated(id, 0, 0); // the last review is gone
    until_handled("review");
    EXPECT_FALSE(has(nobody.get("/p/en/mug").expect(200), "aggregateRating"));
    service->caller(project, "events:admin").get("/internal/dead-letters").expect(200).field("/items", Json::array());
}

class Prices : public Shop {
protected:
    Prices() : Shop({}) {
        tokens.on("POST", "/token", {.body = Json::object({{"access_token", "of-the-catalogue"}, {"token_type", "Bearer"}, {"expires_in", 3600}})});
        settings_["DISCOVERY_MODE"] = "consul";
        settings_["DISCOVERY_URL"] = discovery.url();
        settings_["AUTH_TOKEN_URL"] = tokens.url() + "/token";
        settings_["AUTH_CLIENT_ID"] = "product-catalog";
        settings_["AUTH_CLIENT_SECRET"] = "secret";
        settings_["CATALOG_PRICING_PROJECT"] = project.to_string();
    }
    testkit::FakeDiscovery discovery;
    testkit::Neighbour tokens{"tokens"}, pricing{"pricing"};

    static Json shelf(const std::string& sku, std::int64_t cents, std::optional<std::int64_t> prior = {}) {
        Json price = Json::object({{"sku", sku}, {"price", eur(cents)}, {"list", "de-retail"}}); // it may say more than we read
        if (prior) price["lowest_prior_price"] = eur(*prior);
        return price;
    }
    void answer(Json items) { pricing.on("GET", "/api/v1/prices", {.body = Json::object({{"items", std::move(items)}})}); }
    void expect_no_price(const testkit::Answer& page) {
        EXPECT_EQ(page.header("Cache-Control"), "no-store");
        EXPECT_TRUE(has(page, "<h1>mug</h1>"));
        EXPECT_FALSE(has(page, "19.99")) << page.body(); // the list price is not what it costs
        EXPECT_FALSE(has(page, "\"Offer\""));
    }
};

TEST_F(Prices, AreThoseOfThePricingService) {
    discovery.add(pricing);
    answer(Json::array({shelf("MUG-1", 1750, 1890), shelf("CUP-1", 900)}));
    const std::string id = product("mug", {"Mug-1", "Mug-2"});
    const auto page = nobody.get("/p/en/mug").expect(200);
    EXPECT_TRUE(has(page, "<td>Mug-1</td><td><del>18.90\u00a0EUR</del> 17.50\u00a0EUR</td>")) << page.body();
    EXPECT_TRUE(has(page, "<td>Mug-2</td><td></td>")); // pricing does not sell it
    EXPECT_EQ(page.header("Cache-Control"), "public, max-age=60");
    const auto calls = pricing.calls("GET", "/api/v1/prices");
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].query, "sku=Mug-1&sku=Mug-2");
    EXPECT_EQ(calls[0].headers.get("Authorization"), "Bearer of-the-catalogue");
    EXPECT_EQ(tokens.calls().at(0).body, "grant_type=client_credentials&scope=prices%3Aread");

    const auto feed = nobody.get("/feeds/google.xml").expect(200);
    EXPECT_TRUE(has(feed, "<g:price>18.90 EUR</g:price><g:sale_price>17.50 EUR</g:sale_price>")) << feed.body();
    EXPECT_FALSE(has(feed, "Mug-2"));
    EXPECT_TRUE(has(editor.get("/api/v1/product-feeds/google/left-out").expect(200), "\tMug-2\tprice\n"));
    look_up(id).field("/product/variants/0/price/amount", 1750).field("/product/variants/0/list_price/amount", 1890);
    const auto found = nobody.post("/catalog/search", {{"query", "mug"}}).send();
    found.field("/products/0/price_range/min/amount", 1750).field("/products/0/price_range/max/amount", 1750);
}

TEST_F(Prices, OfManyVariantsAreAskedForInParts) {
    discovery.add(pricing);
    std::vector<std::string> skus;
    for (int i = 0; i < 60; ++i) skus.push_back("M-" + std::to_string(i));
    pricing.on("GET", "/api/v1/prices", [](const http::Request& request) {
        Json items = Json::array();
        for (const auto part : ascii::split(request.query, '&')) items.push_back(shelf(std::string(part.substr(4)), 500));
        return testkit::Reply{.body = Json::object({{"items", std::move(items)}})};
    });
    product("mug", skus);
    const auto page = nobody.get("/p/en/mug").expect(200);
    std::size_t prices = 0;
    for (auto at = page.body().find("5.00\u00a0EUR"); at != std::string::npos; at = page.body().find("5.00\u00a0EUR", at + 1)) ++prices;
    EXPECT_EQ(prices, 60u);
    EXPECT_EQ(pricing.calls().size(), 2u);
}

TEST_F(Prices, ThatAreNotToBeHadAreNotInvented) {
    const std::string id = product("mug", {"Mug-1"});
    const auto expect_none = [&] {
        expect_no_price(nobody.get("/p/en/mug").expect(200));
        nobody.get("/feeds/google.tsv").expect_problem(503, "dependency-unavailable").expect_header("Retry-After", "60");
        EXPECT_EQ(look_up(id).status(), 503);
        EXPECT_EQ(nobody.post("/catalog/lookup", {{"ids", Json::array({Json(id)})}}).send().status(), 503);
        nobody.post("/catalog/search", {{"query", "mug"}}).expect(503).field("/code", "prices_unavailable");
    };
    expect_none(); // nobody is there
    pricing.on("GET", "/api/v1/prices", {.status = 500});
    discovery.add(pricing);
    eventually("pricing is found", [&] {
        expect_no_price(nobody.get("/p/en/mug").expect(200));
        return !pricing.calls().empty();
    });
    expect_none(); // it fails
    nobody.get("/health/ready").expect(200); // which is no reason to send nobody here
}

TEST_F(Prices, ThatDoNotComeKeepNoPageWaiting) {
    discovery.add(pricing);
    pricing.on("GET", "/api/v1/prices", {.body = Json::object({{"items", Json::array({shelf("Mug-1", 1750)})}}), .held = true});
    product("mug", {"Mug-1"});
    expect_no_price(nobody.get("/p/en/mug").expect(200)); // while pricing has not answered, and never will
    EXPECT_GE(pricing.calls().size(), 1u);
}

TEST_F(Prices, WhoseTokenDoesNotComeKeepNoPageWaitingEither) {
    discovery.add(pricing);
    tokens.forget();
    tokens.on("POST", "/token", {.body = Json::object({{"access_token", "late"}, {"token_type", "Bearer"}}), .held = true});
    product("mug", {"Mug-1"});
    expect_no_price(nobody.get("/p/en/mug").expect(200));
    EXPECT_EQ(tokens.calls().size(), 1u);
    EXPECT_EQ(pricing.calls().size(), 0u);
}

TEST_F(Prices, AnAnswerOfAnotherFormIsNone) {
    discovery.add(pricing);
    pricing.on("GET", "/api/v1/prices", {.body = Json::object({{"items", Json::array({Json::object({{"sku", "Mug-1"}, {"price", "17.50"}})})}})});
    product("mug", {"Mug-1"});
    expect_no_price(nobody.get("/p/en/mug").expect(200));
}

class ListPrices : public Prices {
protected:
    ListPrices() { settings_["CATALOG_PRICING_PROJECT"] = ProjectId::fresh().to_string(); }
};

TEST_F(ListPrices, AreShownOfOtherProjects) {
    discovery.add(pricing);
    product("mug", {"Mug-1"});
    EXPECT_TRUE(has(nobody.get("/p/en/mug").expect(200), "19.99\u00a0EUR"));
    EXPECT_EQ(pricing.calls().size(), 0u);
}

} // namespace
} // namespace gravity::product_catalog
