#include <gravity/http/wire.hpp>

#include <gtest/gtest.h>

#include <random>

using namespace gravity::http;

namespace {

/// The status a head is refused with, 0 if it is taken, -1 if it is not complete.
int verdict(std::string_view head, Request& request, Framing& framing, const HeadLimits& limits = {}) {
    HeadScanner scanner;
    switch (scanner.scan(head, limits)) {
    case HeadScanner::Result::incomplete: return -1;
    case HeadScanner::Result::refused: return scanner.refusal().status;
    case HeadScanner::Result::complete: break;
    }
    return parse_request_head(head.substr(0, scanner.length()), limits, request, framing).status;
}
int verdict(std::string_view head) {
    Request request;
    Framing framing;
    return verdict(head, request, framing);
}
int with_fields(std::string_view fields) { return verdict("POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n"); }

std::string dechunk(std::string_view input, ChunkDecoder::State& state, std::size_t step_size = 1 << 20) {
    ChunkDecoder decoder;
    std::string body;
    state = ChunkDecoder::State::more;
    while (!input.empty() && state == ChunkDecoder::State::more) {
        const auto step = decoder.decode(input.substr(0, step_size));
        body += step.data;
        input.remove_prefix(step.consumed);
        state = step.state;
    }
    return body;
}
ChunkDecoder::State chunk_state(std::string_view input) {
    ChunkDecoder::State state;
    dechunk(input, state);
    return state;
}

} // namespace

TEST(Wire, ParsesARequest) {
    Request request;
    Framing framing;
    ASSERT_EQ(verdict("PUT /a/b%20c?x=1&y=?2 HTTP/1.1\r\nHost: example.org:80\r\nX-Empty:\r\nX-Pad: \t v w \t\r\n"
                      "Content-Length: 12\r\n\r\nbody",
                      request, framing),
              0);
    EXPECT_EQ(request.method, Method::put);
    EXPECT_EQ(request.path, "/a/b%20c");
    EXPECT_EQ(request.query, "x=1&y=?2");
    EXPECT_EQ(request.headers.get("x-pad"), "v w");
    EXPECT_EQ(request.headers.get("x-empty"), "");
    EXPECT_EQ(framing.content_length, 12u);
    EXPECT_TRUE(framing.keep_alive);
    EXPECT_FALSE(framing.chunked);
}

TEST(Wire, TargetForms) {
    Request request;
    Framing framing;
    ASSERT_EQ(verdict("GET http://other.example:8080?q HTTP/1.1\r\nHost: h\r\n\r\n", request, framing), 0);
    EXPECT_EQ(request.path, "/");
    EXPECT_EQ(request.query, "q");
    EXPECT_EQ(request.headers.joined("host"), "other.example:8080"); // RFC 9112 section 3.2.2
    ASSERT_EQ(verdict("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", request, framing), 0);
    EXPECT_EQ(request.path, "*");
    for (const char* bad : {"*", "h:443", "x", "ftp://h/", "http://", "http:///x", "http://u@h/", "/a b", "/a#b", "/\x7f",
                            "/\xc3\xa9", "/a\tb"})
        EXPECT_EQ(verdict("GET " + std::string(bad) + " HTTP/1.1\r\nHost: h\r\n\r\n"), 400) << bad;
}

