#include "support.hpp"

#include <list>
#include <poll.h>

/// What takes too long, and what becomes of the other side.
namespace gravity::gateway::test {
namespace {

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// A port on which connections hang: its queue is full, and nobody accepts.
class HangingPort {
public:
    HangingPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        EXPECT_EQ(::listen(socket_, 0), 0);
        socklen_t size = sizeof at;
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        for (bool full = false; !full && waiting_.size() < 16;) {
            const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
            waiting_.emplace_back(fd);
            pollfd ready{fd, POLLOUT, 0};
            full = ::poll(&ready, 1, 100) == 0;
        }
    }
    HangingPort(const HangingPort&) = delete;
    HangingPort& operator=(const HangingPort&) = delete;
    ~HangingPort() { ::close(socket_); }
    std::uint16_t port() const { return port_; }

private:
    int socket_;
    std::uint16_t port_ = 0;
    std::list<Wire> waiting_;
};

Endpoint::Figures figures(const Running& running) { return running.gateway.snapshot()->clusters()[0]->endpoints[0]->figures(std::chrono::steady_clock::now()); }

/// Sends until the other side takes no more for a moment; true if it does not within a hundred mebibytes.
bool stuff(Wire& wire, std::string_view piece) {
    const timeval limit{0, 200'000};
    ::setsockopt(wire.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    for (std::size_t sent = 0; sent < std::size_t{100} << 20; sent += piece.size())
        if (!wire.send(piece)) return true;
    return false;
}

TEST(Patience, AnInstanceThatTakesNoConnectionIsA504AndAnotherOneIsTried) {
    const HangingPort hanging;
    Instance alive(Instance::answering([](const Wire::Message&) { return Instance::ok("alive"); }));
    Options options;
    options.connect_timeout = 30ms;
    Running running(options);
    running.publish({service("a", {"/a"}, {hanging.port()})});
    const double before = running.telemetry.timeouts.value();
    const auto late = running.client().ask(get);
    EXPECT_EQ(late.status(), 504);
    EXPECT_NE(late.body.find("deadline-exceeded"), std::string::npos) << late.body;
    EXPECT_EQ(running.telemetry.timeouts.value(), before + 1);
    EXPECT_EQ(figures(running).failures, 1u);
    running.publish({service("b", {"/a"}, {hanging.port(), alive.port()})});
    for (int i = 0; i < 5; ++i) EXPECT_EQ(running.client().ask(get).body, "alive") << i;
}

TEST(Patience, AnInstanceOfWhichNobodyKnowsTheAddressIsA502AndOneThatHasANameIsFound) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("found"); }));
    Running running;
    ServiceSpec spec = service("a", {"/a"}, {instance.port()});
    spec.instances[0].address = "localhost";
    running.publish({spec});
    EXPECT_EQ(running.client().ask(get).body, "found");
    spec.instances[0].address = std::string(70, 'x') + ".localhost"; // longer than a label may be: not even asked for
    running.publish({spec});
    const auto unknown = running.client().ask(get);
    EXPECT_EQ(unknown.status(), 502);
    EXPECT_NE(unknown.body.find("upstream-unreachable"), std::string::npos) << unknown.body;
}

TEST(Patience, WhoWaitsForAnothersFetchWaitsNoLongerThanHeSaid) {
    std::atomic<bool> asked{false}, go{false};
    Instance instance([&](Wire& wire) {
        wire.read_message();
        asked = true;
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.send(Instance::ok("late", "Cache-Control: max-age=60\r\n"));
    });
    Running running;
    ServiceSpec spec = service("a", {"/a"}, {instance.port()});
    spec.cache = CacheUse::shared;
    running.publish({spec});
    auto first = running.client();
    first.send(get);
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    EXPECT_EQ(running.client().ask("GET /a HTTP/1.1\r\nHost: h\r\nX-Request-Timeout-Ms: 30\r\n\r\n").status(), 504);
    EXPECT_EQ(instance.connections(), 1u);
    go = true;
    EXPECT_EQ(first.read_message().body, "late");
}

