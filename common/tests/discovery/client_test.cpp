// Calls to neighbours: what goes out, what becomes of it, and what happens when the other side fails.
#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/discovery/client.hpp>

#include <mutex>

namespace gravity {
namespace {

using discovery::Instance;
using discovery::Neighbours;
using http::test::Running;
using namespace std::chrono_literals;

using ThingId = Id<"thing">;
struct Stock {
    std::int64_t available;
};
BOOST_DESCRIBE_STRUCT(Stock, (), (available))
struct NewHold {
    Text<1, 50> reason;
};
BOOST_DESCRIBE_STRUCT(NewHold, (), (reason))
struct Search {
    std::optional<Text<1, 50>> name;
    std::vector<std::string> tags;
    int limit = 5;
};
BOOST_DESCRIBE_STRUCT(Search, (), (name, tags, limit))

struct Inventory {
    static constexpr discovery::Neighbour neighbour{.service = "inventory", .port = 8104};
    static constexpr Call<Stock(Path<"id", ThingId>)> stock{http::Method::get, "/api/v1/stock/{id}"};
    static constexpr Call<Stock(Params<Search>)> search{http::Method::get, "/api/v1/stock"};
    static constexpr Call<Created<Stock>(Body<NewHold>)> hold{http::Method::post, "/api/v1/holds"};
    static constexpr Call<NoContent(Path<"id", ThingId>)> drop{http::Method::delete_, "/api/v1/holds/{id}"};
    static constexpr Call<Stock(Path<"id", ThingId>)> slow{http::Method::get, "/api/v1/slow/{id}", 50ms};
};

/// A neighbour that does as a test says and writes down what it was sent.
struct Peer {
    struct Seen {
        std::string line, body;
        http::Headers headers;
    };
    std::mutex mutex;
    std::vector<Seen> seen;
    std::vector<http::Response> script; // then the last one again
    Running running;
    std::uint16_t port = running.serve([this](http::Exchange& exchange) { return serve(exchange); });