TEST(Wire, RefusesBadRequestLines) {
    for (const char* bad : {"GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET  HTTP/1.1", "GET /", "GET", "GET / http/1.1", "G{T / HTTP/1.1",
                            "GET / HTTP/1.", "GET / HTTP/11", "GET / HTTP/x.1", "GET /  HTTP/1.1", "GET / HTTP/1.1\r", "GET\t/ HTTP/1.1"})
        EXPECT_EQ(verdict(std::string(bad) + "\r\nHost: h\r\n\r\n"), 400) << bad;
    EXPECT_EQ(verdict("PRI * HTTP/2.0\r\n\r\n"), 505);
    EXPECT_EQ(verdict("GET / HTTP/0.9\r\nHost: h\r\n\r\n"), 505);
    EXPECT_EQ(verdict("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0); // RFC 9112 section 2.2
    EXPECT_EQ(verdict("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    EXPECT_EQ(verdict("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"), 0); // for the router to refuse
}

TEST(Wire, RefusesBadLineEnds) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\nHost: h\n\n"), 400);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: h\n\r\n"), 400);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400);
    EXPECT_EQ(verdict("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    EXPECT_EQ(with_fields("A: b\rC: d\r\n"), 400);
    EXPECT_EQ(with_fields(std::string_view("A: b\0c\r\n", 8)), 400);
    EXPECT_EQ(with_fields("A: b\x7f\r\n"), 400);
    EXPECT_EQ(with_fields("A: \xc3\xa9\r\n"), 0); // obs-text
}

TEST(Wire, RefusesBadFieldNames) {
    for (const char* bad : {"A : b\r\n", ": b\r\n", "A\r\n", "A b: c\r\n", " A: b\r\n", "A: b\r\n folded\r\n", "A: b\r\n\tfolded\r\n",
                            "\xc3\xa9: x\r\n", "A(: x\r\n"})
        EXPECT_EQ(with_fields(bad), 400) << bad;
}

TEST(Wire, Host) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), 0);
    EXPECT_EQ(with_fields("host: h\r\n"), 400);
    for (const char* bad : {"", "a b", "a/b", "u@h", "a,b", "a\\b", "a\"b", "h:x", "h:80:80", "h:-1", "h:65536", "h:+1", ":80", "::1", "[::1",
                            "[::1]x", "[]", "[h]",
                            "]h[", "h%", "h%4", "h%zz", "h\xc3\xa9", "[fe80::1%25eth0]"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n"), 400) << bad;
    for (const char* good : {"h", "h:1", "h:", "h:65535", "127.0.0.1:80", "[::1]", "[::1]:8080", "[::ffff:1.2.3.4]", "xn--bcher-kva.example", "a_b", "a%2Db"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(good) + "\r\n\r\n"), 0) << good;
}

TEST(Wire, ABodyWith204IsNotWaitedForButTheConnectionIsNotTrusted) {
    Response response;
    Framing framing;
    const HeadLimits limits;
    for (const char* fields : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
        ASSERT_FALSE(parse_response_head("HTTP/1.1 204 No Content\r\n" + std::string(fields) + "\r\n", limits, Method::get, response, framing));
        EXPECT_FALSE(framing.has_body()) << fields;
        EXPECT_FALSE(framing.keep_alive) << fields;
    }
    ASSERT_FALSE(parse_response_head("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", limits, Method::get, response, framing));
    EXPECT_TRUE(framing.keep_alive);
}

TEST(Wire, FramingIsNeverAmbiguous) {
    for (const char* bad :
         {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1, 1\r\n",
          "Content-Length: +1\r\n", "Content-Length: -1\r\n", "Content-Length: 0x1\r\n", "Content-Length:\r\n", "Content-Length: 1 1\r\n",
          "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n",
          "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: chunked;q=1\r\n"})
        EXPECT_EQ(with_fields(bad), 400) << bad;
    EXPECT_EQ(with_fields("Transfer-Encoding: Chunked\r\n"), 0);
    EXPECT_EQ(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(Wire, Expectations) {
    EXPECT_EQ(with_fields("Content-Length: 1\r\nExpect: 100-Continue\r\n"), 0);
    EXPECT_EQ(with_fields("Expect: something\r\n"), 417);
    EXPECT_EQ(with_fields("Expect: \r\n"), 417);
    EXPECT_EQ(with_fields("Expect: 100-continue\r\nExpect: something\r\n"), 417);
    EXPECT_EQ(with_fields("Expect: something\r\nExpect: 100-continue\r\n"), 417);
}

TEST(Wire, KeepAlive) {
    Request request;
    Framing framing;
    verdict("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n", request, framing);
    EXPECT_FALSE(framing.keep_alive);
    verdict("GET / HTTP/1.0\r\n\r\n", request, framing);
    EXPECT_FALSE(framing.keep_alive);
    verdict("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", request, framing);
    EXPECT_TRUE(framing.keep_alive);
    verdict("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", request, framing);
    EXPECT_FALSE(framing.keep_alive);
}

TEST(Wire, Limits) {
    Request request;
    Framing framing;
    const HeadLimits limits;
    const auto with_target = [&](std::size_t size) {
        return verdict("GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", request, framing, limits);
    };
    EXPECT_EQ(with_target(limits.target), 0);
    EXPECT_EQ(with_target(limits.target + 1), 414);
    EXPECT_EQ(verdict("GET /" + std::string(limits.target + 100, 'a'), request, framing), 414); // not even its end is awaited
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nA: " + std::string(limits.bytes, 'a'), request, framing), 431);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nA: " + std::string(limits.bytes, 'a') + "\r\n\r\n", request, framing), 431);
    std::string fields = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t i = 1; i < limits.fields; ++i) fields += "a:b\r\n";
    EXPECT_EQ(verdict(fields + "\r\n", request, framing), 0);
    EXPECT_EQ(verdict(fields + "c:d\r\n\r\n", request, framing), 431);
    const std::string exact = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
    const std::string full = exact + std::string(limits.bytes - exact.size() - 4, 'a') + "\r\n\r\n";
    ASSERT_EQ(full.size(), limits.bytes);
    EXPECT_EQ(verdict(full, request, framing), 0);
}

