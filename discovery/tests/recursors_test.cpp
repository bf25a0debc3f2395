// Questions for other DNS servers: which are passed on and for whom, whose answers count, and what comes back when nobody answers.
#include "dns_client.hpp"
#include "dns_server.hpp"
#include "loopback.hpp"
#include "response_limit.hpp"
#include "world.hpp"

#include <gravity/testkit/loop.hpp>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>

namespace gravity::registry::dns {
namespace {

using namespace test;
using registry::test::Socket;
using registry::test::World;

constexpr std::size_t response = 0x8180; // recursion desired and available

// The question with one address as its answer.
std::string answered(const std::string& asked, char last_byte, std::size_t flags = response) {
    const std::string head = asked.substr(0, 2) + u16(flags) + u16(1) + u16(1) + u16(0) + u16(0);
    return head + asked.substr(12) + u16(0xC00C) + u16(1) + u16(1) + u16(0) + u16(60) + u16(4) + "\x0A\x09\x09" + last_byte;
}

/// Another server: what it says to a question, in so many datagrams, or over TCP in one piece.
class OtherServer {
public:
    using Say = std::function<std::vector<std::string>(const std::string& asked)>;
    explicit OtherServer(Say say, bool over_tcp = false)
        : say_(std::move(say)),
          socket_(over_tcp ? Socket::listening() : Socket::bound(SOCK_DGRAM)),
          thread_([this, over_tcp] { over_tcp ? serve_tcp() : serve(); }) {}
    ~OtherServer() {
        ending_ = true;
        socket_.shut();
        Socket::connected(SOCK_DGRAM, socket_.port()).send("end"); // where shutting wakes nobody
        thread_.join();
    }
    Recursor address() const { return {"127.0.0.1", socket_.port()}; }
    std::atomic<int> asked{0};

private:
    void serve() {
        std::string packet(65'535, '\0');
        sockaddr_in peer{};
        for (;;) {
            socklen_t size = sizeof peer;
            const ssize_t got = ::recvfrom(socket_.fd(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
            if (ending_) return;
            if (got <= 0) continue;
            ++asked;
            for (const std::string& reply : say_(packet.substr(0, static_cast<std::size_t>(got))))
                ::sendto(socket_.fd(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&peer), size);
        }
    }
    void serve_tcp() {
        for (;;) {
            const int fd = socket_.accept();
            if (fd < 0) return;
            const Socket connection = Socket::taken(fd);
            const std::string length = connection.receive(2);
            if (length.size() < 2) continue;
            ++asked;
            for (const std::string& reply : say_(connection.receive(number(length, 0)))) connection.send(u16(reply.size()) + reply);
        }
    }
    Say say_;
    Socket socket_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

/// A server with a zone and these others.
struct Served : World {
    testkit::Loop loop;
    std::shared_ptr<Zone> zone = std::make_shared<Zone>(model, ZoneOptions{.node = "node1"});
    std::unique_ptr<Server> server;

    explicit Served(std::vector<Recursor> recursors, std::uint16_t port = 0) {
        ServerOptions options;
        options.port = port;
        options.recursors = std::move(recursors);
        server = std::make_unique<Server>(loop.io(), options, zone);
        loop.start();
    }
    ~Served() { loop.stop(); }
    std::string ask(const std::string& packet) const {
        const Socket udp = Socket::connected(SOCK_DGRAM, server->port());
        udp.send(packet);
        return udp.receive();
    }
    std::string ask_over_tcp(const std::string& packet) const {
        const Socket tcp = Socket::connected(SOCK_STREAM, server->port());
        tcp.send(u16(packet.size()) + packet);
        const std::string length = tcp.receive(2);
        return length.size() < 2 ? std::string() : tcp.receive(number(length, 0));
    }
};

std::size_t code_of(const std::string& reply) { return number(reply, 2) & 0xF; }
constexpr std::size_t available = 0x80;

TEST(Recursors, AreGivenByAddressWithOrWithoutAPort) {
    const auto one = [](const char* text) {
        const auto found = recursors_in(text);
        return found.size() == 1 ? found[0].address + '|' + std::to_string(found[0].port) : std::to_string(found.size());
    };
    EXPECT_EQ(one("10.0.0.2"), "10.0.0.2|53");
    EXPECT_EQ(one(" 10.0.0.2:5353 "), "10.0.0.2|5353");
    EXPECT_EQ(one("fd00::2"), "fd00::2|53");
    EXPECT_EQ(one("[fd00::2]"), "fd00::2|53");
    EXPECT_EQ(one("[fd00::2]:5353"), "fd00::2|5353");
    EXPECT_EQ(one("10.0.0.2,,10.0.0.3:1,"), "2");
    EXPECT_EQ(one(""), "0");
    for (const char* text : {"dns.example", "10.0.0.2:", "10.0.0.2:0", "10.0.0.2:65536", "10.0.0.2:5x", "[fd00::2", "[fd00::2]5353", "[]", "10.0.0.2 10.0.0.3"})
        EXPECT_THROW(recursors_in(text), std::runtime_error) << text;
}

TEST(Recursors, AreAskedWhatIsNotOurs) {
    OtherServer other([](const std::string& asked) { return std::vector{answered(asked, 7)}; });
    Served served({other.address()});
    const std::string asked = question("example.com", Type::a), reply = served.ask(asked);
    EXPECT_EQ(reply, answered(asked, 7)); // its own words, and the id that it was asked with here
    EXPECT_EQ(code_of(served.ask(question("none.service.consul", Type::a))), 3u);
    EXPECT_EQ(number(served.ask(question("none.service.consul", Type::a)), 2) & available, available);
    EXPECT_EQ(other.asked, 1);
    // Who does not want it, and what is no question of the Internet.
    EXPECT_EQ(code_of(served.ask(question("example.com", Type::a, 0, 0))), 5u);
    std::string chaos = question("version.bind", Type::txt);
    chaos[chaos.size() - 1] = 3;
    EXPECT_EQ(code_of(served.ask(chaos)), 5u);
    EXPECT_EQ(other.asked, 1);
}

TEST(Recursors, AreAskedOverTcpByWhoAsksOverTcp) {
    const std::string long_tail(5000, 't');
    OtherServer other([&](const std::string& asked) { return std::vector{answered(asked, 7) + long_tail}; }, true);
    Served served({other.address()});
    const std::string asked = question("example.com", Type::a);
    EXPECT_EQ(served.ask_over_tcp(asked), answered(asked, 7) + long_tail);
    EXPECT_EQ(code_of(served.ask_over_tcp(question("none.service.consul", Type::a))), 3u);
    EXPECT_EQ(other.asked, 1);
}

TEST(Recursors, AreNotThereUnlessTheyAreGiven) {
    Served served({});
    const std::string reply = served.ask(question("example.com", Type::a));
    EXPECT_EQ(code_of(reply), 5u);
    EXPECT_EQ(number(reply, 2) & available, 0u);
}

TEST(Recursors, TheNextIsAskedWhereOneIsNotThereOrCannotTell) {
    const Recursor nobody{"127.0.0.1", Socket::bound(SOCK_DGRAM).port()}; // it is closed again
    OtherServer failing([](const std::string& asked) { return std::vector{answered(asked, 1, response | 2)}; });
    OtherServer refusing([](const std::string& asked) { return std::vector{answered(asked, 2, response | 5)}; });
    OtherServer knowing([](const std::string& asked) { return std::vector{answered(asked, 3, response | 3)}; }); // that there is no such name
    OtherServer unneeded([](const std::string& asked) { return std::vector{answered(asked, 4)}; });
    Served served({nobody, failing.address(), refusing.address(), knowing.address(), unneeded.address()});
    const std::string asked = question("example.com", Type::a);
    EXPECT_EQ(served.ask(asked), answered(asked, 3, response | 3));
    EXPECT_EQ(failing.asked, 1);
    EXPECT_EQ(refusing.asked, 1);
    EXPECT_EQ(unneeded.asked, 0);
}

TEST(Recursors, AnswersToSomethingElseDoNotCount) {
    OtherServer other([](const std::string& asked) {
        std::string other_id = answered(asked, 1), no_response = answered(asked, 2, 0x0100), other_name = answered(asked, 3), other_type = answered(asked, 4);
        other_id[0] = static_cast<char>(other_id[0] ^ 1);
        other_name[13] = 'x';
        other_type[asked.size() - 3] = 28;
        return std::vector<std::string>{other_id, no_response, other_name, other_type, "short", answered(asked, 5)};
    });
    Served served({other.address()});
    const std::string asked = question("eXample.com", Type::a);
    EXPECT_EQ(served.ask(asked), answered(asked, 5));
}

TEST(Recursors, ThatNeverAnswerEndInAFailure) {
    OtherServer silent([](const std::string&) { return std::vector<std::string>(); });
    OtherServer silent_tcp([](const std::string&) { return std::vector<std::string>(); }, true);
    testkit::Loop loop;
    const std::string asked = question("example.com", Type::a);
    const Query query = std::get<Query>(parse_query(asked));
    const Recursors over_udp(loop.io(), {silent.address(), silent.address()}, std::chrono::milliseconds(20));
    const Recursors over_tcp(loop.io(), {silent_tcp.address()}, std::chrono::milliseconds(20));
    loop.start();
    EXPECT_EQ(loop.await<std::optional<std::string>>([&] { return over_udp.answer_to(asked, query, false); }), std::nullopt);
    EXPECT_EQ(loop.await<std::optional<std::string>>([&] { return over_tcp.answer_to(asked, query, true); }), std::nullopt);
    EXPECT_EQ(silent.asked, 2);
    loop.stop();
}

// A server that is told to ask itself goes round until there are too many.
TEST(Recursors, ALoopEndsInAFailure) {
    std::unique_ptr<Served> served;
    for (int attempt = 0; !served; ++attempt) {
        const std::uint16_t port = Socket::bound(SOCK_STREAM).port();
        try {
            served = std::make_unique<Served>(std::vector<Recursor>{{"127.0.0.1", port}}, port);
        } catch (const std::runtime_error&) { // somebody else has it by now
            ASSERT_LT(attempt, 10);
        }
    }
    EXPECT_EQ(code_of(served->ask(question("example.com", Type::a))), 2u);
    EXPECT_EQ(code_of(served->ask(question("none.service.consul", Type::a))), 3u);
}

} // namespace
} // namespace gravity::registry::dns
