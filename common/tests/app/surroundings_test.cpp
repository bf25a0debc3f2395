// A service and what stands around it: its key server, discovery, health, hooks of its life.
#include <gravity/app/app.hpp>
#include <gravity/app/stopping.hpp>
#include <gravity/app/token_check.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/discovery/client.hpp>
#include <gravity/discovery/neighbours.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/service.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

namespace gravity {
namespace {

using testkit::eventually;
using testkit::Neighbour;
using testkit::Reply;

struct Said {
    std::string by;
    std::string trace;
};
BOOST_DESCRIBE_STRUCT(Said, (), (by, trace))

Task<Said> who(Ctx& ctx, Caller caller) {
    Said said{caller.subject, ctx.traceparent()};
    co_return said;
}
void routes(Router& router) { router.collection("/api/v1/echoes", "echoes").get<who>("", {.summary = "Who asks"}); }
Service echo() { return Service{"echo", 0}.routes(routes); }

std::string token_of(const auth::Signer& signer) {
    const auto seconds = now().unix_seconds();
    const Json claims = Json::object({{"iss", "test"},
                                      {"aud", "gravity"},
                                      {"sub", "ada"},
                                      {"project", ProjectId::fresh().to_string()},
                                      {"scope", "echoes:read"},
                                      {"iat", seconds},
                                      {"exp", seconds + 3600}});
    return signer.token(claims.dump(), "at+jwt");
}

// ---- the key server

TEST(KeyServer, KeysThatComeLaterAreWaitedForAndNewOnesAreFetchedWhenTheyAreMet) {
    const auto first = auth::Signer::generate(), second = auth::Signer::generate(), stranger = auth::Signer::generate();
    Neighbour issuer("auth");
    issuer.on("GET", "/jwks", Reply{.status = 500}).on("GET", "/jwks", Reply{.body = Json::parse(first.jwks()).or_throw()});
    testkit::RunningService service(echo(), {{"AUTH_JWKS_URL", issuer.url() + "/jwks"}}); // returns when it is ready: after the second try
    EXPECT_EQ(issuer.calls().size(), 2u);
    testkit::Client(service.port(), token_of(first)).get("/api/v1/echoes").expect(200).field("/by", "ada");

    issuer.forget();
    issuer.on("GET", "/jwks", Reply{.body = Json::parse(second.jwks()).or_throw()});
    testkit::Client(service.port(), token_of(second)).get("/api/v1/echoes").expect(200); // its kid is unknown: the keys are fetched anew
    EXPECT_EQ(issuer.calls().size(), 1u);
    testkit::Client(service.port(), token_of(first)).get("/api/v1/echoes").expect_problem(401, "unauthenticated"); // withdrawn by its issuer
    testkit::Client(service.port(), token_of(stranger)).get("/api/v1/echoes").expect_problem(401, "unauthenticated");
    EXPECT_EQ(issuer.calls().size(), 1u); // made-up key ids do not make traffic
}

// A service that does not become ready, driven by hand.
struct Waiting {
    Waiting(Service service, app::PlatformSettings settings) : app(service.definition(), std::move(settings)) {
        app.start();
        thread = std::thread([this] { code = app.run(); });
    }
    ~Waiting() { stop(); }
    int stop() {
        app.stop();
        if (thread.joinable()) thread.join();
        return code;
    }
    app::App app;
    int code = -1;
    std::thread thread;
};

// A foreign surface has its token elsewhere.
Task<void> answer_by_header(app::Runtime& runtime, http::Exchange& exchange) {
    http::Response response;
    std::string token(exchange.request().headers.get("X-Foreign-Token").value_or(""));
    auto& check = runtime.resources.get<app::TokenCheck>();
    try {
        const Caller caller = co_await check.caller_of(std::move(token));
        response.body = caller.subject;
    } catch (const Refusal& refusal) {
        response.status = refusal.problem().status;
    }
    co_await exchange.respond(std::move(response));
}

TEST(KeyServer, ATokenThatComesInAnotherPlaceIsHeldAgainstTheSameKeys) {
    const auto signer = auth::Signer::generate();
    Neighbour issuer("auth");
    issuer.on("GET", "/jwks", Reply{.body = Json::parse(signer.jwks()).or_throw()});
    testkit::RunningService service(echo().fallback(answer_by_header), {{"AUTH_JWKS_URL", issuer.url() + "/jwks"}});
    const testkit::Client anybody(service.port(), "");
    EXPECT_EQ(anybody.get("/foreign").header("X-Foreign-Token", token_of(signer)).expect(200).body(), "ada");
    anybody.get("/foreign").header("X-Foreign-Token", token_of(auth::Signer::generate())).expect(401);
}

TEST(KeyServer, WithoutKeysNobodyIsLetInAndNobodyIsCalledALiar) {
    Neighbour issuer("auth");
    issuer.on("GET", "/jwks", Reply{.status = 503});
    app::PlatformSettings settings;
    settings.auth_jwks_url = issuer.url() + "/jwks";
    settings.auth_issuer = "test";
    settings.deregister_delay_seconds = 0;
    Waiting waiting(echo(), settings);
    issuer.wait_for_calls(1);
    const testkit::Client caller(waiting.app.port(), token_of(auth::Signer::generate()));
    eventually("it is provisioned", [&] { return caller.get("/api/v1/echoes").send().text("/type") != problem_type("store-unavailable"); });
    const auto refused = caller.get("/api/v1/echoes").expect_problem(503, "keys-unavailable"); // not 401: the token may be good
    EXPECT_FALSE(refused.header("Retry-After").empty());
    caller.get("/health/ready").expect(503);
    EXPECT_EQ(waiting.stop(), 0);
}

TEST(KeyServer, WithoutASettingEveryProtectedRouteIs401) {
    Waiting waiting(echo(), {});
    const testkit::Client caller(waiting.app.port(), token_of(auth::Signer::generate()));
    eventually("it is ready", [&] { return waiting.app.ready(); });
    const auto refused = caller.get("/api/v1/echoes").expect_problem(401, "unauthenticated");
    EXPECT_NE(refused.text("/detail").find("AUTH_JWKS_URL"), std::string::npos);
    EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer realm=\"gravity\"");
}

// ---- discovery

TEST(Registration, IsTriedUntilItIsTakenAndCarriesWhatTheGatewayNeeds) {
    testkit::FakeDiscovery discovery;
    discovery.consul().on("PUT", "/v1/agent/service/register", Reply{.status = 500}).on("PUT", "/v1/agent/service/register", Reply{.status = 200});
    testkit::RunningService service(
        echo().roots({"/sounds", "/.well-known/echo"}),
        {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}, {"DISCOVERY_TOKEN", "t0ken"}, {"ADVERTISE_ADDRESS", "2001:db8::7"}});
    const auto calls = discovery.consul().wait_for_calls(2);
    const Json document = Json::parse(calls[1].body).or_throw();
    EXPECT_EQ(calls[1].headers.get("X-Consul-Token"), "t0ken");
    EXPECT_EQ(*document.at_pointer("/Name"), Json("echo"));
    EXPECT_EQ(*document.at_pointer("/Address"), Json("2001:db8::7"));
    EXPECT_EQ(*document.at_pointer("/Meta/prefixes"), Json("/api/v1/echoes"));
    EXPECT_EQ(*document.at_pointer("/Meta/roots"), Json("/sounds,/.well-known/echo"));
    EXPECT_EQ(*document.at_pointer("/Check/HTTP"), Json("http://[2001:db8::7]:" + std::to_string(service.port()) + "/health/ready"));
    EXPECT_EQ(service.stop(), 0);
    EXPECT_EQ(discovery.consul().calls().back().path, "/v1/agent/service/deregister/" + http::percent_encode(document.at_pointer("/ID")->as_string()));
}

