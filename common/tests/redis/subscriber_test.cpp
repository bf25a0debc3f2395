#include "support.hpp"

#include <gravity/redis/subscriber.hpp>

namespace gravity::redis::test {
namespace {

class RedisSubscriber : public ::testing::Test {
protected:
    std::int64_t publish(std::string_view channel, std::string_view payload) {
        return loop.wait(client.command(Command{"PUBLISH", channel, payload})).integer;
    }
    Message next(Subscriber& subscriber) { return loop.wait(subscriber.next()); }

    Server server;
    Loop loop;
    Client client{loop.io, server.url(), options()};
};

TEST_F(RedisSubscriber, HearsChannelsAndPatternsInOrder) {
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("news"));
    loop.wait(subscriber.psubscribe("log.*"));
    EXPECT_EQ(publish("news", "one"), 1);
    EXPECT_EQ(publish("log.error", "two"), 1);
    EXPECT_EQ(publish("other", "none"), 0);
    Message first = next(subscriber);
    EXPECT_EQ(first.channel, "news");
    EXPECT_EQ(first.payload, "one");
    EXPECT_EQ(first.pattern, "");
    Message second = next(subscriber);
    EXPECT_EQ(second.channel, "log.error");
    EXPECT_EQ(second.payload, "two");
    EXPECT_EQ(second.pattern, "log.*");
}

TEST_F(RedisSubscriber, UnsubscribesAndSubscribesAgain) {
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("a"));
    subscriber.unsubscribe("a");
    loop.until([&] { return publish("a", "unheard") == 0; });
    loop.wait(subscriber.subscribe("a"));
    loop.wait(subscriber.subscribe("a")); // harmless
    EXPECT_EQ(publish("a", "heard"), 1);
    Message message = next(subscriber);
    while (message.payload == "unheard") message = next(subscriber); // published before the server took the unsubscribe
    EXPECT_EQ(message.payload, "heard");
}

TEST_F(RedisSubscriber, SubscribesAgainAfterTheServerCameBack) {
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("a"));
    loop.wait(subscriber.psubscribe("b*"));
    server.kill();
    loop.until([&] { return !subscriber.connected(); });
    server.start();
    EXPECT_EQ(next(subscriber).kind, Message::Kind::gap); // comes when all is heard again
    EXPECT_EQ(publish("a", "1"), 1);
    EXPECT_EQ(publish("bb", "2"), 1);
    EXPECT_EQ(next(subscriber).payload, "1");
    EXPECT_EQ(next(subscriber).payload, "2");
}

TEST_F(RedisSubscriber, WishWhileDownIsCarriedOutLater) {
    server.kill();
    Subscriber subscriber(client);
    EXPECT_EQ(loop.error_of(subscriber.subscribe("a", in(30ms))).kind(), ErrorKind::timeout);
    server.start();
    loop.until([&] { return publish("a", "x") == 1; });
    EXPECT_EQ(next(subscriber).payload, "x");
}

TEST_F(RedisSubscriber, FullQueueDropsTheOldestAndSaysSo) {
    Subscriber subscriber(client, 4);
    loop.wait(subscriber.subscribe("a"));
    for (int i = 0; i < 10; ++i) publish("a", std::to_string(i));
    loop.until([&] { return subscriber.dropped() >= 7; }); // all ten have been heard: what says that some are missing has a place of its own
    EXPECT_EQ(next(subscriber).kind, Message::Kind::gap);
    std::vector<std::string> left;
    while (left.empty() || left.back() != "9") left.push_back(next(subscriber).payload);
    EXPECT_EQ(subscriber.dropped() + left.size(), 10u);
    EXPECT_LE(left.size(), 3u);
    EXPECT_EQ(loop.error_of(subscriber.next(in(10ms))).kind(), ErrorKind::timeout);
}

TEST_F(RedisSubscriber, RefusedSubscriptionIsSaid) {
    Server guarded({"user reader on >pw resetchannels &allowed ~* +@all"});
    Client reader(loop.io, "unix://reader:pw@" + guarded.socket(), options());
    Subscriber subscriber(reader);
    Error error = loop.error_of(subscriber.subscribe("secret"));
    EXPECT_EQ(error.kind(), ErrorKind::server);
    EXPECT_EQ(error.code(), "NOPERM");
    loop.wait(subscriber.subscribe("allowed")); // the connection is as good as before
}

TEST_F(RedisSubscriber, IdleOneIsProbedAndAStoppedServerNoticed) {
    Options eager = options();
    eager.ping_interval = 20ms;
    eager.stall_timeout = 1s;
    Client other(loop.io, server.url(), eager);
    Subscriber subscriber(other);
    loop.wait(subscriber.subscribe("a"));
    server.stop();
    loop.until([&] { return !subscriber.connected(); });
    server.resume();
    EXPECT_EQ(next(subscriber).kind, Message::Kind::gap);
}

TEST_F(RedisSubscriber, CloseEndsWaitingAndDeliversWhatWasHeard) {
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("a"));
    publish("a", "last");
    Subscriber late(client);
    loop.wait(late.subscribe("a")); // a round trip after the message, so it has arrived
    auto waiting = loop.start(late.next());
    loop.until([&] { return publish("probe", "x") == 0; });
    late.close();
    EXPECT_EQ(loop.error_of(waiting).kind(), ErrorKind::closed);
    EXPECT_EQ(next(subscriber).payload, "last");
    subscriber.close();
    EXPECT_EQ(loop.error_of(subscriber.next()).kind(), ErrorKind::closed);
    EXPECT_EQ(loop.error_of(subscriber.subscribe("b")).kind(), ErrorKind::closed);
}

TEST_F(RedisSubscriber, CancelledWaitEnds) {
    Subscriber subscriber(client);
    boost::asio::cancellation_signal signal;
    auto waiting = loop.start(subscriber.next(), signal.slot());
    loop.until([&] { return subscriber.connected(); });
    signal.emit(boost::asio::cancellation_type::all);
    loop.until([&] { return waiting->done; });
    EXPECT_TRUE(waiting->failure);
    loop.wait(subscriber.subscribe("a"));
    publish("a", "x");
    EXPECT_EQ(next(subscriber).payload, "x");
}

} // namespace
} // namespace gravity::redis::test
