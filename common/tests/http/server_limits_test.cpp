#include "http/handlers.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/server.hpp>

#include <boost/system/system_error.hpp>

#include <malloc.h>
#include <memory>
#include <sys/resource.h>
#include <vector>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;

TEST(ServerLimits, SlowHeadsAreCutOff) {
    Running running;
    ServerOptions options;
    options.head_timeout = 100ms;
    const auto port = running.serve(hello, options);
    RawClient silent(port), slow(port);
    ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\nHost: h\r\n"));
    std::atomic<bool> stop{false};
    std::thread dripping([&] {
        while (!stop && ::send(slow.fd(), "A: b\r\n", 6, MSG_NOSIGNAL) > 0) std::this_thread::sleep_for(20ms);
    });
    EXPECT_EQ(slow.read_response().status, 408); // however busily it drips
    stop = true;
    dripping.join();
    EXPECT_EQ(silent.read_to_end(), ""); // nothing was asked: nothing is answered
}

TEST(ServerLimits, SlowBodiesAreCutOffAndSteadyOnesAreNot) {
    Running running;
    ServerOptions options;
    options.body_grace = 100ms;
    options.body_min_rate = 5000;
    const auto port = running.serve(echo, options);
    RawClient slow(port), steady(port);
    ASSERT_TRUE(slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\nx"));
    const auto answer = slow.read_response();
    EXPECT_EQ(answer.status, 408);
    EXPECT_TRUE(answer.has("\r\nConnection: close\r\n"));
    EXPECT_GE(running.server().counters().timeouts, 1u);
    ASSERT_TRUE(steady.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n"));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(steady.send(std::string(1000, 's')));
    EXPECT_EQ(steady.read_response().body.size(), 50'000u);
}

TEST(ServerLimits, IdleConnectionsEndQuietly) {
    Running running;
    ServerOptions options;
    options.idle_timeout = 150ms;
    options.park_after = 20ms;
    RawClient client(running.serve(hello, options));
    EXPECT_EQ(client.ask(get).status, 200);
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(running.server().counters().timeouts, 0u);
}

TEST(ServerLimits, ParkedConnectionsWakeUp) {
    Running running;
    ServerOptions options;
    options.park_after = 0ms;
    RawClient client(running.serve(hello, options));
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(client.ask(get).status, 200);
        std::this_thread::sleep_for(15ms); // room for the tick to park it; the test holds either way
    }
    client.close();
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}

static Task<void> take_a_large_body(Exchange& exchange) {
    const bool whole = co_await exchange.read_body(2'000'000);
    Response answer = text("", whole ? 200 : 413);
    co_await exchange.respond(std::move(answer));
}

// A connection between two requests holds nothing of the first one's body, however large that was.
TEST(ServerLimits, AConnectionThatWaitsHoldsNoBody) {
    Running running;
    ServerOptions options;
    options.park_after = 1h; // so that nothing else gives it back
    const auto port = running.serve(take_a_large_body, options);
    const std::string request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'b');
    const auto held = [] {
        const auto heap = ::mallinfo2(); // nothing under a sanitizer, which allocates for itself
        return heap.uordblks + heap.hblkhd;
    };
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 32; ++i) clients.push_back(std::make_unique<RawClient>(port));
    EXPECT_EQ(clients.front()->ask(request).status, 200);
    const std::size_t before = held();
    for (auto& client : clients) EXPECT_EQ(client->ask(request).status, 200);
    EXPECT_EQ(clients.front()->ask(get).status, 200); // the loop is past what it does after an answer
    EXPECT_LT(held(), before + 8'000'000);
}

TEST(ServerLimits, APeerThatTakesNothingIsCut) {
    Running running;
    ServerOptions options;
    options.write_stall = 100ms;
    RawClient client(running.serve(
        [](Exchange& exchange) -> Task<void> {
            Response huge = text(std::string(50'000'000, 'h'));
            co_await exchange.respond(std::move(huge));
        },
        options));
    ASSERT_TRUE(client.send(get));
    EXPECT_TRUE(eventually([&] { return running.server().counters().timeouts == 1; }));
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}

TEST(ServerLimits, LargeResponsesArriveWhole) {
    Running running;
    RawClient client(running.serve([](Exchange& exchange) -> Task<void> {
        Response huge = text(std::string(20'000'000, 'h'));
        co_await exchange.respond(std::move(huge));
    }));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(client.ask(get).body, std::string(20'000'000, 'h'));
}

