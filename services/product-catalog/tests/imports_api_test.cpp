#include "shop_fixture_api.hpp"

#include <gravity/testkit/testpoint.hpp>

namespace gravity::product_catalog {
namespace {

class Imports : public OpenCatalog {
protected:
    testkit::Answer upload(const std::string& file, const std::string& query = "", const std::string& type = "text/csv") {
        return editor.post("/api/v1/product-imports" + query).raw(file, type).send();
    }
    /// Uploads, lets the jobs run, and answers the import.
    testkit::Answer import(const std::string& file, const std::string& query = "", const std::string& type = "text/csv") {
        const auto started = upload(file, query, type);
        EXPECT_EQ(started.status(), 202) << started.body();
        service.run_jobs_until_idle();
        return editor.get("/api/v1/product-imports/" + started.text("/id")).expect(200);
    }
    std::size_t products() { return editor.get("/api/v1/completeness?limit=200").expect(200).at("/items").size(); }

    std::string shirt_type() {
        return editor.post("/api/v1/product-types", testkit::Members(Json::parse(R"({"key":"shirt","name":"Shirt","attributes":[
            {"name":"brand","kind":"text"},{"name":"care","kind":"localized_text"},{"name":"weight","kind":"measurement","unit":"KGM"},
            {"name":"fit","kind":"text","per_variant":true}]})")
                                                                         .or_throw()))
            .expect(201)
            .text("/id");
    }
};

TEST_F(Imports, MakeAndChangeProducts) {
    shirt_type();
    const auto done = import("slug,type,name,name.de,sku,list_price,option.color,attr.brand,attr.care.de,attr.weight,attr.fit\r\n"
                             "shirt,shirt,Shirt,Hemd,S-RED,19.99 EUR,red,Fleet,Waschen,0.2 kg,slim\r\n"
                             "shirt,,,,S-BLUE,21.50 EUR,blue,,,,wide\r\n"
                             "mug,,Mug,,,,,,,,\r\n");
    done.field("/state", "done").field("/rows", 3).field("/good", 3).field("/bad", 0).field("/progress", 1.0);
    EXPECT_EQ(products(), 2u);
    service.take_events();
    // The same again changes nothing; another price changes one variant.
    import("slug,sku,list_price,attr.brand\nshirt,S-RED,19.99 EUR,Fleet\nshirt,S-BLUE,25.00 EUR,\n").field("/good", 2);
    std::string events;
    for (const auto& event : service.take_events()) events += event.type.substr(event.type.rfind("catalog.") + 8) + " ";
    EXPECT_EQ(events, "variant.updated ");
}

TEST_F(Imports, NameEachBadRowAndKeepTheGood) {
    std::string file = "slug,name,sku,gtin\n";
    for (int i = 0; i < 250; ++i) {
        const std::string n = std::to_string(i);
        file += "mug-" + n + ",Mug " + n + ",M-" + n + "," + (i % 50 == 7 ? "4006381333930" : "") + "\n"; // a wrong check digit
    }
    file += "Bad Slug,Mug,X,\n";
    file += "mug-0,Mug 0,M-1,\n"; // the SKU of another product
    const auto done = import(file);
    done.field("/state", "done").field("/rows", 252).field("/good", 245).field("/bad", 7);
    const auto bad = editor.get("/api/v1/product-imports/" + done.text("/id") + "/bad-rows").expect(200);
    EXPECT_EQ(bad.at("/items").size(), 7u);
    bad.field("/items/0/line", 9).field("/items/0/pointer", "/gtin").field("/items/0/problem", "invalid-value");
    bad.field("/items/5/line", 252).field("/items/5/pointer", "/slug");
    bad.field("/items/6/problem", "sku-taken");
    const auto report = editor.get("/api/v1/product-imports/" + done.text("/id") + "/report").expect(200);
    EXPECT_EQ(report.header("Content-Disposition").find("attachment"), 0u);
    EXPECT_EQ(report.body().substr(0, report.body().find('\r')), "line,pointer,problem,detail");
    EXPECT_EQ(std::count(report.body().begin(), report.body().end(), '\n'), 8);
    EXPECT_EQ(products() + 0, 200u); // the first page of 245
}

