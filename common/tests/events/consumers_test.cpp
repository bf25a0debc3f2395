// At least once delivered, exactly once in effect, in order: with consumers, Redis and handlers that fail in every place.
#include "events/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/metrics/metrics.hpp>

namespace gravity::events {
namespace {

using namespace test;
using Keeps = testkit::TestRedis::Keeps;

struct AnyUsed : Erased {
    static constexpr Event event{"gravity.*.usage.recorded"};
};
BOOST_DESCRIBE_STRUCT(AnyUsed, (Erased), ())
void note_used(Tx& tx, const Received<AnyUsed>& e) { tx.exec(insert_effect, Effect{e.id, e.type, e.data.n}); }

struct AnyLost : Erased {
    static constexpr Event event{"gravity.*.order.lost"};
};
BOOST_DESCRIBE_STRUCT(AnyLost, (Erased), ())
void note_lost(Tx&, const Received<AnyLost>&) {}

class ConsumersTest : public EventsTest {
protected:
    testkit::TestRedis broker{Keeps::everything};

    std::string effects() { return store.admin("select coalesce(string_agg(subject || n, ' ' order by id), '') from effect"); }
    bool all_settled() { return broker.cli("xpending '" + stream + "' taker").starts_with("0\n"); }
    /// What the stream's last entry holds, appended once more: a producer or a broker that repeats itself.
    void repeat_last(Process& process) {
        const auto all = process.await<std::vector<redis::StreamEntry>>([&] { return range(process.broker, stream); });
        process.await<bool>([&] { return append(process.broker, stream, all.back().fields); });
    }
    static Task<bool> append(std::shared_ptr<redis::Client> client, std::string key, std::vector<std::pair<std::string, std::string>> fields) {
        redis::XAddOptions options; // named: a default argument with members is a braced aggregate inside the co_await (decision 3)
        co_await redis::xadd(*client, key, fields, options);
        co_return true;
    }
    std::vector<DeadLetter> dead(Process& process) {
        return process.await<std::vector<DeadLetter>>([&] { return process.consumers->dead_letters(100); });
    }
};

TEST_F(ConsumersTest, TakesEffectInTheEventsProject) {
    auto both = make(broker);
    std::atomic<bool> right{true};
    both->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
        right = right && tx.project() == e.project && tx.scope().subject == "event:gravity.maker.count.counted" && e.sequence > 0 && e.attempt == 1 &&
                e.source == "urn:gravity:service:maker";
        note(tx, e);
    })});
    both->start();
    both->count(ours, "a", 1);
    both->count(theirs, "a", 2);
    until_effects(2);
    EXPECT_TRUE(right);
    EXPECT_EQ(store.admin("select count(*) from effect where project = '" + ours.to_string() + "' and n = 1"), "1");
    until([&] { return all_settled(); });
}

TEST_F(ConsumersTest, ASecondDeliveryHasNoEffect) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    both->count(ours, "a", 1);
    until_effects(1);
    for (int i = 0; i < 3; ++i) repeat_last(*both);
    // An event that came behind them has had its effect, so they have been looked at: one subject, in order.
    broker.cli("xtrim '" + stream + "' maxlen 1000");
    until([&] {
        return broker.cli("xlen '" + stream + "'") == "4\n" && all_settled() &&
               broker.cli("xinfo groups '" + stream + "'").find("entries-read\n4\n") != std::string::npos;
    });
    EXPECT_EQ(effects(), "a1");
}

TEST_F(ConsumersTest, SettlesWhatNobodyWants) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    both->in(ours, [](Tx& tx) { tx.emit(Ignored{"x"}); });
    both->count(ours, "a", 1);
    until_effects(1);
    until([&] { return all_settled(); });
    EXPECT_TRUE(dead(*both).empty());
}

