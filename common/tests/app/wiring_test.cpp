// What settings bring into being: Redis, spans, figures of the process, the service manager.
#include "app/process_figures.hpp"
#include "app/systemd.hpp"
#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/discovery/client.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/service.hpp>
#include <gravity/trace/buffer.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <sys/un.h>

namespace gravity {
namespace {

using http::test::eventually;

// ---- Redis

struct Count {
    std::int64_t value;
};
BOOST_DESCRIBE_STRUCT(Count, (), (value))
Task<Count> count(Ctx& ctx) {
    redis::Command increment("INCR", "wiring-test:{all}:count");
    const redis::Value value = co_await ctx.get<redis::Client>().command(std::move(increment));
    co_return Count{value.as_integer()};
}
Task<Count> have_redis(Ctx& ctx) { co_return Count{ctx.find<redis::Client>() != nullptr}; }
void redis_routes(Router& router) {
    auto all = router.collection("/api/v1/counts", "counts");
    all.post<count>("");
    all.get<have_redis>("");
}
std::string redis_url() {
    const char* const url = std::getenv("GRAVITY_TEST_REDIS");
    if (url == nullptr) throw std::runtime_error("GRAVITY_TEST_REDIS names no Redis to test with");
    return url;
}

TEST(RedisUrl, GivesHandlersTheirClientAndReadinessItsProbe) {
    testkit::RunningService service(Service{"counts", 0}.routes(redis_routes).redis(), {{"REDIS_URL", redis_url()}});
    const testkit::Callers as(service);
    const auto first = as.owner.post("/api/v1/counts").expect(200).at("/value").as_integer();
    as.owner.post("/api/v1/counts").expect(200).field("/value", first + 1);
    as.anonymous.get("/health/ready").expect(200).field("/checks/redis/0/status", "pass");
    EXPECT_NE(as.anonymous.get("/metrics").expect(200).body().find("gravity_redis_connected 1"), std::string::npos);
}

TEST(RedisUrl, AnOptionalOneThatIsAwayIsAWarning) {
    testkit::RunningService service(Service{"counts", 0}.routes(redis_routes).redis(app::Need::optional), {{"REDIS_URL", "redis://127.0.0.1:1"}});
    const testkit::Callers as(service);
    as.anonymous.get("/health/ready").expect(200).field("/status", "warn").field("/checks/redis/0/status", "warn");
    testkit::RunningService without(Service{"counts", 0}.routes(redis_routes).redis(app::Need::optional));
    testkit::Callers(without).owner.get("/api/v1/counts").expect(200).field("/value", 0);
}

TEST(RedisUrl, WhatCannotBeRightStopsTheStart) {
    const auto start = [](app::Texts settings) -> std::string {
        try {
            testkit::RunningService service(Service{"counts", 0}.redis(), std::move(settings));
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "started";
    };
    EXPECT_EQ(start({}), "setting REDIS_URL is required");
    EXPECT_EQ(start({{"REDIS_URL", "http://127.0.0.1"}}).find("setting REDIS_URL: "), 0u);
    EXPECT_EQ(start({{"REDIS_URL", redis_url()}, {"TRACE_SAMPLE_RATIO", "1.5"}}), "setting TRACE_SAMPLE_RATIO must be from 0 to 1");
}

// ---- spans

/// Takes what is exported.
struct Collector {
    std::mutex mutex;
    std::vector<Json> bodies;
    int status = 200;
    http::test::Running running;
    std::uint16_t port = running.serve([this](http::Exchange& exchange) { return take(exchange); });

    Task<void> take(http::Exchange& exchange) {
        co_await exchange.read_body(1 << 20);
        http::Response answer;
        {
            const std::lock_guard lock(mutex);
            answer.status = status;
            if (exchange.request().path == "/v1/traces") bodies.push_back(Json::parse(exchange.request().body).or_throw());
        }
        co_await exchange.respond(std::move(answer));
    }
    /// Spans by name -> [span]
    std::vector<Json> spans() {
        const std::lock_guard lock(mutex);
        std::vector<Json> all;
        for (const Json& body : bodies) {
            const Json* list = body.at_pointer("/resourceSpans/0/scopeSpans/0/spans");
            for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) all.push_back(list->as_array()[i]);
        }
        return all;
    }
};

const Sql<std::int64_t()> ask_one{"wiring.one", "select 1"};
Count one(Tx& tx) { return {tx.one(ask_one)}; }
void one_route(Router& router) { router.collection("/api/v1/ones", "ones").get<one>(""); }

TEST(OtlpEndpoint, GetsTheSpansOfARequestAndItsStatements) {
    Collector collector;
    {
        testkit::RunningService service(Service{"ones", 0}.postgres({}).routes(one_route),
                                        {{"OTLP_ENDPOINT", "http://127.0.0.1:" + std::to_string(collector.port)}, {"TRACE_SAMPLE_RATIO", "0"}});
        const testkit::Callers as(service);
        as.owner.get("/api/v1/ones").expect(200); // begins here: not sampled
        as.owner.get("/api/v1/ones").header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").expect(200);
        EXPECT_EQ(service.stop(), 0); // the rest is sent when it ends
    }
    const auto spans = collector.spans();
    ASSERT_EQ(spans.size(), 2u);
    std::string server_id;
    for (const Json& span : spans)
        if (span.find("name")->as_string() == "GET /api/v1/ones") server_id = span.find("spanId")->as_string();
    ASSERT_EQ(server_id.size(), 16u);
    for (const Json& span : spans) {
        EXPECT_EQ(span.find("traceId")->as_string(), "0af7651916cd43dd8448eb211c80319c");
        if (span.find("name")->as_string() == "wiring.one")
            EXPECT_EQ(span.find("parentSpanId")->as_string(), server_id);
        else
            EXPECT_EQ(span.find("parentSpanId")->as_string(), "b7ad6b7169203331");
    }
    EXPECT_EQ(trace::buffer(), nullptr);
}

TEST(OtlpEndpoint, ThatIsAwayCostsNothingButSpans) {
    testkit::RunningService service(Service{"ones", 0}.postgres({}).routes(one_route), {{"OTLP_ENDPOINT", "http://127.0.0.1:1"}, {"TRACE_SAMPLE_RATIO", "1"}});
    testkit::Callers(service).owner.get("/api/v1/ones").expect(200);
    EXPECT_EQ(service.stop(), 0);
}

TEST(OtlpEndpoint, ThatNeverAnswersDoesNotHoldTheEnd) {
    Collector collector;
    testkit::FaultProxy network("127.0.0.1", collector.port);
    network.silence();
    testkit::RunningService service(Service{"ones", 0}.postgres({}).routes(one_route),
                                    {{"OTLP_ENDPOINT", "http://127.0.0.1:" + std::to_string(network.port())}, {"TRACE_SAMPLE_RATIO", "1"}});
    testkit::Callers(service).owner.get("/api/v1/ones").expect(200);
    EXPECT_EQ(service.stop(), 0);
    EXPECT_GT(network.accepted(), 0u);
    EXPECT_TRUE(collector.spans().empty());
}

// ---- neighbours

struct Ones {
    static constexpr discovery::Neighbour neighbour{.service = "ones", .port = 1};
    static constexpr Call<Count()> one{http::Method::get, "/api/v1/ones"};
};
Task<Count> ask_neighbour(Ctx& ctx) {
    auto reply = co_await ctx.get<Client<Ones>>().call(ctx, Ones::one);
    if (reply.absent()) co_return Count{-1};
    co_return std::move(reply).or_unavailable();
}
void asking_route(Router& router) { router.collection("/api/v1/asking", "ones").get<ask_neighbour>(""); }

TEST(Neighbours, AreCalledWithTheUsersTokenAndMissedWithoutHarm) {
    testkit::RunningService ones(Service{"ones", 0}.postgres({}).routes(one_route));
    const auto url = "http://127.0.0.1:" + std::to_string(ones.port());
    bool there = true;
    const auto known = [&](const std::string&) { return there ? std::vector<discovery::Instance>{{"1", url, {}, 1}} : std::vector<discovery::Instance>{}; };
    testkit::RunningService asking(Service{"asking", 0}.routes(asking_route).calls<Ones>().resolver(discovery::fixed_resolver(known)));
    // Each has an issuer of its own here: the token of the one means nothing to the other, which says so.
    const testkit::Callers as(asking);
    as.owner.get("/api/v1/asking").expect_problem(503, "dependency-unavailable");
    as.anonymous.get("/health/ready").expect(200).field("/checks/ones/0/status", "pass");
    testkit::RunningService alone(Service{"alone", 0}.routes(asking_route).calls<Ones>());
    const testkit::Callers there_as(alone);
    there_as.owner.get("/api/v1/asking").expect(200).field("/value", -1);
    there_as.anonymous.get("/health/ready").expect(200).field("/status", "warn").field("/checks/ones/0/output", "no instance");
}

TEST(Neighbours, OwnTokensNeedAllOfTheirSettings) {
    EXPECT_THROW(testkit::RunningService(Service{"asking", 0}.calls<Ones>(), {{"AUTH_TOKEN_URL", "http://127.0.0.1:1"}}), std::invalid_argument);
}

// ---- figures

TEST(ProcessFigures, AreReadFromTheKernelsText) {
    // The name of a program may hold what separates the rest.
    const auto figures = app::parse_stat("1234 (a b) c) S 1 1 1 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 7 0 5000 104857600 2560 18446744073709551615",
                                         1'700'000'000, 100, 4096);
    EXPECT_DOUBLE_EQ(figures.cpu_seconds, 4);
    EXPECT_EQ(figures.threads, 7);
    EXPECT_DOUBLE_EQ(figures.start_time_seconds, 1'700'000'050);
    EXPECT_EQ(figures.virtual_bytes, 104857600);
    EXPECT_EQ(figures.resident_bytes, 2560 * 4096);
    EXPECT_EQ(app::parse_stat("nonsense", 0, 100, 4096).threads, 0);
    EXPECT_EQ(app::parse_stat("1 (x) S 1", 0, 100, 4096).threads, 0);
}

TEST(ProcessFigures, AreAmongTheMetrics) {
    testkit::RunningService service(Service{"ones", 0}.postgres({}).routes(one_route));
    const auto metrics = testkit::Callers(service).anonymous.get("/metrics").expect(200).body();
    for (const std::string name : {"process_resident_memory_bytes", "process_virtual_memory_bytes", "process_start_time_seconds", "process_open_fds",
                                   "process_max_fds", "process_threads", "gravity_http_connections"}) {
        const auto at = metrics.find("\n" + name + " ");
        ASSERT_NE(at, std::string::npos) << name;
        EXPECT_GT(std::stod(metrics.substr(at + name.size() + 2)), 0) << name;
    }
    EXPECT_NE(metrics.find("# TYPE process_cpu_seconds_total counter"), std::string::npos);
    EXPECT_NE(metrics.find("gravity_pg_connections{state=\"idle\"}"), std::string::npos);
    EXPECT_NE(metrics.find("gravity_pg_queue 0"), std::string::npos);
}

// ---- service manager

/// Hears what a process tells it.
class Manager {
public:
    explicit Manager(bool abstract) {
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const std::string unique = "gravity-test-" + Uuid::v4().to_string();
        path_ = abstract ? "@" + unique : (std::filesystem::temp_directory_path() / unique).string();
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, path_.data(), path_.size());
        if (abstract) at.sun_path[0] = '\0';
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size())), 0);
        const timeval limit{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    ~Manager() {
        ::close(fd_);
        std::filesystem::remove(path_);
    }
    std::string hear() {
        char text[4096];
        const ssize_t n = ::recv(fd_, text, sizeof text, 0);
        return n < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(n));
    }
    const std::string& path() const { return path_; }

private:
    int fd_ = -1;
    std::string path_;
};

TEST(Systemd, HearsOneDatagram) {
    for (const bool abstract : {false, true}) {
        Manager manager(abstract);
        const app::Systemd systemd(manager.path(), std::nullopt);
        EXPECT_TRUE(systemd.tell("READY=1"));
        EXPECT_EQ(manager.hear(), "READY=1");
    }
    EXPECT_TRUE(app::Systemd("", std::nullopt).tell("READY=1")); // nobody asked
    EXPECT_FALSE(app::Systemd("/nowhere/socket", std::nullopt).tell("READY=1"));
    EXPECT_FALSE(app::Systemd(std::string(200, 'x'), std::nullopt).tell("READY=1"));
}

TEST(Systemd, IsToldOfALife) {
    Manager manager(false);
    std::atomic<bool> ready{false}, alive{false}, stopping{false};
    std::thread hearing([&] { // the kernel keeps a few datagrams only
        while (!stopping) {
            const std::string told = manager.hear();
            if (told == "nothing") return;
            ready = ready || told.find("READY=1") != std::string::npos;
            alive = alive || told == "WATCHDOG=1";
            stopping = told.find("STOPPING=1") != std::string::npos;
        }
    });
    ::setenv("NOTIFY_SOCKET", manager.path().c_str(), 1);
    ::setenv("WATCHDOG_USEC", "20000", 1);
    {
        testkit::RunningService service(Service{"ones", 0}.routes([](Router&) {}));
        EXPECT_TRUE(eventually([&] { return ready && alive; }));
        EXPECT_EQ(service.stop(), 0);
    }
    hearing.join();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    EXPECT_TRUE(stopping);
}

TEST(Systemd, AWatchOverAnotherProcessIsNotOurs) {
    ::setenv("WATCHDOG_USEC", "20000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_FALSE(app::Systemd().watchdog());
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(app::Systemd().watchdog(), std::chrono::microseconds(20'000));
    ::setenv("WATCHDOG_USEC", "often", 1);
    EXPECT_FALSE(app::Systemd().watchdog());
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
}

} // namespace
} // namespace gravity
