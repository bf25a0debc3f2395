#include "http/handlers.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/server.hpp>

#include <boost/system/system_error.hpp>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;

TEST(Server, AnswersAndKeepsTheConnection) {
    Running running;
    RawClient client(running.serve(hello));
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.ask(get);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "hello /a");
        EXPECT_TRUE(answer.has("\r\nDate: "));
        EXPECT_TRUE(answer.has("\r\nContent-Type: text/plain\r\n"));
        EXPECT_FALSE(answer.has("Connection:"));
    }
    EXPECT_EQ(running.server().counters().connections, 1u);
    EXPECT_EQ(running.server().counters().requests, 3u);
    EXPECT_EQ(running.server().counters().open_connections, 1u);
    client.close();
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
    Running running;
    RawClient client(running.serve(echo));
    std::string all;
    for (int i = 0; i < 100; ++i) all += post(std::string(static_cast<std::size_t>(i * 37 % 2000), static_cast<char>('a' + i % 26)));
    std::thread sender([&] { EXPECT_TRUE(client.send(all)); });
    for (int i = 0; i < 100; ++i) {
        const auto answer = client.read_response();
        ASSERT_EQ(answer.status, 200);
        ASSERT_EQ(answer.body, std::string(static_cast<std::size_t>(i * 37 % 2000), static_cast<char>('a' + i % 26)));
    }
    sender.join();
}

TEST(Server, RequestsMayArriveByteByByte) {
    Running running;
    RawClient client(running.serve(echo));
    for (const char c : post("body")) ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(client.read_response().body, "body");
    for (const char c : std::string("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
        ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(client.read_response().body, "abcde");
    EXPECT_EQ(client.ask(get).status, 200);
}

TEST(Server, RefusesMalformedRequestsWithAProblemAndCloses) {
    Running running;
    const auto port = running.serve(hello);
    const struct {
        std::string bytes;
        std::string status;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
        {"GET / HTTP/1.1\nHost: h\n\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", "417"},
        {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n", "414"},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(20000, 'a') + "\r\n\r\n", "431"},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
        {"HEAD / HTTP/1.1\r\nHost : h\r\n\r\n", "400"},
        {std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n", 12), "400"}, // TLS on a plain port
    };
    std::uint64_t count = 0;
    for (const auto& [bytes, status] : cases) {
        RawClient client(port);
        ASSERT_TRUE(client.send(bytes));
        client.half_close();
        const auto all = client.read_to_end();
        ASSERT_TRUE(all) << bytes.substr(0, 60);
        EXPECT_EQ(all->substr(0, 12), "HTTP/1.1 " + status) << bytes.substr(0, 60);
        EXPECT_NE(all->find("\r\nConnection: close\r\n"), std::string::npos);
        EXPECT_NE(all->find("\r\nContent-Type: application/problem+json\r\n"), std::string::npos);
        EXPECT_NE(all->find("{\"type\":\"urn:gravity:problem:"), std::string::npos);
        EXPECT_NE(all->find("\"status\":" + status), std::string::npos);
        EXPECT_EQ(running.server().counters().malformed, ++count);
    }
    EXPECT_EQ(running.server().counters().requests, 0u);
}

TEST(Server, ARefusalReachesAClientThatIsStillSending) {
    Running running;
    RawClient client(running.serve(hello));
    // Far more than the socket buffers of a connection that was closed without care: then a reset would destroy the answer.
    std::thread sender([&] { client.send("BAD\r\n\r\n" + std::string(20'000'000, 'x')); client.half_close(); });
    const auto all = client.read_to_end();
    sender.join();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->substr(0, 12), "HTTP/1.1 400");
}

TEST(Server, APeerThatSendsOnAndOnIsCut) {
    Running running;
    ServerOptions options;
    options.linger = std::chrono::hours(1); // not by time
    RawClient client(running.serve(hello, options));
    ASSERT_TRUE(client.send("BAD\r\n\r\n"));
    const std::string piece(1 << 16, 'x');
    int pieces = 0;
    while (pieces < 1000 && client.send(piece)) ++pieces;
    EXPECT_LT(pieces, 1000);
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}

TEST(Server, APeerThatDoesNotEndIsCut) {
    Running running;
    ServerOptions options;
    options.linger = std::chrono::milliseconds(20);
    RawClient client(running.serve(hello, options));
    ASSERT_TRUE(client.send("BAD\r\n\r\n"));
    const auto all = client.read_to_end();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->substr(0, 12), "HTTP/1.1 400");
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; })) << "though the client has not closed";
}

