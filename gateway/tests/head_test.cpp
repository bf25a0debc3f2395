#include "head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gravity::gateway {
namespace {

/// What the connection does with received bytes: scan, then parse.
http::WireRefusal parse(std::string_view bytes, RequestHead& head) {
    http::HeadScanner scanner;
    switch (scanner.scan(bytes, head_limits)) {
    case http::HeadScanner::Result::refused: return scanner.refusal();
    case http::HeadScanner::Result::incomplete: return {1, "incomplete", ""};
    case http::HeadScanner::Result::complete: break;
    }
    return parse_request_head(bytes.substr(0, scanner.length()), head);
}

int status_of(std::string_view bytes) {
    RequestHead head;
    return parse(bytes, head).status;
}

struct Case {
    const char* what;
    std::string bytes;
    int status;
};

// RFC 9112 sections 2.2, 3, 5, 6.1 to 6.3 and 11.2: what one party reads otherwise than another is not read at all.
TEST(RequestHead, Corpus) {
    const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n", post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::vector<Case> corpus{
        {"a plain request", get + "\r\n", 0},
        {"one empty line before it", "\r\n" + get + "\r\n", 0},
        {"two empty lines before it", "\r\n\r\n" + get + "\r\n", 400},
        {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", get + "Host: b\r\n\r\n", 400},
        {"two equal Hosts", get + "Host: a\r\n\r\n", 400},
        {"a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"a Host with user information", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
        {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"a Host with a port that is none", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
        {"a Host with half a bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
        {"a target with a port that is none", "GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a bracketed Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"a lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
        {"a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a byte above ASCII in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a method that is no token", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a method nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"GET *", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"the absolute form", "GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"another scheme", "GET ftp://b/c HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"an empty authority", "GET http:///c HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"a bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
        {"a bare CR in a value", get + "X: a\rb\r\n\r\n", 400},
        {"a NUL in a value", get + std::string("X: a\0b\r\n\r\n", 10), 400},
        {"a NUL in a name", get + std::string("X\0: b\r\n\r\n", 9), 400},
        {"a delete character", get + "X: \x7f\r\n\r\n", 400},
        {"bytes above ASCII in a value", get + "X: \xe4\r\n\r\n", 0},
        {"a folded field", get + "X: a\r\n b\r\n\r\n", 400},
        {"a space before the colon", get + "X : a\r\n\r\n", 400},
        {"a line without a colon", get + "X\r\n\r\n", 400},
        {"an empty name", get + ": a\r\n\r\n", 400},
        {"an empty value", get + "X:\r\n\r\n", 0},
        {"both lengths", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"both lengths, the other way", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        {"two equal lengths", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
        {"a list of lengths", post + "Content-Length: 5, 5\r\n\r\n", 400},
        {"a signed length", post + "Content-Length: +5\r\n\r\n", 400},
        {"a negative length", post + "Content-Length: -5\r\n\r\n", 400},
        {"a hexadecimal length", post + "Content-Length: 0x5\r\n\r\n", 400},
        {"an empty length", post + "Content-Length:\r\n\r\n", 400},
        {"a length that overflows", post + "Content-Length: 18446744073709551621\r\n\r\n", 400},
        {"a length with space inside", post + "Content-Length: 1 0\r\n\r\n", 400},
        {"a length", post + "Content-Length: 0010\r\n\r\n", 0},
        {"chunked", post + "Transfer-Encoding: chunked\r\n\r\n", 0},
        {"CHUNKED", post + "Transfer-Encoding: CHUNKED\r\n\r\n", 0},
        {"xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n", 400},
        {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
        {"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"chunked, identity", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400},
        {"an empty coding", post + "Transfer-Encoding:\r\n\r\n", 400},
        {"a vertical tab before chunked", post + "Transfer-Encoding: \x0b"
                                                 "chunked\r\n\r\n",
         400},
        {"a coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"Connection: content-length", post + "Content-Length: 5\r\nConnection: content-length\r\n\r\n", 400},
        {"Connection: close, Transfer-Encoding", post + "Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding\r\n\r\n", 400},
        {"Connection: host", get + "Connection: host\r\n\r\n", 400},
        {"two Authorizations", get + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400},
        {"an unknown expectation", post + "Content-Length: 1\r\nExpect: 200-ok\r\n\r\n", 417},
        {"a known expectation beside an unknown one", post + "Content-Length: 1\r\nExpect: 100-continue\r\nExpect: 200-ok\r\n\r\n", 417},
        {"a known expectation", post + "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n", 0},
        {"a target that is too long", "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"a target as long as may be", "GET /" + std::string(8191, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"a head that is too large", get + "X: " + std::string(33'000, 'a') + "\r\n\r\n", 431},
    };
    for (const Case& c : corpus) EXPECT_EQ(status_of(c.bytes), c.status) << c.what;
}

TEST(RequestHead, AHundredFieldsAndNoMore) {
    std::string fields = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 99; ++i) fields += "X: 1\r\n";
    EXPECT_EQ(status_of(fields + "\r\n"), 0);
    EXPECT_EQ(status_of(fields + "Y: 1\r\n\r\n"), 431);
}

// However the bytes arrive, what is found is the same, and no prefix of a head is complete.
TEST(RequestHead, ArrivesInAnyPieces) {
    const std::string bytes = "\r\nPOST /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-One:  two \t\r\nContent-Length: 3\r\n\r\n";
    http::HeadScanner scanner;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        ASSERT_EQ(scanner.scan(std::string_view(bytes).substr(0, size), head_limits), http::HeadScanner::Result::incomplete) << size;
    }
    ASSERT_EQ(scanner.scan(bytes, head_limits), http::HeadScanner::Result::complete);
    RequestHead head;
    ASSERT_FALSE(parse_request_head(bytes, head));
    EXPECT_EQ(head.method, http::Method::post);
    EXPECT_EQ(head.path.in(bytes), "/a/b");
    EXPECT_EQ(head.query.in(bytes), "?c=d");
    EXPECT_EQ(head.host(bytes), "h");
    EXPECT_EQ(head.framing.content_length, 3u);
    ASSERT_EQ(head.field_count, 3u);
    EXPECT_EQ(head.fields[1].name.in(bytes), "X-One");
    EXPECT_EQ(head.fields[1].value.in(bytes), "two");
}

TEST(RequestHead, TheTargetsAuthorityStandsForHost) {
    const std::string bytes = "GET http://real.example:81?q HTTP/1.1\r\nHost: other\r\n\r\n";
    RequestHead head;
    ASSERT_FALSE(parse(bytes, head));
    EXPECT_EQ(head.host(bytes), "real.example:81");
    EXPECT_TRUE(head.path.empty());
    EXPECT_EQ(head.query.in(bytes), "?q");
}

TEST(RequestHead, ConnectionDecidesWhatGoesOn) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close, x-a\r\nX-A: 1\r\nX-B: 1\r\nconnection: X-B\r\nX-C: 1\r\n\r\n";
    RequestHead head;
    ASSERT_FALSE(parse(bytes, head));
    EXPECT_FALSE(head.framing.keep_alive);
    EXPECT_TRUE(head.fields[2].hop);
    EXPECT_TRUE(head.fields[3].hop);
    EXPECT_FALSE(head.fields[5].hop);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0);
    ASSERT_FALSE(parse("GET / HTTP/1.0\r\n\r\n", head));
    EXPECT_FALSE(head.framing.keep_alive);
    ASSERT_FALSE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head));
    EXPECT_TRUE(head.framing.keep_alive);
}

TEST(RequestHead, WebSocketHandshakesAreToldFromLesserUpgrades) {
    const std::string whole = "GET /w HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    RequestHead head;
    ASSERT_FALSE(parse(whole, head));
    EXPECT_TRUE(head.websocket_handshake(whole));
    for (const std::string_view part : {"Upgrade: WebSocket\r\n", "Connection: keep-alive, Upgrade\r\n", "Sec-WebSocket-Version: 13\r\n", "==\r\n"}) {
        std::string lesser = whole;
        lesser.replace(lesser.find(part), part.size(), part == "==\r\n" ? "\r\n" : "");
        ASSERT_FALSE(parse(lesser, head)) << part;
        EXPECT_FALSE(head.websocket_handshake(lesser)) << part;
    }
}

http::WireRefusal answer(const std::string& bytes, http::Method method, ResponseHead& head) { return parse_response_head(bytes, method, head); }

TEST(ResponseHead, BodiesAreFramedByRfc9112Section63) {
    ResponseHead head;
    ASSERT_FALSE(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", http::Method::get, head));
    EXPECT_EQ(head.framing.content_length, 5u);
    ASSERT_FALSE(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", http::Method::head, head));
    EXPECT_FALSE(head.framing.has_body());
    ASSERT_FALSE(answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", http::Method::get, head));
    EXPECT_FALSE(head.framing.has_body());
    ASSERT_FALSE(answer("HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\n\r\n", http::Method::get, head));
    EXPECT_FALSE(head.framing.has_body());
    EXPECT_FALSE(head.framing.keep_alive) << "what was announced may follow";
    ASSERT_FALSE(answer("HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n", http::Method::get, head));
    EXPECT_TRUE(head.framing.keep_alive);
    ASSERT_FALSE(answer("HTTP/1.1 200 OK\r\n\r\n", http::Method::get, head));
    EXPECT_TRUE(head.framing.until_close);
    EXPECT_FALSE(head.framing.keep_alive);
    ASSERT_FALSE(answer("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", http::Method::get, head));
    EXPECT_FALSE(head.framing.keep_alive);
}

TEST(ResponseHead, WhatCannotBeTrustedIsRefused) {
    ResponseHead head;
    for (const char* bytes :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n", "HTTP/1.1 099 No\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
          "HTTP/1.1 2000 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
          "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        EXPECT_TRUE(answer(bytes, http::Method::get, head)) << bytes;
    }
}

} // namespace
} // namespace gravity::gateway