    Task<void> serve(http::Exchange& exchange) {
        co_await exchange.read_body(100'000);
        http::Response response;
        response.body = R"({"available":3,"something":"new"})";
        const bool slow = exchange.request().path.starts_with("/api/v1/slow");
        {
            const std::lock_guard lock(mutex);
            const auto& r = exchange.request();
            seen.push_back({r.method_text + " " + r.path + (r.query.empty() ? "" : "?" + r.query), r.body, r.headers});
            if (!script.empty()) response = script.front();
            if (script.size() > 1) script.erase(script.begin());
        }
        if (slow) {
            boost::asio::steady_timer timer(running.io(), 1h);
            while (!exchange.client_gone()) {
                timer.expires_after(1ms);
                co_await timer.async_wait(boost::asio::use_awaitable);
            }
        }
        co_await exchange.respond(std::move(response));
    }
    void answers(std::vector<http::Response> all) {
        const std::lock_guard lock(mutex);
        script = std::move(all);
    }
    std::vector<Seen> take() {
        const std::lock_guard lock(mutex);
        return std::exchange(seen, {});
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
};

http::Response with(int status, std::string body = "{\"available\":1}", std::string retry_after = "") {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    if (!retry_after.empty()) response.headers.add("Retry-After", retry_after);
    return response;
}

struct Calls : testing::Test {
    Peer peer;
    Running running;
    std::vector<Instance> instances{{"1", peer.url(), {}, 1}};
    std::unique_ptr<Neighbours> neighbours;
    std::unique_ptr<Client<Inventory>> client;
    const ThingId id = ThingId::fresh();

    void SetUp() override { make({}); }
    void make(discovery::NeighbourOptions options, std::shared_ptr<auth::TokenSource> tokens = nullptr) {
        running.run();
        running.on_io([&] { // where calls run: what a test had before may still hold connections
            client.reset();
            neighbours = std::make_unique<Neighbours>(running.io(), discovery::fixed_resolver([this](const std::string&) { return instances; }),
                                                      std::move(tokens), options);
            client = std::make_unique<Client<Inventory>>(*neighbours);
        });
    }
    void TearDown() override {
        running.on_io([this] { client.reset(), neighbours.reset(); });
    }
    static discovery::NeighbourOptions quick() {
        discovery::NeighbourOptions options;
        options.backoff_base = options.backoff_cap = 1ms;
        options.budget.per_second = 100;
        return options;
    }
    Reply<Stock> stock(CallFor origin = {}) { return running.await(client->call(std::move(origin), Inventory::stock, id)); }
};

TEST_F(Calls, BringTheirValueAndLeaveUnknownFieldsAlone) {
    CallFor origin;
    origin.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    origin.user_token = "Bearer abc";
    origin.deadline = std::chrono::steady_clock::now() + 3s;
    const auto reply = stock(origin);
    ASSERT_TRUE(reply) << reply.why();
    EXPECT_EQ(reply->available, 3);
    const auto seen = peer.take();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].line, "GET /api/v1/stock/" + id.to_string());
    EXPECT_EQ(seen[0].headers.get("Authorization"), "Bearer abc");
    const std::string trace(seen[0].headers.get("traceparent").value_or(""));
    EXPECT_TRUE(trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    EXPECT_EQ(trace.find("b7ad6b7169203331"), std::string::npos) << "a span of its own";
    const int left = std::stoi(std::string(seen[0].headers.get("X-Request-Timeout-Ms").value_or("0")));
    EXPECT_GT(left, 0);
    EXPECT_LE(left, 3000);
}

TEST_F(Calls, WriteTheirArguments) {
    Search search;
    search.name = Text<1, 50>("a b&c");
    search.tags = {"x", "y/z"};
    EXPECT_TRUE(running.await(client->call({}, Inventory::search, search)));
    NewHold hold{Text<1, 50>("for me")};
    CallFor origin;
    origin.idempotency_key = "k1";
    peer.answers({with(201)});
    EXPECT_TRUE(running.await(client->call(origin, Inventory::hold, hold)));
    peer.answers({with(204, "")});
    EXPECT_TRUE(running.await(client->call({}, Inventory::drop, id)));
    const auto seen = peer.take();
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[0].line, "GET /api/v1/stock?name=a%20b%26c&tags=x&tags=y%2Fz&limit=5");
    EXPECT_EQ(seen[1].line, "POST /api/v1/holds");
    EXPECT_EQ(seen[1].body, R"({"reason":"for me"})");
    EXPECT_EQ(seen[1].headers.get("Idempotency-Key"), "k1");
    EXPECT_EQ(seen[2].line, "DELETE /api/v1/holds/" + id.to_string());
}

TEST_F(Calls, ARefusalIsAnAnswer) {
    peer.answers({with(404, R"({"type":"urn:gravity:problem:not-found","title":"There is no such resource","detail":"gone"})")});
    const auto reply = stock();
    EXPECT_FALSE(reply);
    EXPECT_FALSE(reply.absent());
    EXPECT_EQ(reply.status(), 404);
    EXPECT_EQ(reply.problem(), "not-found");
    EXPECT_EQ(reply.why(), "gone");
    EXPECT_EQ(peer.take().size(), 1u) << "a refusal is not tried again";
}

TEST_F(Calls, AnAnswerThatBreaksTheContractIsNoValue) {
    peer.answers({with(200, R"({"available":"many"})"), with(200, "no json")});
    auto reply = stock();
    EXPECT_FALSE(reply);
    EXPECT_NE(reply.why().find("/available"), std::string::npos);
    reply = stock();
    EXPECT_FALSE(reply);
    EXPECT_THROW(std::move(reply).or_unavailable(), Refusal);
}

TEST_F(Calls, WithoutANeighbourAreAbsentAndSayWhy) {
    instances.clear();
    const auto reply = stock();
    EXPECT_TRUE(reply.absent());
    EXPECT_EQ(reply.why(), "inventory has no instance");
    EXPECT_FALSE(reply.maybe_executed());
    EXPECT_EQ(running.await(neighbours->failure(Inventory::neighbour)), "no instance");
}

TEST_F(Calls, ThatMayBeRepeatedAreWhenItHelps) {
    make(quick());
    peer.answers({with(503), with(502), with(200)});
    EXPECT_TRUE(stock());
    EXPECT_EQ(peer.take().size(), 3u);
    peer.answers({with(500)});
    EXPECT_EQ(stock().status(), 500);
    EXPECT_EQ(peer.take().size(), 1u) << "an error of the program will come again";
}

TEST_F(Calls, ThatMayNotBeRepeatedAreNot) {
    make(quick());
    peer.answers({with(503)});
    NewHold hold{Text<1, 50>("once")};
    EXPECT_EQ(running.await(client->call({}, Inventory::hold, hold)).status(), 503);
    EXPECT_EQ(peer.take().size(), 1u);
    CallFor keyed;
    keyed.idempotency_key = "k";
    EXPECT_EQ(running.await(client->call(keyed, Inventory::hold, hold)).status(), 503);
    EXPECT_EQ(peer.take().size(), 3u);
}

TEST_F(Calls, GoToAnotherInstanceWhenOneIsAway) {
    make(quick());
    instances.insert(instances.begin(), {"0", "http://127.0.0.1:1", {}, 1000}); // nobody listens, and it looks most inviting
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(stock());
    NewHold hold{Text<1, 50>("never sent to the first")};
    EXPECT_TRUE(running.await(client->call({}, Inventory::hold, hold))) << "what was not sent may be sent elsewhere";
}

TEST_F(Calls, StopToAnInstanceThatKeepsFailing) {
    auto options = quick();
    options.max_attempts = 1;
    options.breaker.consecutive_failures = 3;
    make(options);
    peer.answers({with(500)});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stock().status(), 500);
    const auto reply = stock();
    EXPECT_TRUE(reply.absent());
    EXPECT_EQ(reply.why(), "every instance of inventory fails");
    EXPECT_EQ(peer.take().size(), 3u);
    EXPECT_EQ(running.await(neighbours->failure(Inventory::neighbour)), "every instance fails");
}

TEST_F(Calls, AreNotRepeatedBeyondTheBudget) {
    auto options = quick();
    options.budget.percent = 0;
    options.budget.per_second = 0;
    make(options);
    peer.answers({with(503)});
    for (int i = 0; i < 3; ++i) stock();
    EXPECT_EQ(peer.take().size(), 3u);
}

TEST_F(Calls, HeedRetryAfterAndTheDeadline) {
    make(quick());
    peer.answers({with(503, "{}", "3600")});
    EXPECT_EQ(stock().status(), 503); // an hour is past every deadline
    EXPECT_EQ(peer.take().size(), 1u);
    CallFor late;
    late.deadline = std::chrono::steady_clock::now() - 1s;
    const auto reply = stock(late);
    EXPECT_TRUE(reply.absent());
    EXPECT_NE(reply.why().find("deadline"), std::string::npos);
    EXPECT_TRUE(peer.take().empty());
}

TEST_F(Calls, ThatTakeTooLongMayHaveBeenDone) {
    auto options = quick();
    options.max_attempts = 2;
    make(options);
    const auto reply = running.await(client->call({}, Inventory::slow, id));
    EXPECT_TRUE(reply.absent());
    EXPECT_TRUE(reply.maybe_executed());
    EXPECT_EQ(peer.take().size(), 2u);
}

TEST_F(Calls, AreLimitedAtATime) {
    auto options = quick();
    options.limiter.limit = 1;
    options.max_attempts = 1;
    make(options);
    auto first = boost::asio::co_spawn(running.io(), client->call({}, Inventory::slow, id), boost::asio::use_future);
    ASSERT_TRUE(http::test::eventually([&] {
        const std::lock_guard lock(peer.mutex);
        return !peer.seen.empty();
    }));
    const auto second = stock();
    EXPECT_TRUE(second.absent() || second); // the first may have ended by now
    if (second.absent()) {
        EXPECT_EQ(second.why(), "too many calls to inventory are under way");
    }
    EXPECT_TRUE(first.get().absent());
}

TEST_F(Calls, CarryTheServicesOwnTokenWhereNoUserAsks) {
    Peer issuer;
    issuer.answers({with(200, R"({"access_token":"own","token_type":"Bearer","expires_in":300})")});
    make(quick(), std::make_shared<auth::TokenSource>(running.io(), issuer.url() + "/token", "me", Secret<>("s")));
    EXPECT_TRUE(stock());
    EXPECT_EQ(peer.take()[0].headers.get("Authorization"), "Bearer own");
    CallFor user;
    user.user_token = "Bearer theirs";
    EXPECT_TRUE(stock(user));
    EXPECT_EQ(peer.take()[0].headers.get("Authorization"), "Bearer theirs");
    peer.answers({with(401)});
    EXPECT_EQ(stock().status(), 401); // refused: the next call asks for a new one
    peer.answers({with(200)});
    EXPECT_TRUE(stock());
    EXPECT_EQ(issuer.take().size(), 2u);
    issuer.answers({with(500)});
    make(quick(), std::make_shared<auth::TokenSource>(running.io(), issuer.url() + "/token", "me", Secret<>("s")));
    EXPECT_EQ(stock().why(), "no token for inventory: the token endpoint answered 500");
}

} // namespace
} // namespace gravity
