#include <gravity/http/multipart.hpp>

#include <gtest/gtest.h>

#include <vector>

using namespace gravity::http;

namespace {

struct Collected {
    std::vector<MultipartPart> parts;
    std::vector<std::string> bodies;
    std::size_t ended = 0;
    bool complete = false;
    WireRefusal refusal;
};

Collected collect(std::string_view bytes, std::size_t step = 1 << 20, MultipartLimits limits = {}) {
    Collected all;
    MultipartParser parser("xYz", limits);
    const MultipartParser::Sink sink{[&](MultipartPart part) {
                                         all.parts.push_back(std::move(part));
                                         all.bodies.emplace_back();
                                     },
                                     [&](std::string_view data) { all.bodies.back() += data; }, [&] { ++all.ended; }};
    for (std::size_t at = 0; at < bytes.size() && !all.refusal; at += step) all.refusal = parser.feed(bytes.substr(at, step), sink);
    all.complete = parser.complete();
    return all;
}

std::string part(const std::string& head, const std::string& body) { return "--xYz\r\n" + head + "\r\n\r\n" + body + "\r\n"; }
const std::string field = "Content-Disposition: form-data; name=\"a\"";

} // namespace

TEST(Multipart, PartsInPiecesOfAnySize) {
    const std::string wire = "preamble\r\n" + part(field, "one") +
                             part("content-disposition: form-data; name=\"f\"; filename=\"C:\\\\dir\\\\x \\\"y\\\".txt\"\r\nContent-Type: image/png\r\nX-O: 1",
                                  "two\r\nlines\r\n--xYnot") +
                             part(field, "") + "--xYz--\r\nepilogue --xYz\r\n";
    for (std::size_t step = 1; step < 90; ++step) {
        const auto all = collect(wire, step);
        ASSERT_FALSE(all.refusal) << all.refusal.detail;
        ASSERT_TRUE(all.complete);
        ASSERT_EQ(all.parts.size(), 3u);
        EXPECT_EQ(all.ended, 3u);
        EXPECT_EQ(all.parts[0].name, "a");
        EXPECT_FALSE(all.parts[0].filename);
        EXPECT_EQ(all.parts[0].content_type, "text/plain");
        EXPECT_EQ(all.bodies[0], "one");
        EXPECT_EQ(all.parts[1].filename, "x \"y\".txt");
        EXPECT_EQ(all.parts[1].content_type, "image/png");
        EXPECT_EQ(all.parts[1].headers.get("x-o"), "1");
        EXPECT_EQ(all.bodies[1], "two\r\nlines\r\n--xYnot");
        EXPECT_EQ(all.bodies[2], "");
    }
}

TEST(Multipart, IsNotCompleteWithoutItsEnd) {
    const std::string wire = part(field, "one") + "--xYz--";
    EXPECT_TRUE(collect(wire).complete);
    for (std::size_t size = 0; size < wire.size(); ++size) EXPECT_FALSE(collect(wire.substr(0, size)).complete) << size;
    EXPECT_TRUE(collect("--xYz--").complete); // a form without fields
}

TEST(Multipart, Malformed) {
    for (const std::string& bad : {part("X: y", "no disposition"), part("Content-Disposition: attachment; name=\"a\"", ""),
                                   part("Content-Disposition: form-data", ""), part("Content-Disposition: form-data; name=\"a", ""),
                                   part("Content-Disposition: form-data; name=a b", ""), part(field + "; name=\"b\"", ""),
                                   part(field + "\r\n" + field, ""), part(field + "\r\n folded", ""), part("no colon", ""),
                                   part(field + "\r\nX: a\x01", ""), std::string("--xYzzz\r\n") + field, std::string("--xYz") + std::string(70, ' '),
                                   std::string("--xYz\r\n\r\nno head at all\r\n--xYz--")})
        EXPECT_EQ(collect(bad).refusal.status, 400) << bad;
    EXPECT_FALSE(collect("--xYz \t\r\n" + field + "\r\n\r\nx\r\n--xYz-- ").refusal); // padding is allowed
}

TEST(Multipart, Limits) {
    MultipartLimits limits;
    limits.parts = 2;
    limits.header_bytes = 60;
    limits.part_bytes = 10;
    limits.total_bytes = 400;
    EXPECT_FALSE(collect(part(field, "0123456789") + part(field, "") + "--xYz--", 7, limits).refusal);
    EXPECT_EQ(collect(part(field, "0123456789x") + "--xYz--", 7, limits).refusal.slug, "part-too-large");
    EXPECT_EQ(collect(part(field, "") + part(field, "") + part(field, ""), 7, limits).refusal.slug, "too-many-parts");
    EXPECT_EQ(collect("--xYz\r\nX: " + std::string(100, 'h'), 7, limits).refusal.slug, "part-header-too-large");
    EXPECT_EQ(collect(std::string(500, 'p'), 7, limits).refusal.slug, "form-too-large"); // a preamble without end
    EXPECT_EQ(collect("--xYz--" + std::string(500, 'e'), 7, limits).refusal.slug, "form-too-large"); // or an epilogue
}

TEST(Multipart, ARefusalIsFinal) {
    MultipartParser parser("b");
    int parts = 0;
    const MultipartParser::Sink sink{[&](MultipartPart) { ++parts; }, [](std::string_view) {}, [] {}};
    EXPECT_TRUE(parser.feed("--b\r\nbad\r\n\r\n", sink));
    EXPECT_TRUE(parser.feed("\r\n--b\r\n" + field + "\r\n\r\n", sink));
    EXPECT_EQ(parts, 0);
    MultipartParser thrown("b");
    const MultipartParser::Sink throws{[](MultipartPart) { throw std::runtime_error("full"); }, [](std::string_view) {}, [] {}};
    EXPECT_THROW(thrown.feed("--b\r\n" + field + "\r\n\r\n", throws), std::runtime_error);
    EXPECT_TRUE(thrown.feed("x", sink));
}

TEST(Multipart, Boundaries) {
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=utf-8 ; Boundary=\"a b:c\""), "a b:c");
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'b')), std::string(70, 'b'));
    for (const std::string bad :
         {"", "multipart/form-data", "multipart/mixed; boundary=abc", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
          "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=a; boundary=b",
          "multipart/form-data; boundary=\"a\\r\"", "multipart/form-data; boundary=a{b"})
        EXPECT_FALSE(multipart_boundary(bad)) << bad;
    EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'b')));
}