TEST_F(Imports, ADryRunKeepsNothing) {
    import("slug,name,sku\nmug,Mug,M\nBAD,Mug,N\n", "?dry_run=true").field("/state", "done").field("/good", 1).field("/bad", 1);
    EXPECT_EQ(products(), 0u);
    EXPECT_TRUE(service.take_events().empty());
}

TEST_F(Imports, AllOrNothing) {
    import("slug,name,sku\nmug,Mug,M\nBAD,Mug,N\n", "?on_error=all_or_nothing").field("/state", "failed").field("/bad", 1).field("/good", 0);
    EXPECT_EQ(products(), 0u);
    EXPECT_TRUE(service.take_events().empty());
    import("slug,name,sku\nmug,Mug,M\ncup,Cup,N\n", "?on_error=all_or_nothing").field("/state", "done").field("/good", 2);
    EXPECT_EQ(products(), 2u);
}

TEST_F(Imports, OfAllOrNothingTheRowIsNamedThatFailsOnlyBesideTheOthers) {
    std::string file = "slug,name,sku\n";
    for (int i = 0; i < 150; ++i) file += "mug-" + std::to_string(i) + ",Mug,M-" + std::to_string(i == 120 ? 3 : i) + "\n"; // in another batch than its twin
    const auto failed = import(file, "?on_error=all_or_nothing");
    failed.field("/state", "failed").field("/bad", 1).field("/good", 0);
    const auto bad = editor.get("/api/v1/product-imports/" + failed.text("/id") + "/bad-rows").expect(200);
    bad.field("/items/0/line", 122).field("/items/0/problem", "sku-taken");
    EXPECT_EQ(bad.at("/items").size(), 1u);
    EXPECT_EQ(products(), 0u);
}

TEST_F(Imports, RowsOfOneProductDoWhatTheyWouldOneAtATime) {
    const std::string head = "slug,name,sku,list_price,option.color,position\n";
    import(head + "mug,Mug,M-1,1 EUR,red,\n"
                  "mug,,M-2,2 EUR,blue,\n"
                  "cup,Cup,C-1,2 EUR,blue,\n"
                  "mug,,M-1,3 EUR,,\n"      // once more, after another product
                  "mug,,M-3,5 EUR,green,7\n"
                  "mug,,M-3,6 EUR,,\n"      // once more, side by side
                  "mug,,M-4,7 EUR,grey,\n") // behind the last
        .field("/good", 7)
        .field("/bad", 0);
    import(head + "mug,,m-2,3 EUR,,\nmug,,M-2,4 EUR,,\nmug,,M-5,8 EUR,pink,\nmug,,m-5,9 EUR,,\n").field("/good", 4); // one SKU in two spellings
    const std::string variants = service.database().admin("select string_agg(concat_ws(' ', sku, list_price_amount / 100, options->>'color', position), ', ' "
                                                          "order by position) from variant where sku <> 'C-1'");
    EXPECT_EQ(variants, "M-1 3 red 0, M-2 4 blue 1, M-3 6 green 7, M-4 7 grey 8, m-5 9 pink 9");
    EXPECT_EQ(service.database().admin("select jsonb_path_query_array(staged, '$.options[*].values') from product where staged->>'slug' = 'mug'"),
              R"([["red", "blue", "green", "grey", "pink"]])");
}

TEST_F(Imports, WhatOneRowGivesUpALaterOneMayTakeAndNoEarlierOne) {
    const std::string head = "slug,name,sku,gtin,option.color\n";
    import(head + "mug,Mug,A,4006381333931,red\nmug,,B,,blue\n").field("/good", 2);
    import(head + "mug,,A,4006381333948,green\nmug,,B,4006381333931,red\nmug,,C,,blue\n").field("/good", 3).field("/bad", 0);
    const auto colors = [&] { return service.database().admin("select string_agg(sku || ' ' || (options->>'color'), ', ' order by sku) from variant"); };
    EXPECT_EQ(colors(), "A green, B red, C blue");
    const auto done = import(head + "mug,,A,,red\nmug,,B,,grey\n"); // red is B's until the second row
    done.field("/good", 1).field("/bad", 1);
    editor.get("/api/v1/product-imports/" + done.text("/id") + "/bad-rows").expect(200).field("/items/0/line", 2).field("/items/0/problem", "options-taken");
    EXPECT_EQ(colors(), "A green, B grey, C blue");
}

