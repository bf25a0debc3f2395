// LISTEN over a connection that breaks.
#include <gravity/log/capture.hpp>
#include <gravity/pg/listener.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace gravity::pg {
namespace {

using Tcp = boost::asio::ip::tcp;

/// A server that is starting up, and says so to whoever comes first; libpq goes on to the next server then.
class StartingUp {
public:
    StartingUp() : thread_([this] { serve(); }) {}
    ~StartingUp() { thread_.join(); }
    std::string host() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

private:
    void serve() {
        auto peer = acceptor_.accept();
        std::array<char, 1024> startup{};
        peer.read_some(boost::asio::buffer(startup));
        const std::string fields = std::string("SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0", 57) + '\0';
        const auto size = static_cast<char>(4 + fields.size());
        boost::asio::write(peer, boost::asio::buffer(std::string("E\0\0\0", 4) + size + fields));
    }

    boost::asio::io_context io_;
    Tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::thread thread_;
};

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

TEST_F(ListenerTest, GoesOnToTheNextServer) {
    const StartingUp first;
    std::string url = store.url();
    url.insert(url.find('@') + 1, first.host() + ',');
    listen(url + "?sslmode=disable", {"plain"});
    until([&] { return listener->connected(); });
    store.admin("select pg_notify('plain', 'one')");
    until([&] { return heard.size() == 2; });
    EXPECT_EQ(heard[1].payload, "one");
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