TEST(ServerLimits, RefusesConnectionsOverTheLimitAndRecovers) {
    Running running;
    ServerOptions options;
    options.max_connections = 2;
    options.max_refusals = 1;
    const auto port = running.serve(hello, options);
    auto first = std::make_unique<RawClient>(port);
    RawClient second(port);
    EXPECT_EQ(first->ask(get).status, 200);
    EXPECT_EQ(second.ask(get).status, 200);
    for (int i = 0; i < 3; ++i) {
        RawClient third(port);
        const auto refused = third.read_response();
        EXPECT_EQ(refused.status, 503);
        EXPECT_TRUE(refused.has("\r\nRetry-After: "));
        EXPECT_TRUE(refused.has("\r\nConnection: close\r\n"));
    }
    EXPECT_EQ(running.server().counters().refused, 3u);
    first.reset();
    EXPECT_TRUE(eventually([&] {
        RawClient again(port);
        return again.ask(get).status == 200;
    }));
}

TEST(ServerLimits, OutOfDescriptorsItPausesAndRecovers) {
    Running running;
    const auto port = running.serve(hello);
    RawClient before(port);
    EXPECT_EQ(before.ask(get).status, 200);
    rlimit old{};
    getrlimit(RLIMIT_NOFILE, &old);
    {
        RawClient waiting(port); // its descriptor is made while there still are some
        EXPECT_EQ(waiting.ask(get).status, 200);
        const int highest = ::dup(0);
        rlimit tight = old;
        tight.rlim_cur = static_cast<rlim_t>(highest + 2); // one for the client below, none for the server's end
        ::close(highest);
        std::vector<int> holes; // fill what is free below
        setrlimit(RLIMIT_NOFILE, &tight);
        RawClient starving(port);
        for (int fd; (fd = ::dup(0)) >= 0;) holes.push_back(fd);
        const bool sent = starving.send(get);
        const bool paused = eventually([&] { return running.server().counters().accept_pauses > 0 ||
                                                    running.server().counters().connections > 2; });
        setrlimit(RLIMIT_NOFILE, &old);
        for (const int fd : holes) ::close(fd);
        EXPECT_TRUE(sent);
        EXPECT_TRUE(paused);
        EXPECT_EQ(starving.read_response().status, 200);
    }
    EXPECT_EQ(before.ask(get).status, 200);
}

TEST(ServerLimits, DrainsRunningRequestsAndClosesIdleConnections) {
    Running running;
    std::atomic<bool> inside{false}, release{false}, saw_drain{false};
    const auto port = running.serve([&](Exchange& exchange) -> Task<void> {
        if (exchange.request().path == "/slow") {
            inside = true;
            while (!release) co_await pause_for(1ms);
            saw_drain = exchange.draining();
        }
        co_await hello(exchange);
    });
    RawClient idle(port), busy(port);
    EXPECT_EQ(idle.ask(get).status, 200);
    ASSERT_TRUE(busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    auto drained = boost::asio::co_spawn(running.io(), running.server().drain(std::chrono::steady_clock::now() + patience),
                                         boost::asio::use_future);
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
    release = true;
    const auto answer = busy.read_response();
    EXPECT_EQ(answer.body, "hello /slow");
    EXPECT_TRUE(answer.has("\r\nConnection: close\r\n"));
    busy.close();
    ASSERT_EQ(drained.wait_for(patience), std::future_status::ready);
    drained.get();
    EXPECT_TRUE(saw_drain);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_NE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    ::close(fd);
}

TEST(ServerLimits, ADrainCutsWhatIsOpenAtItsDeadline) {
    Running running;
    const auto port = running.serve([](Exchange& exchange) -> Task<void> {
        Headers none;
        auto writer = co_await exchange.stream(200, none, std::nullopt);
        for (;;) { // a stream that never ends by itself
            co_await pause_for(1ms);
            co_await writer->write("x");
        }
    });
    RawClient client(port);
    ASSERT_TRUE(client.send(get));
    ASSERT_FALSE(client.read_until("\r\n\r\n").empty());
    running.await(running.server().drain(std::chrono::steady_clock::now() + 50ms));
    EXPECT_EQ(running.server().counters().open_connections, 0u);
    EXPECT_EQ(client.read_to_end().value_or("").find("0\r\n\r\n"), std::string::npos);
}

TEST(ServerLimits, AnAddressInUseIsAnError) {
    Running running;
    const auto port = running.serve(hello);
    ServerOptions options;
    options.port = port;
    Server second(running.io(), options, hello);
    EXPECT_THROW(second.start(), boost::system::system_error);
    ServerOptions nonsense;
    nonsense.address = "not an address";
    Server third(running.io(), nonsense, hello);
    EXPECT_THROW(third.start(), boost::system::system_error);
}

TEST(ServerLimits, ManyConnectionsAtOnce) {
    Running running;
    const auto port = running.serve(echo);
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int c = 0; c < 10; ++c) {
                RawClient client(port);
                for (int i = 0; i < 20; ++i) {
                    const std::string body(static_cast<std::size_t>(t * 997 + i * 13), 'm');
                    if (client.ask(post(body)).body == body) ++good;
                }
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 8 * 10 * 20);
}
