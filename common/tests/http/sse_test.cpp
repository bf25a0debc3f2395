#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/sse.hpp>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;

namespace {

std::vector<SseEvent> parse(std::string_view bytes, std::size_t step = 1 << 20) {
    SseParser parser;
    std::vector<SseEvent> events;
    const SseParser::Sink sink = [&](SseEvent event) { events.push_back(std::move(event)); };
    for (std::size_t at = 0; at < bytes.size(); at += step) EXPECT_TRUE(parser.feed(bytes.substr(at, step), sink));
    return events;
}

} // namespace

TEST(Sse, EncodesFields) {
    EXPECT_EQ(encode({"7", "tick", "a"}), "id: 7\nevent: tick\ndata: a\n\n");
    EXPECT_EQ(encode({"", "", "a\nb\r\nc\rd\n"}), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
    EXPECT_EQ(encode({"", "", "", std::chrono::milliseconds(1500)}), "retry: 1500\ndata: \n\n");
    EXPECT_THROW(encode({"a\nb", "", ""}), std::invalid_argument);
    EXPECT_THROW(encode({"", "a\rb", ""}), std::invalid_argument);
    EXPECT_THROW(encode({std::string("\0", 1), "", ""}), std::invalid_argument);
}

TEST(Sse, ParsesTheExamplesOfTheStandard) { // WHATWG HTML section 9.2.6
    const auto stocks = parse("data: YHOO\ndata: +2\ndata: 10\n\n");
    ASSERT_EQ(stocks.size(), 1u);
    EXPECT_EQ(stocks[0].data, "YHOO\n+2\n10");
    EXPECT_EQ(stocks[0].event, "message");
    const auto four = parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n");
    ASSERT_EQ(four.size(), 3u);
    EXPECT_EQ(four[0].id, "1");
    EXPECT_EQ(four[1].data, "second event");
    EXPECT_EQ(four[1].id, "");
    EXPECT_EQ(four[2].data, " third event");
    const auto empty = parse("data\n\ndata\ndata\n\ndata:");
    ASSERT_EQ(empty.size(), 2u);
    EXPECT_EQ(empty[0].data, "");
    EXPECT_EQ(empty[1].data, "\n");
    EXPECT_EQ(parse("data:test\n\ndata: test\n\n").size(), 2u);
}

TEST(Sse, LineEndsOfAllKindsInPiecesOfAnySize) {
    const std::string wire = "\xef\xbb\xbf"
                             "data: a\r\ndata: b\revent: x\n\r\nid: 9\rdata: c\r\r";
    for (std::size_t step = 1; step < 12; ++step) {
        const auto events = parse(wire, step);
        ASSERT_EQ(events.size(), 2u) << step;
        EXPECT_EQ(events[0].data, "a\nb");
        EXPECT_EQ(events[0].event, "x");
        EXPECT_EQ(events[1].data, "c");
        EXPECT_EQ(events[1].id, "9");
        EXPECT_EQ(events[1].event, "message");
    }
}

TEST(Sse, RetryAndBadFields) {
    SseParser parser;
    const SseParser::Sink none = [](SseEvent) { FAIL(); };
    EXPECT_TRUE(parser.feed(std::string_view("retry: 12x\nretry: -1\nfoo: bar\nid: a\0b\n\n", 39), none));
    EXPECT_FALSE(parser.retry());
    EXPECT_EQ(parser.last_id(), "");
    EXPECT_TRUE(parser.feed("retry: 2000\n\n", none));
    EXPECT_EQ(parser.retry(), std::chrono::milliseconds(2000));
}

TEST(Sse, EventsAreBounded) {
    SseParser parser(100);
    const SseParser::Sink none = [](SseEvent) { FAIL(); };
    EXPECT_TRUE(parser.feed("data: " + std::string(50, 'x') + "\n", none));
    EXPECT_FALSE(parser.feed("data: " + std::string(60, 'x'), none));
    EXPECT_FALSE(parser.feed("\n\n", none));
}

TEST(Sse, WhatIsEncodedIsParsed) {
    for (const std::string data : {"", "x", " x", "a\nb", "\n", "a\n\nb"}) {
        const auto events = parse(encode({"id", "kind", data}));
        ASSERT_EQ(events.size(), 1u);
        EXPECT_EQ(events[0].data, data);
        EXPECT_EQ(events[0].id, "id");
        EXPECT_EQ(events[0].event, "kind");
    }
}

TEST(Sse, StreamsEventsAndHeartbeats) {
    Running running;
    std::shared_ptr<EventStream> stream;
    std::atomic<bool> opened{false};
    std::atomic<int> ended{0};
    RawClient client(running.serve([&](Exchange& exchange) -> Task<void> {
        EventStreamOptions options;
        options.heartbeat = 20ms;
        EXPECT_EQ(last_event_id(exchange.request()), "41");
        stream = co_await open_event_stream(exchange, options);
        opened = true;
        co_await stream->run();
        ++ended;
    }));
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 41\r\n\r\n"));
    const auto head = client.read_until("\r\n\r\n"); // at once, before any event
    EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos);
    ASSERT_TRUE(eventually([&] { return opened.load(); }));
    EXPECT_FALSE(client.read_until(":\n\n").empty());
    running.on_io([&] {
        EXPECT_TRUE(stream->send({"42", "tick", "now"}));
        EXPECT_TRUE(stream->send({"43", "tick", "then"}));
    });
    EXPECT_FALSE(client.read_until("id: 42\nevent: tick\ndata: now\n\nid: 43\nevent: tick\ndata: then\n\n").empty());
    running.on_io([&] {
        EXPECT_TRUE(stream->send({"", "", "bye"}));
        stream->close();
        EXPECT_FALSE(stream->send({"", "", "late"}));
    });
    EXPECT_FALSE(client.read_until("data: bye\n\n\r\n0\r\n\r\n").empty());
    EXPECT_TRUE(eventually([&] { return ended == 1; }));
    running.on_io([&] { stream.reset(); });
}

