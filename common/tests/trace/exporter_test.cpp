#include <gravity/trace/exporter.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <limits>
#include <thread>

namespace gravity::trace {
namespace {

using nlohmann::json;

SpanData span(std::string name = "x") {
    SpanData data;
    data.context = new_trace(1);
    data.name = std::move(name);
    return data;
}

TEST(Otlp, WritesTheFormOfTheProtocol) {
    SpanData data;
    data.context = *parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    data.context.state = "a=1";
    data.parent = {1, 2, 3, 4, 5, 6, 7, 8};
    data.name = "GET \"/x\"\xff";
    data.kind = Kind::client;
    data.start_ns = 1'795'435'200'123'456'789;
    data.end_ns = 1'795'435'200'223'456'789;
    data.attributes = {{"text", std::string("v\n")},
                       {"int", std::numeric_limits<std::int64_t>::min()},
                       {"double", 0.1},
                       {"bool", false},
                       {"nan", std::numeric_limits<double>::quiet_NaN()}};
    data.dropped_attributes = 2;
    data.failed = true;
    data.failure = "refused";
    const auto body = json::parse(otlp_json({"order", "1.2.3", "host:1"}, {data, span("second")}));
    const auto& resource = body["resourceSpans"][0]["resource"]["attributes"];
    EXPECT_EQ(resource[0], json::parse(R"({"key":"service.name","value":{"stringValue":"order"}})"));
    EXPECT_EQ(resource[1]["value"]["stringValue"], "1.2.3");
    EXPECT_EQ(resource[2]["key"], "service.instance.id");
    const auto& spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"];
    ASSERT_EQ(spans.size(), 2u);
    EXPECT_EQ(
        spans[0],
        json::parse(
            R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","parentSpanId":"0102030405060708",
        "traceState":"a=1","name":"GET \"/x\"\ufffd","kind":3,"startTimeUnixNano":"1795435200123456789","endTimeUnixNano":"1795435200223456789",
        "attributes":[{"key":"text","value":{"stringValue":"v\n"}},{"key":"int","value":{"intValue":"-9223372036854775808"}},
                      {"key":"double","value":{"doubleValue":0.1}},{"key":"bool","value":{"boolValue":false}},{"key":"nan","value":{"doubleValue":"NaN"}}],
        "droppedAttributesCount":2,"status":{"code":2,"message":"refused"}})"));
    EXPECT_FALSE(spans[1].contains("parentSpanId"));
    EXPECT_FALSE(spans[1].contains("status"));
}

constexpr Duration at(std::int64_t seconds) { return Duration::seconds(1000 + seconds); }

struct Policy : testing::Test {
    std::shared_ptr<Buffer> buffer = std::make_shared<Buffer>(100);
    ExportOptions options{
        .batch = 10, .interval = Duration::seconds(5), .first_retry = Duration::seconds(2), .attempts = 3};
    ExportPolicy policy{buffer, options, at(0)};

    void fill(int count) {
        for (int i = 0; i < count; ++i) buffer->push(span());
    }
    std::size_t polled(std::int64_t seconds) {
        const auto* batch = policy.poll(at(seconds));
        return batch ? batch->size() : 0;
    }
};

TEST_F(Policy, ASmallBatchWaitsForTheInterval) {
    fill(3);
    EXPECT_EQ(policy.wait(at(0)), Duration::seconds(5));
    EXPECT_EQ(polled(4), 0u);
    EXPECT_EQ(policy.wait(at(4)), Duration::seconds(1));
    EXPECT_EQ(polled(5), 3u);
    EXPECT_EQ(policy.wait(at(5)), std::nullopt) << "one at a time";
    fill(50);
    EXPECT_EQ(polled(20), 0u);
    policy.finished(true, at(20));
    EXPECT_EQ(policy.wait(at(20)), Duration::zero()) << "more than a batch has come in between";
    EXPECT_EQ(polled(20), 10u);
}

TEST_F(Policy, AFullBatchGoesAtOnce) {
    fill(25);
    EXPECT_EQ(polled(0), 10u);
    policy.finished(true, at(0));
    EXPECT_EQ(polled(0), 10u);
    policy.finished(true, at(1));
    EXPECT_EQ(polled(1), 0u);
    EXPECT_EQ(policy.wait(at(1)), Duration::seconds(5));
    EXPECT_EQ(polled(6), 5u);
}

TEST_F(Policy, NothingToSendIsNotSent) {
    EXPECT_EQ(polled(5), 0u);
    EXPECT_EQ(policy.wait(at(5)), Duration::seconds(5));
    policy.finished(true, at(5)); // of nothing: no effect
    EXPECT_EQ(policy.wait(at(5)), Duration::seconds(5));
}

TEST_F(Policy, ARefusedBatchIsTriedAgainThenDropped) {
    fill(10);
    EXPECT_EQ(polled(0), 10u);
    policy.finished(false, at(0));
    fill(10);
    EXPECT_EQ(policy.wait(at(0)), Duration::seconds(2)) << "a full buffer does not shorten the pause";
    EXPECT_EQ(polled(1), 0u);
    EXPECT_EQ(polled(2), 10u);
    policy.finished(false, at(2));
    EXPECT_EQ(policy.wait(at(2)), Duration::seconds(4)) << "doubled";
    EXPECT_EQ(polled(6), 10u);
    EXPECT_EQ(buffer->dropped(), 0u);
    policy.finished(false, at(6));
    EXPECT_EQ(buffer->dropped(), 10u);
    EXPECT_EQ(polled(6), 10u) << "the next";
    policy.finished(false, at(6));
    EXPECT_EQ(policy.wait(at(6)), Duration::seconds(2)) << "counts its own failures";
}

TEST_F(Policy, DrainsWithOneAttemptEach) {
    fill(15);
    policy.drain();
    EXPECT_FALSE(policy.drained());
    EXPECT_EQ(polled(0), 10u);
    policy.finished(false, at(0));
    EXPECT_EQ(buffer->dropped(), 10u);
    EXPECT_EQ(policy.wait(at(0)), Duration::zero());
    EXPECT_EQ(polled(0), 5u);
    EXPECT_FALSE(policy.drained());
    policy.finished(true, at(0));
    EXPECT_TRUE(policy.drained());
    EXPECT_EQ(polled(0), 0u);
}

TEST_F(Policy, DrainTakesABatchThatWaitsForItsNextAttempt) {
    fill(10);
    EXPECT_EQ(polled(0), 10u);
    policy.finished(false, at(0));
    policy.drain();
    EXPECT_FALSE(policy.drained());
    EXPECT_EQ(polled(0), 10u);
    policy.finished(true, at(0));
    EXPECT_TRUE(policy.drained());
    EXPECT_EQ(buffer->dropped(), 0u);
}

struct Loop : testing::Test {
    boost::asio::io_context io{1};
    std::shared_ptr<Buffer> buffer = std::make_shared<Buffer>(100);
    std::vector<std::size_t> sizes;
    bool accept = true;