TEST_F(Imports, ChangeManyVariantsAndTellOfEach) {
    std::string file = "slug,name,sku,option.size,list_price\n", dearer = file;
    for (int i = 0; i < 30; ++i) {
        const std::string row = "mug-" + std::to_string(i / 10) + ",Mug,M-" + std::to_string(i) + "," + std::to_string(i) + ",";
        file += row + "1 EUR\n";
        dearer += row + (i % 3 == 0 ? "1 EUR\n" : "2 EUR\n");
    }
    import(file).field("/good", 30).field("/bad", 0);
    service.take_events();
    import(dearer).field("/good", 30).field("/bad", 0);
    EXPECT_EQ(service.database().admin("select count(*) from variant where list_price_amount = 200 and version = 2"), "20");
    EXPECT_EQ(service.database().admin("select count(*) from variant where list_price_amount = 100 and version = 1"), "10");
    const auto events = service.take_events();
    EXPECT_EQ(events.size(), 20u);
    for (const auto& event : events) EXPECT_EQ(event.type, "gravity.product_catalog.variant.updated");
}

TEST_F(Imports, ValuesThatMayOccurOnceDoSo) {
    editor.post("/api/v1/product-types", testkit::Members(Json::parse(R"({"key":"book","name":"Book","attributes":[
            {"name":"isbn","kind":"text","unique":true,"per_variant":true}]})")
                                                              .or_throw()))
        .expect(201);
    const std::string head = "slug,type,name,sku,attr.isbn,option.size\n";
    const auto done = import(head + "a,book,A,A-1,1,s\na,,,A-2,2,m\na,,,A-3,1,l\nb,book,B,B-1,2,s\nb,book,B,B-2,4,m\n");
    done.field("/good", 3).field("/bad", 2);
    const auto bad = editor.get("/api/v1/product-imports/" + done.text("/id") + "/bad-rows").expect(200);
    bad.field("/items/0/line", 4).field("/items/1/line", 5).field("/items/1/problem", "attribute-not-unique");
    import(head + "a,,,A-1,3,\na,,,A-3,1,l\n").field("/good", 2); // given up, then taken
    EXPECT_EQ(service.database().admin("select string_agg(value, ' ' order by value) from unique_value"), "1 2 3 4");
}

TEST_F(Imports, PublishWhatTheyTouched) {
    import("slug,name,sku,list_price\nmug,Mug,M,1 EUR\ncup,Cup,N,2 EUR\n", "?publish=true").field("/state", "done").field("/published", 2);
    visit("/p/en/mug").expect(200);
}

TEST_F(Imports, PublishTheRestWhereSomeCannotBe) {
    editor.post("/api/v1/product-types", testkit::Members(Json::parse(R"({"key":"book","name":"Book","attributes":[
            {"name":"isbn","kind":"text","required":true}]})")
                                                              .or_throw()))
        .expect(201);
    const std::string file = "slug,type,name,attr.isbn\na,book,A,1\nb,book,B,\nc,book,C,3\n";
    const auto done = import(file, "?publish=true");
    done.field("/state", "done").field("/good", 3).field("/published", 2);
    EXPECT_EQ(done.text("/problem").find("Not every product could be published: "), 0u) << done.body();
    import(file, "?publish=true").field("/state", "done").field("/published", 0); // there is nothing new about the others
    visit("/p/en/a").expect(200);
    visit("/p/en/b").expect(404);
    visit("/p/en/c").expect(200);
}