TEST_F(ConsumersTest, HearsOfAllServicesThoseThatComeLaterAmongThem) {
    auto taker = make(broker);
    taker->publishes().consumes({handler(note_erased)}).start(); // it publishes as "maker" itself: its own are heard too
    taker->erase(ours, "maker", 1);
    taker->count(ours, "a", 2);
    until_effects(1);
    testkit::TestDatabase elsewhere{migrations};
    Process late(elsewhere.url(), broker.url());
    late.publishes({.poll = 50ms}, "late-comer").start();
    late.erase(theirs, "late_comer", 3);
    until_effects(2);
    EXPECT_EQ(store.admin("select string_agg(subject || ' ' || n, ', ' order by n) from effect"),
              "urn:gravity:service:maker 1, urn:gravity:service:late-comer 3");
    EXPECT_EQ(store.admin("select project from effect where n = 3"), theirs.to_string());
    EXPECT_EQ(store.admin("select count(*) from gravity.inbox"), "2") << "nothing else was looked at";
}

TEST_F(ConsumersTest, HearsUsageBesideWhatElseIsShared) {
    auto both = make(broker);
    both->publishes().consumes({handler(note_erased), handler(note_used)}).start();
    both->in(ours, [](Tx& tx) { tx.emit_as("gravity.maker.usage.recorded", Erased{"used", 7}); });
    both->erase(theirs, "maker", 1);
    until_effects(2);
    EXPECT_EQ(store.admin("select string_agg(subject || ' ' || n, ', ' order by n) from effect"),
              "urn:gravity:service:maker 1, gravity.maker.usage.recorded 7");
    EXPECT_EQ(store.admin("select project from effect where n = 7"), ours.to_string());
}

TEST_F(ConsumersTest, HearsOfAllServicesWhatAllPublishAndNothingElse) {
    auto taker = make(broker);
    EXPECT_THROW(taker->consumes({handler(note_lost)}), std::logic_error);
}

TEST_F(ConsumersTest, WhatWasSharedTwiceTakesEffectOnceWhoeverIsKilled) {
    testkit::TestDatabase elsewhere{migrations};
    for (int n = 1; n <= 5; ++n) {
        Process maker(elsewhere.url(), broker.url());
        maker.publishes({.poll = 20ms, .lease = 50ms}).start();
        auto taker = make(broker);
        taker->consumes({handler(note_erased)}).start();
        maker.erase(ours, "maker", n);
        if (n % 2 == 0) until([&] { return elsewhere.admin("select count(*) from gravity.outbox where published_at is null") == "0"; });
        maker.kill();
        taker->kill();
        elsewhere.admin("update gravity.outbox set published_at = null where sequence > 1"); // sent, but nobody knows
    }
    Process maker(elsewhere.url(), broker.url());
    maker.publishes().start();
    auto taker = make(broker);
    taker->consumes({handler(note_erased)}).start();
    until_effects(5);
    until([&] { return elsewhere.admin("select count(*) from gravity.outbox where published_at is null") == "0"; });
    until([&] { return broker.cli("xpending '" + shared + "' taker").starts_with("0\n"); });
    EXPECT_EQ(store.admin("select count(distinct n) || ' ' || count(*) from effect"), "5 5");
}

TEST_F(ConsumersTest, ASubjectWaitsForItsFirstAndOthersDoNot) {
    auto both = make(broker);
    std::atomic<bool> mended{false};
    auto patient = Process::quick();
    patient.attempts = 100'000;
    both->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
                                   if (e.subject == "a" && e.data.n == 1 && !mended) throw std::runtime_error("not yet");
                                   note(tx, e);
                               })},
                               patient);
    both->start();
    for (int n = 1; n <= 3; ++n) both->count(ours, "a", n);
    for (int n = 1; n <= 3; ++n) both->count(ours, "b", n);
    until_effects(3);
    EXPECT_EQ(effects(), "b1 b2 b3");
    mended = true;
    until_effects(6);
    EXPECT_EQ(effects(), "b1 b2 b3 a1 a2 a3");
}

