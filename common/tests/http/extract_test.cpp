#include <gravity/base/text.hpp>
#include <gravity/http/extract.hpp>
#include <gravity/http/router.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace sample {

struct Edit {
    Text<1, 10> name;
    std::optional<int> number;
};
BOOST_DESCRIBE_STRUCT(Edit, (), (name, number))
struct Row {
    Version version;
};
BOOST_DESCRIBE_STRUCT(Row, (), (version))

} // namespace sample

namespace {

using namespace sample;

template <class F> std::optional<Refusal> refusal(F f) {
    try {
        f();
    } catch (const Refusal& refused) {
        return refused;
    }
    return std::nullopt;
}

TEST(IfMatch, HoldsAChangeToItsVersion) {
    const auto status = [](std::optional<std::string> field) {
        const auto refused = refusal([&] { IfMatch(field).check_version(3); });
        return refused ? refused->problem().status : 200;
    };
    EXPECT_EQ(status(std::nullopt), 200);
    EXPECT_EQ(status("\"3\""), 200);
    EXPECT_EQ(status("*"), 200);
    EXPECT_EQ(status("\"2\", \"3\""), 200);
    EXPECT_EQ(status("\"2\""), 412);
    EXPECT_EQ(status("W/\"3\""), 412); // strong comparison (RFC 9110 section 13.1.1)
    EXPECT_EQ(status(""), 412);
    EXPECT_EQ(status("3"), 412);
    EXPECT_EQ(status("\"1\",\"3\""), 200);
    // Nothing is there that it could be of (RFC 9110 section 13.1.1), so nobody makes what they meant to change.
    for (const char* const field : {"*", "\"0\"", "\"1\""}) {
        const auto absent = refusal([&] { IfMatch(std::string(field)).check_version(0); });
        ASSERT_TRUE(absent) << field;
        EXPECT_EQ(absent->problem().status, 412);
        EXPECT_TRUE(absent->headers().empty());
    }
    EXPECT_FALSE(refusal([] { IfMatch().check_version(0); }));
    const auto refused = refusal([] { IfMatch("\"2\"").check(Row{Version(3)}); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->headers().at(0), (std::pair<std::string, std::string>{"ETag", "\"3\""}));
    EXPECT_EQ(refused->members().at(0).json, "3");
}

TEST(PatchBody, IsAppliedAndValidated) {
    const Edit before{"old", 1};
    EXPECT_EQ(Patch<Edit>(Json::parse(R"({"name": "new"})").or_throw()).apply(before).name.view(), "new");
    EXPECT_EQ(Patch<Edit>(Json::parse(R"({"number": null})").or_throw()).apply(before).number, std::nullopt);
    const auto status = [&](std::string_view text) {
        const auto refused = refusal([&] { Patch<Edit>(Json::parse(text).or_throw()).apply(before); });
        return refused ? refused->problem().status : 200;
    };
    EXPECT_EQ(status("{}"), 200);
    EXPECT_EQ(status(R"({"name": ""})"), 422);
    EXPECT_EQ(status(R"({"name": null})"), 422);
    EXPECT_EQ(status(R"({"more": 1})"), 400);
    EXPECT_EQ(status("[]"), 400);
}

TEST(Extractor, ReadsWhatItsTypeSays) {
    http::Request request;
    request.headers.add("X-One", "1");
    request.headers.add("Content-Type", "text/plain");
    request.body = "bytes";
    Caller caller;
    caller.subject = "ada";
    http::Input in(request, {{"id", "7"}}, &caller);
    EXPECT_EQ(*(http::Extractor<Path<"id", int>>::read(in)), 7);
    EXPECT_EQ(*http::Extractor<Header<"x-one">>::read(in), "1");
    EXPECT_FALSE(http::Extractor<Header<"X-Two">>::read(in));
    EXPECT_EQ(http::Extractor<RawBody>::read(in).bytes, "bytes");
    EXPECT_EQ(http::Extractor<RawBody>::read(in).content_type, "text/plain");
    EXPECT_EQ(http::Extractor<Caller>::read(in).subject, "ada");
    EXPECT_EQ(http::Extractor<MaybeCaller>::read(in)->subject, "ada");

    http::Input nobody(request, {}, nullptr);
    EXPECT_FALSE(http::Extractor<MaybeCaller>::read(nobody));
    const auto refused = refusal([&] { http::Extractor<Caller>::read(nobody); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->problem().status, 401);
}

Created<Row> create(Tx&, Path<"id", int>, IfMatch, Patch<Edit>) { return Row{Version(1)}; }

TEST(Thunk, WritesTheSignatureIntoTheRoute) {
    Router router;
    router.collection("/x", "things").patch<create>("/{id}");
    const http::Route& route = router.routes().front();
    ASSERT_EQ(route.parameters.size(), 2u);
    EXPECT_EQ(route.parameters[0].name, "id");
    EXPECT_TRUE(route.parameters[0].required);
    EXPECT_EQ(route.parameters[1].name, "If-Match");
    ASSERT_EQ(route.bodies.size(), 2u);
    EXPECT_EQ(route.bodies[0].content_type, "application/merge-patch+json");
    EXPECT_TRUE(route.bodies[1].merge_patch);
    EXPECT_EQ(route.answer.status, 201);
    EXPECT_TRUE(route.answer.etag);
    EXPECT_TRUE(route.answer.location);
    EXPECT_EQ(route.operation_id, "create_things");
    EXPECT_NE(route.transaction, nullptr);
    EXPECT_EQ(route.coroutine, nullptr);
}

} // namespace
} // namespace gravity