Task<void> meddle(Exchange& exchange) {
    Response answer = text("four");
    answer.headers.add("Date", "yesterday");
    answer.headers.add("Content-Length", "9");
    answer.headers.add("Transfer-Encoding", "chunked");
    answer.headers.add("Keep-Alive", "timeout=7");
    answer.headers.add("Connection", "x-private, close");
    answer.headers.add("X-Own", "kept");
    co_await exchange.respond(std::move(answer));
}

TEST(Server, WhatFramesAnAnswerIsNotForAHandlerToSay) {
    Running running;
    RawClient client(running.serve(meddle));
    ASSERT_TRUE(client.send(get));
    const auto all = client.read_to_end(); // it asked for the end
    ASSERT_TRUE(all);
    EXPECT_NE(all->find("\r\nContent-Length: 4\r\n"), std::string::npos) << *all;
    EXPECT_NE(all->find("\r\nConnection: close\r\n"), std::string::npos) << *all;
    EXPECT_NE(all->find("\r\nX-Own: kept\r\n"), std::string::npos) << *all;
    for (const char* other : {"yesterday", "Content-Length: 9", "Transfer-Encoding", "Keep-Alive", "x-private"})
        EXPECT_EQ(all->find(other), std::string::npos) << other;
    EXPECT_TRUE(all->ends_with("\r\n\r\nfour"));
}

TEST(Server, NothingAfterAMalformedRequestIsServed) {
    Running running;
    RawClient client(running.serve(hello));
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n" + std::string(get)));
    client.half_close();
    const auto all = client.read_to_end();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->find("HTTP/1.1", 1), std::string::npos);
    EXPECT_EQ(running.server().counters().requests, 0u);
}

