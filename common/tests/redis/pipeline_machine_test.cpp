#include "redis/pipeline_machine.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace gravity::redis {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint t0{std::chrono::hours(1)};

class Machine {
public:
    explicit Machine(PipelineMachine::Settings settings = {}) : machine(settings) {}

    /// Its id, or 0 when it was refused.
    std::uint64_t submit(std::string wire, std::size_t expected = 1, TimePoint deadline = t0) {
        auto exchange = std::make_unique<Exchange>();
        exchange->wire = std::move(wire);
        exchange->expected = expected;
        exchange->deadline = deadline;
        Exchange* raw = exchange.get();
        refusal = machine.submit(exchange);
        EXPECT_EQ(refusal.has_value(), exchange != nullptr); // a refused call stays with its caller
        return refusal ? 0 : raw->id;
    }
    std::string write_all() {
        std::string bytes = machine.take(1 << 20);
        if (!bytes.empty()) machine.written();
        return bytes;
    }

    PipelineMachine machine;
    std::optional<Failure> refusal;
};

TEST(PipelineMachine, GivesRepliesInTheOrderWritten) {
    Machine m;
    auto a = m.submit("a");
    auto b = m.submit("bb", 2);
    EXPECT_EQ(m.machine.take(100), ""); // not connected
    m.machine.connected();
    EXPECT_EQ(m.machine.take(100), "abb");
    EXPECT_EQ(m.machine.take(100), ""); // one write at a time
    m.submit("c");
    EXPECT_EQ(m.machine.take(100), "");
    m.machine.written();
    EXPECT_EQ(m.machine.take(100), "c");
    EXPECT_EQ(m.machine.in_flight(), 3u);

    auto first = m.machine.reply(Value::of_integer(1));
    ASSERT_TRUE(first && !first->failure);
    EXPECT_EQ(first->exchange->id, a);
    EXPECT_FALSE(m.machine.reply(Value::of_integer(2))); // one of two
    auto second = m.machine.reply(Value::of_integer(3));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->exchange->id, b);
    EXPECT_EQ(second->exchange->replies, (std::vector{Value::of_integer(2), Value::of_integer(3)}));
}

TEST(PipelineMachine, TakesAboutSoManyBytesAndNeverSplitsACall) {
    Machine m;
    m.machine.connected();
    m.submit("aaaa");
    m.submit("bbbb");
    m.submit("cccc");
    EXPECT_EQ(m.machine.take(5), "aaaabbbb");
    m.machine.written();
    EXPECT_EQ(m.machine.take(5), "cccc");
}

TEST(PipelineMachine, UnaskedReplyIsAProtocolError) {
    Machine m;
    m.machine.connected();
    EXPECT_THROW(m.machine.reply(Value::of_error("ERR max number of clients reached")), Error);
}

TEST(PipelineMachine, WhatDidNotLeaveGoesBackInOrder) {
    Machine m;
    m.machine.connected();
    auto a = m.submit("aaaa");
    m.submit("bbbb");
    m.submit("cccc");
    EXPECT_EQ(m.machine.take(100), "aaaabbbbcccc");
    m.submit("dddd");
    auto failed = m.machine.disconnected(4, "gone"); // all of a, nothing of b
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(failed[0].exchange->id, a);
    EXPECT_EQ(failed[0].failure->kind, ErrorKind::connection_lost);
    EXPECT_TRUE(failed[0].failure->maybe_executed);
    m.machine.connected();
    EXPECT_EQ(m.machine.take(100), "bbbbccccdddd");
}

TEST(PipelineMachine, WhatLeftInPartMayHaveBeenExecuted) {
    for (std::size_t transferred = 0; transferred <= 8; ++transferred) {
        Machine m;
        m.machine.connected();
        m.submit("aaaa");
        m.submit("bbbb");
        (void)m.machine.take(100);
        auto failed = m.machine.disconnected(transferred, "gone");
        EXPECT_EQ(failed.size(), (transferred + 3) / 4) << transferred;
        EXPECT_EQ(m.machine.pending(), 2 - failed.size());
    }
}

TEST(PipelineMachine, CompleteWriteCountsAsLeft) {
    Machine m;
    m.machine.connected();
    m.submit("aaaa");
    (void)m.write_all();
    m.submit("bbbb");
    EXPECT_EQ(m.machine.disconnected(0, "gone").size(), 1u); // transferred speaks of an unfinished write only
    m.machine.connected();
    EXPECT_EQ(m.machine.take(100), "bbbb");
}

TEST(PipelineMachine, RepliesOfAPartlyAnsweredCallAreForgotten) {
    Machine m;
    m.machine.connected();
    m.submit("a", 2);
    (void)m.write_all();
    (void)m.machine.reply(Value::of_integer(1));
    auto failed = m.machine.disconnected(0, "gone");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_TRUE(failed[0].exchange->replies.empty());
}

