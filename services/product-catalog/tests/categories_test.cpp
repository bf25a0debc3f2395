#include "catalog_fixture.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace gravity::product_catalog {
namespace {

class Categories : public CatalogApi {
protected:
    testkit::Answer category(std::string name, const std::string& parent = {}, std::string tree = "main") {
        Json body = Json::object({{"name", name}, {"slug", "c-" + name}, {"tree", tree}});
        if (!parent.empty()) body["parent_id"] = parent;
        return as.owner.post("/api/v1/product-categories", testkit::Members(body)).expect(201);
    }
    testkit::Call move(const testkit::Answer& category, const std::string& parent) {
        Json body = Json::object();
        if (!parent.empty()) body["parent_id"] = parent;
        return as.owner.post(category.location() + "/move", testkit::Members(body));
    }
    std::string way(const testkit::Answer& category, std::string lang = "en") {
        std::string names;
        const Json crumbs = as.owner.get(category.location() + "?lang=" + lang).expect(200).at("/breadcrumbs");
        for (const Json& crumb : crumbs.as_array()) names += (names.empty() ? "" : ">") + crumb.find("name")->as_string();
        return names;
    }
};

TEST_F(Categories, MakeTreesOfAnyDepth) {
    const auto home = category("home"), kitchen = category("kitchen", home.text("/id")), mugs = category("mugs", kitchen.text("/id"));
    EXPECT_EQ(way(mugs), "home>kitchen>mugs");
    as.owner.get("/api/v1/product-categories?parent_id=" + home.text("/id")).expect(200).field("/items/0/name", "kitchen").field("/items/1", Json());
    as.owner.get("/api/v1/product-categories").expect(200).field("/items/0/name", "home").field("/items/1", Json());
    category("blog", "", "editorial");
    as.owner.get("/api/v1/product-categories?tree=editorial").expect(200).field("/items/0/name", "blog");
    as.owner.post("/api/v1/product-categories", {{"name", "x"}, {"slug", "x"}, {"tree", "editorial"}, {"parent_id", home.text("/id")}})
        .expect_problem(422, "no-such-parent");
    as.stranger.post("/api/v1/product-categories", {{"name", "x"}, {"slug", "x"}, {"parent_id", home.text("/id")}}).expect_problem(422, "no-such-parent");
}

TEST_F(Categories, BreadcrumbsSpeakTheLanguageAskedFor) {
    const auto home = category("home"), mugs = category("mugs", home.text("/id"));
    as.owner.patch(home.location(), {{"translations", Json::parse(R"({"de":{"name":"Zuhause","slug":"zuhause"}})").or_throw()}}).expect(200);
    EXPECT_EQ(way(mugs, "de"), "Zuhause>mugs");
    EXPECT_EQ(way(mugs, "de-CH"), "Zuhause>mugs");
    EXPECT_EQ(way(mugs, "ja"), "home>mugs");
    as.owner.get(mugs.location() + "?lang=de").expect(200).field("/breadcrumbs/0/slug", "zuhause").field("/breadcrumbs/1/slug", "c-mugs");
    as.owner.patch(home.location(), {{"translations", Json::parse(R"({"fr":{"name":"Maison"}})").or_throw()}}).expect_problem(422, "invalid-value");
}

TEST_F(Categories, AMoveTakesTheSubtreeAlong) {
    const auto a = category("a"), b = category("b", a.text("/id")), c = category("c", b.text("/id")), d = category("d");
    service.take_events();
    move(b, d.text("/id")).if_match(b.etag()).expect(200).field("/parent_id", d.text("/id")).field("/version", 2);
    EXPECT_EQ(way(c), "d>b>c");
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(*events[0].data.find("subtree"), Json(2));
    move(b, "").expect(200).field("/parent_id", Json());
    EXPECT_EQ(way(c), "b>c");
    move(b, c.text("/id")).expect_problem(422, "category-cycle");
    move(b, b.text("/id")).expect_problem(422, "category-cycle");
    move(b, category("other", "", "editorial").text("/id")).expect_problem(422, "no-such-parent");
    move(b, a.text("/id")).if_match("\"1\"").expect_problem(412, "stale-version");
}

// Two moves that together would tie the trees into a ring: whichever comes second must be refused, however they meet.
TEST_F(Categories, TwoMovesTowardsEachOtherMakeNoRing) {
    for (int round = 0; round < 10; ++round) {
        const auto a = category("a" + std::to_string(round)), b = category("b" + std::to_string(round));
        std::atomic<int> ready = 0;
        const auto move_at_once = [&](const testkit::Answer& what, const testkit::Answer& to) {
            ++ready;
            while (ready < 2) std::this_thread::yield();
            return move(what, to.text("/id")).send().status();
        };
        int first = 0;
        std::thread other([&] { first = move_at_once(a, b); });
        const int second = move_at_once(b, a);
        other.join();
        EXPECT_EQ(std::min(first, second), 200);
        EXPECT_EQ(std::max(first, second), 422);
        EXPECT_EQ(service.database().admin("select count(*) from category c where parent_id is not null and not exists "
                                           "(select from category p where p.id = c.parent_id and p.path = subpath(c.path, 0, -1))"),
                  "0");
    }
}

TEST_F(Categories, ASubtreeOfTenThousandMovesInOneStatement) {
    const auto from = category("from"), to = category("to");
    service.database().admin(
        "insert into category (id, project, tree, parent_id, path, name, slug, translations) "
        "select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '" +
        service.project().to_string() + "', 'main', '" + from.text("/id") + "', text2ltree(replace('" + from.text("/id") +
        "', '-', '') || '.' || '0000000000007000' || '8000' || lpad(to_hex(n), 12, '0')), 'n', 'n', '{}' from generate_series(1, 10000) n");
    service.take_events();
    move(from, to.text("/id")).expect(200);
    EXPECT_EQ(*service.take_events().at(0).data.find("subtree"), Json(10'001));
    EXPECT_EQ(service.database().admin("select count(*) from category where path <@ (select path from category where id = '" + to.text("/id") + "')"), "10002");
}

TEST_F(Categories, WithChildrenAreNotDeletedUnlessAnotherTakesOver) {
    const auto a = category("a"), b = category("b", a.text("/id")), c = category("c", b.text("/id")), d = category("d");
    const auto p = product(Json::object({{"name", "Mug"}, {"slug", "mug"}, {"categories", Json::array({b.text("/id"), d.text("/id")})}}));
    publish(p);
    as.owner.del(b.location()).expect_problem(409, "has-children").field("/children", 1);
    as.owner.del(b.location() + "?reassign_to=" + c.text("/id")).expect_problem(422, "category-cycle");
    as.owner.del(b.location() + "?reassign_to=" + d.text("/id")).expect(204);
    EXPECT_EQ(way(c), "d>c");
    as.owner.get(p.location()).expect(200).field("/categories", Json::array({d.text("/id")}));
    EXPECT_EQ(service.database().admin("select string_agg(category_id::text, ' ') from product_category"), d.text("/id"));
    as.owner.del(c.location()).expect(204);
    as.owner.del(d.location()).expect(204);
    as.owner.get(p.location()).expect(200).field("/categories", Json::array());
}

} // namespace
} // namespace gravity::product_catalog
