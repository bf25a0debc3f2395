// The platform's own services as data holders: found in discovery, asked by call, heard by event.
#include "user_fixture.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/redis.hpp>

#include <atomic>

namespace gravity::user {
namespace {

struct Surroundings {
    testkit::TestRedis redis;
    testkit::FakeDiscovery discovery;
    testkit::Neighbour order{"order"};
    std::atomic<bool> discovery_fails{false}, order_fails{false};
    std::atomic<int> rows{3};
    Json catalog = Json::object(
        {{"order", Json::array({"gravity", "personal-data"})}, {"price", Json::array({"gravity"})}, {"user", Json::array({"gravity", "personal-data"})}});

    Surroundings() {
        discovery.add(order);
        discovery.consul().on("GET", "/v1/catalog/services", [this](const http::Request&) {
            return discovery_fails ? testkit::Reply{500} : testkit::Reply{200, catalog};
        });
        order.on("POST", "/token", {200, Json::object({{"access_token", "a-token"}, {"token_type", "Bearer"}, {"expires_in", 300}})});
        order.otherwise([this](const http::Request& request) {
            if (order_fails) return testkit::Reply{404}; // 5xx would be asked again at once, and then not for a while
            if (request.method == http::Method::get)
                return testkit::Reply{200, Json::object({{"rows", rows.load()}, {"data", Json::object({{"orders", Json::array({1, 2})}})}})};
            return testkit::Reply{200, Json::object({{"rows", rows.load()}, {"method", "anonymised"}, {"kept", Json::array()}})};
        });
    }
    app::Texts settings() const {
        app::Texts texts{{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}, {"EVENTS_URL", redis.url()}, {"USER_COOLING_OFF_DAYS", "0"}};
        texts["AUTH_TOKEN_URL"] = order.url() + "/token";
        texts["AUTH_CLIENT_ID"] = "user";
        texts["AUTH_CLIENT_SECRET"] = "secret";
        return texts;
    }
};

class Holders : protected Surroundings, public UserApi {
protected:
    Holders() : UserApi(settings()) {}

    std::string somebody(const std::string& subject) {
        return operator_.post("/api/v1/users", {{"handle", "somebody" + std::to_string(++people_)}, {"subject", subject}}).expect(201).text("/id");
    }
    /// Taken in and approved.
    std::string request(const std::string& kind, const std::string& user) {
        const auto made = operator_.post("/api/v1/privacy-requests", {{"kind", kind}, {"user_id", user}}).expect(201);
        operator_.post(made.location() + "/approve", testkit::Members(Json::object())).expect(200);
        return made.text("/id");
    }
    testkit::Answer get(const std::string& request) { return operator_.get("/api/v1/privacy-requests/" + request).expect(200); }
    void until_state(const std::string& request, const std::string& state) {
        testkit::eventually("the request is " + state, [&] { return get(request).text("/state") == state; }, std::chrono::seconds(30));
    }
    Json certificate(const std::string& request) {
        return operator_.get("/api/v1/privacy-requests/" + request + "/certificate").expect(200).at("/certificate/holders");
    }
    std::vector<http::Request> asked() const {
        std::vector<http::Request> found;
        for (const auto& call : order.calls())
            if (call.path != "/token") found.push_back(call);
        return found;
    }
    /// As the service announces it.
    void announce(const std::string& holder, const std::string& request, const Json& receipt) {
        const std::string id = Uuid::v4().to_string(), type = "gravity." + holder + ".erasure.completed", project = service.project().to_string();
        Json data = receipt;
        data["id"] = request;
        const Json event = Json::object({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", "urn:gravity:service:" + holder},
                                         {"type", type},
                                         {"subject", request},
                                         {"time", "2026-11-27T12:00:00Z"},
                                         {"project", project},
                                         {"sequence", "0000000000000001"},
                                         {"epoch", "1"},
                                         {"data", data}});
        redis.cli("xadd 'gravity:events:{*}' '*' id " + id + " type " + type + " project " + project + " e '" + event.dump() + "'");
    }
    static Json receipt(int rows) { return Json::object({{"rows", rows}, {"method", "deleted"}, {"kept", Json::array()}}); }
    /// As if the quarter of an hour was over.
    void time_passes() {
        // A key of its own, for the next one is of the same quarter: the clock has not moved.
        service.database().admin("update gravity.job set due_at = now(), key = gen_random_uuid()::text where state = 'waiting'");
        service.run_jobs_until_idle();
    }

private:
    int people_ = 0;
};

TEST_F(Holders, AreAskedForAnExport) {
    const auto id = request("export", somebody("ada"));
    until_state(id, "ready");
    const auto calls = asked();
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].path, "/internal/projects/" + service.project().to_string() + "/people/ada");
    EXPECT_EQ(calls[0].headers.get("Authorization"), "Bearer a-token");
    get(id).field("/tasks/0/holder", "order").field("/tasks/0/state", "answered").field("/tasks/1/holder", "user");
    EXPECT_NE(operator_.get("/api/v1/privacy-requests/" + id + "/download").expect(200).body().find(R"(order.json{"orders":[1,2]})"), std::string::npos);
}