TEST(Registration, ADiscoveryThatRefusesOrIsGoneKeepsNobodyFromEnding) {
    testkit::FakeDiscovery discovery;
    testkit::RunningService service(echo(), {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}});
    const Json document = discovery.wait_for("echo");
    discovery.consul().on("PUT", "/v1/agent/service/deregister/" + http::percent_encode(document.at_pointer("/ID")->as_string()), Reply{.status = 500});
    EXPECT_EQ(service.stop(), 0);

    auto gone = std::make_unique<testkit::FakeDiscovery>();
    testkit::RunningService other(echo(), {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", gone->url()}});
    gone->wait_for("echo");
    gone.reset();
    EXPECT_EQ(other.stop(), 0);
}

TEST(Registration, OneThatIsUnderWayWhenTheServiceEndsLeavesNoInstanceBehind) {
    testkit::FakeDiscovery discovery;
    discovery.consul().on("PUT", "/v1/agent/service/register", Reply{.status = 200, .held = true});
    testkit::RunningService service(echo(), {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}});
    discovery.consul().wait_for_calls(1);
    std::thread ending([&] { EXPECT_EQ(service.stop(), 0); });
    eventually("it is told that the service ends", [&] { return !testkit::Client(service.port(), "").get("/health/ready").send().text("/output").empty(); });
    EXPECT_EQ(discovery.consul().calls().size(), 1u); // nothing overtakes the registration
    discovery.consul().release();
    ending.join();
    EXPECT_TRUE(discovery.consul().calls().back().path.starts_with("/v1/agent/service/deregister/"));
}

