#include "api_keys.hpp"
#include "event_link.hpp"
#include "explain.hpp"
#include "key_exchange.hpp"
#include "process.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/testkit/redis.hpp>

#include <future>
#include <map>

/// API keys at the data port: what is exchanged when, what is remembered for how long, and what services see of it.
namespace gravity::gateway::test {
namespace {

using Moment = ApiKeys::Moment;

KeyGrantPtr grant_of(std::string subject, std::vector<std::string> scopes = {}, std::int64_t seconds = 300, ProjectId project = {}, bool anywhere = true) {
    auto claims = std::make_shared<auth::Claims>();
    claims->subject = std::move(subject);
    claims->scopes = std::move(scopes);
    claims->issued_at = now().unix_seconds();
    claims->expires_at = now().unix_seconds() + seconds;
    claims->project = project;
    return std::make_shared<KeyGrant>(KeyGrant{"Bearer token-of-" + claims->subject, claims, anywhere});
}
/// Of a key that is bound to networks.
KeyGrantPtr bound_grant_of(std::string subject) { return grant_of(std::move(subject), {}, 300, {}, false); }

ApiKeys::Address address(const std::string& text) { return boost::asio::ip::make_address(text); }
const ApiKeys::Address here = address("127.0.0.1"), there = address("203.0.113.7"), elsewhere = address("2001:db8::7");

/// A token endpoint that the test plays: what was asked waits until it is answered.
struct Endpoint {
    explicit Endpoint(KeyLimits limits = {})
        : keys(limits, [this](KeyQuestion question) {
              const std::lock_guard lock(mutex);
              asked.push_back(std::move(question));
          }) {}
    std::size_t questions() const {
        const std::lock_guard lock(mutex);
        return asked.size();
    }
    KeyQuestion question(std::size_t nth) const {
        const std::lock_guard lock(mutex);
        return asked.at(nth);
    }
    /// Answers the latest question.
    void land(KeyOutcome outcome, KeyGrantPtr grant = nullptr, Moment at = std::chrono::steady_clock::now()) {
        keys.landed(question(questions() - 1), outcome, std::move(grant), at);
    }
    /// Without anybody who waits.
    void know(std::string_view key, KeyOutcome outcome, KeyGrantPtr grant = nullptr, Moment at = std::chrono::steady_clock::now(),
              const ApiKeys::Address& from = here) {
        ASSERT_TRUE(keys.exchange(key, from, [] {}, at));
        land(outcome, std::move(grant), at);
    }
    bool good(std::string_view key, Moment at, const ApiKeys::Address& from = here) {
        const auto sought = keys.seek(key, from, at);
        return sought.known && sought.outcome == KeyOutcome::good && sought.grant;
    }