// More than one answer holds comes in parts; whoever is stopped in between goes on behind the last.
TEST_F(Holders, AnswerAnExportInParts) {
    std::atomic<bool> stops{true};
    order.forget();
    order.on("POST", "/token", {200, Json::object({{"access_token", "a-token"}, {"token_type", "Bearer"}, {"expires_in", 300}})});
    order.otherwise([&](const http::Request& request) {
        const auto part = [](int count, const std::string& data, const Json& next) {
            return testkit::Reply{200, Json::object({{"rows", count}, {"data", data}, {"next", next}})};
        };
        if (request.query.empty()) return part(2, std::string(4'000'000, 'a'), "p 2");
        if (request.query == "place=p%202") return stops ? testkit::Reply{404} : part(3, std::string(4'000'000, 'b'), "p3");
        return part(1, "end", Json());
    });
    const auto id = request("export", somebody("ada"));
    testkit::eventually("the second part was asked for", [&] { return asked().size() >= 2; });
    EXPECT_EQ(asked().at(0).query, "");
    time_passes();
    EXPECT_EQ(asked().back().query, "place=p%202"); // not from the beginning
    get(id).field("/state", "collecting").field("/tasks/0/state", "asked");
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task_part"), "1");
    stops = false;
    time_passes();
    until_state(id, "ready");
    EXPECT_EQ(asked().back().query, "place=p3");
    EXPECT_EQ(service.database().admin("select receipt ->> 'rows' from privacy_task where holder = 'order'"), "6");
    const std::string archive = operator_.get("/api/v1/privacy-requests/" + id + "/download").expect(200).body();
    EXPECT_GT(archive.size(), 8'000'000U);
    for (const std::string name : {"order-000001.json\"aaa", "order-000002.json\"bbb", "order-000003.json\"end\""})
        EXPECT_NE(archive.find(name), std::string::npos) << name;
}

// One that never comes to an end is not waited for in memory: it counts as one that does not answer.
TEST_F(Holders, HaveAnEndToTheirParts) {
    std::atomic<int> given{0};
    order.forget();
    order.on("POST", "/token", {200, Json::object({{"access_token", "a-token"}, {"token_type", "Bearer"}, {"expires_in", 300}})});
    order.otherwise([&](const http::Request&) {
        return testkit::Reply{200, Json::object({{"rows", 1}, {"data", 1}, {"next", "p" + std::to_string(++given)}})};
    });
    const auto id = request("export", somebody("ada"));
    testkit::eventually("it has given up", [&] { return given >= 257; }, std::chrono::seconds(60));
    service.run_jobs_until_idle();
    get(id).field("/state", "collecting").field("/tasks/0/state", "asked");
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task_part"), "256");
    operator_.post("/api/v1/privacy-requests/" + id + "/cancel", testkit::Members(Json::object())).expect(200);
    EXPECT_EQ(service.database().admin("select count(*) from privacy_task_part"), "0");
}

TEST_F(Holders, AreAskedForAnErasureAndCertified) {
    const auto id = request("erasure", somebody("ada"));
    until_state(id, "certified");
    const auto calls = asked();
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].method, http::Method::delete_);
    EXPECT_EQ(calls[0].query, "request=" + id);
    const Json holders = certificate(id);
    EXPECT_EQ(holders.at_pointer("/0/holder")->as_string(), "order");
    EXPECT_EQ(holders.at_pointer("/0/receipt/rows")->as_integer(), 3);
    EXPECT_EQ(holders.at_pointer("/0/receipt/method")->as_string(), "anonymised");
}

TEST_F(Holders, AreAskedForAccountsThatWereMergedToo) {
    const auto ada = somebody("ada"), old = somebody("old,ada");
    const auto proposed = operator_.post("/api/v1/user-merges", {{"winner_id", ada}, {"loser_id", old}}).expect(201);
    operator_.post(proposed.location() + "/confirm").expect(200);
    const auto id = request("erasure", ada);
    until_state(id, "certified");
    EXPECT_EQ(asked().at(0).query, "request=" + id + "&former=" + base64url_encode("old,ada"));
}

TEST_F(Holders, HearOfItByEventToo) {
    order_fails = true;
    service.take_events();
    const auto id = request("erasure", somebody("ada"));
    testkit::eventually("it was asked", [&] { return !asked().empty(); });
    bool told = false;
    for (const auto& event : service.take_events())
        told = told || (event.type == "gravity.user.erasure.requested" && event.data.find("holders")->dump() == R"(["order"])");
    EXPECT_TRUE(told);
    get(id).field("/state", "erasing").field("/tasks/0/state", "asked");
    announce("order", id, receipt(5));
    until_state(id, "certified");
    EXPECT_EQ(certificate(id).at_pointer("/0/receipt/rows")->as_integer(), 5);
}