TEST(Registration, AServiceThatDoesNotRegisterSaysNothing) {
    testkit::FakeDiscovery discovery;
    {
        testkit::RunningService service(echo().unregistered(), {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}});
        EXPECT_EQ(service.stop(), 0);
    }
    EXPECT_EQ(discovery.consul().calls().size(), 0u);
}

struct InventoryContract {
    static constexpr discovery::Neighbour neighbour{"inventory", 1};
};

TEST(LookUp, OfANeighbourSaysWhichServiceAsks) {
    testkit::FakeDiscovery discovery;
    testkit::RunningService service(echo().unregistered().calls<InventoryContract>(), {{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}});
    const auto calls = discovery.consul().wait_for_calls(1);
    EXPECT_EQ(calls[0].path, "/v1/health/service/inventory");
    EXPECT_TRUE(calls[0].headers.get("User-Agent").value_or("").starts_with("gravity-echo/"));
}

// ---- health

struct HealthTest : testing::Test {
    using Health = app::Health;
    app::Health health;
    std::optional<std::string> database, cache;

    HealthTest() {
        health.add("postgresql", Health::Kind::required, [this]() -> Task<std::optional<std::string>> { co_return database; });
        health.add("search", Health::Kind::optional, [this]() -> Task<std::optional<std::string>> {
            if (cache && *cache == "throws") throw std::runtime_error("it broke");
            co_return cache;
        });
        health.set_blocked("");
    }
    Json look() {
        boost::asio::io_context io;
        spawn(io, "probes", [this] { return health.run_probes(); });
        io.run();
        return Json::parse(health.document("echo", "1.2")).or_throw();
    }
};

TEST_F(HealthTest, ARequiredFailureIsNotReadyAnOptionalOneAWarning) {
    EXPECT_FALSE(health.ready()); // nobody has looked yet
    EXPECT_EQ(health.reason(), "postgresql: not looked at yet");
    Json all = look();
    EXPECT_TRUE(health.ready());
    EXPECT_EQ(*all.at_pointer("/status"), Json("pass"));
    EXPECT_EQ(*all.at_pointer("/serviceId"), Json("echo"));
    EXPECT_NE(all.at_pointer("/checks/search/0/time"), nullptr);

    cache = "away";
    all = look();
    EXPECT_TRUE(health.ready());
    EXPECT_EQ(*all.at_pointer("/status"), Json("warn"));
    EXPECT_EQ(*all.at_pointer("/checks/search/0/output"), Json("away"));
    EXPECT_EQ(*all.at_pointer("/checks/search/0/status"), Json("warn"));

    cache = "throws";
    EXPECT_EQ(*look().at_pointer("/checks/search/0/output"), Json("it broke"));

    database = "gone";
    all = look();
    EXPECT_FALSE(health.ready());
    EXPECT_EQ(*all.at_pointer("/status"), Json("fail"));
    EXPECT_EQ(*all.at_pointer("/output"), Json("postgresql: gone"));

    database.reset();
    look();
    health.set_blocked("draining");
    EXPECT_EQ(health.reason(), "draining");
}

// ---- the hooks of a life

