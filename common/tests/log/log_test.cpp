#include "log/line.hpp"

#include <gravity/log/capture.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fcntl.h>
#include <limits>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace gravity::log {
namespace {

using nlohmann::json;

struct Printed {
    void append_to(std::string& out) const { out += "pri\"nted"; }
};
struct Hidden {
    void append_to(std::string& out) const { out += "hunter2"; }
    const char* reveal() const { return "hunter2"; }
};
static_assert(std::is_constructible_v<Value, Printed>);
static_assert(!std::is_constructible_v<Value, Hidden>, "a secret has no way into the log");
static_assert(!std::is_constructible_v<Value, void*>, "a pointer is no truth value");
static_assert(!std::is_constructible_v<Value, char>, "neither a number nor a text");

std::string line(std::string_view msg, Fields fields, const Scope* scope = nullptr) {
    return make_line("order", Level::info, scope, msg, fields, std::chrono::system_clock::time_point{});
}

TEST(Line, HasTheMembersInOrder) {
    const Scope scope{"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0190b6a0-0000-7000-8000-000000000001"};
    EXPECT_EQ(line("order placed", {{"order", "o-1"}, {"count", 3}}, &scope),
              R"({"ts":"1970-01-01T00:00:00.000Z","level":"info","service":"order","msg":"order placed",)"
              R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
              R"("project":"0190b6a0-0000-7000-8000-000000000001","order":"o-1","count":3})");
}

TEST(Line, LeavesOutWhatIsEmpty) {
    EXPECT_EQ(make_line("", Level::warn, nullptr, "m", {}, {}),
              R"({"ts":"1970-01-01T00:00:00.000Z","level":"warn","msg":"m"})");
    const Scope scope{"", "", "p"};
    EXPECT_EQ(json::parse(line("m", {}, &scope)).size(), 5u);
}

TEST(Line, WritesEveryKindOfValue) {
    const std::string owned = "owned";
    const Printed printed;
    const char* missing = nullptr;
    const auto parsed = json::parse(line("m", {{"yes", true},
                                               {"int", std::int64_t{-5}},
                                               {"most", std::numeric_limits<std::uint64_t>::max()},
                                               {"least", std::numeric_limits<std::int64_t>::min()},
                                               {"double", 0.1},
                                               {"nan", std::numeric_limits<double>::quiet_NaN()},
                                               {"inf", -std::numeric_limits<double>::infinity()},
                                               {"text", std::string_view("view")},
                                               {"owned", owned},
                                               {"none", nullptr},
                                               {"missing", missing},
                                               {"printed", printed}}));
    EXPECT_EQ(parsed["yes"], true);
    EXPECT_EQ(parsed["int"], -5);
    EXPECT_EQ(parsed["most"], std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(parsed["least"], std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(parsed["double"], 0.1);
    EXPECT_EQ(parsed["nan"], "NaN");
    EXPECT_EQ(parsed["inf"], "-Infinity");
    EXPECT_EQ(parsed["text"], "view");
    EXPECT_EQ(parsed["owned"], "owned");
    EXPECT_EQ(parsed["none"], nullptr);
    EXPECT_EQ(parsed["missing"], "");
    EXPECT_EQ(parsed["printed"], "pri\"nted");
}

TEST(Line, StaysOneValidLineWhateverComesIn) {
    std::string nasty;
    for (int c = 0; c < 256; ++c) nasty += static_cast<char>(c);
    nasty += "\"}\n{\"level\":\"forged\"";
    const std::string text = line(nasty, {{"field", nasty}, {nasty, 1}});
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << "an escape sequence must not reach a terminal";
    const auto parsed = json::parse(text); // throws if it is not UTF-8 or not JSON
    EXPECT_EQ(parsed["level"], "info");
}

TEST(Line, DoesNotLetAFieldReplaceAMember) {
    const auto parsed = json::parse(line("m", {{"level", "critical"}, {"trace_id", "x"}}));
    EXPECT_EQ(parsed["level"], "info");
    EXPECT_EQ(parsed["level_"], "critical");
    EXPECT_EQ(parsed["trace_id_"], "x");
}

TEST(Line, CutsLongTextBetweenCharacters) {
    std::string text(max_text_bytes - 1, 'a');
    text += "\xe2\x82\xac and more";
    const auto parsed = json::parse(line("m", {{"text", text}}));
    EXPECT_EQ(parsed["text"], std::string(max_text_bytes - 1, 'a') + "\xe2\x80\xa6");
    const std::string exact(max_text_bytes, 'b');
    EXPECT_EQ(json::parse(line(exact, {}))["msg"], exact);
}

TEST(Line, PrintsTheTimeInUtcWithMilliseconds) {
    using namespace std::chrono;
    const auto at = [](std::int64_t ms) {
        const auto text = make_line("", Level::info, nullptr, "m", {}, system_clock::time_point(milliseconds(ms)));
        return json::parse(text)["ts"].get<std::string>();
    };
    EXPECT_EQ(at(1795435200123), "2026-11-23T12:00:00.123Z");
    EXPECT_EQ(at(1795435200007), "2026-11-23T12:00:00.007Z");
    EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
}

TEST(LevelNames, RoundTrip) {
    for (const Level level :
         {Level::trace, Level::debug, Level::info, Level::warn, Level::error, Level::critical, Level::off}) {
        EXPECT_EQ(level_from(to_string(level)), level);
    }
    EXPECT_FALSE(level_from("INFO"));
    EXPECT_FALSE(level_from(""));
}

TEST(Log, WritesFromTheLevelUp) {
    const Capture capture(Level::warn);
    info("too low");
    warn("seen");
    set_level(Level::debug);
    debug("seen too");
    set_level(Level::off);
    critical("nothing passes off");
    ASSERT_EQ(capture.lines().size(), 2u);
    EXPECT_TRUE(capture.contains(R"("msg":"seen")"));
    EXPECT_TRUE(capture.contains(R"("level":"debug","service":"test","msg":"seen too")"));
    EXPECT_FALSE(capture.contains("too low"));
}

TEST(Log, TakesTheScopeOfTheThreadOrTheOneGiven) {
    const Capture capture;
    const Scope outer{"t1", "s1", "p1"};
    const Scope inner{"t2", "s2", ""};
    {
        const ScopeGuard guard(outer);
        info("outer");
        {
            const ScopeGuard nested(inner);
            info("inner");
        }
        info("outer again");
        info(inner, "given", {{"n", 1}});
        std::thread([] { info("another thread"); }).join();
    }
    info("none");
    const auto lines = capture.lines();
    ASSERT_EQ(lines.size(), 6u);
    const auto trace_of = [&](std::size_t i) { return json::parse(lines[i]).value("trace_id", "-"); };
    EXPECT_EQ(trace_of(0), "t1");
    EXPECT_EQ(trace_of(1), "t2");
    EXPECT_EQ(trace_of(2), "t1");
    EXPECT_EQ(trace_of(3), "t2");
    EXPECT_EQ(trace_of(4), "-");
    EXPECT_EQ(trace_of(5), "-");
}

TEST(Log, AListenerSeesWhatIsWrittenWhileItLives) {
    const Capture capture;
    std::vector<std::string> first, second;
    info("before");
    flush();
    {
        const Listener one(Level::info, [&](std::string_view text) { first.emplace_back(text); });
        {
            const Listener other(Level::info, [&](std::string_view text) { second.emplace_back(text); });
            info("both");
            flush();
        }
        info("one");
        flush();
    }
    info("after");
    EXPECT_EQ(capture.lines().size(), 4u); // the sink has them all the same
    ASSERT_EQ(first.size(), 2u);
    EXPECT_NE(first[0].find(R"("msg":"both")"), std::string::npos);
    EXPECT_NE(first[1].find(R"("msg":"one")"), std::string::npos);
    EXPECT_EQ(second, std::vector<std::string>{first[0]});
}

TEST(Log, AListenerMayWantMoreOrLessThanTheSink) {
    const Capture capture(Level::warn);
    std::vector<std::string> more, less;
    {
        const Listener all(Level::debug, [&](std::string_view text) { more.emplace_back(text); });
        const Listener few(Level::error, [&](std::string_view text) { less.emplace_back(text); });
        EXPECT_TRUE(enabled(Level::debug));
        EXPECT_FALSE(enabled(Level::trace));
        trace("nobody's");
        debug("one's");
        warn("the sink's");
        error("everybody's");
        flush();
    }
    EXPECT_FALSE(enabled(Level::info));
    EXPECT_TRUE(enabled(Level::warn));
    EXPECT_EQ(more.size(), 3u);
    EXPECT_EQ(less.size(), 1u);
    EXPECT_EQ(capture.lines().size(), 2u);
    EXPECT_FALSE(capture.contains("one's"));
    // A level that is set meanwhile is the sink's alone.
    const Listener all(Level::debug, [](std::string_view) {});
    set_level(Level::error);
    EXPECT_TRUE(enabled(Level::debug));
    warn("too little for the sink");
    EXPECT_FALSE(capture.contains("too little"));
}

TEST(Log, KeepsEveryLineOfManyThreadsInTheirOrder) {
    const Capture capture;
    constexpr int threads = 4;
    constexpr int each = 500;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([t] {
            for (int i = 0; i < each; ++i) info("line", {{"thread", t}, {"i", i}});
        });
    }
    for (auto& thread : running) thread.join();
    std::vector<int> next(threads, 0);
    for (const auto& text : capture.lines()) {
        const auto parsed = json::parse(text);
        EXPECT_EQ(parsed["i"], next[parsed["thread"].get<std::size_t>()]++);
    }
    EXPECT_EQ(next, std::vector<int>(threads, each));
}

TEST(Log, DropsTheOldestAndCountsWhenTheQueueIsFull) {
    std::mutex mutex;
    std::condition_variable changed;
    bool blocked = false;
    bool release = false;
    std::vector<std::string> taken;
    Options options;
    options.queue = 4;
    options.sink = [&](std::string_view text) {
        std::unique_lock lock(mutex);
        blocked = true;
        changed.notify_all();
        changed.wait_for(lock, std::chrono::seconds(30), [&] { return release; });
        taken.emplace_back(text);
    };
    const auto before = dropped();
    init(std::move(options));
    info("first");
    {
        std::unique_lock lock(mutex);
        ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(30), [&] { return blocked; }));
    }
    for (int i = 0; i < 10; ++i) info("line", {{"i", i}});
    EXPECT_EQ(dropped() - before, 6u);
    {
        const std::lock_guard lock(mutex);
        release = true;
        changed.notify_all();
    }
    shutdown();
    ASSERT_GE(taken.size(), 4u); // the request to flush may take the place of one more
    EXPECT_NE(taken.front().find("first"), std::string::npos);
    EXPECT_NE(taken.back().find(R"("i":9)"), std::string::npos);
    EXPECT_GE(dropped() - before, 6u) << "the count outlives the log that lost the lines";
}

