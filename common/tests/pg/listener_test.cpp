// LISTEN over a connection that breaks.
#include <gravity/log/capture.hpp>
#include <gravity/pg/listener.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace gravity::pg {
namespace {

class ListenerTest : public testing::Test {
protected:
    testkit::TestDatabase store;
    boost::asio::io_context io{1};
    std::vector<Notification> heard;
    std::unique_ptr<Listener> listener;

    void listen(const std::string& url, std::vector<std::string> channels) {
        listener = std::make_unique<Listener>(io, url, std::move(channels), [this](const Notification& n) { heard.push_back(n); });
        listener->start();
    }
    void until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the condition did not come true in time");
            io.restart();
            io.run_one_for(std::chrono::milliseconds(5));
        }
    }
    void TearDown() override {
        listener.reset();
        io.restart();
        io.run_for(std::chrono::milliseconds(100));
    }
};

TEST_F(ListenerTest, HearsItsChannelsAndNoOther) {
    listen(store.url(), {"plain", "Odd \"one\""});
    until([&] { return listener->connected(); });
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].channel, ""); // from here on nothing is missed
    store.admin("select pg_notify('other', 'x')");
    store.admin("select pg_notify('plain', 'one')");
    store.admin("select pg_notify('Odd \"one\"', 'two')");
    until([&] { return heard.size() == 3; });
    EXPECT_EQ(heard[1].channel + "=" + heard[1].payload, "plain=one");
    EXPECT_EQ(heard[2].channel + "=" + heard[2].payload, "Odd \"one\"=two");
}

TEST_F(ListenerTest, SaysThatItMayHaveMissedSomethingWhenTheConnectionBroke) {
    listen(store.url(), {"plain"});
    until([&] { return listener->connected(); });
    store.cut_connections();
    until([&] { return heard.size() == 2 && listener->connected(); });
    EXPECT_EQ(heard[1].channel, "");
    store.admin("select pg_notify('plain', 'again')");
    until([&] { return heard.size() == 3; });
    EXPECT_EQ(heard[2].payload, "again");
}

TEST_F(ListenerTest, AChannelThatCannotBeNamedIsToldAndTriedAgain) {
    const log::Capture log;
    listen(store.url(), {"bad \xff name"});
    until([&] { return log.contains("not listening to the store"); });
    EXPECT_FALSE(listener->connected());
    EXPECT_TRUE(heard.empty());
}

TEST_F(ListenerTest, GoesOnTryingWhileThereIsNoServer) {
    listen("postgres://nobody@127.0.0.1:1/none", {"plain"});
    int rounds = 0;
    until([&] { return ++rounds > 40; });
    EXPECT_FALSE(listener->connected());
    EXPECT_TRUE(heard.empty());
}

} // namespace
} // namespace gravity::pg