TEST(Hooks, RunInTheirOrder) {
    std::vector<std::string> seen;
    std::mutex mutex;
    const auto note = [&](std::string what) {
        const std::lock_guard lock(mutex);
        seen.push_back(std::move(what));
    };
    const auto noted = [&](const std::string& what) {
        const std::lock_guard lock(mutex);
        return std::find(seen.begin(), seen.end(), what) != seen.end();
    };
    Service service = echo();
    service.before_start([&](app::PlatformSettings& settings) {
        note("before_start");
        settings.shutdown_grace_seconds = 1;
    });
    service.provision([&](app::Runtime& runtime) {
        note("provision");
        EXPECT_EQ(static_cast<int>(runtime.settings.shutdown_grace_seconds), 1);
    });
    service.background([&](app::Runtime&) -> Task<void> {
        note("background");
        co_return;
    });
    service.on_drain([&](app::Runtime&) -> Task<void> {
        note("drain");
        co_return;
    });
    testkit::RunningService running(std::move(service));
    eventually("the background began", [&] { return noted("background"); });
    EXPECT_FALSE(noted("drain"));
    EXPECT_EQ(running.stop(), 0);
    EXPECT_EQ(seen, (std::vector<std::string>{"before_start", "provision", "background", "drain"}));
}

TEST(Hooks, AProvisionThatThrowsEndsTheStartWithItsReason) {
    Service service = echo();
    service.provision([](app::Runtime&) { throw std::runtime_error("the index is of another version"); });
    const log::Capture log;
    app::App app(service.definition(), {});
    app.start();
    EXPECT_EQ(app.run(), 1);
    EXPECT_TRUE(log.contains("the index is of another version"));
}

TEST(Hooks, AProvisionThatTheStoreIsAwayForIsRunAgain) {
    Service service = echo();
    int times = 0, later = 0;
    service.provision([&](app::Runtime&) {
        if (++times < 3) throw Refusal(problems::store_unavailable);
    });
    service.provision([&](app::Runtime&) { ++later; });
    testkit::RunningService running(std::move(service)); // returns when it is ready
    testkit::Callers(running).owner.get("/api/v1/echoes").expect(200);
    EXPECT_EQ(running.stop(), 0);
    EXPECT_EQ(times, 3);
    EXPECT_EQ(later, 1);
}

TEST(Hooks, AProvisionThatWaitsForTheStoreIsToldToEnd) {
    Service service = echo();
    std::atomic<int> times{0};
    service.provision([&](app::Runtime&) {
        ++times;
        throw Refusal(problems::store_unavailable);
    });
    const log::Capture log;
    Waiting waiting(std::move(service), {});
    eventually("it waits", [&] { return times > 1; });
    EXPECT_EQ(waiting.stop(), 0);
    const auto lines = log.lines();
    const auto tells = [](const std::string& line) { return line.find("waiting for the store") != std::string::npos; };
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), tells), 1) << "not at each try";
    EXPECT_FALSE(log.contains("cannot start"));
}

TEST(Hooks, WhatIsPreparedMayTakeLongAndTheProcessIsSeenToLive) {
    Service service = echo();
    std::atomic<bool> begun{false}, enough{false}, finished{false}, background{false};
    std::thread::id worker, loop;
    service.provision([&](app::Runtime&) { loop = std::this_thread::get_id(); });
    service.prepare([&](app::Runtime&) -> std::function<void()> {
        worker = std::this_thread::get_id();
        begun = true;
        while (!enough) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return [&] {
            EXPECT_EQ(std::this_thread::get_id(), loop);
            EXPECT_FALSE(background);
            finished = true;
        };
    });
    service.prepare([&](app::Runtime&) -> std::function<void()> {
        EXPECT_TRUE(finished) << "one after the other";
        return nullptr; // there is nothing left to do
    });
    service.background([&](app::Runtime&) -> Task<void> {
        background = true;
        co_return;
    });
    Waiting waiting(std::move(service), {});
    eventually("it prepares", [&] { return begun.load(); });
    const testkit::Client anybody(waiting.app.port(), "");
    for (int i = 0; i < 3; ++i) anybody.get("/health/live").expect(200);
    anybody.get("/health/ready").expect(503);
    anybody.get("/api/v1/echoes").expect_problem(503, "store-unavailable");
    EXPECT_FALSE(background);
    enough = true;
    eventually("it is ready", [&] { return waiting.app.ready(); });
    EXPECT_TRUE(finished);
    EXPECT_NE(worker, loop);
    EXPECT_EQ(waiting.stop(), 0);
}

TEST(Hooks, WhatIsPreparedIsDoneAgainWhereTheStoreWasAway) {
    Service service = echo();
    std::atomic<int> times{0};
    service.prepare([&](app::Runtime&) -> std::function<void()> {
        if (++times < 3) throw Refusal(problems::store_unavailable);
        return nullptr;
    });
    testkit::RunningService running(std::move(service)); // returns when it is ready
    EXPECT_EQ(running.stop(), 0);
    EXPECT_EQ(times, 3);
}

