#include <gravity/http/router.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

using http::Method;

// Handlers tell apart by name only; none is called here.
NoContent root(Tx&) { return {}; }
NoContent list(Tx&) { return {}; }
NoContent create(Tx&) { return {}; }
NoContent show(Tx&, Path<"id", std::string>) { return {}; }
NoContent change(Tx&, Path<"id", std::string>) { return {}; }
NoContent search(Tx&) { return {}; }
NoContent parts(Tx&, Path<"id", std::string>) { return {}; }
NoContent part(Tx&, Path<"id", std::string>, Path<"part", std::string>) { return {}; }
NoContent latest(Tx&) { return {}; }
NoContent file(Tx&, Path<"path", std::string>) { return {}; }
NoContent file_index(Tx&) { return {}; }
NoContent drop(Tx&, Path<"id", std::string>) { return {}; }
NoContent map(Tx&, Path<"part", std::string>) { return {}; }
NoContent maps(Tx&) { return {}; }
NoContent feed(Tx&, Path<"name", std::string>) { return {}; }
NoContent table(Tx&, Path<"name", std::string>) { return {}; }
NoContent any_feed(Tx&, Path<"name", std::string>) { return {}; }

class Routes : public testing::Test {
protected:
    Routes() {
        auto all = router_.collection("/api/v1/things", "things");
        all.get<list>("");
        all.post<create>("");
        all.get<show>("/{id}");
        all.patch<change>("/{id}");
        all.del<drop>("/{id}");
        all.get<search>("/search");
        all.get<parts>("/{id}/parts");
        all.get<part>("/{id}/parts/{part}");
        all.post<latest>("/latest/parts");
        auto surface = router_.surface("files");
        surface.get<root>("/");
        surface.get<file>("/files/{path...}");
        surface.get<file_index>("/files/index");
        surface.get<map>("/sitemap-{part}.xml");
        surface.get<maps>("/sitemap-all.xml");
        surface.get<feed>("/feeds/{name}.xml");
        surface.get<table>("/feeds/{name}.tsv");
        surface.del<any_feed>("/feeds/{name}");
        router_.finish();
    }

    std::string found(Method method, std::string_view path) {
        const auto match = router_.match(method, path);
        if (match.route == nullptr) return match.allowed.empty() ? "404" : "405";
        std::string text = match.route->operation_id;
        for (const auto& [name, value] : match.parameters) text += ' ' + std::string(name) + '=' + value;
        return text;
    }

    Router router_;
};

TEST_F(Routes, AreFoundByMethodAndPath) {
    EXPECT_EQ(found(Method::get, "/api/v1/things"), "list_things");
    EXPECT_EQ(found(Method::post, "/api/v1/things"), "create_things");
    EXPECT_EQ(found(Method::get, "/api/v1/things/7"), "show_things id=7");
    EXPECT_EQ(found(Method::get, "/api/v1/things/7/parts/8"), "part_things id=7 part=8");
    EXPECT_EQ(found(Method::get, "/"), "root_files");
}

TEST_F(Routes, HeadFindsGet) {
    EXPECT_EQ(found(Method::head, "/api/v1/things/7"), "show_things id=7");
    EXPECT_EQ(found(Method::head, "/api/v1/things/latest/parts"), "parts_things id=latest");
}

TEST_F(Routes, ALiteralWinsAndBacktracks) {
    EXPECT_EQ(found(Method::get, "/api/v1/things/search"), "search_things");
    EXPECT_EQ(found(Method::delete_, "/api/v1/things/search"), "drop_things id=search"); // the literal has no DELETE
    EXPECT_EQ(found(Method::get, "/api/v1/things/latest/parts"), "parts_things id=latest");
    EXPECT_EQ(found(Method::post, "/api/v1/things/latest/parts"), "latest_things");
    EXPECT_EQ(found(Method::get, "/api/v1/things/latest/parts/1"), "part_things id=latest part=1");
}

TEST_F(Routes, AParameterMayBeFramedByText) {
    EXPECT_EQ(found(Method::get, "/sitemap-7.xml"), "map_files part=7");
    EXPECT_EQ(found(Method::get, "/sitemap-all.xml"), "maps_files"); // the literal
    EXPECT_EQ(found(Method::get, "/sitemap-.xml"), "404");           // a parameter is not empty
    EXPECT_EQ(found(Method::get, "/sitemap-7.txt"), "404");
    EXPECT_EQ(found(Method::get, "/feeds/a.b.xml"), "feed_files name=a.b");
    EXPECT_EQ(found(Method::get, "/feeds/a%2Fb.tsv"), "table_files name=a/b");
    EXPECT_EQ(found(Method::delete_, "/feeds/a.xml"), "any_feed_files name=a.xml"); // the framed one has no DELETE
    EXPECT_EQ(found(Method::get, "/feeds/a"), "405");
}

TEST_F(Routes, TellWhatAPathAllows) {
    const auto match = router_.match(Method::put, "/api/v1/things/search");
    EXPECT_EQ(match.route, nullptr);
    const std::set<Method> allowed(match.allowed.begin(), match.allowed.end());
    EXPECT_EQ(allowed, (std::set<Method>{Method::get, Method::patch, Method::delete_})); // of the literal and of {id}
    EXPECT_EQ(allowed.size(), match.allowed.size());
    EXPECT_TRUE(router_.match(Method::put, "/api/v1/nothing").allowed.empty());
}

