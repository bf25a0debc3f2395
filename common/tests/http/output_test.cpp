#include <gravity/base/number.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/output.hpp>
#include <gravity/http/result.hpp>
#include <gravity/meta/describe.hpp>

#include <gtest/gtest.h>

namespace gravity::http {
namespace sample {

struct Thing {
    Slug id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, version))
struct Plain {
    int number;
    std::string version;
};
BOOST_DESCRIBE_STRUCT(Plain, (), (number, version))

} // namespace sample

namespace {

using namespace sample;

TEST(Etag, IsListedInAField) {
    const std::string tag = etag_of(3);
    EXPECT_EQ(tag, "\"3\"");
    for (const auto field : {"\"3\"", "*", " \"3\" ", "\"1\", \"3\"", "\"1\",\"3\",\"4\"", "W/\"1\" , \"3\""})
        EXPECT_TRUE(etag_listed(field, tag, true)) << field;
    for (const auto field : {"", "3", "\"33\"", "\"3", "'3'", "\"1\", \"2\"", "w/\"3\"", ",", "W/\"3\"", "\"\"3\"\""})
        EXPECT_FALSE(etag_listed(field, tag, true)) << field;
    // If-None-Match compares weakly (RFC 9110 section 13.1.2).
    EXPECT_TRUE(etag_listed("W/\"3\"", tag, false));
    EXPECT_TRUE(etag_listed("\"1\", W/\"3\"", tag, false));
    EXPECT_FALSE(etag_listed("w/\"3\"", tag, false)); // the prefix is case-sensitive (section 8.8.3)
}

TEST(Output, WritesJsonWithTheTagOfAResource) {
    const Request request;
    Output out(request);
    out.json(200, meta::ref(Thing{"mug", Version(7)}));
    EXPECT_EQ(out.response().body, R"({"id":"mug","version":7})");
    EXPECT_EQ(out.response().headers.get("Content-Type"), "application/json");
    EXPECT_EQ(out.response().headers.get("ETag"), "\"7\"");

    Output plain(request);
    plain.json(200, meta::ref(Plain{1, "2"})); // a text is no row version
    EXPECT_FALSE(plain.response().headers.has("ETag"));
    Output list(request);
    list.json(200, meta::ref(std::vector<int>{1}));
    EXPECT_EQ(list.response().body, "[1]");
    EXPECT_FALSE(list.response().headers.has("ETag"));
}

TEST(Output, TellsWhereACreatedResourceIs) {
    Request request;
    request.path = "/api/v1/things";
    Output out(request);
    out.created(meta::ref(Thing{"mug", Version(1)}), "");
    EXPECT_EQ(out.response().status, 201);
    EXPECT_EQ(out.response().headers.get("Location"), "/api/v1/things/mug");
    EXPECT_EQ(out.response().headers.get("ETag"), "\"1\"");
    Output elsewhere(request);
    elsewhere.created(meta::ref(Thing{"mug", Version(1)}), "/other/1");
    EXPECT_EQ(elsewhere.response().headers.get("Location"), "/other/1");
    Output nameless(request);
    nameless.created(meta::ref(Plain{1, ""}), "");
    EXPECT_FALSE(nameless.response().headers.has("Location"));
}

TEST(Output, WritesADownload) {
    const Request request;
    Output out(request);
    write_download(out, {"text/csv", "a,b", "r\u00e9sum\u00e9 \"1\".csv", 200});
    EXPECT_EQ(out.response().body, "a,b");
    EXPECT_EQ(out.response().headers.get("Content-Disposition"),
              "attachment; filename*=UTF-8''r%C3%A9sum%C3%A9%20%221%22.csv");
    EXPECT_EQ(out.response().headers.get("X-Content-Type-Options"), "nosniff");
    Output shown(request);
    write_download(shown, {"image/png", "x"});
    EXPECT_FALSE(shown.response().headers.has("Content-Disposition"));
}

TEST(Output, EmptiesWhatWasThere) {
    const Request request;
    Output out(request);
    out.bytes(200, "text/plain", "x");
    out.empty(204);
    EXPECT_EQ(out.response().status, 204);
    EXPECT_EQ(out.response().body, "");
}

} // namespace
} // namespace gravity::http