TEST(Hooks, WhatCannotBePreparedEndsTheStart) {
    Service service = echo();
    service.prepare([](app::Runtime&) -> std::function<void()> { throw std::runtime_error("the file is of another version"); });
    const log::Capture log;
    app::App app(service.definition(), {});
    app.start();
    EXPECT_EQ(app.run(), 1);
    EXPECT_TRUE(log.contains("the file is of another version"));
}

TEST(Hooks, WhatIsPreparedIsToldThatTheProcessEnds) {
    Service service = echo();
    std::atomic<bool> begun{false}, background{false};
    service.prepare([&](app::Runtime& runtime) -> std::function<void()> {
        const auto& stopping = runtime.resources.get<app::Stopping>();
        begun = true;
        while (!stopping.asked()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        throw std::runtime_error("not done");
    });
    service.background([&](app::Runtime&) -> Task<void> {
        background = true;
        co_return;
    });
    const log::Capture log;
    {
        Waiting waiting(std::move(service), {});
        eventually("it prepares", [&] { return begun.load(); });
        EXPECT_EQ(waiting.stop(), 0);
    }
    EXPECT_FALSE(background);
    EXPECT_FALSE(log.contains("cannot start"));
}

TEST(Hooks, AFallbackAnswersWhatNoRouteDoes) {
    Service service = echo();
    service.fallback([](app::Runtime&, http::Exchange& exchange) -> Task<void> {
        http::Response response;
        response.status = 299;
        response.body = exchange.request().path;
        co_await exchange.respond(std::move(response));
    });
    testkit::RunningService running(std::move(service));
    const testkit::Callers as(running);
    EXPECT_EQ(as.anonymous.get("/foreign/thing").expect(299).body(), "/foreign/thing");
    as.owner.get("/api/v1/echoes").expect(200);
    as.owner.post("/api/v1/echoes").expect_problem(405, "method-not-allowed"); // a path that is known keeps its rules
}

// ---- logs and pages

TEST(AccessLog, TellsEveryRequestOrOnlyErrorsOrNothing) {
    for (const auto& [setting, told] : std::map<std::string, bool>{{"all", true}, {"errors", false}, {"off", false}}) {
        testkit::RunningService running(echo(), {{"ACCESS_LOG", setting}});
        const log::Capture log;
        const testkit::Callers as(running);
        as.owner.get("/api/v1/echoes").expect(200);
        as.anonymous.get("/api/v1/echoes").expect(401);
        EXPECT_EQ(running.stop(), 0);
        EXPECT_EQ(log.contains("\"msg\":\"request\""), told) << setting;
        EXPECT_EQ(log.contains("\"problem\":\"unauthenticated\""), told) << setting;
    }
}

TEST(Docs, ServeTheFilesOfTheirFolderAndNothingElse) {
    const auto folder = std::filesystem::temp_directory_path() / ("gravity-docs-" + Uuid::v4().to_string());
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "swagger-ui.css") << "body{}";
    std::ofstream(folder / "swagger-ui-bundle.js") << "window.x=1";
    std::ofstream(folder / "secret.txt") << "secret";
    {
        testkit::RunningService running(echo(), {{"DOCS_DIR", folder.string()}});
        const testkit::Client anybody(running.port(), "");
        EXPECT_EQ(anybody.get("/docs/assets/swagger-ui.css").expect(200).body(), "body{}");
        anybody.get("/docs").expect(200);
        anybody.get("/docs/assets/secret.txt").expect_problem(404, "not-found");
        std::filesystem::remove(folder / "swagger-ui.css");
        anybody.get("/docs/assets/swagger-ui.css").expect_problem(404, "not-found"); // taken away meanwhile
    }
    std::filesystem::remove_all(folder);
}

TEST(Start, AnAddressThatIsNotHereIsOneClearLine) {
    app::PlatformSettings settings;
    settings.listen_address = "203.0.113.7";
    Service service = echo();
    app::App app(service.definition(), settings);
    try {
        app.start();
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()).substr(0, 29), "cannot listen on 203.0.113.7:");
    }
}

} // namespace
} // namespace gravity