TEST(Wire, ScannerFindsTheSameEndByteByByte) {
    const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
    HeadScanner scanner;
    for (std::size_t i = 0; i < head.size(); ++i)
        ASSERT_EQ(scanner.scan(std::string_view(head).substr(0, i), {}), HeadScanner::Result::incomplete) << i;
    EXPECT_EQ(scanner.scan(head + "more", {}), HeadScanner::Result::complete);
    EXPECT_EQ(scanner.length(), head.size());
}

TEST(Wire, ParsesResponses) {
    Response response;
    Framing framing;
    EXPECT_EQ(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", {}, Method::get, response, framing).status, 0);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(framing.content_length, 3u);
    EXPECT_EQ(parse_response_head("HTTP/1.1 200\r\n\r\n", {}, Method::get, response, framing).status, 0);
    EXPECT_TRUE(framing.until_close);
    EXPECT_FALSE(framing.keep_alive);
    EXPECT_EQ(parse_response_head("HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", {}, Method::get,
                                  response, framing)
                  .status,
              0);
    EXPECT_TRUE(framing.keep_alive);
    for (const char* bodiless : {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
                                 "HTTP/1.1 100 Continue\r\n\r\n"}) {
        EXPECT_EQ(parse_response_head(bodiless, {}, Method::get, response, framing).status, 0);
        EXPECT_FALSE(framing.has_body()) << bodiless;
    }
    EXPECT_EQ(parse_response_head("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", {}, Method::head, response, framing).status, 0);
    EXPECT_FALSE(framing.has_body());
    for (const char* bad : {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 099 X\r\n\r\n", "\r\n",
                            "HTTP/1.1 abc X\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"})
        EXPECT_NE(parse_response_head(bad, {}, Method::get, response, framing).status, 0) << bad;
}

TEST(Wire, ChunkedBodies) {
    const std::string wire = "5\r\nhello\r\n0006;ext=1\r\n world\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nOther:\r\n\r\nGET /next";
    for (const std::size_t size : {1u, 2u, 3u, 7u, 1000u}) {
        ChunkDecoder::State state;
        EXPECT_EQ(dechunk(wire, state, size), "hello world0123456789") << size;
        EXPECT_EQ(state, ChunkDecoder::State::done);
    }
    ChunkDecoder decoder;
    EXPECT_EQ(decoder.decode("0\r\n\r\nGET").consumed, 5u); // the next request is left alone
}

TEST(Wire, RefusesBadChunks) {
    for (const char* bad : {"\r\n", "x\r\n", " 1\r\n", "1 \r\n", "1\n", "-1\r\n", "0x1\r\n", "1\r\nab", "1\r\na\n", "1\r\na\rb", ";\r\n",
                            "1000000000000000\r\n", "1;aaaaaaaaaaaaaaaa\r\n", "1;a\nb\r\n", "0\r\nbad\r\n", "0\r\n x: y\r\n", "0\r\n\n",
                            "0\r\nA: b\rC", "0\r\n:v\r\n"})
        EXPECT_EQ(chunk_state(bad), ChunkDecoder::State::malformed) << bad;
    EXPECT_EQ(chunk_state("1;aaaaaaaaaaaaaaa\r\na\r\n0\r\n\r\n"), ChunkDecoder::State::done); // 16 bytes with the semicolon
    EXPECT_EQ(chunk_state("0\r\nA: " + std::string(5000, 'a')), ChunkDecoder::State::malformed);
    EXPECT_EQ(chunk_state("0\r\n" + std::string(20, 'a')), ChunkDecoder::State::more);
}

TEST(Wire, ChunksOfAnySizeComeBack) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        std::string body, wire;
        for (auto i = random() % 5; i > 0; --i) {
            const std::string data(1 + random() % 300, static_cast<char>(random()));
            char size[32];
            std::snprintf(size, sizeof size, random() % 2 ? "%zx\r\n" : "%zX;a=b\r\n", data.size());
            wire += size + data + "\r\n";
            body += data;
        }
        wire += "0\r\n\r\n";
        ChunkDecoder::State state;
        ASSERT_EQ(dechunk(wire, state, 1 + random() % 50), body);
        ASSERT_EQ(state, ChunkDecoder::State::done);
        // Cut short it is never complete.
        ASSERT_EQ(chunk_state(std::string_view(wire).substr(0, wire.size() - 1)), ChunkDecoder::State::more);
    }
}
