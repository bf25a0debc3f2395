// From the outbox to the stream, whatever happens in between: each event there once, under one number, in order.
#include "events/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/testkit/check_sql.hpp>

#include <future>
#include <thread>

namespace gravity::events {
namespace {

using namespace test;
using Keeps = testkit::TestRedis::Keeps;

class RelayTest : public EventsTest {
protected:
    testkit::TestRedis broker{Keeps::nothing};
};

TEST_F(RelayTest, EveryStatementFitsTheSchema) { EXPECT_EQ(testkit::check_sql(store), std::vector<std::string>{}); }

TEST_F(RelayTest, PublishesCloudEvents) {
    auto maker = make(broker);
    maker->publishes().start();
    maker->in(ours, [](Tx& tx) {
        tx.emit(Counted{"a", 1});
        tx.emit(Counted{"b", 2}, "other");
    });
    until_published();
    const auto found = entries(*maker);
    ASSERT_EQ(found.size(), 2u);
    const Json& first = found[0].document;
    EXPECT_EQ(number_of(found[0].place), 1);
    EXPECT_EQ(first.find("epoch")->as_string(), std::to_string(epoch_of(found[0].place)));
    EXPECT_EQ(first.find("specversion")->as_string(), "1.0");
    EXPECT_EQ(first.find("source")->as_string(), "urn:gravity:service:maker");
    EXPECT_EQ(first.find("type")->as_string(), "gravity.maker.count.counted");
    EXPECT_EQ(first.find("subject")->as_string(), "a");
    EXPECT_EQ(first.find("datacontenttype")->as_string(), "application/json");
    EXPECT_EQ(first.find("project")->as_string(), ours.to_string());
    EXPECT_EQ(first.find("sequence")->as_string(), "0000000000000001");
    EXPECT_TRUE(Timestamp::parse(first.find("time")->as_string()));
    EXPECT_TRUE(Uuid::parse(first.find("id")->as_string()));
    EXPECT_EQ(first.find("data")->dump(), "{\"id\":\"a\",\"n\":1}");
    EXPECT_EQ(first.find("traceparent"), nullptr);
    EXPECT_EQ(found[1].document.find("subject")->as_string(), "other");
}

TEST_F(RelayTest, TwoRelaysAndFourWritersAtOnce) {
    auto one = make(broker), two = make(broker);
    one->publishes({.poll = 20ms, .batch = 16}).start();
    two->publishes({.poll = 20ms, .batch = 16}).start();
    std::vector<std::thread> writers;
    for (int w = 0; w < 4; ++w)
        writers.emplace_back([&, w] {
            for (int n = 0; n < 100; ++n) (w % 2 == 0 ? one : two)->count(ours, "subject-" + std::to_string(w), n);
        });
    for (auto& writer : writers) writer.join();
    until_published();
    expect_whole(*one, 400);
}

TEST_F(RelayTest, KilledAgainAndAgainInTheMiddle) {
    std::int64_t n = 0;
    for (int round = 0; round < 15; ++round) {
        auto maker = make(broker);
        maker->publishes({.poll = 20ms, .lease = 50ms, .batch = 3}).start();
        for (int i = 0; i < 10; ++i) maker->count(ours, "a", n++);
        if (round % 3 == 1) until([&] { return store.admin("select count(*) > 0 from gravity.outbox where published_at is not null") == "t"; });
        maker->kill();
    }
    auto last = make(broker);
    last->publishes().start();
    until_published();
    expect_whole(*last, 150);
}

TEST_F(RelayTest, KilledBetweenSendingAndMarking) {
    auto maker = make(broker);
    maker->publishes().start();
    for (int n = 0; n < 5; ++n) maker->count(ours, "a", n);
    until_published();
    maker->kill();
    store.admin("update gravity.outbox set published_at = null where sequence > 2"); // sent, but nobody knows
    auto heir = make(broker);
    heir->publishes().start();
    heir->count(ours, "a", 5);
    until_published();
    expect_whole(*heir, 6);
}

TEST_F(RelayTest, WhatEveryServicePublishesGoesToOneStreamMore) {
    auto maker = make(broker);
    maker->publishes().start();
    maker->count(ours, "a", 1);
    maker->erase(ours, "maker", 2);
    until_published();
    const auto own = entries(*maker), all = entries(*maker, shared);
    ASSERT_EQ(own.size(), 2u);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].document, own[1].document);
    EXPECT_EQ(all[0].document.find("type")->as_string(), "gravity.maker.erasure.completed");
}

