#include <gravity/http/coding_stream.hpp>

#include <gtest/gtest.h>

#include <random>

using namespace gravity::http;

TEST(Compress, NegotiatesAsTheRfcSays) {
    EXPECT_EQ(choose_coding("gzip"), Coding::gzip);
    EXPECT_EQ(choose_coding("gzip, br"), Coding::brotli);
    EXPECT_EQ(choose_coding("gzip, br", {.brotli = false}), Coding::gzip);
    EXPECT_EQ(choose_coding("br;q=0.5, gzip;q=0.6"), Coding::gzip);
    EXPECT_EQ(choose_coding("GZIP;Q=1.000"), Coding::gzip);
    EXPECT_EQ(choose_coding("x-gzip"), Coding::gzip);
    EXPECT_EQ(choose_coding(""), Coding::identity);
    EXPECT_EQ(choose_coding("deflate, zstd"), Coding::identity);
    EXPECT_EQ(choose_coding("*"), Coding::brotli);
    EXPECT_EQ(choose_coding("gzip, deflate, br, zstd", {.zstd = true}), Coding::zstd);
    EXPECT_EQ(choose_coding("zstd;q=0.5, br", {.zstd = true}), Coding::brotli);
    EXPECT_EQ(choose_coding("zstd;q=0, *", {.zstd = true}), Coding::brotli);
    EXPECT_EQ(choose_coding("*", {.brotli = false, .zstd = true}), Coding::zstd);
    EXPECT_EQ(choose_coding("gzip", {.zstd = true}), Coding::gzip);
    EXPECT_EQ(choose_coding("br;q=0, *"), Coding::gzip);
    EXPECT_EQ(choose_coding("gzip;q=0.1, identity;q=0.9"), Coding::identity);
    EXPECT_EQ(choose_coding("gzip;q=0"), Coding::identity);
    EXPECT_EQ(choose_coding("identity;q=0"), std::nullopt);
    EXPECT_EQ(choose_coding("*;q=0"), std::nullopt);
    EXPECT_EQ(choose_coding("*;q=0, identity;q=0.1"), Coding::identity);
    EXPECT_EQ(choose_coding("gzip;q=2, br;q=x, *;q=0.0001"), Coding::identity); // malformed members are no wishes
    EXPECT_TRUE(accepts_gzip("br, gzip;q=0.001"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0.000, *"));
}

TEST(Compress, RoundTrips) {
    std::mt19937 random(3);
    for (const std::size_t size : {0u, 1u, 100u, 70'000u, 1'000'000u}) {
        std::string data(size, '\0');
        for (char& c : data) c = static_cast<char>('a' + random() % 4);
        for (const Coding coding : {Coding::identity, Coding::gzip, Coding::brotli}) {
            const std::string packed = compress(coding, data);
            EXPECT_EQ(decompress(coding, packed, size), data);
            if (size > 0) { EXPECT_FALSE(decompress(coding, packed, size - 1)); }
            if (coding == Coding::identity) continue;
            if (size > 1000) { EXPECT_LT(packed.size(), size / 2); }
            EXPECT_FALSE(decompress(coding, std::string_view(packed).substr(0, packed.size() - 1), size + 10));
        }
    }
}

TEST(Compress, DamageAndBombs) {
    EXPECT_FALSE(decompress(Coding::gzip, "", 10));
    EXPECT_FALSE(decompress(Coding::gzip, "not gzip at all", 100));
    EXPECT_FALSE(decompress(Coding::brotli, "\xff\xff\xff", 100));
    const std::string zeros(20'000'000, '\0');
    for (const Coding coding : {Coding::gzip, Coding::brotli}) EXPECT_FALSE(decompress(coding, compress(coding, zeros), 1'000'000));
    std::string flipped = compress(Coding::gzip, "some text that is checked");
    flipped[flipped.size() - 6] ^= 1; // the checksum
    EXPECT_FALSE(decompress(Coding::gzip, flipped, 100));
    EXPECT_FALSE(decompress(Coding::gzip, compress(Coding::gzip, "a") + "trailing", 100));
    EXPECT_EQ(decompress(Coding::gzip, compress(Coding::gzip, "a") + compress(Coding::gzip, "b"), 100), "ab");
}

TEST(Compress, PieceByPiece) {
    for (const std::size_t step : {1u, 7u, 70'000u}) {
        GzipStream stream;
        std::string text, packed;
        for (int i = 0; i < 30'000; ++i) text += std::to_string(i) + ',';
        for (std::size_t at = 0; at < text.size(); at += step) packed += stream.push(std::string_view(text).substr(at, step));
        packed += stream.finish();
        EXPECT_LT(packed.size(), text.size() / 2);
        EXPECT_EQ(decompress(Coding::gzip, packed, text.size()), text);
    }
    GzipStream nothing;
    EXPECT_EQ(decompress(Coding::gzip, nothing.finish(), 10), "");
}

TEST(Compress, StreamsOfEitherCoding) {
    std::string text;
    for (int i = 0; i < 30'000; ++i) text += std::to_string(i) + ',';
    for (const Coding coding : {Coding::gzip, Coding::brotli}) {
        for (const std::size_t step : {1u, 7u, 70'000u}) {
            CodingStream stream(coding);
            std::string packed;
            for (std::size_t at = 0; at < text.size(); at += step) stream.push(std::string_view(text).substr(at, step), packed);
            stream.finish(packed);
            EXPECT_LT(packed.size(), text.size() / 2);
            EXPECT_EQ(decompress(coding, packed, text.size()), text);
        }
        CodingStream nothing(coding);
        std::string empty;
        nothing.finish(empty);
        EXPECT_EQ(decompress(coding, empty, 10), "");
        std::string moved;
        CodingStream whole(std::move(nothing));
        whole = CodingStream(coding);
        whole.push("moved", moved);
        whole.finish(moved);
        EXPECT_EQ(decompress(coding, moved, 10), "moved");
    }
    EXPECT_THROW(CodingStream(Coding::identity), std::invalid_argument);
    EXPECT_THROW(CodingStream(Coding::zstd), std::invalid_argument);
    EXPECT_THROW(compress(Coding::zstd, "text"), std::invalid_argument);
    EXPECT_EQ(decompress(Coding::zstd, "text", 10), std::nullopt);
}

TEST(Compress, WhatIsFlushedCanBeRead) {
    CodingStream gzip(Coding::gzip);
    std::string packed;
    gzip.push("one event", packed);
    EXPECT_EQ(packed.size(), 10u) << "the head alone";
    gzip.flush(packed);
    // An empty stored block ends what was flushed (RFC 1951 section 3.2.4): the bytes before it are whole.
    EXPECT_TRUE(packed.ends_with(std::string_view("\0\0\xff\xff", 4)));
    CodingStream brotli(Coding::brotli);
    std::string small, more;
    brotli.push("one event", small);
    EXPECT_EQ(small, "");
    brotli.flush(small);
    EXPECT_GE(small.size(), 9u);
    brotli.push(" and another", more);
    brotli.finish(more);
    EXPECT_EQ(decompress(Coding::brotli, small + more, 100), "one event and another");
}

TEST(Compress, Responses) {
    Request request;
    request.headers.add("Accept-Encoding", "gzip");
    Response response;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.headers.add("ETag", "\"1\"");
    response.body = std::string(5000, 'j');
    const Response plain = response;
    compress_response(request, response);
    EXPECT_EQ(response.headers.get("Content-Encoding"), "gzip");
    EXPECT_EQ(response.headers.get("Vary"), "Accept-Encoding");
    EXPECT_EQ(response.headers.get("ETag"), "\"1-gzip\"");
    EXPECT_EQ(decompress(Coding::gzip, response.body, 5000), plain.body);
    const auto untouched = [&](Response given, const Request& asked) {
        const std::string body = given.body;
        compress_response(asked, given);
        return given.body == body && !given.headers.has("Content-Encoding");
    };
    Response small = plain, picture = plain, coded = plain;
    small.body.resize(500);
    picture.headers.set("Content-Type", "image/png");
    EXPECT_TRUE(untouched(small, request));
    EXPECT_TRUE(untouched(picture, request));
    EXPECT_TRUE(untouched(plain, Request{}));
    coded.headers.add("Content-Encoding", "br");
    compress_response(request, coded);
    EXPECT_EQ(coded.body, plain.body);
    EXPECT_TRUE(is_compressible("application/problem+json"));
    EXPECT_TRUE(is_compressible("image/svg+xml"));
    EXPECT_FALSE(is_compressible("application/zip"));
}