TEST(Sse, EndsWhenTheClientGoesOrTheServerDrains) {
    Running running;
    std::atomic<int> opened{0}, ended{0};
    const auto port = running.serve([&](Exchange& exchange) -> Task<void> {
        EventStreamOptions options;
        options.watch = 5ms;
        auto stream = co_await open_event_stream(exchange, options);
        ++opened;
        co_await stream->run();
        ++ended;
    });
    auto leaving = std::make_unique<RawClient>(port);
    RawClient staying(port);
    for (RawClient* client : {leaving.get(), &staying}) {
        ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
        ASSERT_FALSE(client->read_until("\r\n\r\n").empty());
    }
    ASSERT_TRUE(eventually([&] { return opened == 2; }));
    leaving.reset();
    EXPECT_TRUE(eventually([&] { return ended == 1; }));
    auto drained = boost::asio::co_spawn(running.io(), running.server().drain(std::chrono::steady_clock::now() + patience),
                                         boost::asio::use_future);
    EXPECT_EQ(staying.read_to_end(), "0\r\n\r\n"); // an orderly end: the client reconnects elsewhere
    staying.close();
    EXPECT_EQ(drained.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(ended, 2);
}

TEST(Sse, ASlowConsumerIsCut) {
    Running running;
    std::atomic<int> overflowed{0};
    RawClient client(running.serve([&](Exchange& exchange) -> Task<void> {
        EventStreamOptions options;
        options.max_queued_bytes = 10'000;
        auto stream = co_await open_event_stream(exchange, options);
        int sent = 0;
        while (stream->send({"", "", std::string(900, 's')})) ++sent; // nobody writes yet
        EXPECT_EQ(sent, 11);
        EXPECT_TRUE(stream->closed());
        co_await stream->run();
        if (stream->overflowed()) ++overflowed;
    }));
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_FALSE(client.read_until("\r\n\r\n").empty());
    EXPECT_EQ(client.read_to_end().value_or("").find("0\r\n\r\n"), std::string::npos);
    EXPECT_EQ(overflowed, 1);
}