// Of which there may be so much that what is seldom would not be found any more.
TEST_F(RelayTest, UsageGoesToAStreamOfItsOwn) {
    auto maker = make(broker);
    maker->publishes().start();
    maker->in(ours, [](Tx& tx) { tx.emit_as("gravity.maker.usage.recorded", Erased{"used", 1}); });
    maker->erase(ours, "maker", 2);
    until_published();
    EXPECT_EQ(entries(*maker).size(), 2u);
    const auto erasures = entries(*maker, shared), usage = entries(*maker, stream_of("*.usage.recorded"));
    ASSERT_EQ(erasures.size(), 1u);
    ASSERT_EQ(usage.size(), 1u);
    EXPECT_EQ(usage[0].document.find("type")->as_string(), "gravity.maker.usage.recorded");
}

TEST_F(RelayTest, KilledBetweenTheTwoStreams) {
    auto maker = make(broker);
    maker->publishes().start();
    maker->erase(ours, "maker", 1);
    until_published();
    maker->kill();
    // As it is where the process ended when only the first of the two had been written.
    broker.cli("del '" + stream + "'");
    store.admin("update gravity.outbox set published_at = null");
    auto heir = make(broker);
    heir->publishes().start();
    until_published();
    EXPECT_EQ(entries(*heir).size(), 1u);
    const auto all = entries(*heir, shared);
    ASSERT_EQ(all.size(), 2u) << "at least once";
    EXPECT_EQ(all[0].document.find("id")->as_string(), all[1].document.find("id")->as_string()) << "and known by its id";
}

TEST_F(RelayTest, WhatTheSharedStreamCannotTakeIsNotPublishedInPart) {
    broker.cli("set '" + shared + "' x"); // no stream
    auto maker = make(broker);
    maker->publishes().start();
    maker->erase(ours, "maker", 1);
    until([&] {
        return maker->await<std::optional<std::string>>([&]() -> Task<std::optional<std::string>> { co_return maker->relay->problem(); }).has_value();
    });
    EXPECT_TRUE(entries(*maker).empty());
    broker.cli("del '" + shared + "'");
    until_published();
    EXPECT_EQ(entries(*maker).size(), 1u);
    EXPECT_EQ(entries(*maker, shared).size(), 1u);
}

TEST_F(RelayTest, ATransactionThatCommitsLateIsNotSkipped) {
    auto maker = make(broker);
    maker->publishes().start();
    std::promise<void> emitted, go;
    std::thread late([&] {
        maker->in(ours, [&](Tx& tx) {
            tx.emit(Counted{"late", 1});
            emitted.set_value();
            go.get_future().wait();
        });
    });
    emitted.get_future().wait();
    maker->count(ours, "early", 1); // a higher position, committed first
    until([&] { return store.admin("select count(*) from gravity.outbox where published_at is not null") == "1"; });
    go.set_value();
    late.join();
    until_published();
    const auto found = entries(*maker);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].document.find("subject")->as_string(), "early");
    EXPECT_EQ(found[1].document.find("subject")->as_string(), "late");
    EXPECT_EQ(number_of(found[1].place), 2);
}

TEST_F(RelayTest, WaitsWhileRedisIsAway) {
    broker.kill();
    auto maker = make(broker);
    maker->publishes().start();
    maker->count(ours, "a", 0);
    until([&] {
        return maker->await<std::optional<std::string>>([&]() -> Task<std::optional<std::string>> { co_return maker->relay->problem(); }).has_value();
    });
    maker->count(ours, "a", 1);
    broker.start();
    until_published();
    expect_whole(*maker, 2);
    until([&] { return !maker->await<std::optional<std::string>>([&]() -> Task<std::optional<std::string>> { co_return maker->relay->problem(); }); });
}