TEST_F(ConsumersTest, GoesToTheDeadLettersAndComesBackWhenItIsReplayed) {
    auto both = make(broker);
    std::atomic<bool> mended{false};
    std::atomic<int> calls{0};
    both->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
        note(tx, e); // rolled back with the attempt
        if (e.data.n == 1) ++calls;
        if (e.data.n == 1 && !mended) throw std::runtime_error("the handler has a bug");
    })});
    both->start();
    both->count(ours, "a", 1);
    both->count(ours, "a", 2);
    until_effects(1);
    EXPECT_EQ(effects(), "a2"); // the subject went on
    EXPECT_EQ(calls, 3);
    const auto letters = dead(*both);
    ASSERT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].reason, "the handler has a bug");
    EXPECT_EQ(letters[0].attempts, 3);
    EXPECT_EQ(letters[0].type, "gravity.maker.count.counted");
    EXPECT_TRUE(all_settled());
    mended = true;
    EXPECT_EQ(both->await<std::int64_t>([&] { return both->consumers->replay(letters[0].id); }), 1);
    until_effects(2);
    EXPECT_EQ(effects(), "a2 a1");
    EXPECT_TRUE(dead(*both).empty());
    until([&] { return broker.cli("xlen '" + stream + ":replay:taker'") == "0\n"; });
}

TEST_F(ConsumersTest, WhatIsNoEventGoesToTheDeadLettersAtOnce) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    both->count(ours, "a", 1);
    until_effects(1);
    const auto good = both->await<std::vector<redis::StreamEntry>>([&] { return range(both->broker, stream); }).back();
    const std::string type(*good.get("type")), text(*good.get("e"));
    std::string wrong_data = text, wrong_version = text;
    wrong_data.replace(wrong_data.find("\"n\": 1"), 6, "\"n\": []");
    wrong_data.replace(wrong_data.find(*good.get("id")), 1, "x"); // another event: the good one's id has had its effect
    wrong_version.replace(wrong_version.find("\"1.0\""), 5, "\"0.3\"");
    for (const std::string& poison : {std::string("{"), std::string("[]"), std::string(""), wrong_data, wrong_version})
        both->await<bool>([&] { return append(both->broker, stream, {{"id", "x"}, {"type", type}, {"e", poison}}); });
    until([&] { return dead(*both).size() == 5; });
    both->await<bool>([&] { return append(both->broker, stream, {{"not", "ours"}}); });
    until([&] { return all_settled(); });
    EXPECT_EQ(effects(), "a1");
}

TEST_F(ConsumersTest, KilledBetweenTheEffectAndItsAcknowledgement) {
    std::atomic<int> entered{0};
    std::atomic<bool> go{false};
    auto dying = make(broker);
    dying->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
        note(tx, e);
        ++entered;
        until([&] { return go.load(); });
    })});
    dying->start();
    dying->count(ours, "a", 1);
    until([&] { return entered == 1; });
    dying->io.stop(); // from here on nothing can be acknowledged
    go = true;
    dying->kill();
    EXPECT_EQ(effects(), "a1");
    EXPECT_FALSE(all_settled());
    auto heir = make(broker);
    heir->publishes().consumes({counted(note)}).start();
    heir->count(ours, "a", 2);
    until_effects(2);
    until([&] { return all_settled(); });
    EXPECT_EQ(effects(), "a1 a2");
}

TEST_F(ConsumersTest, ReplicasTakeTurnsAndOrderHolds) {
    auto one = make(broker), two = make(broker);
    one->publishes().consumes({counted(note)}).start();
    two->publishes().consumes({counted(note)}).start();
    for (int n = 0; n < 30; ++n) one->count(ours, "a", n);
    until_effects(30);
    one->kill();
    for (int n = 30; n < 60; ++n) two->count(ours, "a", n);
    until_effects(60);
    EXPECT_EQ(store.admin("select count(*) from (select n - lag(n) over (order by id) as step from effect) steps where step <> 1"), "0");
}

TEST_F(ConsumersTest, AConsumerWhoseLeaseWasTakenLeavesNoTrace) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    both->count(ours, "a", 1);
    until_effects(1);
    // Another replica has it: this one does not know yet, and what it begins now must not count.
    store.admin("update gravity.lease set holder = gen_random_uuid(), token = token + 1, until = now() + interval '1 hour' where name = 'consumers'");
    both->count(ours, "a", 2);
    until([&] { return store.admin("select wanted from gravity.lease where name = 'consumers'") == "t"; }); // it has noticed, and asks again
    EXPECT_EQ(effects(), "a1");
    store.admin("update gravity.lease set until = '-infinity' where name = 'consumers'");
    until_effects(2);
    EXPECT_EQ(effects(), "a1 a2");
}