TEST(PipelineMachine, DeadlineEndsTheWaitAndTheReplyIsDiscarded) {
    Machine m;
    m.machine.connected();
    auto a = m.submit("a", 2, t0 + milliseconds(10));
    auto b = m.submit("b", 1, t0 + milliseconds(20));
    EXPECT_EQ(m.machine.earliest_deadline(), t0 + milliseconds(10));
    (void)m.write_all();
    EXPECT_TRUE(m.machine.expire(t0 + milliseconds(9)).empty());
    auto late = m.machine.expire(t0 + milliseconds(10));
    ASSERT_EQ(late.size(), 1u);
    EXPECT_EQ(late[0].exchange->id, a);
    EXPECT_EQ(late[0].failure->kind, ErrorKind::timeout);
    EXPECT_TRUE(late[0].failure->maybe_executed);
    EXPECT_EQ(m.machine.earliest_deadline(), t0 + milliseconds(20));
    EXPECT_FALSE(m.machine.reply(Value()));
    EXPECT_FALSE(m.machine.reply(Value()));
    EXPECT_EQ(m.machine.late_replies(), 1u);
    auto right = m.machine.reply(Value::of_integer(7));
    ASSERT_TRUE(right);
    EXPECT_EQ(right->exchange->id, b);
    EXPECT_EQ(m.machine.earliest_deadline(), std::nullopt);
}

TEST(PipelineMachine, UnwrittenCallPastItsDeadlineWasNotExecuted) {
    Machine m;
    m.submit("a", 1, t0);
    auto down = m.machine.expire(t0);
    ASSERT_EQ(down.size(), 1u);
    EXPECT_EQ(down[0].failure->kind, ErrorKind::unavailable);
    EXPECT_FALSE(down[0].failure->maybe_executed);
    m.machine.connected();
    m.submit("b", 1, t0);
    auto busy = m.machine.expire(t0);
    ASSERT_EQ(busy.size(), 1u);
    EXPECT_EQ(busy[0].failure->kind, ErrorKind::timeout);
    EXPECT_FALSE(busy[0].failure->maybe_executed);
    EXPECT_EQ(m.machine.take(100), ""); // and never will be
}

TEST(PipelineMachine, CancelledCallIsGivenBack) {
    Machine m;
    m.machine.connected();
    auto a = m.submit("a");
    (void)m.write_all();
    auto b = m.submit("b");
    auto written = m.machine.abandon(a);
    ASSERT_TRUE(written);
    EXPECT_TRUE(written->failure->maybe_executed);
    auto unwritten = m.machine.abandon(b);
    ASSERT_TRUE(unwritten);
    EXPECT_FALSE(unwritten->failure->maybe_executed);
    EXPECT_EQ(m.machine.take(100), "");
    EXPECT_FALSE(m.machine.abandon(a));
    EXPECT_FALSE(m.machine.abandon(b));
    EXPECT_FALSE(m.machine.reply(Value()));
    EXPECT_EQ(m.machine.late_replies(), 1u);
}

TEST(PipelineMachine, BoundsCallsAndBytes) {
    Machine m({.max_pending = 2, .max_waiting_bytes = 10});
    EXPECT_NE(m.submit("aaaaaaaaaaaaaaaaaaaa"), 0u); // alone it may be larger
    EXPECT_EQ(m.submit("b"), 0u);
    EXPECT_EQ(m.refusal->kind, ErrorKind::overloaded);
    m.machine.connected();
    (void)m.write_all();
    EXPECT_NE(m.submit("b"), 0u);
    EXPECT_EQ(m.submit("c"), 0u); // one in flight, one waiting
    EXPECT_EQ(m.refusal->kind, ErrorKind::overloaded);
    (void)m.machine.reply(Value());
    EXPECT_NE(m.submit("c"), 0u);
}

TEST(PipelineMachine, ProbeIsAnsweredToNobody) {
    Machine m;
    m.machine.connected();
    m.machine.probe();
    auto a = m.submit("a");
    EXPECT_EQ(m.write_all(), "a*1\r\n$4\r\nPING\r\n");
    auto first = m.machine.reply(Value());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->exchange->id, a);
    EXPECT_FALSE(m.machine.reply(Value::of_status("PONG")));
    EXPECT_EQ(m.machine.late_replies(), 0u);
    m.machine.probe();
    (void)m.write_all();
    EXPECT_TRUE(m.machine.disconnected(0, "gone").empty());
}

