#include "shop_fixture_api.hpp"
#include "sitemap.hpp"

#include <algorithm>
#include <set>
#include <thread>

namespace gravity::product_catalog {
namespace {

using testkit::eur;

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto found = text.find(part); found != std::string_view::npos; found = text.find(part, found + part.size())) ++n;
    return n;
}

class Pages : public OpenCatalog {};

TEST_F(Pages, ShowWhatIsPublishedAndNothingElse) {
    const std::string path = mug();
    const auto page = visit("/p/en/mug").expect(200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.header("Content-Language"), "en");
    EXPECT_EQ(page.header("Cache-Control"), "public, max-age=60");
    EXPECT_NE(page.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    EXPECT_NE(page.body().find("<link rel=\"canonical\" href=\"https://shop.example/p/en/mug\">"), std::string::npos);
    EXPECT_NE(page.body().find("19.99"), std::string::npos);
    visit("/p/en/mug").header("If-None-Match", page.etag()).expect(304);

    editor.patch(path, {{"name", "Mug of secrets"}}).expect(200); // staged only
    EXPECT_EQ(visit("/p/en/mug").expect(200).body().find("secrets"), std::string::npos);
    editor.post(path + "/publish").expect(200);
    EXPECT_NE(visit("/p/en/mug").expect(200).body().find("secrets"), std::string::npos);
    editor.post(path + "/unpublish").expect(200);
    visit("/p/en/mug").expect_problem(404, "not-found");
    editor.post("/api/v1/products", {{"name", "Draft"}, {"slug", "draft"}}).expect(201);
    visit("/p/en/draft").expect_problem(404, "not-found");
}

TEST_F(Pages, AnOldAddressLeadsToTheNewOneInOneStep) {
    const std::string path = mug("first");
    for (const char* slug : {"second", "third"}) {
        editor.patch(path, {{"slug", slug}}).expect(200);
        editor.post(path + "/publish").expect(200);
    }
    for (const char* old : {"first", "second"}) {
        const auto moved = visit(std::string("/p/en/") + old).expect_problem(301, "page-moved");
        EXPECT_EQ(moved.location(), "https://shop.example/p/en/third");
    }
    // Old names stay reserved ...
    editor.post("/api/v1/products", {{"name", "Other"}, {"slug", "first"}}).expect_problem(409, "slug-taken");
    // ... but for their own product, which may have one back.
    editor.patch(path, {{"slug", "first"}}).expect(200);
    editor.post(path + "/publish").expect(200);
    visit("/p/en/first").expect(200);
    EXPECT_EQ(visit("/p/en/third").expect_problem(301, "page-moved").location(), "https://shop.example/p/en/first");
    std::string changes;
    for (const auto& event : service.take_events())
        if (event.type == "gravity.product_catalog.slug.changed")
            changes += event.data.find("previous")->as_string() + ">" + event.data.find("slug")->as_string() + " ";
    EXPECT_EQ(changes, "first>second second>third third>first ");
}

TEST_F(Pages, ALanguageHasItsOwnAndBorrowsTheRest) {
    product(editor,
            Json::object({{"name", "Mug"},
                          {"slug", "mug"},
                          {"description", "Of clay"},
                          {"translations", Json::parse(R"({"de":{"name":"Becher","slug":"becher-größe-xl"}})").or_throw()}}),
            {"M"});
    const auto page = visit("/p/de/becher-gr%C3%B6%C3%9Fe-xl").expect(200);
    EXPECT_NE(page.body().find("<html lang=\"de\""), std::string::npos);
    EXPECT_NE(page.body().find("<h1>Becher</h1>"), std::string::npos);
    EXPECT_NE(page.body().find("Of clay"), std::string::npos);
    EXPECT_NE(page.body().find("hreflang=\"en\" href=\"https://shop.example/p/en/mug\""), std::string::npos);
    EXPECT_NE(page.body().find("hreflang=\"x-default\" href=\"https://shop.example/p/en/mug\""), std::string::npos);
    visit("/p/de/mug").expect_problem(404, "not-found");
    visit("/p/en/becher-gr%C3%B6%C3%9Fe-xl").expect_problem(404, "not-found");
    visit("/p/xx-yy-zz-/mug").expect_problem(404, "not-found");
}

TEST_F(Pages, TextsCannotDoAnything) {
    product(editor,
            Json::object({{"name", "</script><script>alert(1)</script>"},
                          {"slug", "evil"},
                          {"description", "<p onclick=x>ok</p><script>alert(2)</script>\xe2\x80\xa8"}}),
            {"M"});
    const std::string body = visit("/p/en/evil").expect(200).body();
    EXPECT_EQ(count(body, "<script"), 1u); // JSON-LD
    EXPECT_EQ(body.find("alert(2)"), std::string::npos);
    EXPECT_EQ(body.find("onclick"), std::string::npos);
}

TEST_F(Pages, BelongToTheHostsProject) {
    mug();
    visit("/p/en/mug", "other.example").expect_problem(404, "not-found");
    visit("/p/en/mug", "SHOP.example:443").expect(200);
    visit("/p/en/mug", "unknown.example").expect_problem(404, "no-public-catalogue");
    for (const char* path : {"/sitemap.xml", "/feeds/google.xml", "/.well-known/ucp"})
        visit(path, "unknown.example").expect_problem(404, "no-public-catalogue");
    product(stranger, Json::object({{"name", "Cup"}, {"slug", "mug"}}), {"MUG-1"});
    EXPECT_NE(visit("/p/en/mug", "other.example").expect(200).body().find("<h1>Cup</h1>"), std::string::npos);
    EXPECT_NE(visit("/p/en/mug").expect(200).body().find("<h1>Mug</h1>"), std::string::npos);
}

TEST_F(Pages, APublishableKeyOpensItsProjectAnywhere) {
    mug();
    const auto key =
        editor.post("/api/v1/product-catalog/access-keys", {{"name", "site"}, {"kind", "publishable"}, {"scopes", Json::array({"products:read"})}})
            .expect(201);
    const auto page = visit("/p/en/mug?key=" + key.text("/key"), "unknown.example").expect(200);
    EXPECT_EQ(page.header("Cache-Control"), "no-store"); // the address in it is whatever the client said
    ask("/catalog/search?key=" + key.text("/key"), {{"query", "mug"}}, "unknown.example").field("/products/0/title", "Mug");
}

TEST_F(Pages, ManyVariantsComeInPages) {
    std::string axes;
    for (const char* axis : {"a", "b", "c"}) {
        axes += std::string(axes.empty() ? "[" : ",") + R"({"name":")" + axis + R"(","values":[)";
        for (int i = 0; i < 17; ++i) axes += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
        axes += "]}";
    }
    const Json options = Json::parse(axes + "]").or_throw();
    const auto made =
        editor.post("/api/v1/products", {{"name", "Shirt"}, {"slug", "shirt"}, {"list_price", eur(1000)}, {"options", options}}).expect(201);
    editor.post(made.location() + "/generate-variants", {{"sku_prefix", "S"}}).expect(200).field("/total", 4913);
    editor.post(made.location() + "/publish").expect(200);
    const auto first = visit("/p/en/shirt").expect(200);
    EXPECT_EQ(count(first.body(), "<tr id="), 100u);
    EXPECT_NE(first.body().find("rel=\"next\" href=\"https://shop.example/p/en/shirt?page=2\""), std::string::npos);
    const auto last = visit("/p/en/shirt?page=50").expect(200);
    EXPECT_EQ(count(last.body(), "<tr id="), 13u);
    EXPECT_EQ(last.body().find("rel=\"next\""), std::string::npos);
    visit("/p/en/shirt?page=51").expect_problem(404, "not-found");
    visit("/p/en/shirt?page=0").expect_problem(422, "invalid-value");
    // The page of one variant is the one it stands on.
    const auto at = last.body().find("<tr id=\"v-") + 10;
    const std::string id = last.body().substr(at, 36);
    EXPECT_NE(visit("/p/en/shirt?variant=" + id).expect(200).body().find("<tr id=\"v-" + id), std::string::npos);
}

TEST_F(Pages, ChannelsAndDatesHide) {
    editor.post("/api/v1/product-channels", {{"key", "web"}, {"name", "Web"}}).expect(201);
    product(editor,
            Json::object(
                {{"name", "Soon"}, {"slug", "soon"}, {"channels", Json::parse(R"([{"channel":"web","visible_from":"2999-01-01T00:00:00Z"}])").or_throw()}}),
            {"S"});
    visit("/p/en/soon").expect_problem(404, "not-found");
    product(editor, Json::object({{"name", "Now"}, {"slug", "now"}, {"channels", Json::parse(R"([{"channel":"web"}])").or_throw()}}), {"N"});
    visit("/p/en/now").expect(200);
    EXPECT_EQ(visit("/sitemap.xml").expect(200).body().find("soon"), std::string::npos);
}

class CategoryPages : public OpenCatalog {
protected:
    std::string category(Json document) { return editor.post("/api/v1/product-categories", testkit::Members(std::move(document))).expect(201).text("/id"); }
    const Json german = Json::parse(R"({"de":{"name":"Küche","slug":"kueche"}})").or_throw();
    std::string kitchen = category(Json::object({{"name", "Kitchen"}, {"slug", "kitchen"}, {"description", "For cooks"}, {"translations", german}}));
    std::string cups = category(Json::object({{"name", "Cups"}, {"slug", "cups"}, {"parent_id", kitchen}}));

    std::string cup(const std::string& name) {
        return product(editor,
                       Json::object({{"name", name}, {"slug", "cup-" + name}, {"list_price", eur(1999)}, {"categories", Json::array({Json(cups)})}}),
                       {"SKU-" + name});
    }
};

TEST_F(CategoryPages, ShowWhatIsInThemAndBelow) {
    cup("a");
    mug(); // in no category
    const auto page = visit("/c/en/kitchen").expect(200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.header("Cache-Control"), "public, max-age=60");
    EXPECT_NE(page.body().find("<h1>Kitchen</h1>"), std::string::npos);
    EXPECT_NE(page.body().find("For cooks"), std::string::npos);
    EXPECT_NE(page.body().find("href=\"https://shop.example/p/en/cup-a\""), std::string::npos);
    EXPECT_NE(page.body().find("19.99"), std::string::npos);
    EXPECT_NE(page.body().find("href=\"https://shop.example/c/en/cups\""), std::string::npos);
    EXPECT_NE(page.body().find("hreflang=\"de\" href=\"https://shop.example/c/de/kueche\""), std::string::npos);
    EXPECT_EQ(page.body().find("/p/en/mug"), std::string::npos);
    visit("/c/en/kitchen").header("If-None-Match", page.etag()).expect(304);
    const auto below = visit("/c/en/cups").expect(200);
    EXPECT_NE(below.body().find("\"BreadcrumbList\""), std::string::npos);
    EXPECT_NE(visit("/c/de/kueche").expect(200).body().find("<h1>Küche</h1>"), std::string::npos);
    // A product's page leads to its categories.
    EXPECT_NE(visit("/p/en/cup-a").expect(200).body().find("<a href=\"https://shop.example/c/en/cups\">Cups</a>"), std::string::npos);
    for (const char* none : {"/c/en/kueche", "/c/de/cups", "/c/en/mug", "/p/en/cups", "/c/en/nothing"}) visit(none).expect_problem(404, "not-found");
    visit("/c/en/cups", "other.example").expect_problem(404, "not-found");
}

TEST_F(CategoryPages, AnOldAddressLeadsToTheNewOne) {
    editor.patch("/api/v1/product-categories/" + cups, {{"slug", "mugs"}}).expect(200);
    EXPECT_EQ(visit("/c/en/cups").expect_problem(301, "page-moved").location(), "https://shop.example/c/en/mugs");
    editor.del("/api/v1/product-categories/" + cups).expect(204);
    visit("/c/en/cups").expect_problem(404, "not-found");
    visit("/c/en/mugs").expect_problem(404, "not-found");
}

TEST_F(CategoryPages, ManyProductsStandInParts) {
    for (int i = 0; i < 50; ++i) cup(std::to_string(i));
    std::size_t seen = 0, parts = 0;
    for (std::string target = "/c/en/kitchen"; !target.empty(); ++parts) {
        const std::string body = visit(target).expect(200).body();
        seen += count(body, "<li><a href=\"https://shop.example/p/en/cup-");
        const std::string link = "rel=\"next\" href=\"https://shop.example";
        const auto next = body.find(link);
        target = next == std::string::npos ? "" : body.substr(next + link.size(), body.find('"', next + link.size()) - next - link.size());
    }
    EXPECT_EQ(seen, 50u);
    EXPECT_EQ(parts, 2u);
    visit("/c/en/kitchen?cursor=abc").expect_problem(400, "invalid-cursor");
}

TEST_F(CategoryPages, OnlyThoseThatShowSomethingAreInTheSitemap) {
    EXPECT_NE(visit("/c/en/cups").expect(200).body().find("noindex"), std::string::npos);
    EXPECT_EQ(count(visit("/sitemap.xml").expect(200).body(), "<sitemap>"), 0u);
    category(Json::object({{"name", "Empty"}, {"slug", "empty"}}));
    cup("a");
    const std::string index = visit("/sitemap.xml").expect(200).body();
    EXPECT_EQ(count(index, "<sitemap>"), 2u);
    const auto at = index.find("/category-sitemap-");
    ASSERT_NE(at, std::string::npos);
    const auto file = visit(index.substr(at, index.find('<', at) - at)).expect(200);
    EXPECT_EQ(count(file.body(), "<url>"), 3u); // two languages of the kitchen, one of the cups
    EXPECT_EQ(count(file.body(), "<loc>https://shop.example/c/de/kueche</loc>"), 1u);
    EXPECT_EQ(file.body().find("empty"), std::string::npos);
    EXPECT_EQ(count(visit(index.substr(at, index.find('<', at) - at), "other.example").expect(200).body(), "<url>"), 0u);
}

class Slugs : public OpenCatalog {};

TEST_F(Slugs, AreMadeFromTheName) {
    editor.post("/api/v1/products", {{"name", "Große Tasse & Teller"}}).expect(201).field("/slug", "grosse-tasse-teller");
    editor.post("/api/v1/products", {{"name", "Große Tasse & Teller"}}).expect(201).field("/slug", "grosse-tasse-teller-2");
    editor.post("/api/v1/products", {{"name", "Große Tasse & Teller"}}).expect(201).field("/slug", "grosse-tasse-teller-3");
    stranger.post("/api/v1/products", {{"name", "Große Tasse & Teller"}}).expect(201).field("/slug", "grosse-tasse-teller");
    const auto nameless = editor.post("/api/v1/products", {{"name", "🎉"}}).expect(201);
    EXPECT_EQ(nameless.text("/slug").substr(0, 8), "product-");
    editor.post("/api/v1/products", {{"name", "Mug"}, {"slug", "grosse-tasse-teller"}})
        .expect_problem(409, "slug-taken"); // one that was asked for is not changed
}

TEST_F(Slugs, AreDistinctHoweverManyAskAtOnce) {
    std::vector<std::thread> threads;
    std::vector<std::string> slugs(16);
    for (std::size_t i = 0; i < slugs.size(); ++i)
        threads.emplace_back([&, i] { slugs[i] = editor.post("/api/v1/products", {{"name", "Same name"}}).expect(201).text("/slug"); });
    for (auto& thread : threads) thread.join();
    std::sort(slugs.begin(), slugs.end());
    EXPECT_EQ(std::unique(slugs.begin(), slugs.end()), slugs.end());
    EXPECT_EQ(slugs.front(), "same-name");
}

class Sitemaps : public OpenCatalog {};

TEST_F(Sitemaps, ListEveryPageWithItsLanguages) {
    mug("a", "A");
    product(editor, Json::object({{"name", "B"}, {"slug", "b"}, {"translations", Json::parse(R"({"de":{"slug":"b-de"}})").or_throw()}}), {"B"});
    const auto index = visit("/sitemap.xml").expect(200);
    EXPECT_EQ(index.header("Content-Type"), "application/xml");
    const auto at = index.body().find("https://shop.example/sitemap-");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(count(index.body(), "<sitemap>"), 1u);
    const std::string path = index.body().substr(at + 20, index.body().find('<', at) - at - 20);
    const auto file = visit(path).expect(200);
    EXPECT_EQ(count(file.body(), "<url>"), 3u);
    EXPECT_EQ(count(file.body(), "hreflang=\"de\" href=\"https://shop.example/p/de/b-de\""), 2u);
    EXPECT_TRUE(file.body().ends_with("</urlset>\n"));
    EXPECT_EQ(count(visit(path, "other.example").expect(200).body(), "<url>"), 0u); // another project's
    visit("/sitemap-x.xml").expect_problem(404, "not-found");
    EXPECT_EQ(count(visit("/sitemap.xml", "other.example").expect(200).body(), "<sitemap>"), 0u);
}

TEST(SitemapFiles, EveryProductIsInOneOfThem) {
    // With so many languages a file holds few products, whatever they are: their pages might each name all the others.
    std::string languages = "en";
    std::size_t count_of_languages = 1;
    for (char a = 'a'; a <= 'g'; ++a)
        for (char b = 'a'; b <= 't'; ++b)
            if (std::string{a, b} != "en") languages += std::string(",") + a + b, ++count_of_languages;
    const ProjectId project = ProjectId::fresh();
    testkit::RunningService service(Service{"product-catalog", 0}.settings<Settings>("CATALOG_").postgres(product_catalog_migrations()).routes(routes),
                                    {{"CATALOG_LANGS", languages},
                                     {"CATALOG_PUBLIC_PROJECT", project.to_string()},
                                     {"CATALOG_PUBLIC_BASE_URL", "https://shop.example"}});
    const testkit::Client editor = service.caller(project, service.all_scopes());
    testkit::Client nobody(service.port(), "");
    const auto visit = [&](const std::string& path) {
        return nobody.get(path).header("X-Forwarded-Host", "shop.example").header("X-Forwarded-Proto", "https").expect(200).body();
    };
    const std::size_t a_file = sitemap::entries_a_file({"https://shop.example", "", "en"}, count_of_languages);
    ASSERT_LT(a_file, 10u);
    std::set<std::string> slugs;
    for (std::size_t i = 0; i < 2 * a_file + 1; ++i) {
        const auto made = editor.post("/api/v1/products", {{"name", "Mug"}}).expect(201);
        editor.post(made.location() + "/publish").expect(200);
        slugs.insert(made.text("/slug"));
    }
    const std::string index = visit("/sitemap.xml");
    EXPECT_EQ(count(index, "<sitemap>"), 3u);
    std::size_t listed = 0;
    for (std::size_t at = 0; (at = index.find("/sitemap-", at)) != std::string::npos; ++at) {
        const std::string file = visit(index.substr(at, index.find('<', at) - at));
        listed += count(file, "<loc>");
        EXPECT_LE(count(file, "<loc>"), a_file);
        std::erase_if(slugs, [&](const std::string& slug) { return file.find("/p/en/" + slug + "</loc>") != std::string::npos; });
    }
    EXPECT_EQ(listed, 2 * a_file + 1);
    EXPECT_TRUE(slugs.empty());
}

class Feeds : public OpenCatalog {};

TEST_F(Feeds, HoldWhatHasAPriceAndListTheRest) {
    const auto media = Json::parse(R"([{"url":"https://cdn.example/a.jpg"}])").or_throw();
    product(editor, Json::object({{"name", "Mug"}, {"slug", "mug"}, {"list_price", eur(1999)}, {"media", media}}), {"MUG"});
    product(editor, Json::object({{"name", "Free"}, {"slug", "free"}, {"media", media}}), {"FREE"});
    const auto rss = visit("/feeds/google.xml").expect(200);
    EXPECT_EQ(count(rss.body(), "<item>"), 1u);
    EXPECT_NE(rss.body().find("<g:price>19.99 EUR</g:price>"), std::string::npos);
    EXPECT_NE(rss.body().find("<title>Cups &amp; Co</title>"), std::string::npos);
    const auto tsv = visit("/feeds/google.tsv?lang=de").expect(200);
    EXPECT_EQ(count(tsv.body(), "\n"), 2u);
    const auto left_out = editor.get("/api/v1/product-feeds/google/left-out").expect(200);
    EXPECT_NE(left_out.body().find("\tFREE\tprice\n"), std::string::npos);
    EXPECT_EQ(count(left_out.body(), "\n"), 2u);
    nobody.get("/api/v1/product-feeds/google/left-out").expect_problem(401, "unauthenticated");
}

class Agents : public OpenCatalog {};

TEST_F(Agents, SearchByWordsAndWalkTheCursor) {
    for (int i = 0; i < 23; ++i) mug("mug-" + std::to_string(i), "M" + std::to_string(i));
    product(stranger, Json::object({{"name", "Mug of others"}, {"slug", "mug"}, {"list_price", eur(1)}}), {"X"});
    std::size_t found = 0;
    Json cursor;
    std::string pages;
    do {
        Json body = Json::object({{"query", "mug"}});
        if (!cursor.is_null()) body["pagination"]["cursor"] = cursor;
        const auto answer = ask("/catalog/search", testkit::Members(body));
        EXPECT_EQ(answer.status(), 200) << answer.body();
        pages += std::to_string(answer.at("/products").size()) + " ";
        found += answer.at("/products").size();
        cursor = answer.at("/pagination/has_next_page") == Json(true) ? answer.at("/pagination/cursor") : Json();
    } while (!cursor.is_null());
    EXPECT_EQ(found, 23u);
    EXPECT_EQ(pages, "10 10 3 ");
    EXPECT_EQ(ask("/catalog/search", {{"query", "100% no_thing\\"}}).at("/products"), Json::array());
    EXPECT_EQ(ask("/catalog/search", {{"query", "m7"}}).at("/products/0/variants/0/sku"), Json("M7"));
    EXPECT_EQ(ask("/catalog/search", {{"filters", Json::parse(R"({"price":{"min":2000}})").or_throw()}}).at("/products"), Json::array());
    const auto foreign = ask("/catalog/search", {{"query", "mug"}, {"pagination", Json::object({{"cursor", "abc"}})}});
    EXPECT_EQ(foreign.status(), 400);
    foreign.field("/code", "invalid_cursor");
    EXPECT_EQ(ask("/catalog/search", {}).status(), 400);
}

TEST_F(Agents, LookUpByAnyIdentifier) {
    const std::string path = mug();
    const std::string id = path.substr(path.rfind('/') + 1);
    const std::string variant = editor.get(path + "/variants").expect(200).text("/items/0/id");
    const auto found = ask("/catalog/lookup", {{"ids", Json::array({Json(id), Json(variant), "mug-1", "mug", "no", "\xc2\xa0"})}});
    EXPECT_EQ(found.status(), 200) << found.body();
    EXPECT_EQ(found.at("/products").size(), 1u);
    EXPECT_EQ(found.at("/products/0/variants/0/inputs").size(), 4u);
    EXPECT_EQ(found.at("/messages").size(), 2u);
    EXPECT_EQ(ask("/catalog/lookup", {{"ids", Json::array({Json(id)})}}, "other.example").at("/products"), Json::array()); // another project's
    ask("/catalog/product", {{"id", id}}).field("/product/title", "Mug");
    ask("/catalog/product", {{"id", variant}}).field("/product/variants/0/id", variant);
    const auto nothing = ask("/catalog/product", {{"id", Uuid::v7().to_string()}});
    EXPECT_EQ(nothing.status(), 200);
    nothing.field("/ucp/status", "error").field("/messages/0/code", "not_found");
}

class QualityReports : public OpenCatalog {};

TEST_F(QualityReports, SayWhatToMend) {
    mug("mug", "A");
    mug("mug-2", "B");
    const auto seo = editor.get("/api/v1/seo-reports").expect(200);
    EXPECT_EQ(seo.at("/items").size(), 2u);
    EXPECT_NE(seo.body().find("duplicate_name"), std::string::npos);
    EXPECT_NE(seo.body().find("numbered_slug"), std::string::npos);
    EXPECT_EQ(editor.get("/api/v1/seo-reports?lang=de").expect(200).body().find("duplicate_name"), std::string::npos); // nothing said in German
    const auto ready = editor.get("/api/v1/agent-readiness").expect(200);
    EXPECT_NE(ready.body().find("missing_gtin"), std::string::npos);
    const auto complete = editor.get("/api/v1/completeness?lang=de").expect(200);
    complete.field("/items/0/languages/0/lang", "de");
    EXPECT_NE(complete.body().find("/translations/de/name"), std::string::npos);
    EXPECT_EQ(editor.get("/api/v1/completeness").expect(200).at("/items/0/languages").size(), 2u);
    EXPECT_EQ(stranger.get("/api/v1/completeness").expect(200).at("/items"), Json::array());
    std::string cursor = editor.get("/api/v1/agent-readiness?limit=1").expect(200).text("/next_cursor");
    EXPECT_EQ(editor.get("/api/v1/agent-readiness?limit=1&cursor=" + cursor).expect(200).at("/items").size(), 1u);
}

TEST_F(QualityReports, TwinsInATranslationAreFound) {
    const auto translated = [](const char* name) { return Json::parse(std::string(R"({"de":{"meta_title":")") + name + "\"}}").or_throw(); };
    const auto twins = [&] { return count(editor.get("/api/v1/seo-reports?lang=de").expect(200).body(), "duplicate_meta_title"); };
    product(editor, Json::object({{"name", "A"}, {"slug", "a"}, {"translations", translated("Becher")}}), {"A"});
    const std::string b = product(editor, Json::object({{"name", "B"}, {"slug", "b"}, {"translations", translated("Becher")}}), {"B"});
    product(editor, Json::object({{"name", "C"}, {"slug", "c"}, {"translations", translated("Tasse")}}), {"C"});
    EXPECT_EQ(twins(), 2u);
    editor.patch(b, {{"translations", translated("Tasse")}}).expect(200);
    EXPECT_EQ(twins(), 2u); // as published
    editor.post(b + "/publish").expect(200);
    EXPECT_EQ(twins(), 2u); // of C now
    EXPECT_EQ(service.database().admin("select count(*) || ' ' || count(distinct mark) from text_mark"), "3 2");
    editor.post(b + "/unpublish").expect(200);
    EXPECT_EQ(twins(), 0u);
}

} // namespace
} // namespace gravity::product_catalog