TEST_F(ConsumersTest, RedisKilledAgainAndAgain) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    std::int64_t n = 0;
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 20; ++i) both->count(ours, "s" + std::to_string(n % 3), n), ++n;
        broker.kill();
        for (int i = 0; i < 20; ++i) both->count(ours, "s" + std::to_string(n % 3), n), ++n;
        broker.start();
    }
    until_effects(static_cast<int>(n));
    EXPECT_EQ(store.admin("select count(distinct n) from effect"), std::to_string(n));
    EXPECT_EQ(store.admin("select count(*) from (select n - lag(n) over (partition by subject order by id) as step from effect) steps where step <> 3"), "0");
}

TEST_F(ConsumersTest, ARedisThatKeptNothing) {
    testkit::TestRedis forgetful{Keeps::nothing};
    auto both = make(forgetful);
    both->publishes().consumes({counted(note)}).start();
    for (int n = 0; n < 10; ++n) both->count(ours, "a", n);
    until_effects(10);
    forgetful.kill();
    forgetful.start();
    for (int n = 10; n < 20; ++n) both->count(ours, "a", n);
    until_effects(20);
    EXPECT_EQ(store.admin("select count(distinct n) from effect"), "20");
}

// What a stream no longer has when whoever hears it comes back is lost to them: that is told, once, and not where nothing is missing.
TEST_F(ConsumersTest, TellsWhatWasCutOffBeforeItWasReceived) {
    const std::string missing = "events were cut off the stream before they were received";
    const auto away_for = [&](std::int64_t from, int count, int kept) {
        auto maker = make(broker);
        maker->publishes().start();
        for (std::int64_t n = from; n < from + count; ++n) maker->count(ours, "a", n);
        until_published();
        broker.cli("xtrim '" + stream + "' maxlen " + std::to_string(kept));
        maker->drain();
    };
    const auto hear = [&](int wanted) {
        auto taker = make(broker);
        taker->consumes({counted(note)}).start();
        until_effects(wanted);
        until([&] { return all_settled(); });
        taker->drain();
    };
    const log::Capture log;
    away_for(1, 3, 2); // before the group is there: it begins with what it finds
    hear(2);
    EXPECT_FALSE(log.contains(missing));
    away_for(4, 3, 3); // 4, 5 and 6, all of which it has not received yet
    hear(5);
    EXPECT_FALSE(log.contains(missing));
    away_for(7, 4, 1); // 7, 8 and 9 are gone
    hear(6);
    hear(6);
    EXPECT_EQ(effects(), "a2 a3 a4 a5 a6 a10");
    const auto lines = log.lines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(missing) != line.npos; }), 1);
    EXPECT_NE(metrics::render().find("gravity_events_missed_total{producer=\"maker\"}"), std::string::npos);
}

TEST_F(ConsumersTest, AStoreThatIsAwayCountsNoAttempt) {
    auto both = make(broker);
    std::atomic<int> refused{0};
    both->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
        if (++refused < 20) throw Refusal(problems::store_unavailable);
        EXPECT_EQ(e.attempt, 1);
        note(tx, e);
    })});
    both->start();
    both->count(ours, "a", 1);
    until_effects(1);
    EXPECT_TRUE(dead(*both).empty());
}

TEST_F(ConsumersTest, AnEventThatKillsItsConsumersIsFoundOut) {
    auto first = make(broker);
    first->publishes().consumes({counted(note)}).start();
    first->count(ours, "a", 1);
    until_effects(1);
    first->kill();
    auto maker = make(broker);
    maker->publishes().start();
    maker->count(ours, "a", 2);
    until_published();
    // Read by consumers that ended before they could settle it, four times.
    broker.cli("xreadgroup group taker taker streams '" + stream + "' '>'");
    const auto last = maker->await<std::vector<redis::StreamEntry>>([&] { return range(maker->broker, stream); }).back();
    broker.cli("hset '" + stream + ":attempts:taker' " + last.id + " 3");
    auto next = make(broker);
    next->consumes({counted(note)}).start();
    until([&] { return dead(*next).size() == 1; });
    EXPECT_NE(dead(*next)[0].reason.find("the process ended"), std::string::npos);
    EXPECT_EQ(effects(), "a1");
}

