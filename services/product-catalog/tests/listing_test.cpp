#include "catalog_fixture.hpp"
#include "listing_domain.hpp"
#include "support.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace gravity::product_catalog {
namespace {

using testkit::eur;

// ---- parameters

std::string parsed(const std::map<std::string, std::string>& parameters) {
    meta::Errors errors;
    const auto filters = parse_filters(parameters, errors);
    return errors.empty() ? json::encode(filters) : errors.to_string();
}

TEST(ListingFilters, AreValuesOrBounds) {
    EXPECT_EQ(parsed({{"color", "red,blue"}}), R"([{"attribute":"color","texts":["red","blue"],"numbers":[],"low_open":false,"high_open":false}])");
    EXPECT_EQ(parsed({{"size.gte", "38"}, {"size.lt", "40.5"}}),
              R"([{"attribute":"size","texts":[],"numbers":[],"low":38.0,"high":40.5,"low_open":false,"high_open":true}])");
    EXPECT_EQ(parsed({{"size", "38"}}), R"([{"attribute":"size","texts":["38"],"numbers":[38.0],"low_open":false,"high_open":false}])");
    EXPECT_EQ(parsed({{"released.gt", "2026-01-01"}}),
              R"([{"attribute":"released","texts":[],"numbers":[],"text_low":"2026-01-01","low_open":true,"high_open":false}])");
    EXPECT_EQ(parsed({{"size.above", "38"}}), "/attr.size.above: must end in .gte, .gt, .lte or .lt, or in nothing");
    EXPECT_EQ(parsed({{"size.gte", "38"}, {"size.gt", "39"}}), "/attr.size.gte: bounds from below a second time");
    EXPECT_EQ(parsed({{"size", "38"}, {"size.gt", "39"}}), "/attr.size: must be either values or bounds");
    EXPECT_EQ(parsed({{"Size", "38"}}), "/attr.Size: must have lower-case letters, digits and underscores only, and begin with a letter");
    EXPECT_EQ(parsed({{"size.", "38"}}), "/attr.size.: must end in .gte, .gt, .lte or .lt, or in nothing");
}

TEST(ListingCursors, OfAnotherEpochHaveExpired) {
    const ListingCursor cursor{7, Timestamp::from_unix_seconds(1'700'000'000), true, Text<1, 1000>("abc")};
    EXPECT_EQ(read_listing_cursor(to_text(cursor), 7).inner.view(), "abc");
    EXPECT_EQ(read_listing_cursor(to_text(cursor), 7).at, cursor.at);
    EXPECT_TRUE(read_listing_cursor(to_text(cursor), 7).walking);
    EXPECT_FALSE(read_listing_cursor("7.0.g.abc", 7).walking);
    EXPECT_EQ(refusal_of([&] { read_listing_cursor(to_text(cursor), 8); }), "cursor-expired");
    for (const char* text : {"", "abc", "7.abc", "x.1.g.abc", "7.1.g.", "7.1.abc", "7.1.h.abc", "7.99999999999999999999.g.abc", "7.-9223372036854775807.g.abc"})
        EXPECT_EQ(refusal_of([&] { read_listing_cursor(text, 7); }), "invalid-cursor") << text;
}

// ---- through HTTP

class ListingApi : public CatalogApi {
protected:
    testkit::Answer shoes = type(R"([{"name":"brand","kind":"text"},{"name":"tags","kind":"set","values":[{"value":"new"},{"value":"sale"},{"value":"eco"}]},
        {"name":"color","kind":"enum","per_variant":true,"values":[{"value":"red"},{"value":"green"},{"value":"blue"}]},
        {"name":"size","kind":"number","per_variant":true},{"name":"released","kind":"date"},
        {"name":"weight","kind":"measurement","unit":"kg","per_variant":true}])");

    struct V {
        std::string color;
        int size;
    };
    testkit::Answer shoe(std::string slug, std::vector<V> variants, Json attributes = Json::object(), Json more = Json::object()) {
        Json body = Json::object({{"name", "Shoe " + slug}, {"slug", slug}, {"type_id", shoes.text("/id")}, {"attributes", std::move(attributes)}});
        body["options"] = Json::parse(R"([{"name":"color","values":["red","green","blue"]},{"name":"size","values":["38","39","40","41"]}])").or_throw();
        for (const auto& [key, value] : more.as_object()) body[key] = value;
        const auto p = product(body);
        for (const V& v : variants)
            variant(p, slug + "-" + v.color + std::to_string(v.size), Json::object({{"color", v.color}, {"size", std::to_string(v.size)}}));
        publish(p);
        return p;
    }
    std::string slugs(const std::string& query) {
        std::string text;
        const Json items = as.owner.get("/api/v1/products?" + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) text += item.find("slug")->as_string() + " ";
        return text;
    }
    std::string facet(const std::string& query, const std::string& attribute) {
        std::string text;
        const Json values = as.owner.get("/api/v1/products?" + query).expect(200).at("/facets/" + attribute);
        for (const Json& value : values.as_array()) text += value.find("value")->dump() + ":" + value.find("count")->dump() + " ";
        return text;
    }
};

TEST_F(ListingApi, VariantFiltersMustHoldOnOneVariant) {
    shoe("a", {{"red", 40}, {"blue", 41}});
    shoe("b", {{"red", 41}});
    EXPECT_EQ(slugs("attr.color=red&attr.size=41"), "b ");
    EXPECT_EQ(slugs("attr.color=red,blue&attr.size=41"), "b a ");
    EXPECT_EQ(slugs("attr.size.gt=40"), "b a ");
    EXPECT_EQ(slugs("attr.size.lt=41&attr.color=blue"), "");
    EXPECT_EQ(slugs("attr.size.gte=40.5&attr.size.lte=41"), "b a ");
    EXPECT_EQ(slugs("attr.nothing=red"), "");
}

TEST_F(ListingApi, AFacetIgnoresItsOwnFilterAndHeedsTheOthers) {
    shoe("a", {{"red", 40}, {"blue", 41}});
    shoe("b", {{"red", 41}});
    shoe("c", {{"green", 39}, {"red", 39}});
    EXPECT_EQ(facet("facets=color,size", "color"), R"("red":3 "blue":1 "green":1 )");
    EXPECT_EQ(facet("attr.color=red&facets=color,size", "color"), R"("red":3 "blue":1 "green":1 )");
    EXPECT_EQ(facet("attr.color=red&facets=color,size", "size"), "39:1 40:1 41:1 ");
    EXPECT_EQ(facet("attr.color=blue&facets=color,size", "size"), "41:1 ");
    EXPECT_EQ(facet("attr.color=blue&attr.size=41&facets=color,size", "color"), R"("blue":1 "red":1 )");
    EXPECT_EQ(facet("facets=brand", "brand"), "");
}

TEST_F(ListingApi, AnswersWhatTheSpecificationShows) {
    const auto p = shoe("a", {{"red", 40}, {"red", 41}}, Json::object({{"brand", "Acme"}}), Json::object({{"list_price", eur(8990)}}));
    const auto q = as.owner.get("/api/v1/products?attr.color=red,blue&attr.size.gte=41&facets=color,size&limit=24").expect(200);
    q.field("/items/0/id", p.text("/id"))
        .field("/items/0/slug", "a")
        .field("/items/0/title", "Shoe a")
        .field("/items/0/price_from", eur(8990))
        .field("/items/0/revision", 1);
    EXPECT_EQ(q.at("/items/0/matching_variants").size(), 1u);
    q.field("/facets/size", Json::parse(R"([{"count":1,"value":40},{"count":1,"value":41}])").or_throw());
    as.owner.get("/api/v1/products?attr.size.over=3")
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/attr.size.over")
        .field("/errors/0/in", "query");
    as.owner.get("/api/v1/products?sort=colour").expect_problem(422, "invalid-value");
    as.stranger.get("/api/v1/products?facets=color").expect(200).field("/items", Json::array()).field("/facets/color", Json::array());
}

TEST_F(ListingApi, SpeaksTheLanguageAskedFor) {
    shoe("a", {}, Json::object(), Json::object({{"translations", Json::parse(R"({"de":{"name":"Schuh"}})").or_throw()}}));
    as.owner.get("/api/v1/products?lang=de-AT").expect(200).field("/items/0/title", "Schuh").field("/items/0/slug", "a");
    as.owner.get("/api/v1/products?lang=fr").expect(200).field("/items/0/title", "Shoe a");
}

TEST_F(ListingApi, FindsWordsAndCodes) {
    shoe("a", {{"red", 40}}, Json::object(), Json::object({{"name", "100% Wool"}, {"translations", Json::parse(R"({"de":{"name":"WÄRME_A"}})").or_throw()}}));
    shoe("b", {{"red", 41}});
    EXPECT_EQ(slugs("q=wool"), "a ");
    EXPECT_EQ(slugs("q=w%C3%A4rme_a"), "a ");
    EXPECT_EQ(slugs("q=w%C3%A4rmeXa"), "");
    EXPECT_EQ(slugs("q=100%25"), "a ");
    EXPECT_EQ(slugs("q=B-RED"), "b ");
}

TEST_F(ListingApi, SortsAndPagesWithoutAGapInEveryOrder) {
    const int prices[] = {500, 300, 300, 900, 100, 300, 700};
    for (int i = 0; i < 7; ++i)
        shoe("s" + std::to_string(i), {}, Json::object(), Json::object({{"list_price", eur(prices[i])}, {"name", "N" + std::to_string(6 - i)}}));
    shoe("free", {}, Json::object(), Json::object({{"name", "Z"}}));
    const auto walk = [&](const std::string& sort) {
        std::string all, cursor;
        do {
            const auto page = as.owner.get("/api/v1/products?limit=3&sort=" + sort + (cursor.empty() ? "" : "&cursor=" + cursor)).expect(200);
            const Json items = page.at("/items");
            for (const Json& item : items.as_array()) all += item.find("slug")->as_string() + " ";
            cursor = page.text("/next_cursor");
        } while (!cursor.empty());
        return all;
    };
    EXPECT_EQ(walk("-published_at"), "free s6 s5 s4 s3 s2 s1 s0 ");
    EXPECT_EQ(walk("price"), "s4 s1 s2 s5 s0 s6 s3 free "); // equal prices by id; without a price last
    EXPECT_EQ(walk("-price"), "free s3 s6 s0 s5 s2 s1 s4 ");
    EXPECT_EQ(walk("name"), "s6 s5 s4 s3 s2 s1 s0 free ");
    const auto cursor = as.owner.get("/api/v1/products?limit=3").expect(200).text("/next_cursor");
    as.owner.get("/api/v1/products?limit=3&attr.color=red&cursor=" + cursor).expect_problem(400, "invalid-cursor"); // another list
    as.stranger.get("/api/v1/products?limit=3&cursor=" + cursor).expect_problem(400, "invalid-cursor");
    as.owner
        .patch(shoes.location(),
               {{"attributes", Json::parse(R"([{"name":"color","kind":"set","per_variant":true,"values":[{"value":"red"}]}])").or_throw()}})
        .expect_problem(409, "breaks-products");
    as.owner.patch(shoes.location(), {{"attributes", Json::array()}}).expect(200);
    as.owner.get("/api/v1/products?limit=3&cursor=" + cursor).expect_problem(400, "cursor-expired");
}

TEST_F(ListingApi, ACategoryHoldsWhatIsBelowIt) {
    const auto c = as.owner
                       .post("/api/v1/product-categories",
                             {{"name", "Shoes"}, {"slug", "shoes"}, {"translations", Json::parse(R"({"de":{"slug":"schuhe"}})").or_throw()}})
                       .expect(201);
    const auto d = as.owner.post("/api/v1/product-categories", {{"name", "Running"}, {"slug", "running"}, {"parent_id", c.text("/id")}}).expect(201);
    shoe("a", {}, Json::object(), Json::object({{"categories", Json::array({d.text("/id")})}}));
    shoe("b", {{"red", 38}}, Json::object(), Json::object({{"categories", Json::array({c.text("/id")})}}));
    shoe("c", {});
    EXPECT_EQ(slugs("category=shoes"), "b a ");
    EXPECT_EQ(slugs("category=schuhe"), "b a ");
    EXPECT_EQ(slugs("category=" + d.text("/id")), "a ");
    EXPECT_EQ(slugs("category=unknown"), "");
    EXPECT_EQ(facet("category=running&facets=color", "color"), "");
    EXPECT_EQ(facet("category=shoes&facets=color", "color"), R"("red":1 )");
}

TEST_F(ListingApi, DraftsAreForThoseWhoMayChangeThem) {
    shoe("a", {});
    product(Json::object({{"name", "Draft"}, {"slug", "d"}}));
    EXPECT_EQ(slugs(""), "a ");
    EXPECT_EQ(slugs("staged=true"), "d a ");
    EXPECT_EQ(slugs("staged=true&status=draft"), "d ");
    as.reader.get("/api/v1/products?staged=true").expect_problem(403, "forbidden");
    as.reader.get("/api/v1/products").expect(200).field("/items/0/slug", "a").field("/items/1", Json());
    as.owner.get("/api/v1/products?staged=true&attr.color=red").expect_problem(422, "invalid-value");
    as.owner.get("/api/v1/products?status=draft").expect_problem(422, "invalid-value");
}

TEST_F(ListingApi, APublishableKeySeesWhatIsPublishedOnly) {
    const auto p = shoe("a", {{"red", 40}});
    const auto key =
        as.owner.post("/api/v1/product-catalog/access-keys", {{"name", "shop"}, {"kind", "publishable"}, {"scopes", Json::array({"products:read"})}})
            .expect(201)
            .text("/key");
    as.anonymous.get("/api/v1/products?key=" + key).expect(200).field("/items/0/slug", "a");
    as.anonymous.get("/api/v1/variants?sku=a-red40&key=" + key).expect(200).field("/items/0/product_id", p.text("/id"));
    as.anonymous.get("/api/v1/products?staged=true&key=" + key).expect_problem(403, "forbidden");
    as.anonymous.get(p.location() + "?key=" + key).expect_problem(401, "unauthenticated");
    as.anonymous.get("/api/v1/products").expect_problem(401, "unauthenticated");
}

// ---- against a brute-force oracle

struct Shoe {
    std::string slug, brand;
    std::set<std::string> tags;
    std::set<std::pair<std::string, int>> variants;
};
struct Query {
    std::set<std::string> colors, brands, tags;
    int low = 0, high = 100; // of size
    bool by_size() const { return low > 0 || high < 100; }

    std::string text() const {
        const auto joined = [](std::string name, const std::set<std::string>& values) {
            std::string out;
            for (const auto& value : values) out += out.empty() ? "&attr." + name + "=" + value : "," + value;
            return out;
        };
        return joined("color", colors) + joined("brand", brands) + joined("tags", tags) + (low > 0 ? "&attr.size.gte=" + std::to_string(low) : "") +
               (high < 100 ? "&attr.size.lte=" + std::to_string(high) : "");
    }
    bool takes(const Shoe& shoe, const std::string& but = {}) const {
        if (but != "brand" && !brands.empty() && !brands.contains(shoe.brand)) return false;
        return but == "tags" || tags.empty() || std::any_of(tags.begin(), tags.end(), [&](const auto& tag) { return shoe.tags.contains(tag); });
    }
    bool takes(const std::pair<std::string, int>& variant, const std::string& but = {}) const {
        if (but != "color" && !colors.empty() && !colors.contains(variant.first)) return false;
        return but == "size" || (variant.second >= low && variant.second <= high);
    }
    bool found(const Shoe& shoe, const std::string& but = {}) const {
        if (!takes(shoe, but)) return false;
        const bool asks_variants = (but != "color" && !colors.empty()) || (but != "size" && by_size());
        return !asks_variants || std::any_of(shoe.variants.begin(), shoe.variants.end(), [&](const auto& v) { return takes(v, but); });
    }
};

TEST_F(ListingApi, FindsAndCountsWhatBruteForceDoes) {
    std::mt19937 random(20'261'126);
    const auto pick = [&](const auto& from) { return from[random() % std::size(from)]; };
    const std::string colors[] = {"red", "green", "blue"}, brands[] = {"Acme", "Bolt", "Crux"}, tags[] = {"new", "sale", "eco"};
    std::vector<Shoe> all;
    for (int i = 0; i < 40; ++i) {
        Shoe shoe{"p" + std::to_string(i), pick(brands), {}, {}};
        for (auto n = random() % 3; n > 0; --n) shoe.tags.insert(pick(tags));
        for (auto n = random() % 5; n > 0; --n) shoe.variants.insert({pick(colors), 38 + static_cast<int>(random() % 4)});
        std::vector<V> variants;
        for (const auto& [color, size] : shoe.variants) variants.push_back({color, size});
        Json attributes = Json::object({{"brand", shoe.brand}, {"tags", Json::array()}});
        for (const auto& tag : shoe.tags) attributes["tags"].push_back(Json(tag));
        this->shoe(shoe.slug, variants, attributes);
        all.push_back(std::move(shoe));
    }
    int nonempty = 0;
    for (int round = 0; round < 150; ++round) {
        Query query;
        if (random() % 2)
            for (unsigned n = 1 + random() % 2; n > 0; --n) query.colors.insert(pick(colors));
        if (random() % 3 == 0) query.brands.insert(pick(brands));
        if (random() % 3 == 0)
            for (unsigned n = 1 + random() % 2; n > 0; --n) query.tags.insert(pick(tags));
        if (random() % 2) query.low = 38 + static_cast<int>(random() % 4);
        if (random() % 3 == 0) query.high = 38 + static_cast<int>(random() % 4);

        const auto answer = as.owner.get("/api/v1/products?limit=200&facets=color,size,brand,tags" + query.text()).expect(200);
        std::set<std::string> found, expected;
        std::map<std::string, std::size_t> matching;
        const Json items = answer.at("/items");
        for (const Json& item : items.as_array()) {
            found.insert(item.find("slug")->as_string());
            matching[item.find("slug")->as_string()] = item.find("matching_variants")->size();
        }
        std::map<std::string, std::map<std::string, std::set<std::string>>> facets; // attribute, value, products
        for (const Shoe& shoe : all) {
            if (query.found(shoe)) {
                expected.insert(shoe.slug);
                if (!query.text().empty()) {
                    EXPECT_EQ(matching[shoe.slug], static_cast<std::size_t>(std::count_if(shoe.variants.begin(), shoe.variants.end(),
                                                                                          [&](const auto& v) { return query.takes(v); })))
                        << query.text();
                }
            }
            if (query.found(shoe, "brand")) facets["brand"][Json(shoe.brand).dump()].insert(shoe.slug);
            if (query.found(shoe, "tags"))
                for (const auto& tag : shoe.tags) facets["tags"][Json(tag).dump()].insert(shoe.slug);
            for (const auto& v : shoe.variants) {
                if (query.takes(shoe) && query.takes(v, "color")) facets["color"][Json(v.first).dump()].insert(shoe.slug);
                if (query.takes(shoe) && query.takes(v, "size")) facets["size"][std::to_string(v.second)].insert(shoe.slug);
            }
        }
        EXPECT_EQ(found, expected) << query.text();
        nonempty += !expected.empty();
        for (const char* attribute : {"color", "size", "brand", "tags"}) {
            std::map<std::string, std::size_t> counted, right;
            const Json values = answer.at(std::string("/facets/") + attribute);
            for (const Json& value : values.as_array()) {
                const Json& v = *value.find("value");
                counted[v.is_string() ? v.dump() : std::to_string(static_cast<int>(v.as_number()))] =
                    static_cast<std::size_t>(value.find("count")->as_integer());
            }
            for (const auto& [value, products] : facets[attribute]) right[value] = products.size();
            EXPECT_EQ(counted, right) << attribute << " of " << query.text();
        }
    }
    EXPECT_GT(nonempty, 75);
}

} // namespace
} // namespace gravity::product_catalog