TEST(Server, BodiesAreLimited) {
    Running running;
    const auto port = running.serve(echo);
    RawClient exact(port);
    EXPECT_EQ(exact.ask(post(std::string(100'000, 'b'))).body.size(), 100'000u);
    EXPECT_EQ(exact.ask(post(std::string(100'001, 'b'))).status, 413);
    RawClient chunked(port);
    std::string wire = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 11; ++i) wire += "2710\r\n" + std::string(10'000, 'c') + "\r\n";
    EXPECT_EQ(chunked.ask(wire + "0\r\n\r\n").status, 413);
    RawClient fits(port);
    EXPECT_EQ(fits.ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n" + std::string(10'000, 'c') +
                       "\r\n0\r\n\r\n")
                  .body.size(),
              10'000u);
}

TEST(Server, BrokenChunksAreA400EvenIfTheHandlerSwallowsTheException) {
    Running running;
    const auto port = running.serve([](Exchange& exchange) -> Task<void> {
        std::string said = "fine";
        try {
            const bool whole = co_await exchange.read_body(1000);
            if (!whole) said = "too much";
        } catch (const std::exception&) {
            said = "caught";
        }
        Response answer = text(said);
        co_await exchange.respond(std::move(answer));
    });
    RawClient client(port);
    ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n" + std::string(get)));
    client.half_close();
    const auto all = client.read_to_end();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->substr(0, 12), "HTTP/1.1 400");
    EXPECT_EQ(all->find("HTTP/1.1", 1), std::string::npos);
    EXPECT_NE(all->find("malformed-request"), std::string::npos);
}

TEST(Server, StreamsRequestBodies) {
    Running running;
    RawClient client(running.serve([](Exchange& exchange) -> Task<void> {
        std::size_t size = 0, pieces = 0;
        for (;;) {
            const std::string piece = co_await exchange.read_some();
            if (piece.empty()) break;
            if (piece.size() > 65536) throw std::runtime_error("too large a piece");
            size += piece.size();
            ++pieces;
        }
        Response answer = text(std::to_string(size) + (pieces > 1 ? " in pieces" : ""));
        co_await exchange.respond(std::move(answer));
    }));
    std::thread sender([&] { EXPECT_TRUE(client.send(post(std::string(3'000'000, 's')))); });
    EXPECT_EQ(client.read_response().body, "3000000 in pieces");
    sender.join();
    EXPECT_EQ(client.ask(get).body, "0");
}

TEST(Server, ContinueIsSentOnlyWhenTheBodyIsRead) {
    Running running;
    const auto port = running.serve([](Exchange& exchange) -> Task<void> {
        if (exchange.request().path == "/no") {
            Response answer = text("no", 403);
            co_await exchange.respond(std::move(answer));
        } else {
            co_await echo(exchange);
        }
    });
    RawClient client(port);
    ASSERT_TRUE(client.send("POST /yes HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(client.ask("ab").body, "ab");
    const auto refused = client.ask("POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(refused.status, 403);
    EXPECT_TRUE(refused.has("\r\nConnection: close\r\n")); // the body may come or not: nothing can follow
    EXPECT_EQ(client.read_to_end(), "");
    RawClient eager(port);
    EXPECT_EQ(eager.ask(post("xy", "Expect: 100-continue\r\n")).body, "xy"); // it did not wait: no 100
}

TEST(Server, UnreadBodiesDoNotBecomeRequests) {
    Running running;
    RawClient client(running.serve(hello));
    EXPECT_EQ(client.ask(post(get)).body, "hello /");
    EXPECT_EQ(client.ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n").body, "hello /");
    EXPECT_EQ(client.ask(get).body, "hello /a");
    EXPECT_EQ(running.server().counters().requests, 3u);
    const auto last = client.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n");
    EXPECT_TRUE(last.has("\r\nConnection: close\r\n")); // too much to swallow
    client.half_close();
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, HeadAndBodilessStatuses) {
    Running running;
    RawClient client(running.serve([](Exchange& exchange) -> Task<void> {
        Response answer = text("some body");
        if (exchange.request().path == "/204") answer.status = 204;
        if (exchange.request().path == "/304") answer.status = 304;
        if (exchange.request().path == "/length") {
            answer.body.clear();
            answer.headers.add("Content-Length", "12345");
        }
        co_await exchange.respond(std::move(answer));
    }));
    ASSERT_TRUE(client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_TRUE(client.read_response(true).has("\r\nContent-Length: 9\r\n"));
    ASSERT_TRUE(client.send("HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_TRUE(client.read_response(true).has("\r\nContent-Length: 12345\r\n"));
    EXPECT_TRUE(client.ask("GET /length HTTP/1.1\r\nHost: h\r\n\r\n").has("\r\nContent-Length: 0\r\n"));
    EXPECT_FALSE(client.ask("GET /204 HTTP/1.1\r\nHost: h\r\n\r\n").has("Content-Length"));
    EXPECT_FALSE(client.ask("GET /304 HTTP/1.1\r\nHost: h\r\n\r\n").has("Content-Length"));
    EXPECT_EQ(client.ask(get).body, "some body"); // nothing was left over between
}

TEST(Server, Http10) {
    Running running;
    const auto port = running.serve(hello);
    RawClient once(port);
    ASSERT_TRUE(once.send("GET / HTTP/1.0\r\n\r\n"));
    const auto all = once.read_to_end();
    ASSERT_TRUE(all);
    EXPECT_NE(all->find("\r\nConnection: close\r\n"), std::string::npos);
    RawClient kept(port);
    for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").has("\r\nConnection: keep-alive\r\n"));
}

TEST(Server, StreamedResponses) {
    Running running;
    const auto port = running.serve([](Exchange& exchange) -> Task<void> {
        const std::string& path = exchange.request().path;
        std::optional<std::uint64_t> length;
        if (path == "/length") length = 10;
        Headers headers;
        headers.add("X-A", "b");
        auto writer = co_await exchange.stream(200, headers, length);
        co_await writer->write("01234");
        co_await writer->write("");
        co_await writer->write("56789");
        if (path == "/over") co_return;
        co_await writer->finish();
    });
    RawClient client(port);
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    const auto head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_NE(head.find("\r\nX-A: b\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
    EXPECT_EQ(client.ask("GET /length HTTP/1.1\r\nHost: h\r\n\r\n").body, "0123456789");
    ASSERT_TRUE(client.send("HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_TRUE(client.read_response(true).has("\r\nContent-Length: 10\r\n"));
    EXPECT_EQ(client.ask("GET /length HTTP/1.1\r\nHost: h\r\n\r\n").body, "0123456789");
    RawClient old(port);
    ASSERT_TRUE(old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const auto all = old.read_to_end();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->substr(all->size() - 14), "\r\n\r\n0123456789");
    RawClient cut(port); // a body that was not finished must not look complete
    ASSERT_TRUE(cut.send("GET /over HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(cut.read_to_end().value_or("").find("0\r\n\r\n"), std::string::npos);
}

TEST(Server, AWriterIsHeldToItsLengthAndLife) {
    Running running;
    std::shared_ptr<BodyWriter> kept;
    std::atomic<int> refusals{0};
    const auto port = running.serve([&](Exchange& exchange) -> Task<void> {
        if (kept) {
            try {
                co_await kept->write("late");
            } catch (const std::logic_error&) {
                ++refusals;
            }
            kept.reset();
        }
        Headers none;
        auto writer = co_await exchange.stream(200, none, 4);
        try {
            co_await writer->write("12345");
        } catch (const std::length_error&) {
            ++refusals;
        }
        co_await writer->write("12");
        try {
            co_await writer->finish();
        } catch (const std::length_error&) {
            ++refusals;
        }
        co_await writer->write("34");
        co_await writer->finish();
        kept = std::move(writer);
    });
    RawClient client(port);
    EXPECT_EQ(client.ask(get).body, "1234");
    EXPECT_EQ(client.ask(get).body, "1234");
    EXPECT_EQ(refusals, 5);
    running.on_io([&] { kept.reset(); });
}

TEST(Server, FailingHandlersRevealNothing) {
    Running running;
    std::atomic<int> thrown{0}, silent{0};
    ServerOptions options;
    options.on_error = [&](const Request& request, std::exception_ptr error) {
        EXPECT_EQ(request.headers.get("host"), "h");
        ++(error ? thrown : silent);
    };
    const auto port = running.serve(
        [](Exchange& exchange) -> Task<void> {
            if (exchange.request().path == "/throw") throw std::runtime_error("the secret");
            if (exchange.request().path == "/header") {
                Response bad = text("x");
                bad.headers.add("X-Split", "a\r\nSet-Cookie: b");
                co_await exchange.respond(std::move(bad));
            }
            co_return;
        },
        options);
    RawClient client(port);
    const auto answer = client.ask("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
    EXPECT_NE(answer.body.find("urn:gravity:problem:internal\""), std::string::npos);
    EXPECT_EQ(client.ask("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n").status, 500);
    const auto split = client.ask("GET /header HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(split.status, 500);
    EXPECT_FALSE(split.has("Set-Cookie"));
    EXPECT_EQ(thrown, 2);
    EXPECT_EQ(silent, 1);
    EXPECT_EQ(running.server().counters().handler_errors, 3u);
}

TEST(Server, OneAnswerAndAProperOneIsAllThatAHandlerMayGive) {
    Running running;
    std::atomic<int> refusals{0};
    const auto port = running.serve([&](Exchange& exchange) -> Task<void> {
        Response early = text("x", 101); // not a final status
        try {
            co_await exchange.respond(std::move(early));
        } catch (const std::invalid_argument&) {
            ++refusals;
        }
        Response answer = text("the answer");
        co_await exchange.respond(std::move(answer));
        Response second = text("another");
        try {
            co_await exchange.respond(std::move(second));
        } catch (const std::logic_error&) {
            ++refusals;
        }
        Headers none;
        try {
            auto writer = co_await exchange.stream(200, none, 1);
        } catch (const std::logic_error&) {
            ++refusals;
        }
        WebSocketOptions plain;
        try {
            auto socket = co_await exchange.accept_websocket(plain);
        } catch (const std::logic_error&) {
            ++refusals;
        }
    });
    RawClient client(port);
    EXPECT_EQ(client.ask(get).body, "the answer");
    EXPECT_EQ(client.ask(get).body, "the answer"); // and nothing of the others stood between
    EXPECT_TRUE(eventually([&] { return refusals == 8; })); // the last ones after the answer has gone out
    EXPECT_EQ(running.server().counters().handler_errors, 0u);
}

TEST(Server, NoticesThatTheClientHasGoneWithoutTouchingPipelinedBytes) {
    Running running;
    std::atomic<bool> there{false}, gone{false};
    const auto port = running.serve([&](Exchange& exchange) -> Task<void> {
        if (exchange.request().path == "/wait") {
            there = !exchange.client_gone();
            while (!exchange.client_gone()) co_await pause_for(1ms);
            gone = true;
        }
        co_await hello(exchange);
    });
    RawClient pipelined(port);
    ASSERT_TRUE(pipelined.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_TRUE(eventually([&] { return there.load(); }));
    EXPECT_FALSE(gone);
    pipelined.half_close();
    EXPECT_EQ(pipelined.read_response().body, "hello /wait");
    EXPECT_EQ(pipelined.read_response().body, "hello /next");
    EXPECT_TRUE(gone);
    gone = there = false;
    RawClient reset(port);
    ASSERT_TRUE(reset.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_TRUE(eventually([&] { return there.load(); }));
    reset.reset();
    EXPECT_TRUE(eventually([&] { return gone.load(); }));
}
