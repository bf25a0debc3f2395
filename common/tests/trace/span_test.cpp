#include <gravity/trace/buffer.hpp>
#include <gravity/trace/span.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace gravity::trace {
namespace {

struct Spans : testing::Test {
    std::shared_ptr<Buffer> kept = std::make_shared<Buffer>(100);
    Context parent = new_trace(1);
    Spans() { set_buffer(kept); }
    ~Spans() override { set_buffer(nullptr); }
};

TEST_F(Spans, AreKeptWhenTheyEnd) {
    {
        Span span("GET /x", Kind::server, parent);
        span.set("http.route", "/x");
        span.set("http.response.status_code", 200);
        span.set("ratio", 0.5);
        span.set("retried", true);
        span.set("http.route", std::string("/y"));
        EXPECT_EQ(span.context().trace_id, parent.trace_id);
        EXPECT_EQ(kept->size(), 0u);
    }
    const auto all = kept->take(10);
    ASSERT_EQ(all.size(), 1u);
    const SpanData& data = all[0];
    EXPECT_EQ(data.name, "GET /x");
    EXPECT_EQ(data.kind, Kind::server);
    EXPECT_EQ(data.parent, parent.span_id);
    EXPECT_EQ(data.context.trace_id, parent.trace_id);
    EXPECT_NE(data.context.span_id, parent.span_id);
    EXPECT_GT(data.start_ns, 1'700'000'000'000'000'000);
    EXPECT_GE(data.end_ns, data.start_ns);
    EXPECT_FALSE(data.failed);
    ASSERT_EQ(data.attributes.size(), 4u);
    EXPECT_EQ(std::get<std::string>(data.attributes[0].value), "/y") << "set again is replaced";
    EXPECT_EQ(std::get<std::int64_t>(data.attributes[1].value), 200);
    EXPECT_EQ(std::get<double>(data.attributes[2].value), 0.5);
    EXPECT_EQ(std::get<bool>(data.attributes[3].value), true);
}

TEST_F(Spans, OfATraceThatIsNotSampledAreNot) {
    {
        Span span = Span::root("x", Kind::internal, 0);
        span.set("a", 1);
        span.fail("b");
        EXPECT_TRUE(span.context().valid()) << "its ids travel all the same";
        const Span child("y", Kind::client, span.context());
        EXPECT_EQ(child.context().trace_id, span.context().trace_id);
    }
    EXPECT_EQ(kept->size(), 0u);
}

TEST_F(Spans, EndOnceHoweverTheyAreMoved) {
    Span first("first", Kind::internal, parent);
    Span second("second", Kind::internal, parent);
    Span moved = std::move(first);
    moved.rename("moved");
    EXPECT_EQ(kept->size(), 0u);
    moved = std::move(second); // ends what it held
    ASSERT_EQ(kept->size(), 1u);
    EXPECT_EQ(kept->take(1)[0].name, "moved");
    moved.fail("disk full");
    moved.end();
    moved.end();
    moved.set("late", 1);
    const auto all = kept->take(10);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(all[0].failed);
    EXPECT_EQ(all[0].failure, "disk full");
    EXPECT_TRUE(all[0].attributes.empty());
}

TEST_F(Spans, AreBounded) {
    {
        Span span("x", Kind::internal, parent);
        for (std::size_t i = 0; i < max_attributes + 5; ++i) span.set("a" + std::to_string(i), 1);
        span.set("a0", std::string(max_attribute_bytes * 2, 'x'));
    }
    const auto all = kept->take(1);
    EXPECT_EQ(all[0].attributes.size(), max_attributes);
    EXPECT_EQ(all[0].dropped_attributes, 5u);
    EXPECT_EQ(std::get<std::string>(all[0].attributes[0].value).size(), max_attribute_bytes);
}

TEST_F(Spans, ThatDoNotFitAreCounted) {
    for (int i = 0; i < 130; ++i) const Span span("x", Kind::internal, parent);
    EXPECT_EQ(kept->size(), 100u);
    EXPECT_EQ(kept->dropped(), 30u);
    EXPECT_EQ(kept->take(60).size(), 60u);
    EXPECT_EQ(kept->take(60).size(), 40u);
    EXPECT_TRUE(kept->take(60).empty());
}

TEST_F(Spans, WithoutABufferGoNowhere) {
    set_buffer(nullptr);
    { const Span span("x", Kind::internal, parent); }
    EXPECT_EQ(kept->size(), 0u);
}

TEST_F(Spans, OfManyThreadsAllArrive) {
    const auto large = std::make_shared<Buffer>(10000);
    set_buffer(large);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([this] {
            for (int i = 0; i < 500; ++i) const Span span("x", Kind::internal, parent);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(large->size(), 2000u);
}

} // namespace
} // namespace gravity::trace
