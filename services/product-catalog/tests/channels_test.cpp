#include "catalog_fixture.hpp"

namespace gravity::product_catalog {
namespace {

class Channels : public CatalogApi {
protected:
    testkit::Answer channel(std::string key) { return as.owner.post("/api/v1/product-channels", {{"key", key}, {"name", "Channel"}}).expect(201); }
    void shown(std::string slug, std::string_view channels) {
        publish(product(Json::object({{"name", slug}, {"slug", slug}, {"channels", Json::parse(channels).or_throw()}})));
    }
    std::string slugs(const std::string& query) {
        std::string text;
        const Json items = as.owner.get("/api/v1/products?sort=name" + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) text += item.find("slug")->as_string() + " ";
        return text;
    }
};

TEST_F(Channels, ShowWhatIsMeantForThemWhenItIs) {
    channel("web");
    channel("pos");
    shown("everywhere", "[]");
    shown("web-only", R"([{"channel":"web"}])");
    shown("both", R"([{"channel":"web","visible_until":"2020-01-01T00:00:00Z"},{"channel":"pos","visible_from":"2020-01-01T00:00:00Z"}])");
    shown("later", R"([{"channel":"web","visible_from":"2099-01-01T00:00:00Z"}])");
    EXPECT_EQ(slugs(""), "everywhere ");
    EXPECT_EQ(slugs("&channel=web"), "everywhere web-only ");
    EXPECT_EQ(slugs("&channel=pos"), "both everywhere ");
    EXPECT_EQ(slugs("&channel=unheard-of"), "everywhere ");
    as.owner
        .post("/api/v1/products",
              {{"name", "x"},
               {"slug", "x"},
               {"channels", Json::parse(R"([{"channel":"web","visible_from":"2030-01-01T00:00:00Z","visible_until":"2029-01-01T00:00:00Z"}])").or_throw()}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/channels/0/visible_until");
}

TEST_F(Channels, AreNotDeletedFromUnderTheirProducts) {
    const auto web = channel("web"), pos = channel("pos");
    as.owner.post("/api/v1/product-channels", {{"key", "web"}, {"name", "Again"}}).expect_problem(409, "channel-key-taken");
    product(Json::parse(R"({"name":"x","slug":"x","channels":[{"channel":"web"}]})").or_throw());
    as.owner.del(web.location()).expect_problem(409, "channel-in-use").field("/products", 1);
    as.owner.patch(pos.location(), {{"name", "Tills"}}).if_match(pos.etag()).expect(200).field("/name", "Tills").field("/key", "pos");
    as.owner.patch(pos.location(), {{"key", "till"}}).expect_problem(400, "malformed-request");
    as.owner.del(pos.location()).expect(204);
    as.owner.get("/api/v1/product-channels").expect(200).field("/items/0/key", "web").field("/items/1", Json());
    as.stranger.get(web.location()).expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::product_catalog
