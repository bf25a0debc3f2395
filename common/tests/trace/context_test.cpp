#include <gravity/trace/context.hpp>

#include <gtest/gtest.h>

#include <set>

namespace gravity::trace {
namespace {

constexpr std::string_view example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"; // section 3.2.3

TEST(Traceparent, ReadsTheExampleOfTheRecommendation) {
    const auto context = parse_traceparent(example);
    ASSERT_TRUE(context);
    EXPECT_EQ(context->trace_id_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(context->span_id_text(), "00f067aa0ba902b7");
    EXPECT_TRUE(context->sampled);
    EXPECT_EQ(format_traceparent(*context), example);
    EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
    EXPECT_TRUE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")->sampled)
        << "unknown flags are passed over";
    EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe")->sampled);
}

TEST(Traceparent, ReadsTheKnownPartOfHigherVersions) {
    const auto expected = parse_traceparent(example);
    EXPECT_EQ(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), expected);
    EXPECT_EQ(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be"),
              expected);
    EXPECT_EQ(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-"), expected);
    EXPECT_FALSE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what"));
    EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what"));
    EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-"));
}

TEST(Traceparent, RefusesTheRest) {
    for (const char* bad : {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
                            "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 "}) {
        EXPECT_FALSE(parse_traceparent(bad)) << bad;
    }
    for (std::size_t length = 0; length < example.size(); ++length)
        EXPECT_FALSE(parse_traceparent(example.substr(0, length))) << length;
}

TEST(Tracestate, IsPassedOnIfWellFormed) {
    EXPECT_EQ(clean_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"), "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    EXPECT_EQ(clean_tracestate("a=1 ,\tb=2 , ,c=3"), "a=1,b=2,c=3");
    EXPECT_EQ(clean_tracestate("fw529a3039@dt=FfAAAACNAAAAAAA,1tenant@sys=x"),
              "fw529a3039@dt=FfAAAACNAAAAAAA,1tenant@sys=x");
    EXPECT_EQ(clean_tracestate("a_-*/9=!~ x"), "a_-*/9=!~ x");
    EXPECT_EQ(clean_tracestate(""), "");
    EXPECT_EQ(clean_tracestate(",,"), "");
}

TEST(Tracestate, IsDroppedOtherwise) {
    std::string many;
    for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
    for (const std::string& bad :
         {std::string("a"), std::string("=1"), std::string("a="), std::string("A=1"), std::string("1a=1"),
          std::string("a=1,a=2"), std::string("a=1=2"), std::string("a b=1"), std::string("a@=1"), std::string("@a=1"),
          std::string("a@b@c=1"), std::string("a=\xc3\xa9"), std::string("a=\x01"), "a@" + std::string(15, 'b') + "=1",
          many, "a=" + std::string(257, 'v'), std::string(257, 'k') + "=v", "a=1," + std::string(600, ' ')}) {
        EXPECT_EQ(clean_tracestate(bad), "") << bad;
    }
}

TEST(Headers, TracestateNeedsATraceparent) {
    const auto both = from_headers(example, "a=1");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->state, "a=1");
    EXPECT_EQ(from_headers(example, "not well-formed")->state, "");
    EXPECT_FALSE(from_headers(std::nullopt, "a=1"));
    EXPECT_FALSE(from_headers("00-bad", "a=1"));
}

TEST(NewTrace, HasFreshValidIds) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const Context context = new_trace(1);
        EXPECT_TRUE(context.valid());
        EXPECT_TRUE(context.sampled);
        seen.insert(context.trace_id_text());
        seen.insert(context.span_id_text());
    }
    EXPECT_EQ(seen.size(), 2000u);
    EXPECT_FALSE(new_trace(0).sampled);
}

TEST(NewTrace, SamplesAboutItsShare) {
    int sampled = 0;
    for (int i = 0; i < 4000; ++i) sampled += new_trace(0.25).sampled ? 1 : 0;
    EXPECT_GT(sampled, 700); // twelve standard deviations either side
    EXPECT_LT(sampled, 1300);
}

TEST(Child, StaysInTheTrace) {
    const auto parent = from_headers(example, "a=1");
    const Context child = child_of(*parent);
    EXPECT_EQ(child.trace_id, parent->trace_id);
    EXPECT_NE(child.span_id, parent->span_id);
    EXPECT_TRUE(child.sampled);
    EXPECT_EQ(child.state, "a=1");
}

} // namespace
} // namespace gravity::trace