TEST_F(RelayTest, WhatRedisLostIsPublishedAgainUnderItsNumbers) {
    auto maker = make(broker);
    maker->publishes().start();
    for (int n = 0; n < 5; ++n) maker->count(ours, "a", n);
    until_published();
    const auto before = entries(*maker);
    broker.kill();
    broker.start(); // it kept nothing
    until([&] { return broker.cli("xlen '" + stream + "'") == "5\n"; }); // though nothing new was to be published
    maker->count(ours, "a", 5);
    until([&] { return entries(*maker).size() == 6; });
    const auto after = entries(*maker);
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(after[i].place, before[i].place);
        EXPECT_EQ(after[i].document, before[i].document);
    }
    expect_whole(*maker, 6);
}

TEST_F(RelayTest, SoIsALostTail) {
    auto maker = make(broker);
    maker->publishes().start();
    for (int n = 0; n < 5; ++n) maker->count(ours, "a", n);
    until_published();
    const auto before = entries(*maker);
    // As a fail-over to a replica that lagged behind leaves it: the last three are gone, at once, for the relay looks all the time.
    const std::string lagging = stream + ":lagging";
    for (int n = 0; n < 2; ++n)
        broker.cli("xadd '" + lagging + "' " + before[static_cast<std::size_t>(n)].place + " id " +
                   before[static_cast<std::size_t>(n)].document.find("id")->as_string() + " type t project p e '" +
                   before[static_cast<std::size_t>(n)].document.dump() + "'");
    ASSERT_EQ(broker.cli("xlen '" + lagging + "'"), "2\n");
    broker.cli("rename '" + lagging + "' '" + stream + "'");
    maker->count(ours, "a", 5);
    until([&] { return entries(*maker).size() == 6; });
    expect_whole(*maker, 6);
}

TEST_F(RelayTest, WhatIsGoneForGoodDoesNotStopTheRest) {
    auto maker = make(broker);
    maker->publishes().start();
    for (int n = 0; n < 5; ++n) maker->count(ours, "a", n);
    until_published();
    store.admin("delete from gravity.outbox where sequence <= 3"); // cleaned up a day later
    broker.cli("flushall");
    maker->count(ours, "a", 5);
    until([&] { return entries(*maker).size() == 3; });
    EXPECT_EQ(number_of(entries(*maker).front().place), 4);
}

TEST_F(RelayTest, ARestoredDatabaseBeginsANewEpoch) {
    auto maker = make(broker);
    maker->publishes().start();
    for (int n = 0; n < 5; ++n) maker->count(ours, "a", n);
    until_published();
    const auto before = entries(*maker);
    store.admin("delete from gravity.outbox where sequence > 2; update gravity.outbox_state set sequence = 2"); // as of a backup
    maker->count(ours, "a", 100);
    maker->count(ours, "a", 101);
    until_published();
    const auto after = entries(*maker);
    ASSERT_EQ(after.size(), 7u);
    EXPECT_GT(epoch_of(after[5].place), epoch_of(before[0].place));
    EXPECT_EQ(number_of(after[5].place), 1);
    EXPECT_EQ(after[5].document.at_pointer("/data/n")->as_integer(), 100);
    EXPECT_EQ(after[6].document.at_pointer("/data/n")->as_integer(), 101);
}

TEST_F(RelayTest, PublishesWhatIsThereBeforeItEnds) {
    auto maker = make(broker);
    maker->publishes({.poll = 1h}).start();
    for (int n = 0; n < 20; ++n) maker->count(ours, "a", n); // so that it is publishing when its end begins
    maker->drain(1h);                                        // and is over when all is published, long before the time it is given
    EXPECT_EQ(store.admin("select count(*) from gravity.outbox where published_at is null"), "0");
    EXPECT_EQ(store.admin("select holder is null from gravity.lease where name = 'relay'"), "t");
}

TEST_F(RelayTest, OutlivesTheStoresRestart) {
    auto maker = make(broker);
    maker->publishes().start();
    for (int n = 0; n < 5; ++n) {
        maker->count(ours, "a", n);
        store.cut_connections();
    }
    until_published();
    expect_whole(*maker, 5);
}

} // namespace
} // namespace gravity::events