TEST_F(ConsumersTest, WhateverAHandlerThrowsIsAnAttemptUnlessAStoreIsToBlame) {
    auto both = make(broker);
    std::atomic<int> lost{0};
    both->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
        if (e.data.n == 1) throw 5; // nothing that says anything
        if (e.data.n == 2 && ++lost < 10) throw redis::Error(redis::ErrorKind::timeout, "no answer");
        EXPECT_EQ(e.attempt, 1);
        note(tx, e);
    })});
    both->start();
    both->count(ours, "a", 1);
    both->count(ours, "b", 2);
    until_effects(1);
    until([&] { return dead(*both).size() == 1; });
    EXPECT_EQ(dead(*both)[0].reason, "an exception of an unknown type");
    EXPECT_EQ(effects(), "b2");
}

TEST_F(ConsumersTest, MoreThanItsWindowWaitsInTheStream) {
    auto both = make(broker);
    auto narrow = Process::quick();
    narrow.window = 2;
    narrow.workers = 1;
    std::atomic<bool> go{false};
    std::atomic<int> entered{0};
    both->publishes().consumes({counted([&](Tx& tx, const Received<Counted>& e) {
                                   ++entered;
                                   until([&] { return go.load(); });
                                   note(tx, e);
                               })},
                               narrow);
    both->start();
    for (int n = 0; n < 10; ++n) both->count(ours, "a", n);
    until_published();
    until([&] { return entered == 1 && broker.cli("xpending '" + stream + "' taker").starts_with("2\n"); });
    go = true;
    until_effects(10);
    EXPECT_EQ(effects(), "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9");
}

TEST_F(ConsumersTest, SayWhileNothingIsReceived) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    both->count(ours, "a", 1);
    until_effects(1);
    const auto problem = [&] {
        return both->await<std::string>([&]() -> Task<std::string> { co_return both->consumers->problem().value_or(""); });
    };
    EXPECT_EQ(problem(), "");
    broker.kill();
    until([&] { return problem().starts_with("events are not received: "); });
    broker.start();
    until([&] { return problem().empty(); });
}

TEST_F(ConsumersTest, HandlersThatCannotBeRightStopTheStart) {
    auto process = make(broker);
    const Handler twice = counted(note);
    EXPECT_THROW(process->consumes({twice, twice}), std::logic_error);
    for (const std::string nameless : {"", "gravity", "gravity.maker.count", "other.maker.count.counted"})
        EXPECT_THROW(process->consumes({Handler{nameless, twice.run}}), std::logic_error) << nameless;
    // Only what every service publishes is to be heard of all; and not by two handlers.
    for (const std::string unshared : {"gravity.*.count.counted", "gravity.*.erasure", "gravity.*.erasure.completed.twice"})
        EXPECT_THROW(process->consumes({Handler{unshared, twice.run}}), std::logic_error) << unshared;
    EXPECT_THROW(process->consumes({handler(note_erased), Handler{"gravity.maker.erasure.completed", twice.run}}), std::logic_error);
}

TEST_F(ConsumersTest, EndsWhatItHasBegunAndGivesTheLeaseBack) {
    auto both = make(broker);
    both->publishes().consumes({counted(note)}).start();
    for (int n = 0; n < 20; ++n) both->count(ours, "a", n);
    until_effects(20);
    both->drain();
    EXPECT_EQ(store.admin("select holder is null from gravity.lease where name = 'consumers'"), "t");
    EXPECT_EQ(store.admin("select count(*) from (select n - lag(n) over (order by id) as step from effect) steps where step <> 1"), "0");
}

} // namespace
} // namespace gravity::events
