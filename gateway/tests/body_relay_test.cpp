#include "body_relay.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace gravity::gateway {
namespace {

http::Framing chunked() {
    http::Framing framing;
    framing.chunked = true;
    return framing;
}
http::Framing sized(std::uint64_t size) {
    http::Framing framing;
    framing.content_length = size;
    return framing;
}
http::Framing until_close() {
    http::Framing framing;
    framing.until_close = true;
    return framing;
}

struct Passed {
    std::string out;
    std::size_t consumed = 0;
    bool done = false, malformed = false;
};

/// Everything through a relay, in pieces of at most `piece` bytes, as a connection would.
Passed pass(BodyRelay relay, std::string_view input, std::size_t piece, bool end = false) {
    Passed passed;
    std::size_t visible = 0;
    for (;;) {
        visible = std::min(input.size(), std::max(visible, passed.consumed) + piece);
        const bool last = end && visible == input.size();
        const auto batch = relay.take(input.substr(passed.consumed, visible - passed.consumed), last);
        if (batch.malformed) {
            passed.malformed = true;
            return passed;
        }
        for (const auto part : batch.pieces) passed.out += part;
        passed.consumed += batch.consumed;
        if (batch.done) {
            passed.done = true;
            return passed;
        }
        if (visible == input.size() && batch.consumed == 0 && batch.pieces.empty()) return passed;
    }
}

TEST(BodyRelay, ASizedBodyEndsWhereItSaysAndLeavesTheRest) {
    for (const std::size_t piece : {1u, 2u, 7u, 100u}) {
        const Passed passed = pass(BodyRelay(sized(5), BodyRelay::Out::plain), "hello, next request", piece);
        EXPECT_EQ(passed.out, "hello");
        EXPECT_EQ(passed.consumed, 5u);
        EXPECT_TRUE(passed.done);
    }
    EXPECT_TRUE(BodyRelay(sized(0), BodyRelay::Out::plain).done());
    EXPECT_TRUE(BodyRelay(http::Framing{}, BodyRelay::Out::chunked).done());
}

TEST(BodyRelay, ChunksAreFramedAnew) {
    const std::string body = "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: dropped\r\n\r\nGET";
    const Passed whole = pass(BodyRelay(chunked(), BodyRelay::Out::chunked), body, 1000);
    EXPECT_EQ(whole.out, "5\r\nabcde\r\n0\r\n\r\n") << "one chunk for what came together, without extension and trailer";
    EXPECT_EQ(whole.consumed, body.size() - 3);
    const Passed plain = pass(BodyRelay(chunked(), BodyRelay::Out::plain), body, 1);
    EXPECT_EQ(plain.out, "abcde");
    EXPECT_TRUE(plain.done);
}

TEST(BodyRelay, TrailersGoOnButForWhatControlsAMessage) {
    const std::string body = "3;x=y\r\nabc\r\n0;z\r\nX-Sum: 1\r\nContent-Length: 9\r\ngrpc-status:0\r\nTransfer-Encoding: gzip\r\nHost: h\r\n"
                             "Authorization: x\r\n"
                             "A_b: c\r\n"
                             "Set-Cookie: d\r\nIf-Match: e\r\nX-Empty:\r\n\r\nGET";
    for (const std::size_t piece : {1u, 3u, 1000u}) {
        const Passed passed = pass(BodyRelay(chunked(), BodyRelay::Out::chunked, BodyRelay::Trailers::pass), body, piece);
        EXPECT_TRUE(passed.done);
        EXPECT_EQ(passed.consumed, body.size() - 3);
        EXPECT_EQ(passed.out.substr(passed.out.find("0\r\n")), "0\r\nX-Sum: 1\r\ngrpc-status:0\r\nX-Empty:\r\n\r\n") << piece;
        EXPECT_EQ(pass(BodyRelay(chunked(), BodyRelay::Out::plain, BodyRelay::Trailers::pass), body, piece).out, "abc");
    }
    EXPECT_EQ(pass(BodyRelay(chunked(), BodyRelay::Out::chunked, BodyRelay::Trailers::pass), "0\r\n\r\n", 1).out, "0\r\n\r\n");
}

TEST(BodyRelay, ManyTinyChunksGoOnInSeveralBatches) {
    std::string body, expected;
    for (int i = 0; i < 100; ++i) {
        body += "1\r\nx\r\n";
        expected += 'x';
    }
    body += "0\r\n\r\n";
    const Passed passed = pass(BodyRelay(chunked(), BodyRelay::Out::plain), body, 10'000);
    EXPECT_EQ(passed.out, expected);
    EXPECT_TRUE(passed.done);
}

// What went out, taken in again, is the body: for random bodies, cut anywhere.
TEST(BodyRelay, RoundTrips) {
    std::mt19937 random(11);
    for (int round = 0; round < 500; ++round) {
        std::string data, body;
        for (auto chunks = random() % 30; chunks > 0; --chunks) {
            std::string chunk(1 + random() % 40, '\0');
            for (char& c : chunk) c = static_cast<char>(random());
            char size[8];
            std::snprintf(size, sizeof size, "%zx", chunk.size());
            body += std::string(size) + "\r\n" + chunk + "\r\n";
            data += chunk;
        }
        body += "0\r\n\r\n";
        const Passed out = pass(BodyRelay(chunked(), BodyRelay::Out::chunked), body, 1 + random() % 50);
        ASSERT_TRUE(out.done);
        const Passed back = pass(BodyRelay(chunked(), BodyRelay::Out::plain), out.out, 1 + random() % 50);
        ASSERT_TRUE(back.done);
        ASSERT_EQ(back.out, data);
    }
}

TEST(BodyRelay, BrokenChunksAreMalformed) {
    for (const char* body : {"x\r\n", "5\r\nabcdefg\r\n", "5\nabcde\r\n0\r\n\r\n", "ffffffffffffffffff\r\n", "5;aaaaaaaaaaaaaaaaaaaaa\r\n", "-1\r\n",
                             "0x5\r\nabcde\r\n", "\r\n", "5 \r\nabcde\r\n", "0\r\nbad trailer\r\n\r\n"}) {
        EXPECT_TRUE(pass(BodyRelay(chunked(), BodyRelay::Out::chunked), body, 3).malformed) << body;
    }
}

TEST(BodyRelay, AnEndThatComesTooEarlyNeverLooksComplete) {
    EXPECT_TRUE(pass(BodyRelay(sized(5), BodyRelay::Out::plain), "hell", 10, true).malformed);
    EXPECT_TRUE(pass(BodyRelay(chunked(), BodyRelay::Out::chunked), "5\r\nabcde\r\n", 100, true).malformed);
    const Passed closed = pass(BodyRelay(until_close(), BodyRelay::Out::chunked), "hello", 2, true);
    EXPECT_TRUE(closed.done);
    EXPECT_EQ(closed.out, "2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n");
    EXPECT_EQ(pass(BodyRelay(until_close(), BodyRelay::Out::plain), "hello", 2, true).out, "hello");
}

} // namespace
} // namespace gravity::gateway