TEST_F(Routes, MindEverySlash) {
    for (const auto path : {"", "x", "*", "//", "/api", "/api/v1", "/api/v1/", "/api/v1/things/",
                            "/api/v1/things//parts", "//api/v1/things", "/api/v1/things/7/", "/api/v1/things/7/parts/",
                            "/api/v1/things/7/other", "/API/v1/things", "/files"})
        EXPECT_EQ(found(Method::get, path), "404") << path;
}

TEST_F(Routes, DecodeEachSegmentByItself) {
    EXPECT_EQ(found(Method::get, "/api/v1/things/a%2Fb"), "show_things id=a/b"); // an encoded slash divides nothing
    EXPECT_EQ(found(Method::get, "/api/v1/thing%73"), "list_things");
    EXPECT_EQ(found(Method::get, "/api/v1/things/%73earch"), "search_things");
    EXPECT_EQ(found(Method::get, "/api/v1/things/a+b"), "show_things id=a+b");
    EXPECT_EQ(found(Method::get, "/api/v1/things/%7Bid%7D"), "show_things id={id}");
    EXPECT_EQ(found(Method::get, "/api/v1/things/.."), "show_things id=..");
    for (const auto path :
         {"/api/v1/things/%", "/api/v1/things/%4", "/api/v1/things/%zz", "/api/v1/things/a%2", "/files/a/%g0"})
        EXPECT_EQ(found(Method::get, path), "404") << path;
}

TEST_F(Routes, ARestTakesWhatFollows) {
    EXPECT_EQ(found(Method::get, "/files/a"), "file_files path=a");
    EXPECT_EQ(found(Method::get, "/files/a/b//c/"), "file_files path=a/b//c/");
    EXPECT_EQ(found(Method::get, "/files/"), "file_files path=");
    EXPECT_EQ(found(Method::get, "/files/index"), "file_index_files");
    EXPECT_EQ(found(Method::get, "/files/index/x"), "file_files path=index/x");
}

TEST_F(Routes, HaveScopesByMethod) {
    EXPECT_EQ(router_.match(Method::get, "/api/v1/things").route->scope, "things:read");
    EXPECT_EQ(router_.match(Method::post, "/api/v1/things").route->scope, "things:write");
    EXPECT_EQ(router_.match(Method::delete_, "/api/v1/things/1").route->scope, "things:write");
}

TEST(Collection, TakesScopeOrOpennessFromTheOptions) {
    Router router;
    auto all = router.collection("/x", "some-things");
    all.get<list>("", {.scope = "other:admin"});
    all.post<create>("", {.open = "for everybody"});
    EXPECT_EQ(router.routes()[0].scope, "other:admin");
    EXPECT_EQ(router.routes()[1].scope, "");
    EXPECT_EQ(router.routes()[0].operation_id, "list_some_things");
    EXPECT_TRUE(router.routes()[1].honours_idempotency_key());
    EXPECT_FALSE(router.routes()[0].honours_idempotency_key());
}

TEST(Collection, OperationsAreAboutTheLastNounOfThePrefix) {
    Router router;
    router.collection("/api/v1/things", "things").get<list>("");
    router.collection("/api/v1/things/{id}/small-parts", "things").get<list>("");
    router.collection("/api/v1/things/{id}", "things").post<create>("/repair");
    router.surface("things").get<list>("/foreign", {.operation = "foreign"});
    std::string names;
    for (const auto& route : router.routes()) names += route.operation_id + " ";
    EXPECT_EQ(names, "list_things list_small_parts create_things foreign_things ");
    router.finish();
}

// ---- mistakes that must not wait for a request

template <class Fill> std::string refusal(Fill fill) {
    Router router;
    auto all = router.collection("/x", "things");
    fill(all);
    try {
        router.finish();
    } catch (const std::logic_error& error) {
        return error.what();
    }
    return "finished";
}

NoContent show_key(Tx&, Path<"key", std::string>) { return {}; }

TEST(Finish, RefusesWhatCouldOnlyFailLater) {
    EXPECT_EQ(refusal([](Collection& c) { c.get<list>("/a"), c.get<search>("/a"); }), "GET /x/a: is routed twice");
    EXPECT_EQ(refusal([](Collection& c) { c.get<list>("/a"), c.get<list>("/b"); }),
              "two routes would be called list_things: give one handler another name");
    EXPECT_EQ(refusal([](Collection& c) { c.get<file>("/a-{path...}"); }), "GET /x/a-{path...}: only one plain {name} may stand beside other text");
    EXPECT_EQ(refusal([](Collection& c) { c.get<show>("/{name}"); }), "GET /x/{name}: there is no {id} in the path");
    EXPECT_EQ(refusal([](Collection& c) { c.get<show>("/{id}"), c.patch<show_key>("/{key}"); }),
              "PATCH /x/{key}: its parameters have other names than in /x/{id}");
    EXPECT_EQ(refusal([](Collection& c) { c.get<file>("/{path...}/more"); }),
              "GET /x/{path...}/more: nothing can follow {name...}");
    EXPECT_EQ(refusal([](Collection& c) { c.get<show>("/{id}"), c.post<file>("/{path...}"); }),
              "POST /x/{path...}: {name} and {name...} stand at one place of two paths");
    // Another name further up is no matter: the paths differ.
    EXPECT_EQ(refusal([](Collection& c) { c.get<show_key>("/{key}"), c.get<parts>("/{id}/parts"); }), "finished");
}

} // namespace
} // namespace gravity