TEST_F(Imports, TakeNdjson) {
    const auto done = import("{\"product\":{\"slug\":\"mug\",\"name\":\"Mug\"},\"variants\":[{\"sku\":\"A\"}]}\n\n{\"product\":{\"slug\":\"cup\"}}\n", "",
                             "application/x-ndjson");
    done.field("/good", 1).field("/bad", 1);
    const auto bad = editor.get("/api/v1/product-imports/" + done.text("/id") + "/bad-rows").expect(200);
    bad.field("/items/0/line", 3);
    EXPECT_NE(bad.text("/items/0/detail").find("/name"), std::string::npos) << bad.body();
}

TEST_F(Imports, RefuseWhatIsNoSuchFile) {
    EXPECT_EQ(upload("").status(), 422);
    upload("slug,colour\n").field("/detail", "line 1: colour is no column that can be imported");
    upload("slug,name\nmug,\"Mug\n").field("/detail", "line 3: a quoted field does not end");
    upload("slug\n\xff\n").field("/detail", "line 2: is not UTF-8");
    upload("{\"product\":\n", "", "application/x-ndjson").field("/status", 422);
    EXPECT_EQ(upload("x", "", "text/plain").status(), 415);
    EXPECT_EQ(editor.get("/api/v1/product-imports").expect(200).at("/items"), Json::array()); // nothing of them stayed
    service.caller(project, "products:write").post("/api/v1/product-imports").raw("slug\n", "text/csv").expect_problem(403, "forbidden");
}

TEST_F(Imports, AreAProjectsOwn) {
    const auto done = import("slug,name\nmug,Mug\n");
    stranger.get("/api/v1/product-imports/" + done.text("/id")).expect_problem(404, "not-found");
    stranger.get("/api/v1/product-imports/" + done.text("/id") + "/report").expect_problem(404, "not-found");
    EXPECT_EQ(stranger.get("/api/v1/product-imports").expect(200).at("/items"), Json::array());
}

TEST_F(Imports, ExportsComeBackAsTheyWere) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    shirt_type();
    const std::string file = "slug,type,name,name.de,description,sku,gtin,list_price,option.color,attr.brand,attr.care.de,attr.weight,attr.fit\r\n"
                             "shirt,shirt,=cmd(),Hemd,\"two\nlines, \"\"quoted\"\"\",S-RED,4006381333931,19.99 EUR,red,@Fleet,Waschen,0.2 kg,-slim\r\n"
                             "shirt,,,,,S-BLUE,,21.50 EUR,blue,,,,wide\r\n"
                             "mug,,Mug,,,,,,,,,,\r\n";
    import(file).field("/bad", 0);
    const auto export_as = [&](const char* format) {
        testkit::Testpoint begins("export.begins"); // the job may be quick
        begins.pause();
        const auto started = editor.post("/api/v1/product-exports", {{"format", format}}).expect(202);
        editor.get("/api/v1/product-exports/" + started.text("/id") + "/file").expect_problem(409, "export-not-done");
        begins.release();
        service.run_jobs_until_idle();
        editor.get("/api/v1/product-exports/" + started.text("/id")).expect(200).field("/state", "done");
        stranger.get("/api/v1/product-exports/" + started.text("/id") + "/file").expect_problem(404, "not-found");
        return editor.get("/api/v1/product-exports/" + started.text("/id") + "/file").expect(200).body();
    };
    const std::string csv = export_as("csv");
    EXPECT_NE(csv.find("'=cmd()"), std::string::npos);
    EXPECT_NE(csv.find("'@Fleet"), std::string::npos);
    EXPECT_NE(csv.find("'-slim"), std::string::npos);
    EXPECT_EQ(csv.find(",=cmd"), std::string::npos);
    const std::string ndjson = export_as("ndjson");
    EXPECT_EQ(std::count(ndjson.begin(), ndjson.end(), '\n'), 2);
    service.take_events();
    import(csv).field("/bad", 0).field("/good", 3); // nothing has changed, so nothing is announced
    import(ndjson, "", "application/x-ndjson").field("/bad", 0).field("/good", 2);
    EXPECT_TRUE(service.take_events().empty());
}

} // namespace
} // namespace gravity::product_catalog
