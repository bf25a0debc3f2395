#include "certificate.hpp"
#include "http2_client.hpp"
#include "http2_messages.hpp"

#include <gravity/net/tls_context.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <mutex>

namespace gravity::gateway::test {
namespace {

using Fields = Http2Client::Fields;

std::string bytes_of(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + i % 23);
    return bytes;
}

/// One instance that answers by a function, behind /a.
struct Behind {
    explicit Behind(Instance::Script script, Options options = {}) : instance(std::move(script)), running(options) {
        running.publish({service("a", {"/a"}, {instance.port()})});
    }
    Instance instance;
    Running running;
    std::uint16_t port() { return running.gateway.port(); }
};

TEST(Http2, ARequestGoesOnAsAnyOther) {
    std::string seen;
    Behind behind(Instance::answering([&](const Wire::Message& request) {
        seen = request.head;
        return "HTTP/1.1 201 Created\r\nX-Answer: Yes\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello";
    }));
    const auto before = behind.running.telemetry.http2_connections.value();
    Http2Client client(behind.port());
    const auto& answer = client.ask(Http2Client::get("/a/b?c=d", {{"x-mine", "1"}, {"cookie", "a=1"}, {"cookie", "b=2"}, {"host", "H"}}));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_TRUE(answer.ended);
    EXPECT_EQ(answer.field("x-answer"), "Yes");
    EXPECT_EQ(answer.field("content-length"), "5");
    EXPECT_FALSE(answer.field("connection").has_value());
    EXPECT_TRUE(seen.starts_with("GET /a/b?c=d HTTP/1.1\r\nHost: h\r\n")) << seen;
    for (const std::string line : {"x-mine: 1", "cookie: a=1; b=2", "Via: 2.0 gravity", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http"})
        EXPECT_NE(seen.find("\r\n" + line + "\r\n"), std::string::npos) << line << seen;
    EXPECT_EQ(seen.find("Transfer-Encoding"), std::string::npos);
    EXPECT_EQ(behind.running.telemetry.http2_connections.value(), before + 1);
}

TEST(Http2, OwnAnswersAndThoseWithoutABody) {
    Behind behind(Instance::answering([&](const Wire::Message& request) -> std::string {
        if (request.head.starts_with("HEAD")) return "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n";
        return "HTTP/1.1 204 No Content\r\n\r\n";
    }));
    Http2Client client(behind.port());
    Fields head = Http2Client::get("/a");
    head[0].second = "HEAD";
    const auto& first = client.ask(head);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.field("content-length"), "77");
    EXPECT_TRUE(first.ended && first.body.empty());
    EXPECT_EQ(client.ask(Http2Client::get("/a")).status, 204);
    const auto& nowhere = client.ask(Http2Client::get("/nowhere"));
    EXPECT_EQ(nowhere.status, 404);
    EXPECT_EQ(nowhere.field("content-type"), "application/problem+json");
    EXPECT_EQ(client.ask(Http2Client::get("/health/live")).status, 200);
}

TEST(Http2, BodiesAreAsTheyWereInBothDirections) {
    std::string head, trailer;
    const std::string large = bytes_of(3 << 20);
    std::mutex mutex;
    Behind behind([&](Wire& wire) {
        for (;;) {
            const auto request = wire.read_until("\r\n\r\n");
            if (request.empty()) return;
            std::string body;
            if (request.find("ransfer-") != std::string::npos) {
                for (;;) {
                    const std::size_t size = std::stoul("0x" + wire.read_until("\r\n"), nullptr, 16);
                    if (size == 0) break;
                    body += wire.read_exactly(size);
                    wire.read_exactly(2);
                }
                std::string line;
                while ((line = wire.read_until("\r\n")) != "\r\n") trailer += line;
            } else {
                body = wire.read_exactly(large.size());
            }
            {
                const std::lock_guard lock(mutex);
                head = request;
            }
            wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n");
            char size[16];
            for (std::size_t at = 0; at < body.size(); at += 100'000) {
                const std::string piece = body.substr(at, 100'000);
                std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
                wire.send(size + piece + "\r\n");
            }
            wire.send("0\r\nX-Sum: 42\r\n\r\n");
        }
    });
    Http2Client client(behind.port());
    const auto& chunked = client.ask(Http2Client::post("/a", {{"te", "trailers"}}), {large, {{"x-mine", "7"}}});
    EXPECT_EQ(chunked.status, 200);
    EXPECT_TRUE(chunked.body == large) << chunked.body.size();
    EXPECT_EQ(chunked.trailer, (Fields{{"x-sum", "42"}}));
    EXPECT_EQ(trailer, "x-mine: 7\r\n");
    const auto& sized = client.ask(Http2Client::post("/a", {{"content-length", std::to_string(large.size())}}), {large, {}});
    EXPECT_TRUE(sized.body == large) << sized.body.size();
    EXPECT_TRUE(sized.ended);
    EXPECT_TRUE(sized.trailer.empty()) << "nobody asked for one";
    EXPECT_NE(head.find("content-length: 3145728\r\n"), std::string::npos) << head;
}

TEST(Http2, ManyRequestsAtOnceDoNotWaitForEachOther) {
    std::atomic<int> waiting{0};
    std::atomic<bool> go{false};
    Behind behind([&](Wire& wire) {
        for (;;) {
            const auto request = wire.read_message();
            if (request.head.empty()) return;
            const bool slow = request.head.find("/slow") != std::string::npos;
            if (slow) {
                ++waiting;
                while (!go) std::this_thread::sleep_for(1ms);
            }
            if (!wire.send(Instance::ok(request.head.substr(0, request.head.find(" HTTP"))))) return;
        }
    });
    Http2Client client(behind.port());
    std::vector<std::int32_t> slow, quick;
    for (int i = 0; i < 30; ++i) slow.push_back(client.begin(Http2Client::get("/a/slow/" + std::to_string(i))));
    ASSERT_TRUE(eventually([&] { return waiting == 30; }));
    for (int i = 0; i < 60; ++i) quick.push_back(client.begin(Http2Client::get("/a/" + std::to_string(i))));
    for (std::size_t i = 0; i < quick.size(); ++i) EXPECT_EQ(client.wait(quick[i]).body, "GET /a/" + std::to_string(i));
    EXPECT_FALSE(client.answer(slow[0]).closed);
    go = true;
    for (std::size_t i = 0; i < slow.size(); ++i) EXPECT_EQ(client.wait(slow[i]).body, "GET /a/slow/" + std::to_string(i));
    EXPECT_EQ(behind.running.gateway.connections(), 1u) << "the requests count as none";
}

TEST(Http2, OneBeyondTheNumberAtATimeIsRefusedAndMayComeAgain) {
    std::atomic<bool> go{false};
    Behind behind([&](Wire& wire) {
        while (!wire.read_message().head.empty()) {
            while (!go) std::this_thread::sleep_for(1ms);
            wire.send(Instance::ok("x"));
        }
    });
    Http2Client client(behind.port());
    EXPECT_EQ(client.ask(Http2Client::get("/health/live")).status, 200); // the settings have come
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 130; ++i) ids.push_back(client.begin(Http2Client::get("/a")));
    go = true; // nghttp2 keeps what is too many back until there is room
    for (const auto id : ids) EXPECT_EQ(client.wait(id).status, 200);
}

TEST(Http2, WhoTakesARequestBackEndsItBehindUsToo) {
    std::atomic<bool> ended{false};
    Behind behind([&](Wire& wire) {
        wire.read_until("\r\n\r\n");
        ended = wire.ended();
    });
    Http2Client client(behind.port());
    const auto before = behind.running.telemetry.client_aborts.value();
    const auto id = client.begin(Http2Client::get("/a"));
    ASSERT_TRUE(eventually([&] { return behind.instance.connections() == 1; }));
    client.reset(id);
    EXPECT_TRUE(eventually([&] { return ended.load(); }));
    EXPECT_TRUE(eventually([&] { return behind.running.telemetry.client_aborts.value() == before + 1; }));
    EXPECT_EQ(client.ask(Http2Client::get("/health/live")).status, 200) << "the others go on";
}

TEST(Http2, AnAnswerThatBreaksOffNeverLooksWhole) {
    Behind behind([&](Wire& wire) {
        const bool chunked = wire.read_message().head.find("/chunked") != std::string::npos;
        wire.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
    });
    Http2Client client(behind.port());
    for (const char* path : {"/a", "/a/chunked"}) {
        const auto& answer = client.ask(Http2Client::get(path));
        EXPECT_EQ(answer.status, 200);
        EXPECT_FALSE(answer.ended);
        EXPECT_EQ(answer.closed, std::uint32_t{NGHTTP2_INTERNAL_ERROR});
    }
    EXPECT_EQ(client.ask(Http2Client::get("/health/live")).status, 200);
}

TEST(Http2, ABrokenAnswerIsGivenUpThoughTheClientTakesNothing) {
    Behind behind([](Wire& wire) {
        wire.read_message();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes_of(10'000));
    });
    Http2Client client(behind.port(), false, 0); // it opens no window
    const auto& answer = client.ask(Http2Client::get("/a"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.closed, std::uint32_t{NGHTTP2_INTERNAL_ERROR});
}

TEST(Http2, AWholeAnswerThatTheClientDoesNotTakeIsGivenUpLater) {
    Options options;
    options.idle_timeout = 300ms;
    Behind behind(Instance::answering([](const Wire::Message&) { return Instance::ok("small"); }), options);
    Http2Client client(behind.port(), false, 0);
    const auto& answer = client.ask(Http2Client::get("/a"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.closed, std::uint32_t{NGHTTP2_INTERNAL_ERROR});
}

TEST(Http2, AnAnswerMayComeBeforeTheRequestIsWhole) {
    Behind behind([&](Wire& wire) {
        wire.read_until("\r\n\r\n");
        wire.send("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        wire.read_to_end();
    });
    Http2Client client(behind.port());
    const auto& answer = client.ask(Http2Client::post("/a"), {"part", {}, true});
    EXPECT_EQ(answer.interim, std::vector<int>{103});
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.body, "no");
    EXPECT_TRUE(answer.ended);
    EXPECT_EQ(answer.closed, std::uint32_t{NGHTTP2_NO_ERROR});
}

TEST(Http2, BodiesThatNobodyReadsLeaveRoomForOthers) {
    Behind behind(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Http2Client client(behind.port());
    for (int i = 0; i < 40; ++i) EXPECT_EQ(client.ask(Http2Client::post("/nowhere"), {bytes_of(100'000), {}}).status, 404) << i; // four times the window
    EXPECT_EQ(client.ask(Http2Client::get("/a")).status, 200);
}

TEST(Http2, MalformedRequestsAreRefused) {
    std::atomic<int> came{0};
    Behind behind(Instance::answering([&](const Wire::Message& request) {
        came += request.head.starts_with("GET "); // of a body that is too long, the head may have gone on
        return Instance::ok("x");
    }));
    const auto with = [](Fields more) { return Http2Client::get("/a", std::move(more)); };
    Fields no_path = Http2Client::get("/a"), space = Http2Client::get("/a b"), twice = Http2Client::get("/a");
    const Fields connect{{":method", "CONNECT"}, {":authority", "h:1"}};
    no_path.pop_back();
    twice.insert(twice.begin(), {":path", "/a"});
    const std::vector<Fields> broken{with({{"x", "a\r\nb: c"}}), with({{"x y", "1"}}), with({{"connection", "close"}}),
                                     with({{"transfer-encoding", "chunked"}}), with({{"upgrade", "websocket"}}), with({{"te", "gzip"}}),
                                     with({{":status", "200"}}), no_path, twice};
    for (const Fields& fields : broken) {
        Http2Client client(behind.port(), true);
        const auto& answer = client.ask(fields);
        EXPECT_EQ(answer.status, 0) << fields.back().first;
        EXPECT_EQ(answer.closed, std::uint32_t{NGHTTP2_PROTOCOL_ERROR}) << fields.back().first;
    }
    Http2Client client(behind.port(), true);
    EXPECT_EQ(client.ask(with({{"host", "other"}})).status, 400) << "two hosts";
    EXPECT_EQ(client.ask(with({{"host", "h"}})).status, 200) << "one, said twice";
    EXPECT_EQ(client.ask(Http2Client::get("/a/%2F")).status, 400);
    EXPECT_EQ(client.ask(connect).status, 405);
    EXPECT_EQ(client.ask(with({{"x", std::string(33'000, 'x')}})).status, 431);
    EXPECT_EQ(client.ask(Http2Client::get("/a/" + std::string(9000, 'x'))).status, 414);
    const auto& length = client.ask(Http2Client::post("/a", {{"content-length", "3"}}), {"four", {}});
    EXPECT_EQ(length.closed, std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
    const auto spaced = Http2Client(behind.port(), true).ask(space);
    EXPECT_TRUE(spaced.status == 400 || spaced.closed == std::uint32_t{NGHTTP2_PROTOCOL_ERROR}) << spaced.status;
    EXPECT_EQ(came, 1);
}

TEST(Http2, WhoOnlyTakesRequestsBackIsSentAway) {
    Behind behind([&](Wire& wire) { wire.read_to_end(); });
    Http2Client client(behind.port());
    for (int i = 0; i < 1500 && !client.goaway; ++i) client.reset(client.begin(Http2Client::get("/nowhere")));
    EXPECT_TRUE(client.until([&] { return client.goaway.has_value(); }));
    EXPECT_EQ(client.goaway, std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
    EXPECT_EQ(Http2Client(behind.port()).ask(Http2Client::get("/health/live")).status, 200);
}

TEST(Http2, WhatIsNoHttp2EndsTheConnection) {
    Behind behind(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Wire magic = behind.running.client();
    magic.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    EXPECT_NE(magic.read_to_end().end, Wire::End::still_open);
    Wire garbage = behind.running.client();
    garbage.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(64, 'x'));
    EXPECT_NE(garbage.read_to_end().end, Wire::End::still_open);
    Wire later = behind.running.client(); // of a proxy that lets several clients use one connection, one must not take it over
    EXPECT_EQ(later.ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    EXPECT_EQ(later.ask("PRI * HTTP/2.0\r\n\r\n").status(), 505);
}

TEST(Http2, ItCanBeSwitchedOff) {
    Options options;
    options.http2 = false;
    Behind behind(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }), options);
    Wire client = behind.running.client();
    EXPECT_EQ(client.ask("PRI * HTTP/2.0\r\n\r\n").status(), 505);
}

TEST(Http2, IdleAndUnfinishedConnectionsEnd) {
    Options options;
    options.idle_timeout = 300ms;
    options.head_timeout = 300ms;
    options.park_after = 50ms;
    options.linger = 100ms;
    Behind behind(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }), options);
    Http2Client idle(behind.port());
    EXPECT_EQ(idle.ask(Http2Client::get("/a")).status, 200);
    std::this_thread::sleep_for(150ms); // its buffer is given back
    EXPECT_EQ(idle.ask(Http2Client::get("/a")).status, 200);
    EXPECT_TRUE(idle.until([&] { return idle.goaway.has_value(); }));
    EXPECT_EQ(idle.goaway, std::uint32_t{NGHTTP2_NO_ERROR});
    EXPECT_TRUE(idle.wire().ended());
    Wire unfinished = behind.running.client(); // HEADERS without END_HEADERS
    unfinished.send(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string("\0\0\0\4\0\0\0\0\0", 9) + std::string("\0\0\1\1\1\0\0\0\1\x82", 10));
    EXPECT_NE(unfinished.read_to_end().end, Wire::End::still_open);
    Wire silent = behind.running.client();
    silent.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    EXPECT_NE(silent.read_to_end().end, Wire::End::still_open);
    EXPECT_TRUE(eventually([&] { return behind.running.gateway.connections() == 0; }));
}

TEST(Http2, ADrainLetsRequestsEnd) {
    std::atomic<bool> go{false};
    Options quick;
    quick.linger = 100ms;
    Behind behind([&](Wire& wire) {
        wire.read_message();
        while (!go) std::this_thread::sleep_for(1ms);
        wire.send(Instance::ok("done"));
    },
                  quick);
    Http2Client client(behind.port());
    const auto id = client.begin(Http2Client::get("/a"));
    ASSERT_TRUE(eventually([&] { return behind.instance.connections() == 1; }));
    behind.running.gateway.drain();
    EXPECT_TRUE(client.until([&] { return client.goaway.has_value(); }));
    go = true;
    EXPECT_EQ(client.wait(id).body, "done");
    EXPECT_EQ(client.wire().read_to_end().end, Wire::End::closed);
    EXPECT_TRUE(eventually([&] { return behind.running.gateway.connections() == 0; }));
}

TEST(Http2, OverTlsTheHandshakeChooses) {
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.head;
        return Instance::ok("x");
    }));
    const Certificate certificate("one.example");
    for (const bool http2 : {true, false}) {
        Options options;
        options.http2 = http2;
        Telemetry telemetry;
        OwnPages pages{"1", "{}"};
        Gate gate{{.requests_per_second = 0}, nullptr};
        Gateway gateway(Running::fast(options), gate, pages, telemetry);
        gateway.start(net::server_context(certificate.files));
        gateway.publish({service("a", {"/a"}, {instance.port()})});
        boost::asio::io_context io;
        boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
        boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(io, context);
        const unsigned char offered[] = "\x2h2\x8http/1.1";
        SSL_set_alpn_protos(stream.native_handle(), offered, sizeof offered - 1);
        stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), gateway.tls_port()});
        stream.handshake(boost::asio::ssl::stream_base::client);
        const unsigned char* chosen = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(stream.native_handle(), &chosen, &size);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), http2 ? "h2" : "http/1.1");
    }
}

TEST(Http2Messages, HeadsBecomeThoseOfHttp11) {
    Http2RequestHead head;
    const Fields put{{":method", "PUT"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/x?y"}, {"a", "1"}};
    for (const auto& [name, value] : put) head.add(name, value);
    EXPECT_EQ(head.text(true), "PUT /x?y HTTP/1.1\r\nhost: h\r\na: 1\r\n\r\n");
    EXPECT_EQ(head.text(false), "PUT /x?y HTTP/1.1\r\nhost: h\r\na: 1\r\ntransfer-encoding: chunked\r\n\r\n");
    head.add("content-length", "5");
    EXPECT_FALSE(head.chunked(false));
    Http2RequestHead only_host;
    for (const auto& [name, value] : Fields{{":method", "GET"}, {":path", "/"}, {"host", "b"}}) only_host.add(name, value);
    EXPECT_EQ(only_host.text(true), "GET / HTTP/1.1\r\nhost: b\r\n\r\n");
}

TEST(Http2Messages, AnswersLoseWhatConcernsTheConnection) {
    std::string names;
    const auto head =
        read_answer_head("HTTP/1.1 404 Not Found\r\nX-A: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\n\r\n", names);
    EXPECT_EQ(head.status, 404);
    EXPECT_TRUE(head.chunked);
    EXPECT_EQ(head.fields, (FieldList{{":status", "404"}, {"x-a", "1"}}));
}

} // namespace
} // namespace gravity::gateway::test