    mutable std::mutex mutex;
    std::vector<KeyQuestion> asked;
    ApiKeys keys;
};

const Moment start = std::chrono::steady_clock::now();

TEST(ApiKeys, CountForAMinuteWhileRevocationsAreHeardElseForAMoment) {
    Endpoint endpoint;
    EXPECT_FALSE(endpoint.keys.seek("k", here, start).known);
    endpoint.know("k", KeyOutcome::good, grant_of("api_key:1"), start);
    EXPECT_TRUE(endpoint.good("k", start + 400ms));
    EXPECT_FALSE(endpoint.good("k", start + 501ms)) << "nothing has ever been heard";
    endpoint.keys.heard(start);
    EXPECT_TRUE(endpoint.good("k", start + 501ms));
    EXPECT_FALSE(endpoint.good("k", start + 1001ms)) << "nor of late";
    endpoint.keys.heard(start + 59s);
    EXPECT_TRUE(endpoint.good("k", start + 59s));
    endpoint.keys.heard(start + 61s);
    EXPECT_FALSE(endpoint.good("k", start + 61s));
}

TEST(ApiKeys, CountNoLongerThanTheirTokens) {
    Endpoint endpoint;
    endpoint.know("k", KeyOutcome::good, grant_of("api_key:1", {}, 10), start);
    endpoint.keys.heard(start + 11s);
    EXPECT_FALSE(endpoint.good("k", start + 11s));
    endpoint.know("late", KeyOutcome::good, grant_of("api_key:2", {}, 0), start);
    EXPECT_TRUE(endpoint.good("late", start + 100ms)) << "for who has waited for it";
    EXPECT_FALSE(endpoint.good("late", start + 201ms));
}

TEST(ApiKeys, ThatAreNoneAreRefusedForFiveSecondsWithoutAsking) {
    Endpoint endpoint;
    endpoint.know("none", KeyOutcome::refused, nullptr, start);
    EXPECT_EQ(endpoint.keys.seek("none", here, start + 4s).outcome, KeyOutcome::refused);
    EXPECT_FALSE(endpoint.keys.seek("none", here, start + 6s).known);
    endpoint.know("k", KeyOutcome::unavailable, nullptr, start);
    EXPECT_EQ(endpoint.keys.seek("k", here, start + 900ms).outcome, KeyOutcome::unavailable);
    EXPECT_EQ(endpoint.keys.seek("k", there, start + 900ms).outcome, KeyOutcome::unavailable) << "which is nobody's address's doing";
    EXPECT_FALSE(endpoint.keys.seek("k", here, start + 1001ms).known);
}

TEST(ApiKeys, AreGoodWhereverTheyAreShownUnlessTheyAreBound) {
    Endpoint endpoint;
    endpoint.keys.heard(start);
    endpoint.know("free", KeyOutcome::good, grant_of("api_key:1"), start);
    for (const auto& from : {here, there, elsewhere}) EXPECT_TRUE(endpoint.good("free", start, from)) << from;
    endpoint.know("bound", KeyOutcome::good, bound_grant_of("api_key:2"), start, there);
    EXPECT_TRUE(endpoint.good("bound", start, there));
    for (const auto& from : {here, elsewhere}) EXPECT_FALSE(endpoint.keys.seek("bound", from, start).known) << from;
    endpoint.know("bound", KeyOutcome::refused, nullptr, start, here);
    EXPECT_EQ(endpoint.keys.seek("bound", here, start).outcome, KeyOutcome::refused);
    EXPECT_TRUE(endpoint.good("bound", start, there)) << "it is refused of one address";
    EXPECT_FALSE(endpoint.keys.seek("bound", elsewhere, start).known);
    endpoint.keys.forget_subject("api_key:2", start);
    EXPECT_FALSE(endpoint.good("bound", start, there));
    // What was good for all is so no more once it was refused somewhere: revoked, or bound since.
    endpoint.know("narrowed", KeyOutcome::good, grant_of("api_key:3"), start);
    endpoint.keys.heard(start + 700ms);
    endpoint.know("narrowed", KeyOutcome::good, grant_of("api_key:3"), start + 2s); // deaf meanwhile
    endpoint.know("narrowed", KeyOutcome::refused, nullptr, start + 4s, there);
    endpoint.keys.heard(start + 4s);
    for (const auto& from : {here, there, elsewhere}) EXPECT_FALSE(endpoint.good("narrowed", start + 4s, from)) << from;
    // And the other way round: a key that is bound no more.
    endpoint.know("bound", KeyOutcome::good, grant_of("api_key:2"), start + 4s, elsewhere);
    EXPECT_TRUE(endpoint.good("bound", start + 4s, there));
}

TEST(ApiKeys, ThatAreBoundCountOnForTheirAddressWhileNobodyCanSay) {
    Endpoint endpoint;
    endpoint.keys.heard(start + 61s);
    endpoint.know("k", KeyOutcome::good, bound_grant_of("api_key:1"), start, there);
    endpoint.know("k", KeyOutcome::unavailable, nullptr, start + 61s, there);
    EXPECT_TRUE(endpoint.good("k", start + 61s, there));
    EXPECT_FALSE(endpoint.good("k", start + 61s, here));
    endpoint.know("k", KeyOutcome::unavailable, nullptr, start + 61s, here);
    EXPECT_EQ(endpoint.keys.seek("k", here, start + 61s).outcome, KeyOutcome::unavailable);
    EXPECT_TRUE(endpoint.good("k", start + 61s, there)) << "what is known to be good goes before that nobody can say";
}

// Whether it matters where a key is shown is not known before the first answer: all wait for that, and only if it does each for their own.
TEST(ApiKeys, ThatAreShownInManyPlacesAreExchangedOnceOrOnceForEach) {
    Endpoint endpoint({.under_way = 3});
    std::map<std::string, int> told;
    const auto show = [&](const std::string& key, const ApiKeys::Address& from) {
        return endpoint.keys.exchange(key, from, [&told, name = from.to_string()] { ++told[name]; }, start);
    };
    endpoint.keys.heard(start);
    for (const auto& from : {here, there, elsewhere}) EXPECT_TRUE(show("free", from));
    EXPECT_EQ(endpoint.questions(), 1u);
    EXPECT_EQ(endpoint.question(0).from, here);
    endpoint.land(KeyOutcome::good, grant_of("api_key:1"), start);
    EXPECT_EQ(told.size(), 3u);

    told.clear();
    for (const auto& from : {here, there, there, elsewhere}) EXPECT_TRUE(show("bound", from));
    EXPECT_EQ(endpoint.questions(), 2u);
    endpoint.land(KeyOutcome::refused, nullptr, start); // of `here`
    EXPECT_EQ(told, (std::map<std::string, int>{{"127.0.0.1", 1}}));
    ASSERT_EQ(endpoint.questions(), 4u) << "the other two are asked about now, at once";
    EXPECT_EQ(endpoint.question(2).from, there);
    EXPECT_EQ(endpoint.question(3).from, elsewhere);
    EXPECT_TRUE(show("bound", there)) << "and wait for their own";
    EXPECT_EQ(endpoint.questions(), 4u);
    endpoint.keys.landed(endpoint.question(2), KeyOutcome::good, bound_grant_of("api_key:2"), start);
    EXPECT_EQ(told, (std::map<std::string, int>{{"127.0.0.1", 1}, {"203.0.113.7", 3}}));
    EXPECT_TRUE(endpoint.good("bound", start, there));
    EXPECT_FALSE(endpoint.good("bound", start, elsewhere));
    endpoint.keys.landed(endpoint.question(3), KeyOutcome::refused, nullptr, start);
    EXPECT_EQ(told.at("2001:db8::7"), 1);

    // Whoever finds no room is told so, and not left to wait.
    told.clear();
    for (const auto& from : {here, there, elsewhere}) EXPECT_TRUE(show("crowded", from));
    EXPECT_TRUE(show("x", here));
    EXPECT_TRUE(show("y", here));
    endpoint.keys.landed(endpoint.question(4), KeyOutcome::refused, nullptr, start);
    EXPECT_EQ(told.at("127.0.0.1"), 1);
    EXPECT_EQ(told.count("203.0.113.7") + told.count("2001:db8::7"), 1u) << "one has the room that was left";
}

// One that was revoked, and that thousands still show: others have room beside it.
TEST(ApiKeys, ThatAreShownEverywhereLeaveRoomForOthers) {
    Endpoint endpoint({.under_way = 8, .of_one_key = 3});
    endpoint.know("revoked", KeyOutcome::refused, nullptr, start);
    int room = 0;
    for (int i = 0; i < 20; ++i) room += endpoint.keys.exchange("revoked", address("10.0.0." + std::to_string(i)), [] {}, start);
    EXPECT_EQ(room, 3);
    for (const std::string other : {"a", "b", "c", "d", "e"}) EXPECT_TRUE(endpoint.keys.exchange(other, there, [] {}, start)) << other;
    EXPECT_FALSE(endpoint.keys.exchange("f", there, [] {}, start));
}

// Sixty-four at once, from eight addresses: nobody's answer is another one's.
TEST(ApiKeys, OfOneAddressNeverServeAnother) {
    Endpoint endpoint;
    endpoint.keys.heard(std::chrono::steady_clock::now());
    std::atomic<bool> ended{false};
    std::thread issuer([&] { // good from even addresses
        for (std::size_t next = 0; !ended || next < endpoint.questions();) {
            if (next == endpoint.questions()) {
                std::this_thread::yield();
                continue;
            }
            const KeyQuestion question = endpoint.question(next++);
            const auto now = std::chrono::steady_clock::now();
            if (question.from.to_v4().to_uint() % 2 == 0)
                endpoint.keys.landed(question, KeyOutcome::good, bound_grant_of("api_key:" + question.from.to_string()), now);
            else
                endpoint.keys.landed(question, KeyOutcome::refused, nullptr, now);
        }
    });
    std::atomic<int> answered{0}, wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 64; ++i)
        threads.emplace_back([&, from = address("10.0.0." + std::to_string(i % 8))] {
            for (int round = 0; round < 50; ++round) {
                const auto landed = std::make_shared<std::promise<void>>();
                if (!endpoint.keys.exchange("k", from, [landed] { landed->set_value(); }, std::chrono::steady_clock::now())) continue;
                landed->get_future().wait();
                const auto sought = endpoint.keys.seek("k", from, std::chrono::steady_clock::now());
                const bool even = from.to_v4().to_uint() % 2 == 0;
                ++answered;
                if (sought.known && (sought.outcome == KeyOutcome::good) != even) ++wrong;
                if (sought.grant && sought.grant->claims->subject != "api_key:" + from.to_string()) ++wrong;
                endpoint.keys.forget_subject("api_key:" + from.to_string(), std::chrono::steady_clock::now()); // so that it is asked for again
            }
        });
    for (auto& thread : threads) thread.join();
    ended = true;
    issuer.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(answered, 64 * 50);
}

TEST(ApiKeys, CountOnWhileNobodyCanSayIfRevocationsAreHeard) {
    Endpoint endpoint;
    endpoint.know("k", KeyOutcome::good, grant_of("api_key:1"), start);
    endpoint.keys.heard(start + 61s);
    endpoint.know("k", KeyOutcome::unavailable, nullptr, start + 61s);
    EXPECT_TRUE(endpoint.good("k", start + 61s));
    EXPECT_FALSE(endpoint.good("k", start + 62s)) << "it is asked for again";
    endpoint.know("k", KeyOutcome::unavailable, nullptr, start + 64s);
    EXPECT_FALSE(endpoint.good("k", start + 64s)) << "deaf, nobody may go by what was";
    endpoint.keys.heard(start + 65s);
    endpoint.know("dying", KeyOutcome::good, grant_of("api_key:2", {}, 1), start + 65s);
    endpoint.know("dying", KeyOutcome::unavailable, nullptr, start + 66s);
    EXPECT_FALSE(endpoint.good("dying", start + 66s)) << "its token is as good as over";
}

TEST(ApiKeys, AreForgottenWithWhatIsToldOfThemAndForAWhileCountForAMoment) {
    Endpoint endpoint;
    const ProjectId project = ProjectId::fresh();
    endpoint.keys.heard(start);
    endpoint.know("a", KeyOutcome::good, grant_of("api_key:a", {}, 300, project), start);
    endpoint.know("b", KeyOutcome::good, grant_of("api_key:b", {}, 300, project), start);
    endpoint.know("c", KeyOutcome::good, grant_of("api_key:c", {}, 300, ProjectId::fresh()), start);
    endpoint.keys.forget_subject("api_key:a", start);
    EXPECT_FALSE(endpoint.good("a", start));
    EXPECT_TRUE(endpoint.good("b", start));
    endpoint.keys.forget_project(project, start);
    EXPECT_FALSE(endpoint.good("b", start));
    EXPECT_TRUE(endpoint.good("c", start));
    // An exchange that was under way may be of before.
    endpoint.know("b", KeyOutcome::good, grant_of("api_key:b", {}, 300, project), start);
    EXPECT_TRUE(endpoint.good("b", start + 400ms));
    EXPECT_FALSE(endpoint.good("b", start + 501ms));
    endpoint.keys.heard(start + 10s);
    endpoint.know("b", KeyOutcome::good, grant_of("api_key:b", {}, 300, project), start + 10s);
    EXPECT_TRUE(endpoint.good("b", start + 10s + 900ms));
}

TEST(ApiKeys, AreBoundedAndGuessesDriveOutGuesses) {
    Endpoint endpoint({.kept = 1600, .under_way = 2});
    endpoint.keys.heard(start);
    for (int i = 0; i < 100; ++i) endpoint.know("good" + std::to_string(i), KeyOutcome::good, grant_of("api_key:" + std::to_string(i)), start);
    for (int i = 0; i < 5000; ++i) endpoint.know("guess" + std::to_string(i), KeyOutcome::refused, nullptr, start);
    EXPECT_LE(endpoint.keys.kept(), 1600u);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(endpoint.good("good" + std::to_string(i), start)) << i;
    EXPECT_TRUE(endpoint.keys.exchange("x", here, [] {}, start));
    EXPECT_TRUE(endpoint.keys.exchange("y", here, [] {}, start));
    EXPECT_FALSE(endpoint.keys.exchange("z", here, [] {}, start)) << "there may be two at a time";
    EXPECT_TRUE(endpoint.keys.exchange("x", there, [] {}, start)) << "which others may wait for";
    for (int i = 0; i < 20'000; ++i) endpoint.keys.forget_subject("api_key:gone" + std::to_string(i), start);
}

TEST(ApiKeys, AreExchangedOnceHoweverManyAsk) {
    Endpoint endpoint;
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 32; ++i)
        threads.emplace_back([&] { EXPECT_TRUE(endpoint.keys.exchange("k", here, [&] { ++told; }, std::chrono::steady_clock::now())); });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(endpoint.questions(), 1u);
    EXPECT_EQ(told, 0);
    endpoint.land(KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_EQ(told, 32);
    EXPECT_TRUE(endpoint.keys.exchange("k", here, [&] { ++told; }, std::chrono::steady_clock::now()));
    EXPECT_EQ(told, 33) << "it is known already";
    EXPECT_EQ(endpoint.questions(), 1u);
}

TEST(ApiKeys, LookLikeKeys) {
    EXPECT_TRUE(ApiKeys::plausible("grv_live_abc"));
    EXPECT_TRUE(ApiKeys::plausible(std::string(500, 'k')));
    for (const std::string& bad : {std::string(), std::string(501, 'k'), std::string("a b"), std::string("a\tb"), std::string("\xc3\xa4")})
        EXPECT_FALSE(ApiKeys::plausible(bad)) << bad;
}

TEST(KeyExchange, IsReadByWhatTheEndpointAnswers) {
    EXPECT_EQ(outcome_of(200, "{}"), KeyOutcome::good);
    EXPECT_EQ(outcome_of(400, R"({"error":"invalid_request"})"), KeyOutcome::refused);
    EXPECT_EQ(outcome_of(400, R"({"error":"invalid_grant"})"), KeyOutcome::refused);
    for (const std::string_view about_us : {R"({"error":"unauthorized_client"})", R"({"error":7})", "[]", "no JSON", ""})
        EXPECT_EQ(outcome_of(400, about_us), KeyOutcome::unavailable) << about_us;
    for (const int status : {401, 403, 404, 429, 500, 503}) EXPECT_EQ(outcome_of(status, R"({"error":"invalid_request"})"), KeyOutcome::unavailable) << status;
}

/// The data path with a route `/a` for tokens and one `/open` for everybody, and what the service behind them was sent.
struct Doors : Endpoint {
    explicit Doors(GateOptions limits = {.requests_per_second = 0}, Options options = {}, KeyLimits key_limits = {})
        : Endpoint(key_limits), running(options, limits, nullptr, &keys) {
        closed = service("a", {"/a"}, {instance.port()}, Access::jwt);
        running.publish({closed, service("open", {"/open"}, {instance.port()})});
    }
    static std::string get(std::string_view key, std::string_view more = {}, std::string_view path = "/a") {
        return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nX-Api-Key: " + std::string(key) + "\r\n" + std::string(more) + "\r\n";
    }
    bool is_asked(std::size_t count) {
        return eventually([&] { return questions() == count; });
    }
    /// The answer to a request whose key comes to this.
    Wire::Message after(std::string_view request, KeyOutcome outcome, KeyGrantPtr grant = nullptr) {
        auto client = running.client();
        const std::size_t before = questions();
        EXPECT_TRUE(client.send(request));
        EXPECT_TRUE(is_asked(before + 1));
        land(outcome, std::move(grant));
        return client.read_message();
    }
    std::string seen() {
        const std::lock_guard lock(seen_mutex);
        return seen_;
    }

    std::mutex seen_mutex;
    std::string seen_; // head and body
    Instance instance{Instance::answering([this](const Wire::Message& request) {
        const std::lock_guard lock(seen_mutex);
        seen_ = request.head + request.body;
        return Instance::ok("in");
    })};
    ServiceSpec closed;
    Running running;
};

TEST(KeyDoor, AKeyIsExchangedAndTheServiceSeesATokenAlone) {
    Doors doors;
    const auto first = doors.after(Doors::get("k1"), KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_EQ(first.body, "in");
    EXPECT_NE(doors.seen().find("\r\nAuthorization: Bearer token-of-api_key:1\r\n"), std::string::npos) << doors.seen();
    EXPECT_EQ(doors.seen().find("k1"), std::string::npos) << "the key itself goes nowhere";
    auto client = doors.running.client();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(Doors::get("k1")).status(), 200);
    EXPECT_EQ(doors.questions(), 1u) << "it is remembered";
    // A body that comes while the key is exchanged is not lost, nor is the request behind it.
    auto writer = doors.running.client();
    const std::string post = "POST /a HTTP/1.1\r\nHost: h\r\nX-Api-Key: k2\r\nContent-Length: 100000\r\n\r\n";
    EXPECT_TRUE(writer.send(post + std::string(1000, 'b')));
    EXPECT_TRUE(doors.is_asked(2));
    std::thread rest([&] { EXPECT_TRUE(writer.send(std::string(99'000, 'b') + Doors::get("k1"))); });
    doors.land(KeyOutcome::good, grant_of("api_key:2"));
    EXPECT_EQ(writer.read_message().status(), 200);
    rest.join();
    EXPECT_EQ(writer.read_message().status(), 200);
    EXPECT_EQ(doors.running.client().ask(Doors::get("k1", "X-Request-Timeout-Ms: 5000\r\n")).status(), 200);
}

TEST(KeyDoor, WhoSendsMoreThanThereIsRoomForWaitsToo) {
    Doors doors;
    auto writer = doors.running.client();
    EXPECT_TRUE(writer.send("POST /a HTTP/1.1\r\nHost: h\r\nX-Api-Key: k1\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'b')));
    EXPECT_TRUE(doors.is_asked(1));
    for (int i = 0; i < 10; ++i) doors.running.client().ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n"); // the core has read what it can
    EXPECT_GE(doors.running.gateway.connections(), 1u);
    doors.land(KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_EQ(writer.read_message().body, "in");
    EXPECT_NE(doors.seen().find(std::string(100'000, 'b')), std::string::npos);
}

TEST(KeyDoor, ManyWaitForOneExchange) {
    Options options;
    options.threads = 2;
    Doors doors({.requests_per_second = 0}, options);
    std::vector<Wire> clients;
    for (int i = 0; i < 64; ++i) {
        clients.push_back(doors.running.client());
        EXPECT_TRUE(clients.back().send(Doors::get("k1")));
    }
    EXPECT_TRUE(doors.is_asked(1));
    doors.land(KeyOutcome::good, grant_of("api_key:1"));
    for (Wire& client : clients) EXPECT_EQ(client.read_message().status(), 200);
    EXPECT_EQ(doors.questions(), 1u);
}

TEST(KeyDoor, WhatIsNoKeyStaysOutside) {
    Doors doors;
    const auto refused = doors.after(Doors::get("bad"), KeyOutcome::refused);
    EXPECT_EQ(refused.status(), 401);
    EXPECT_TRUE(refused.has("WWW-Authenticate: Bearer realm=\"gravity\""));
    EXPECT_NE(refused.body.find("urn:gravity:problem:invalid-api-key"), std::string::npos);
    EXPECT_EQ(refused.body.find("\"bad\""), std::string::npos);
    auto client = doors.running.client();
    EXPECT_EQ(client.ask(Doors::get("bad")).status(), 401);
    EXPECT_EQ(client.ask(Doors::get("a b")).status(), 401);
    EXPECT_EQ(client.ask(Doors::get(std::string(501, 'k'))).status(), 401);
    EXPECT_EQ(client.ask(Doors::get("")).status(), 401);
    EXPECT_EQ(doors.questions(), 1u) << "none of them is worth a question";
    for (const std::string& two : {Doors::get("k1", "X-Api-Key: k2\r\n"), Doors::get("k1", "Authorization: Bearer x\r\n")}) {
        const auto answer = client.ask(two);
        EXPECT_EQ(answer.status(), 400);
        EXPECT_NE(answer.body.find("urn:gravity:problem:two-credentials"), std::string::npos);
    }
    const auto away = doors.after(Doors::get("k3"), KeyOutcome::unavailable);
    EXPECT_EQ(away.status(), 503);
    EXPECT_TRUE(away.has("Retry-After: 1"));
    EXPECT_NE(away.body.find("urn:gravity:problem:api-keys-unavailable"), std::string::npos);
    EXPECT_EQ(doors.seen(), "");
    EXPECT_EQ(doors.running.client().ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").status(), 401);
}

TEST(KeyDoor, AKeyMayWhatItsScopesSayUntilItIsRevoked) {
    Doors doors;
    doors.closed.scope = "things:write";
    doors.running.publish({doors.closed});
    EXPECT_EQ(doors.after(Doors::get("reader"), KeyOutcome::good, grant_of("api_key:r", {"things:read"})).status(), 403);
    EXPECT_EQ(doors.after(Doors::get("writer"), KeyOutcome::good, grant_of("api_key:w", {"things:write"})).status(), 200);
    doors.running.gate.revocations().revoke_subject("api_key:w", std::numeric_limits<std::int64_t>::max(), now().unix_seconds());
    const auto revoked = doors.running.client().ask(Doors::get("writer"));
    EXPECT_EQ(revoked.status(), 401);
    EXPECT_NE(revoked.body.find("urn:gravity:problem:invalid-api-key"), std::string::npos);
}

TEST(KeyDoor, OfAnOpenRouteOrAGatewayThatExchangesNoneAKeyIsTheServicesMatter) {
    Doors doors;
    EXPECT_EQ(doors.running.client().ask(Doors::get("theirs", {}, "/open")).status(), 200);
    EXPECT_NE(doors.seen().find("\r\nX-Api-Key: theirs\r\n"), std::string::npos);
    EXPECT_EQ(doors.questions(), 0u);
    Running plain;
    plain.publish({service("open", {"/open"}, {doors.instance.port()}), service("a", {"/a"}, {doors.instance.port()}, Access::jwt)});
    EXPECT_EQ(plain.client().ask(Doors::get("theirs", {}, "/open")).status(), 200);
    EXPECT_EQ(plain.client().ask(Doors::get("k1")).status(), 401);
}

TEST(KeyDoor, EachKeyHasALimitAndWhoTriesManyHasOne) {
    Doors doors({.requests_per_second = 1, .burst = 4});
    const auto first = doors.after(Doors::get("k1"), KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_TRUE(first.field("RateLimit").value_or("").starts_with("\"caller\";r=3;t=")) << first.head;
    EXPECT_EQ(first.head.find("RateLimit:", first.head.find("RateLimit:") + 1), std::string::npos) << "told once";
    EXPECT_EQ(doors.after(Doors::get("k2"), KeyOutcome::good, grant_of("api_key:2")).status(), 200);
    auto client = doors.running.client();
    int allowed = 0;
    while (allowed < 20 && client.ask(Doors::get("k1")).status() == 200) ++allowed;
    EXPECT_GE(allowed, 3);
    EXPECT_LT(allowed, 20);
    EXPECT_EQ(client.ask(Doors::get("k2")).status(), 200) << "by key, not by connection";
    int asked = 0;
    for (; asked < 20; ++asked) { // each exchange, and each refusal, is one of the address's
        auto guesser = doors.running.client();
        const std::size_t before = doors.questions();
        EXPECT_TRUE(guesser.send(Doors::get("guess" + std::to_string(asked))));
        auto answer = std::async(std::launch::async, [&] { return guesser.read_message(); });
        EXPECT_TRUE(eventually([&] { return answer.wait_for(0s) == std::future_status::ready || doors.questions() > before; }));
        if (doors.questions() > before) doors.land(KeyOutcome::refused);
        if (answer.get().status() == 429) break;
    }
    EXPECT_LT(asked, 10);
}

TEST(KeyDoor, AnAnswerForOneKeyIsNotKeptForAnother) {
    std::atomic<int> count{0};
    Instance instance(Instance::answering([&](const Wire::Message&) { return Instance::ok(std::to_string(++count), "Cache-Control: max-age=60\r\n"); }));
    Doors doors;
    auto spec = service("a", {"/a"}, {instance.port()}, Access::jwt);
    spec.cache = CacheUse::shared;
    doors.running.publish({spec});
    EXPECT_EQ(doors.after(Doors::get("k1"), KeyOutcome::good, grant_of("api_key:1")).body, "1");
    EXPECT_EQ(doors.after(Doors::get("k2"), KeyOutcome::good, grant_of("api_key:2")).body, "2");
    EXPECT_NE(doors.running.client().ask(Doors::get("k1")).body, "2");
}

// Of whom a proxy that is believed says that it had the request; what others say of that counts for nothing.
TEST(KeyDoor, AKeyThatIsBoundIsGoodOnlyWhereItMayBeShown) {
    Options options;
    options.trusted_proxies = {"127.0.0.0/8"};
    Doors doors({.requests_per_second = 0}, options);
    const std::string from_there = "X-Forwarded-For: 203.0.113.7\r\n", from_elsewhere = "X-Forwarded-For: 203.0.113.7, 2001:db8::7\r\n";
    doors.keys.heard(std::chrono::steady_clock::now() + 30s);
    EXPECT_EQ(doors.after(Doors::get("k1", from_there), KeyOutcome::good, bound_grant_of("api_key:1")).status(), 200);
    EXPECT_EQ(doors.question(0).from, there);
    EXPECT_EQ(doors.running.client().ask(Doors::get("k1", from_there)).status(), 200);
    EXPECT_EQ(doors.questions(), 1u);
    EXPECT_EQ(doors.after(Doors::get("k1", from_elsewhere), KeyOutcome::refused).status(), 401) << "what stands before the last one is hearsay";
    EXPECT_EQ(doors.question(1).from, elsewhere);
    EXPECT_EQ(doors.running.client().ask(Doors::get("k1", from_there)).status(), 200);
    EXPECT_EQ(doors.after(Doors::get("k1"), KeyOutcome::refused).status(), 401);
    EXPECT_EQ(doors.question(2).from, here);
    EXPECT_EQ(doors.questions(), 3u);

    Doors open({.requests_per_second = 0}); // which believes nobody
    EXPECT_EQ(open.after(Doors::get("k1", from_there), KeyOutcome::refused).status(), 401);
    EXPECT_EQ(open.question(0).from, here);
    EXPECT_EQ(open.after(Doors::get("k2", "Forwarded: for=203.0.113.7\r\nX-Real-IP: 203.0.113.7\r\n"), KeyOutcome::refused).status(), 401);
    EXPECT_EQ(open.question(1).from, here);
}

TEST(KeyDoor, WhoGivesUpOrWaitsTooLongIsLetGo) {
    Options options;
    options.key_patience = 200ms;
    Doors doors({.requests_per_second = 0}, options);
    auto gone = doors.running.client();
    EXPECT_TRUE(gone.send(Doors::get("k1")));
    EXPECT_TRUE(doors.is_asked(1));
    gone.reset();
    EXPECT_TRUE(eventually([&] { return doors.running.gateway.connections() == 0; }));
    auto late = doors.running.client();
    EXPECT_EQ(late.ask(Doors::get("k1")).status(), 504);
    EXPECT_EQ(doors.questions(), 1u) << "which is still under way";
    doors.land(KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_EQ(late.ask(Doors::get("k1")).status(), 200);

    Doors narrow({.requests_per_second = 0}, {}, {.under_way = 1});
    auto first = narrow.running.client();
    EXPECT_TRUE(first.send(Doors::get("k1")));
    EXPECT_TRUE(narrow.is_asked(1));
    const auto second = narrow.running.client().ask(Doors::get("k2"));
    EXPECT_EQ(second.status(), 503);
    EXPECT_NE(second.body.find("urn:gravity:problem:too-many-key-exchanges"), std::string::npos);
    narrow.land(KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_EQ(first.read_message().status(), 200);
}

TEST(KeyDoor, ExplainSaysThatAKeyIsExchangedFirst) {
    Doors doors;
    ExplainRequest request;
    request.target = "/a";
    request.headers["X-Api-Key"] = "k1";
    const auto snapshot = doors.running.gateway.snapshot();
    EXPECT_EQ(explain(request, *snapshot, doors.running.gate, doors.running.pages).outcome, "waits");
    EXPECT_EQ(doors.questions(), 0u) << "nothing is sent anywhere";
    doors.know("k1", KeyOutcome::good, grant_of("api_key:1"));
    EXPECT_EQ(explain(request, *snapshot, doors.running.gate, doors.running.pages).outcome, "passed on");
}

/// The executable, with a token endpoint and perhaps a Redis beside it.
struct Issuing {
    explicit Issuing(std::vector<std::string> more = {}) {
        endpoint.on("POST", "/token", [this](const http::Request& request) { return answer(request); });
        instance.emplace(Instance::answering([](const Wire::Message& request) { return Instance::ok(request.field("Authorization").value_or("none")); }));
        const std::string routes = folder.file("routes.json", R"({"routes":[{"name":"shop","prefixes":["/a"],"upstreams":["127.0.0.1:)" +
                                                                  std::to_string(instance->port()) + R"("]}]})");
        more.insert(more.end(), {"GATEWAY_ROUTES_FILE=" + routes, "AUTH_TOKEN_URL=" + endpoint.url() + "/token", "AUTH_CLIENT_ID=the gateway",
                                 "AUTH_CLIENT_SECRET=s%cret", "GATEWAY_RATE_PER_SECOND=0"});
        platform.emplace(std::move(more));
    }
    testkit::Reply answer(const http::Request& request) {
        const std::lock_guard lock(mutex);
        ++exchanges;
        last = request;
        const std::string network = http::percent_decode(std::string_view(request.body).substr(request.body.rfind('=') + 1)).value_or("");
        networks.push_back(network);
        if (!bound_to.empty() && !network.starts_with("203.0.113.")) return {.status = 400, .body = Json::object({{"error", "invalid_request"}})};
        if (instead) return {.status = 200, .body = *instead};
        if (status != 200 || !platform) return {.status = status, .body = Json::object({{"error", error}})};
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = "api_key:k1";
        claims.project = project;
        claims.issued_at = now().unix_seconds();
        claims.expires_at = now().unix_seconds() + 300;
        Json document = issued(platform->signer.token(claims));
        if (!bound_to.empty()) document["network"] = network;
        return {.status = 200, .body = std::move(document)};
    }
    static Json issued(const std::string& token) { return Json::object({{"access_token", token}, {"token_type", "Bearer"}, {"expires_in", 300}}); }
    void say(int new_status, std::string new_error = {}) {
        const std::lock_guard lock(mutex);
        status = new_status;
        error = std::move(new_error);
    }
    int asked() {
        const std::lock_guard lock(mutex);
        return exchanges;
    }
    int status_now() { return status_of(platform->port, "/a", "X-Api-Key: grv_k&1\r\n"); }
    std::string metrics() { return answer_of(platform->admin, "/metrics").body; }

    std::mutex mutex;
    int status = 200, exchanges = 0;
    std::string error;
    std::optional<Json> instead; // of a good answer
    http::Request last;
    std::string bound_to;              // empty: the key is good from everywhere
    std::vector<std::string> networks; // where it was shown from, as was told
    const ProjectId project = ProjectId::fresh();
    const Folder folder;
    std::optional<Instance> instance;
    std::optional<Platform> platform;
    testkit::Neighbour endpoint{"issuer"}; // goes first: it uses the others
};

TEST(KeyExchange, AsksAsTheStandardHasIt) {
    Issuing issuing;
    const auto answer = answer_of(issuing.platform->port, "/a", "X-Api-Key: grv_k&1\r\n");
    EXPECT_EQ(answer.status(), 200);
    EXPECT_TRUE(answer.body.starts_with("Bearer ey")) << answer.body;
    {
        const std::lock_guard lock(issuing.mutex);
        EXPECT_EQ(issuing.last.body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token_type=urn%3Agravity%3Aparams%3Aoauth%3A"
                                     "token-type%3Aapi-key&subject_token=grv_k%261&network=127.0.0.1");
        EXPECT_EQ(issuing.last.headers.get("Content-Type"), "application/x-www-form-urlencoded");
        EXPECT_EQ(issuing.last.headers.get("Authorization"), "Basic " + base64_encode("the%20gateway:s%25cret"));
    }
    EXPECT_NE(issuing.metrics().find("gravity_gateway_key_exchanges_total{outcome=\"good\"} "), std::string::npos);
    EXPECT_NE(issuing.metrics().find("gravity_gateway_keys_kept 1"), std::string::npos);
}

TEST(KeyExchange, OfAKeyThatIsBoundIsForTheAddressThatItWasShownFrom) {
    Issuing issuing({"GATEWAY_TRUSTED_PROXIES=127.0.0.1"});
    const std::string key = "X-Api-Key: grv_k&1\r\n";
    issuing.bound_to = "203.0.113.0/24";
    const auto shown = [&](const std::string& from) { return status_of(issuing.platform->port, "/a", key + "X-Forwarded-For: " + from + "\r\n"); };
    EXPECT_EQ(shown("203.0.113.7"), 200);
    EXPECT_EQ(shown("198.51.100.7"), 401);
    EXPECT_EQ(shown("2001:db8::1"), 401);
    EXPECT_EQ(issuing.status_now(), 401) << "from the proxy itself";
    EXPECT_EQ(shown("203.0.113.8"), 200);
    const std::lock_guard lock(issuing.mutex);
    EXPECT_EQ(issuing.networks, (std::vector<std::string>{"203.0.113.7", "198.51.100.7", "2001:db8::1", "127.0.0.1", "203.0.113.8"}));
}

TEST(KeyExchange, TakesNothingForGoodThatIsNot) {
    Issuing issuing;
    auth::Claims claims;
    claims.issuer = "https://issuer.example";
    claims.audience = {"gravity"};
    claims.subject = "api_key:k1";
    claims.expires_at = now().unix_seconds() + 300;
    const std::string of_nobody = auth::Signer::generate().token(claims);
    int nth = 0;
    const std::vector<std::optional<Json>> answers{Json::object(), Issuing::issued("strange"), Issuing::issued(of_nobody), std::nullopt};
    for (const auto& document : answers) {
        {
            const std::lock_guard lock(issuing.mutex);
            issuing.instead = document;
        }
        const int expected = document ? 503 : 200;
        EXPECT_EQ(status_of(issuing.platform->port, "/a", "X-Api-Key: other" + std::to_string(++nth) + "\r\n"), expected) << nth;
    }
    issuing.say(401, "invalid_client");
    EXPECT_TRUE(eventually([&] { return issuing.asked() >= 2 || (issuing.status_now(), false); }));
    EXPECT_EQ(issuing.status_now(), 503);
    issuing.say(400, "invalid_request");
    EXPECT_TRUE(eventually([&] { return issuing.status_now() == 401; }));
    const int asked = issuing.asked();
    EXPECT_EQ(issuing.status_now(), 401);
    EXPECT_EQ(issuing.asked(), asked);
}

TEST(KeyExchange, WithoutEventsAKeyThatEndsIsDeadWithinTwoSeconds) {
    Issuing issuing;
    EXPECT_EQ(issuing.status_now(), 200);
    issuing.say(400, "invalid_request");
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return issuing.status_now() == 401; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

void tell(const testkit::TestRedis& redis, const std::string& type, const std::string& data) {
    const std::string document = R"({"specversion":"1.0","id":"1","source":"urn:gravity:service:project","type":")" + type + R"(","time":")" +
                                 now().to_string() + R"(","data":)" + data + "}";
    redis.cli("xadd 'gravity:events:{project}' '*' id 1 type " + type + " project 0 e '" + document + "'");
}

TEST(KeyExchange, WhatIsHeardOfAKeyIsSoAtOnce) {
    const testkit::TestRedis redis;
    Issuing issuing({"EVENTS_URL=" + redis.url()});
    EXPECT_EQ(issuing.status_now(), 200);
    EXPECT_TRUE(eventually([&] { // once the first events have been heard, and while others are
        const int first = issuing.asked();
        for (const auto end = std::chrono::steady_clock::now() + 1200ms; std::chrono::steady_clock::now() < end;) EXPECT_EQ(issuing.status_now(), 200);
        return issuing.asked() == first;
    })) << "a key whose revocation would be heard counts for a minute";

    const int before = issuing.asked();
    tell(redis, "gravity.project.api_key.rotated", R"({"id":"k1"})");
    EXPECT_TRUE(eventually([&] { return issuing.status_now() == 200 && issuing.asked() > before; })) << "its end may be another one now";
    tell(redis, "gravity.project.project.suspended", R"({"id":")" + issuing.project.to_string() + "\"}");
    issuing.say(400, "invalid_request");
    auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return issuing.status_now() == 401; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);

    issuing.say(200);
    EXPECT_TRUE(eventually([&] { return issuing.status_now() == 200; })) << "resumed";
    tell(redis, "gravity.project.api_key.revoked", "{}"); // which says nothing of any
    tell(redis, "gravity.project.api_key.revoked", R"({"id":"k1"})");
    begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return issuing.status_now() == 401; })) << "though the endpoint still knows it";
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(issuing.status_now(), 401);
    EXPECT_NE(issuing.metrics().find("gravity_gateway_events_undecodable_total 1"), std::string::npos);
}

TEST(KeyExchange, EventsOfKeysAreReadForWhatTheySay) {
    Endpoint endpoint;
    Revocations revocations;
    const std::int64_t today = now().unix_seconds();
    const auto event = [](std::string_view data, std::int64_t seconds_ago = 0) {
        const std::string time = Timestamp::from_unix_seconds(now().unix_seconds() - seconds_ago).to_string();
        return Json::parse(R"({"time":")" + time + R"(","data":)" + std::string(data) + "}").or_throw();
    };
    endpoint.keys.heard(std::chrono::steady_clock::now());
    endpoint.know("k", KeyOutcome::good, grant_of("api_key:k1"));
    EXPECT_TRUE(heed_key("gravity.project.api_key.changed", event(R"({"id":"k1"})"), revocations, endpoint.keys, today));
    EXPECT_FALSE(endpoint.good("k", std::chrono::steady_clock::now())) << "its networks may be others now";
    EXPECT_EQ(revocations.size(), 0u);
    EXPECT_FALSE(heed_key("gravity.project.api_key.created", event(R"({"id":"k1"})"), revocations, endpoint.keys, today));
    EXPECT_TRUE(heed_key("gravity.project.api_key.revoked", event(R"({"id":"k1"})", 90'000), revocations, endpoint.keys, today));
    EXPECT_EQ(revocations.size(), 0u) << "older than any token";
    EXPECT_TRUE(heed_key("gravity.project.api_key.revoked", event(R"({"id":"k1"})"), revocations, endpoint.keys, today));
    auth::Claims claims;
    claims.subject = "api_key:k1";
    claims.issued_at = today + 1000;
    EXPECT_TRUE(revocations.covers(claims)) << "and what it comes to later";
    for (const std::string_view type : {"gravity.project.api_key.revoked", "gravity.project.api_key.rotated", "gravity.project.api_key.changed",
                                        "gravity.project.project.suspended"}) {
        EXPECT_THROW(heed_key(type, event("{}"), revocations, endpoint.keys, today), std::runtime_error) << type;
        EXPECT_THROW(heed_key(type, Json::object(), revocations, endpoint.keys, today), std::runtime_error) << type;
    }
    EXPECT_THROW(heed_key("gravity.project.project.suspended", event(R"({"id":"shop"})"), revocations, endpoint.keys, today), std::runtime_error);
}

TEST(KeyExchange, SettingsThatCannotBeFollowedEndTheStart) {
    const std::vector<std::string> url{"PORT=0", "ADMIN_PORT=0", "AUTH_TOKEN_URL=http://127.0.0.1:1/token"};
    EXPECT_EQ(Process(url).wait(), 2) << "without a client";
    std::vector<std::string> all = url;
    all.insert(all.end(), {"AUTH_CLIENT_ID=a", "AUTH_CLIENT_SECRET=b"});
    EXPECT_EQ(Process(all).wait(), 1) << "what keys come to cannot be checked";
}

} // namespace
} // namespace gravity::gateway::test
