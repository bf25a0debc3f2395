#include "catalog_fixture.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <random>

namespace gravity::product_catalog {
namespace {

// What is found and counted must not depend on whether products are packed into bits or looked at row by row.
class Packing : public CatalogApi {
protected:
    void pack() {
        run_job("facet-packing");
        EXPECT_EQ(service.database().admin("select count(*) from facet_change"), "0");
    }
    std::string listed(const std::string& query) { return as.owner.get("/api/v1/products?" + query).expect(200).body(); }
    /// Slugs of all pages.
    std::vector<std::string> walk(const std::string& query) {
        std::vector<std::string> slugs;
        std::string cursor;
        do {
            const auto page = as.owner.get("/api/v1/products?limit=200&" + query + (cursor.empty() ? "" : "&cursor=" + cursor)).expect(200);
            const Json items = page.at("/items");
            for (const Json& item : items.as_array()) slugs.push_back(item.find("slug")->as_string());
            cursor = page.text("/next_cursor");
        } while (!cursor.empty());
        return slugs;
    }
};

TEST_F(Packing, ChangesNothingThatIsFoundOrCounted) {
    std::mt19937 random(20'261'127);
    const auto pick = [&](const auto& from) { return from[random() % std::size(from)]; };
    const std::string colors[] = {"red", "green", "blue"}, brands[] = {"Acme", "Bolt", "Crux"};
    const auto shoes = type(R"([{"name":"brand","kind":"text"},{"name":"tags","kind":"set","values":[{"value":"new"},{"value":"sale"}]}])");
    for (const char* channel : {"web", "store"}) as.owner.post("/api/v1/product-channels", {{"key", channel}, {"name", channel}}).expect(201);
    const auto top = as.owner.post("/api/v1/product-categories", {{"name", "Top"}, {"slug", "top"}}).expect(201).text("/id");
    const auto below = as.owner.post("/api/v1/product-categories", {{"name", "Below"}, {"slug", "below"}, {"parent_id", top}}).expect(201).text("/id");
    const auto other = as.owner.post("/api/v1/product-categories", {{"name", "Other"}, {"slug", "other"}}).expect(201).text("/id");
    const std::string categories[] = {"", top, below, other};
    const std::string channels[] = {R"([])", R"([])", R"([{"channel":"web"}])", R"([{"channel":"web"},{"channel":"store"}])",
                                    R"([{"channel":"store","visible_from":"2020-01-01T00:00:00Z"}])",
                                    R"([{"channel":"web","visible_from":"2999-01-01T00:00:00Z"},{"channel":"store"}])",
                                    R"([{"channel":"web","visible_until":"2020-01-01T00:00:00Z"}])"};
    std::vector<testkit::Answer> products;
    for (int i = 0; i < 60; ++i) {
        const std::string slug = "p" + std::to_string(i);
        Json body = Json::object({{"name", "Shoe " + slug}, {"slug", slug}, {"type_id", shoes.text("/id")}, {"list_price", testkit::eur(100 + i % 7)}});
        body["attributes"] = Json::object({{"brand", pick(brands)}, {"tags", Json::array({random() % 2 ? "new" : "sale"})}});
        body["options"] = Json::parse(R"([{"name":"color","values":["red","green","blue"]},{"name":"size","values":["38","39","40"]}])").or_throw();
        body["channels"] = Json::parse(pick(channels)).or_throw();
        if (const std::string category = pick(categories); !category.empty()) body["categories"] = Json::array({category});
        const auto p = product(body);
        for (auto n = random() % 7; n > 0; --n) {
            const Json options = Json::object({{"color", pick(colors)}, {"size", std::to_string(38 + random() % 3)}});
            const auto made = as.owner.post(p.location() + "/variants",
                                            {{"sku", slug + "-" + std::to_string(n)}, {"options", options}})
                                  .send();
            EXPECT_TRUE(made.status() == 201 || made.status() == 409) << made.body(); // 409: there is such a one already
        }
        publish(p);
        products.push_back(p);
    }
    const auto collection =
        as.owner.post("/api/v1/product-collections", {{"name", "Red"}, {"slug", "red"}, {"rule", Json::parse(R"({"attr":{"color":"red"}})").or_throw()}})
            .expect(201)
            .text("/id");

    std::vector<std::string> queries;
    for (int i = 0; i < 100; ++i) {
        std::string query = "limit=7&facets=color,size,brand,tags";
        if (random() % 2) query += "&attr.color=" + pick(colors) + (random() % 2 ? "," + pick(colors) : "");
        if (random() % 3 == 0) query += "&attr.size.gte=" + std::to_string(38 + random() % 3);
        if (random() % 4 == 0) query += "&attr.brand=" + pick(brands);
        if (random() % 4 == 0) query += "&attr.tags=new";
        if (random() % 2) query += random() % 2 ? "&channel=web" : "&channel=store";
        if (random() % 4 == 0) query += std::string("&category=") + (random() % 2 ? "top" : "below");
        if (random() % 8 == 0) query += "&collection=" + collection;
        if (random() % 8 == 0) query += "&q=p" + std::to_string(random() % 6);
        if (random() % 2) query += "&sort=price";
        queries.push_back(query);
    }
    const auto without_cursor = [](const std::string& body) { return body.substr(0, body.find("\"next_cursor\"")); };
    const auto all_answers = [&] {
        std::vector<std::string> answers;
        for (const std::string& query : queries) answers.push_back(without_cursor(listed(query)));
        return answers;
    };
    EXPECT_EQ(service.database().admin("select count(*) from facet_place"), "0");
    const auto by_rows = all_answers();
    EXPECT_GT(std::count_if(by_rows.begin(), by_rows.end(), [](const std::string& body) { return body.find("\"count\"") != std::string::npos; }), 15);
    pack();
    EXPECT_EQ(service.database().admin("select count(*) from facet_place where bit is not null"), "60");
    EXPECT_EQ(all_answers(), by_rows);
    EXPECT_EQ(service.database().admin("select count(distinct value_id) from facet_bits where plane = -1"), "6"); // colors and sizes
    service.database().admin("delete from facet_bits where plane = -1"); // as a former release packs
    service.database().admin("delete from facet_set where kind = 'any'");
    EXPECT_EQ(all_answers(), by_rows);

    // A part has changed since: some twice, some are withdrawn, one is gone, a category hands its products on, a rule is another.
    for (int i = 0; i < 25; ++i) {
        const auto& p = products[random() % products.size()];
        Json attributes = Json::object({{"brand", pick(brands)}});
        as.owner.patch(p.location(), {{"attributes", attributes}, {"channels", Json::parse(pick(channels)).or_throw()}}).expect(200);
        publish(p);
    }
    for (int i = 0; i < 5; ++i) as.owner.post(products[static_cast<std::size_t>(i)].location() + "/unpublish").expect(200);
    as.owner.del(products[0].location()).expect(204);
    as.owner.del("/api/v1/product-categories/" + other + "?reassign_to=" + below).expect(204);
    as.owner.patch("/api/v1/product-collections/" + collection, {{"rule", Json::parse(R"({"attr":{"color":"blue"}})").or_throw()}}).expect(200);
    const auto partly = all_answers();
    EXPECT_NE(partly, by_rows);
    pack();
    EXPECT_EQ(service.database().admin("select count(*) from facet_place"), "55");
    EXPECT_EQ(all_answers(), partly);
    service.database().admin("delete from facet_bits"); // and with no bits at all, by rows
    service.database().admin("delete from facet_set");
    service.database().admin("insert into facet_change (project, product_id) select project, product_id from facet_place");
    service.database().admin("delete from facet_place");
    EXPECT_EQ(all_answers(), partly);
}

TEST_F(Packing, AProductOfVeryManyKindsOfVariantsCountsByItsRows) {
    Json axis = Json::object({{"name", "size"}, {"values", Json::array()}});
    for (int i = 0; i < 65; ++i) axis["values"].push_back(Json(std::to_string(i)));
    const auto wide = product(Json::object({{"name", "Wide"}, {"slug", "wide"}, {"options", Json::array({axis})}}));
    as.owner.post(wide.location() + "/generate-variants", {{"sku_prefix", "W"}}).expect(200);
    publish(wide);
    const auto narrow = product(Json::object({{"name", "Narrow"}, {"slug", "narrow"}, {"options", Json::array({axis})}}));
    variant(narrow, "N", Json::object({{"size", "7"}}));
    publish(narrow);
    pack();
    EXPECT_EQ(service.database().admin("select count(*) || ' ' || count(bit) from facet_place"), "2 1");
    const auto found = as.owner.get("/api/v1/products?attr.size=7&facets=size").expect(200);
    found.field("/items/0/slug", "narrow").field("/items/1/slug", "wide").field("/facets/size/0", Json::parse(R"({"value":"7","count":2})").or_throw());
    EXPECT_EQ(found.at("/facets/size").size(), 65u);
}

// Enough of them that some lists are walked through and others gathered.
TEST_F(Packing, LongListsAreInOrderEitherWay) {
    service.database().admin("select set_config('gravity.project', '" + service.project().to_string() + R"sql(', false);
        insert into attribute (name, indexed_as) values ('tone', 'number');
        insert into attr_value (attribute_id, v_num) select a.id, n from attribute a, generate_series(0, 9) n;
        insert into product (id, staged, status, version, revision, published_version, published_at)
        select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
               jsonb_build_object('name', 'P' || n, 'slug', 'p-' || n) ||
                   '{"translations":{}, "attributes":{}, "options":[], "categories":[], "channels":[], "media":[], "links":[]}',
               'active', 2, 1, 2, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 second'
        from generate_series(1, 2500) n;
        insert into revision (product_id, revision, version, body, created_at, published_at) select id, 1, 2, staged, created_at, published_at from product;
        insert into listing (product_id, channel, visible_from, visible_until, published_at, sort_name, sort_price, search_text)
        select id, '', '-infinity', 'infinity', published_at, lower(staged->>'name'), (extract(epoch from published_at)::bigint * 7919) % 1000, 'p'
        from product;
        insert into attr_index (product_id, vals)
        select p.id, array[v.id] from product p join attr_value v on v.v_num = extract(epoch from p.published_at)::bigint % 10;
        insert into facet_change (product_id) select id from product)sql");
    pack();
    const auto oracle = [&](const std::string& condition, const std::string& order) {
        const std::string text = service.database().admin("select string_agg(p.staged->>'slug', ' ' order by " + order +
                                                          ") from product p join listing l on l.product_id = p.id join attr_index x on x.product_id = p.id "
                                                          "join attr_value v on v.id = any (x.vals) where v.v_num " +
                                                          condition);
        std::vector<std::string> slugs;
        for (const auto slug : ascii::split(text, ' ')) slugs.emplace_back(slug);
        return slugs;
    };
    const std::pair<const char*, const char*> orders[] = {{"-published_at", "l.published_at desc, p.id desc"},
                                                          {"price", "l.sort_price, p.id"},
                                                          {"-price", "l.sort_price desc, p.id desc"},
                                                          {"name", "l.sort_name, p.id"}};
    for (const auto& [sort, order] : orders) {
        const std::string by = std::string("&sort=") + sort;
        const auto narrow = walk("attr.tone=3" + by), broad = walk("attr.tone.gte=3" + by);
        EXPECT_EQ(narrow.size(), 250u);
        EXPECT_EQ(narrow, oracle("= 3", order)) << sort;
        EXPECT_EQ(broad.size(), 1'750u);
        EXPECT_EQ(broad, oracle(">= 3", order)) << sort;
        EXPECT_EQ(walk("attr.tone.gte=0" + by), oracle(">= 0", order)) << sort;
    }
    as.owner.get("/api/v1/products?attr.tone.gte=5&facets=tone").expect(200).field("/facets/tone/9", Json::parse(R"({"value":9,"count":250})").or_throw());
}

TEST_F(Packing, BeginsByItselfOnceManyHaveChanged) {
    const auto p = mug();
    service.database().admin("insert into facet_change (project, product_id) select '" + service.project().to_string() + "', '" + p.text("/id") +
                             "' from generate_series(1, 20001)"); // more than one run takes
    const auto packed = [&] {
        service.run_jobs_until_idle();
        return service.database().admin("select count(*) from facet_place") == "1";
    };
    publish(p);
    for (int i = 0; !packed(); ++i) { // one publication in 64 asks
        ASSERT_LT(i, 5'000);
        as.owner.patch(p.location(), {{"name", "Mug " + std::to_string(i)}}).expect(200);
        publish(p);
    }
    EXPECT_EQ(service.database().admin("select count(*) from facet_change"), "0");
}

} // namespace
} // namespace gravity::product_catalog