TEST(PipelineMachine, ClusterNodeFailsWhatItCannotSendAtOnce) {
    Machine m({.hold_while_down = false});
    EXPECT_NE(m.submit("a"), 0u); // the first try to connect is still to come
    auto failed = m.machine.connect_failed("refused");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(failed[0].failure->kind, ErrorKind::unavailable);
    EXPECT_FALSE(failed[0].failure->maybe_executed);
    EXPECT_EQ(m.submit("b"), 0u);
    EXPECT_EQ(m.refusal->kind, ErrorKind::unavailable);
    m.machine.connected();
    EXPECT_NE(m.submit("c"), 0u);
    (void)m.write_all();
    EXPECT_NE(m.submit("d"), 0u);
    auto lost = m.machine.disconnected(0, "gone");
    ASSERT_EQ(lost.size(), 2u);
    EXPECT_TRUE(lost[0].failure->maybe_executed);
    EXPECT_EQ(lost[1].failure->kind, ErrorKind::unavailable);
}

TEST(PipelineMachine, CloseEndsEverythingForGood) {
    Machine m;
    m.machine.connected();
    m.submit("a");
    (void)m.write_all();
    m.submit("b");
    auto all = m.machine.close();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_TRUE(all[0].failure->maybe_executed);
    EXPECT_FALSE(all[1].failure->maybe_executed);
    EXPECT_EQ(m.submit("c"), 0u);
    EXPECT_EQ(m.refusal->kind, ErrorKind::closed);
}

/// Against a server that executes what arrives: whatever happens, a call finishes once, gets its own reply, and is
/// executed at most once; one that fails as not executed was not.
TEST(PipelineMachine, PropertyEveryCallFinishesOnceAndTellsTheTruth) {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        std::mt19937 random(seed);
        Machine m({.max_pending = 20, .hold_while_down = seed % 2 == 0});
        TimePoint now = t0;
        std::set<std::uint64_t> open;
        std::map<std::string, int> executed; // by wire, which names the call
        std::map<std::uint64_t, std::string> wires;
        std::deque<std::string> replies; // the server's, not yet delivered
        std::string batch;
        bool connected = false;
        int next = 0;
        auto execute = [&](std::string_view bytes) { // every call is 8 bytes; a partial one is not executed
            for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
                ++executed[std::string(bytes.substr(i, 8))];
                replies.emplace_back(bytes.substr(i, 8));
            }
        };
        auto finish = [&](Finished finished) {
            auto id = finished.exchange->id;
            ASSERT_EQ(open.erase(id), 1u) << seed;
            const auto& wire = wires[id];
            if (!finished.failure) {
                ASSERT_EQ(finished.exchange->replies.at(0).text, wire);
                ASSERT_EQ(executed[wire], 1);
            } else if (!finished.failure->maybe_executed) {
                ASSERT_EQ(executed[wire], 0) << finished.failure->message;
            }
        };
        auto finish_all = [&](std::vector<Finished> all) {
            for (auto& finished : all) finish(std::move(finished));
        };
        for (int step = 0; step < 400; ++step) {
            now += milliseconds(1);
            switch (random() % 9) {
            case 0:
            case 1:
            case 2: {
                std::string wire = std::to_string(10'000'000 + next++);
                if (auto id = m.submit(wire, 1, now + milliseconds(random() % 60 + 1))) {
                    open.insert(id);
                    wires[id] = wire;
                }
                break;
            }
            case 3:
                if (!connected) {
                    m.machine.connected();
                    connected = true;
                    replies.clear();
                    batch.clear();
                }
                break;
            case 4:
                if (batch.empty()) batch = m.machine.take(random() % 50 + 1);
                break;
            case 5:
                if (!batch.empty()) {
                    execute(batch);
                    batch.clear();
                    m.machine.written();
                }
                break;
            case 6:
                if (!replies.empty()) {
                    auto finished = m.machine.reply(Value::of_string(replies.front()));
                    replies.pop_front();
                    if (finished) finish(std::move(*finished));
                }
                break;
            case 7:
                if (connected && random() % 8 == 0) {
                    std::size_t transferred = batch.empty() ? 0 : random() % (batch.size() + 1);
                    execute(std::string_view(batch).substr(0, transferred));
                    finish_all(m.machine.disconnected(transferred, "gone"));
                    connected = false;
                    batch.clear();
                    replies.clear();
                } else if (!open.empty() && random() % 8 == 0) {
                    auto finished = m.machine.abandon(*open.begin());
                    ASSERT_TRUE(finished);
                    finish(std::move(*finished));
                }
                break;
            default: finish_all(m.machine.expire(now)); break;
            }
        }
        finish_all(m.machine.close());
        EXPECT_TRUE(open.empty()) << seed;
        for (const auto& [wire, times] : executed) EXPECT_LE(times, 1) << seed;
    }
}

} // namespace
} // namespace gravity::redis