TEST_F(Holders, AreAskedAgainUntilTheyAnswer) {
    order_fails = true;
    const auto id = request("erasure", somebody("ada"));
    testkit::eventually("it was asked", [&] { return !asked().empty(); });
    for (int round = 0; round < 3; ++round) {
        const auto before = asked().size();
        time_passes();
        EXPECT_GT(asked().size(), before);
        get(id).field("/state", "erasing");
    }
    EXPECT_LE(std::stoi(service.database().admin("select count(*) from gravity.job where state = 'waiting'")), 3) << "they do not pile up";
    order_fails = false;
    time_passes();
    until_state(id, "certified");
}

TEST_F(Holders, OneThatComesLaterIsAsked) {
    const auto saved = std::exchange(catalog, Json::object());
    order_fails = true;
    const auto early = request("erasure", somebody("ada"));
    until_state(early, "certified");
    EXPECT_EQ(certificate(early).size(), 1u) << "there was nobody else";
    catalog = saved;
    order_fails = false;
    const auto late = request("erasure", somebody("ben"));
    until_state(late, "certified");
    EXPECT_EQ(certificate(late).size(), 2u);
}

TEST_F(Holders, WithoutDiscoveryNothingIsFinished) {
    discovery_fails = true;
    const auto id = request("erasure", somebody("ada"));
    testkit::eventually("discovery was asked", [&] { return !discovery.consul().calls("GET", "/v1/catalog/services").empty(); });
    get(id).field("/state", "erasing");
    discovery_fails = false;
    time_passes();
    until_state(id, "certified");
}

TEST_F(Holders, AnAnswerThatIsNoneIsNotTaken) {
    order.forget();
    order.on("POST", "/token", {200, Json::object({{"access_token", "a-token"}, {"token_type", "Bearer"}, {"expires_in", 300}})});
    std::atomic<int> number{0};
    std::vector<testkit::Reply> wrong{{404}, {200, Json("x")}};
    wrong.push_back({200, Json::object({{"rows", -1}, {"method", "deleted"}})});
    wrong.push_back({200, Json::object({{"rows", 1}})});
    wrong.push_back({200, Json::object({{"rows", 1}, {"method", "eaten"}})});
    order.otherwise([&](const http::Request&) { return wrong[std::min<std::size_t>(static_cast<std::size_t>(number++), wrong.size() - 1)]; });
    const auto id = request("erasure", somebody("ada"));
    while (number < static_cast<int>(wrong.size())) {
        const int before = number;
        time_passes();
        testkit::eventually("it was asked", [&] { return number > before; });
    }
    get(id).field("/state", "erasing").field("/tasks/0/holder", "order").field("/tasks/0/state", "asked");
}

TEST_F(Holders, ReceiptsByEventAreHeldAgainstWhatWasAsked) {
    order_fails = true;
    const std::string ada = somebody("ada");
    operator_.put("/api/v1/data-holders/order", {{"client", "client:order"}, {"holds", "Orders"}}).expect(200);
    const auto flags = [&] { return operator_.get("/api/v1/data-holders/order").expect(200).at("/flags").as_integer(); };
    announce("order", Uuid::v7().to_string(), receipt(1)); // for a request that there is none of
    testkit::eventually("it is flagged", [&] { return flags() == 1; });
    const auto id = request("erasure", ada);
    announce("price", id, receipt(1)); // which was not asked
    announce("user", id, receipt(1));  // nor does this one answer itself
    announce("order", id, receipt(2));
    until_state(id, "certified");
    const Json holders = certificate(id);
    ASSERT_EQ(holders.size(), 2u);
    EXPECT_EQ(holders.at_pointer("/0/receipt/rows")->as_integer(), 2);
    announce("order", id, receipt(2)); // the same again
    announce("order", id, receipt(3));
    testkit::eventually("another is flagged", [&] { return flags() == 2; });
    EXPECT_NE(operator_.get("/api/v1/data-holders/order").expect(200).text("/flagged").find("answer-differs"), std::string::npos);
    EXPECT_EQ(certificate(id).at_pointer("/0/receipt/rows")->as_integer(), 2);
}

TEST_F(Holders, AReceiptForWhatWasCalledOffHasNoEffect) {
    order_fails = true;
    const auto id = request("export", somebody("ada"));
    operator_.post("/api/v1/privacy-requests/" + id + "/cancel", testkit::Members(Json::object())).expect(200);
    announce("order", id, receipt(2));
    testkit::eventually("it was heard", [&] { return service.database().admin("select count(*) from gravity.inbox") == "1"; });
    get(id).field("/state", "cancelled");
}

} // namespace
} // namespace gravity::user