    Send send() {
        return [this](std::string body, std::function<void(bool)> done) {
            sizes.push_back(json::parse(body)["resourceSpans"][0]["scopeSpans"][0]["spans"].size());
            done(accept);
        };
    }
    template <class Condition> bool run_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition() && std::chrono::steady_clock::now() < deadline) io.run_one_until(deadline);
        return condition();
    }
};

TEST_F(Loop, SendsAFullBatchWhenAnotherThreadCompletesIt) {
    Exporter exporter(io, buffer, {"s", "v", "i"}, send(), {.batch = 4, .interval = Duration::hours(1)});
    exporter.start();
    std::thread([this] {
        for (int i = 0; i < 4; ++i) buffer->push(span());
    }).join();
    EXPECT_TRUE(run_until([&] { return !sizes.empty(); }));
    EXPECT_EQ(sizes, std::vector<std::size_t>{4});
}

TEST_F(Loop, SendsASmallBatchAfterTheInterval) {
    Exporter exporter(io, buffer, {"s", "v", "i"}, send(), {.batch = 100, .interval = Duration::milliseconds(5)});
    buffer->push(span());
    exporter.start();
    EXPECT_TRUE(run_until([&] { return !sizes.empty(); }));
    EXPECT_EQ(sizes, std::vector<std::size_t>{1});
}

TEST_F(Loop, TriesAgainUntilItIsTaken) {
    accept = false;
    Exporter exporter(
        io, buffer, {"s", "v", "i"}, send(),
        {.batch = 1, .interval = Duration::hours(1), .first_retry = Duration::milliseconds(2), .attempts = 9});
    exporter.start();
    buffer->push(span());
    EXPECT_TRUE(run_until([&] { return sizes.size() >= 2; }));
    accept = true;
    EXPECT_TRUE(run_until([&] { return sizes.size() >= 3; }));
    bool drained = false;
    exporter.drain([&] { drained = true; });
    EXPECT_TRUE(run_until([&] { return drained; }));
    EXPECT_EQ(sizes.size(), 3u);
    EXPECT_EQ(buffer->dropped(), 0u);
}

TEST_F(Loop, DrainsWhatIsLeft) {
    Exporter exporter(io, buffer, {"s", "v", "i"}, send(), {.batch = 10, .interval = Duration::hours(1)});
    exporter.start();
    for (int i = 0; i < 5; ++i) buffer->push(span());
    bool drained = false;
    exporter.drain([&] { drained = true; });
    EXPECT_TRUE(run_until([&] { return drained; }));
    EXPECT_EQ(sizes, std::vector<std::size_t>{5});
}

TEST_F(Loop, AnAnswerAfterTheEndFindsNoOne) {
    std::function<void(bool)> late;
    {
        Exporter exporter(io, buffer, {"s", "v", "i"},
                          [&](std::string, std::function<void(bool)> done) { late = std::move(done); },
                          {.batch = 1, .interval = Duration::hours(1)});
        exporter.start();
        buffer->push(span());
        EXPECT_TRUE(run_until([&] { return late != nullptr; }));
    }
    late(true);
    buffer->push(span());
    io.run();
    EXPECT_EQ(buffer->size(), 1u);
}

} // namespace
} // namespace gravity::trace