TEST(Log, ASinkThatThrowsLosesItsLineOnly) {
    std::atomic<int> calls = 0;
    Options options;
    options.sink = [&](std::string_view) {
        if (++calls == 1) throw std::runtime_error("disk gone");
    };
    const auto before = dropped();
    init(std::move(options));
    info("lost");
    EXPECT_TRUE(flush());
    info("kept");
    EXPECT_TRUE(flush());
    shutdown();
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(dropped() - before, 1u);
}

/// What `action` writes to standard output.
template <class Action> std::string stdout_of(Action action) {
    std::fflush(stdout); // what the test runner still holds is not ours
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const int saved = ::dup(STDOUT_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[1]);
    action();
    ::dup2(saved, STDOUT_FILENO);
    ::close(saved);
    std::string all;
    char piece[4096];
    for (ssize_t n; (n = ::read(ends[0], piece, sizeof piece)) > 0;) all.append(piece, static_cast<std::size_t>(n));
    ::close(ends[0]);
    return all;
}

TEST(Log, WritesLinesToStandardOutput) {
    const auto text = stdout_of([] {
        info("before the start");
        Options options;
        options.service = "order";
        init(std::move(options));
        info("one");
        info("two");
        EXPECT_TRUE(flush());
        info("three");
        shutdown();
        info("after the end");
    });
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        ASSERT_NE(end, std::string::npos) << "the last line is complete";
        messages.push_back(json::parse(text.substr(at, end - at))["msg"]);
        at = end + 1;
    }
    EXPECT_EQ(messages, (std::vector<std::string>{"before the start", "one", "two", "three", "after the end"}));
}

TEST(Log, CountsLinesThatStandardOutputRefuses) {
    const auto before = dropped();
    const int saved = ::dup(STDOUT_FILENO);
    const int full = ::open("/dev/full", O_WRONLY);
    ASSERT_GE(full, 0);
    ::dup2(full, STDOUT_FILENO);
    ::close(full);
    init({});
    info("lost");
    const bool flushed = flush();
    shutdown();
    ::dup2(saved, STDOUT_FILENO);
    ::close(saved);
    EXPECT_TRUE(flushed);
    EXPECT_EQ(dropped() - before, 1u);
}

TEST(Capture, PutsBackWhatWasThere) {
    const Capture outer(Level::info, "outer");
    {
        const Capture inner(Level::error, "inner");
        info("lost");
        error("to the inner");
        EXPECT_EQ(inner.lines().size(), 1u);
    }
    info("to the outer");
    ASSERT_EQ(outer.lines().size(), 1u);
    EXPECT_TRUE(outer.contains(R"("service":"outer","msg":"to the outer")"));
}

} // namespace
} // namespace gravity::log