TEST(Patience, AnAnswerThatStopsInItsMiddleCutsTheClientAndAStreamOfEventsMayPause) {
    std::atomic<bool> go{false};
    Instance instance([&](Wire& wire) {
        const bool events = wire.read_message().head.starts_with("GET /a/events");
        wire.send(std::string("HTTP/1.1 200 OK\r\n") + (events ? "Content-Type: text/event-stream\r\n" : "") + "Content-Length: 4\r\n\r\non");
        if (!events) return void(wire.read_to_end());
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.send("ce");
        wire.read_to_end();
    });
    Options options;
    options.upstream_silence = 50ms;
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto events = running.client();
    events.send("GET /a/events HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(events.read_until("\r\n\r\non").size(), 0u);
    auto stopped = running.client();
    stopped.send(get);
    EXPECT_EQ(stopped.read_to_end().end, Wire::End::reset);
    go = true;
    EXPECT_EQ(events.read_exactly(2), "ce");
}

TEST(Patience, AWebSocketOnWhichNothingPassesIsClosed) {
    Instance instance([](Wire& wire) {
        wire.read_until("\r\n\r\n");
        wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        wire.read_to_end();
    });
    Options options;
    options.tunnel_idle = 50ms;
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    const auto answer = client.ask("GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                                   true);
    EXPECT_EQ(answer.status(), 101);
    EXPECT_TRUE(client.ended());
}

TEST(Patience, WhoDoesNotCloseAfterTheLastAnswerIsClosed) {
    Options options;
    options.linger = 30ms;
    Running running(options);
    auto client = running.client();
    EXPECT_EQ(client.ask("GET /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status(), 200);
    client.send("and more that nobody reads");
    EXPECT_TRUE(eventually([&] { return running.gateway.connections() == 0; }));
}

TEST(Patience, WhoSendsABodyTooSlowlyIsTold) {
    std::atomic<bool> cancelled{false};
    Instance instance([&](Wire& wire) {
        wire.read_until("\r\n\r\n");
        wire.read_exactly(2);
        cancelled = wire.ended();
    });
    Options options;
    options.least_rate.grace = 50ms;
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhi");
    const auto answer = client.read_message();
    EXPECT_EQ(answer.status(), 408);
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
}

TEST(Patience, WhoTakesAnAnswerTooSlowlyIsCutAndItsRequestCancelled) {
    std::atomic<bool> cancelled{false};
    const std::string piece(1 << 20, 'x');
    Instance instance([&](Wire& wire) {
        wire.read_message();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        while (wire.send(piece)) {}
        cancelled = true;
    });
    Options options;
    options.least_rate = {500ms, 1'000'000'000}; // of what the kernel takes in his stead little counts for later
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    const double before = running.telemetry.client_aborts.value();
    auto client = running.client();
    client.send(get);
    EXPECT_NE(client.read_until("\r\n\r\n").size(), 0u);
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
    EXPECT_EQ(running.telemetry.client_aborts.value(), before + 1);
    EXPECT_EQ(figures(running).failures, 0u);
}

TEST(RateGuard, IsForWhoHasBeenWaitedForLongerThanHisBytesMayTake) {
    const LeastRate least;
    using Time = RateGuard::Time;
    RateGuard silent;
    silent.begin(Time());
    EXPECT_FALSE(silent.too_slow(Time() + 5s, least));
    EXPECT_TRUE(silent.too_slow(Time() + 5001ms, least));
    silent.begin(Time() + 4s); // he is waited for since the beginning
    EXPECT_TRUE(silent.too_slow(Time() + 5001ms, least));
    for (const auto& [bytes_per_second, slow] : {std::pair(600u, false), std::pair(400u, true)}) {
        RateGuard guard; // pieces of 48 KiB, of which each is heard of when it is through
        Time now;
        bool was_slow = false;
        for (int i = 0; i < 50 && !was_slow; ++i) {
            guard.begin(now);
            const auto took = std::chrono::milliseconds(48 * 1024 * 1000 / bytes_per_second);
            if (i != 0) was_slow = guard.too_slow(now + took, least);
            now += took;
            guard.end(now, i == 0 ? 1'000'000'000 : 48 * 1024, least);
        }
        EXPECT_EQ(was_slow, slow) << bytes_per_second;
    }
    RateGuard hasty;
    hasty.begin(Time());
    hasty.end(Time(), 1'000'000'000, least);
    EXPECT_FALSE(hasty.too_slow(Time() + 1h, least)) << "somebody else is";
    hasty.begin(Time() + 1h);
    EXPECT_FALSE(hasty.too_slow(Time() + 1h + 136s, least));
    EXPECT_TRUE(hasty.too_slow(Time() + 1h + 137s, least)) << "a gigabyte is no leave to stop for weeks";
}

/// An answer that is kept, and two clients that get it, the second while it waits for the first one's.
struct Collapsed {
    explicit Collapsed(Options options = {}) : running(large(options)) {
        ServiceSpec spec = service("a", {"/a"}, {instance.port()});
        spec.cache = CacheUse::shared;
        running.publish({spec});
        const double before = running.telemetry.cache.collapsed.value();
        first.emplace(running.client());
        first->send(get);
        EXPECT_TRUE(eventually([&] { return asked.load(); }));
        second.emplace(running.client());
        second->send(get); // and reads nothing for now
        EXPECT_TRUE(eventually([&] { return running.telemetry.cache.collapsed.value() == before + 1; }));
        go = true;
        EXPECT_TRUE(first->read_message().body == body);
    }
    static Options large(Options options) {
        options.cache.bytes = std::size_t{256} << 20;
        options.cache.body = std::size_t{16} << 20;
        return options;
    }
    const std::string body = std::string(12 << 20, 'x'); // more than the kernel keeps for a connection
    std::atomic<bool> asked{false}, go{false};
    Instance instance{[this](Wire& wire) {
        wire.read_message();
        asked = true;
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.send(Instance::ok(body, "Cache-Control: max-age=60\r\n"));
        wire.read_to_end();
    }};
    Running running;
    std::optional<Wire> first, second;
};

TEST(Patience, WhoHasSaidHisLastStillGetsTheWholeAnswer) {
    Collapsed collapsed;
    collapsed.second->half_close();
    EXPECT_TRUE(collapsed.second->read_message().body == collapsed.body);
    EXPECT_TRUE(collapsed.second->ended());
}

TEST(Patience, WhoTakesWhatIsKeptTooSlowlyIsCut) {
    Options options;
#ifdef __SANITIZE_THREAD__
    constexpr auto patience = 6s; // the first of the two needs longer for what is large
#else
    constexpr auto patience = 500ms;
#endif
    options.least_rate = {patience, 1'000'000'000}; // of what the kernel takes in his stead little counts for later
    Collapsed collapsed(options);
    collapsed.first->close();
    EXPECT_TRUE(eventually([&] { return collapsed.running.gateway.connections() == 0; }));
    EXPECT_LT(collapsed.second->read_to_end().bytes.size(), collapsed.body.size());
}

TEST(Patience, ABodyThatBreaksInItsMiddleIsRefused) {
    std::atomic<bool> cancelled{false};
    Instance instance([&](Wire& wire) {
        wire.read_until("2\r\nhi\r\n");
        cancelled = wire.ended();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    ASSERT_TRUE(eventually([&] { return instance.connections() == 1; }));
    client.send("no number\r\n");
    EXPECT_EQ(client.read_message().status(), 400);
    EXPECT_TRUE(client.ended());
    EXPECT_TRUE(eventually([&] { return cancelled.load(); })) << "what was sent must not look whole";
}

TEST(Patience, AnAnswerBeforeTheBodysEndIsPassedOnAndNothingFollows) {
    Instance instance([](Wire& wire) {
        wire.read_until("\r\n\r\n");
        wire.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nless");
        wire.read_to_end();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nhi");
    const auto answer = client.read_message();
    EXPECT_EQ(answer.status(), 413);
    EXPECT_EQ(answer.body, "less");
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(client.ended());
}

TEST(Patience, AnInstanceThatGoesAwayDuringAnUploadIsA502) {
    std::atomic<bool> go{false};
    Instance instance([&](Wire& wire) {
        wire.read_until("\r\n\r\n");
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.reset();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n");
    ASSERT_TRUE(stuff(client, std::string(1 << 20, 'x'))) << "the instance takes nothing, so neither does the gateway";
    go = true;
    EXPECT_NE(client.read_to_end().bytes.find("upstream-closed"), std::string::npos);
}

TEST(Patience, AKeptConnectionThatDiedIsReplacedForWhoStillOwesHisBody) {
    std::atomic<int> requests{0};
    Instance instance([&](Wire& wire) { // the second request it drops unanswered
        while (++requests != 2) {
            if (wire.read_until("\r\n\r\n").empty()) return;
            wire.send(Instance::ok("answered"));
        }
        wire.read_until("\r\n\r\n");
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    EXPECT_EQ(running.client().ask(get).body, "answered");
    const auto answer = running.client().ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(answer.status(), 200) << "it cannot have been acted upon without its body";
    EXPECT_EQ(instance.connections(), 2u);
}

TEST(Patience, AGatewayWithoutAThreadIsNone) {
    Options options;
    options.threads = 0;
    EXPECT_THROW(Running{options}, std::invalid_argument);
}

} // namespace
} // namespace gravity::gateway::test
