#include "config_fixture.hpp"
#include "peer.hpp"

#include <gravity/testkit/neighbour.hpp>

#include <chrono>
#include <memory>

namespace gravity::config {
namespace {

class Instances : public ConfigApi {
protected:
    std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 0}}));

    void put(const std::string& set, int value) {
        draft(as.owner, set, Json::object({{"a", value}}));
        publish(as.owner, set);
    }
    Peer peer(const testkit::Client& who) { return {service.port(), who.token()}; }

    /// "shop-1: 2 applied current" for each instance of a set, with what it said when something failed.
    std::string seen(const std::string& set, const std::string& query = "") {
        std::string all;
        const Json items = as.reader.get(set + "/instances" + query).expect(200).at("/items");
        for (const Json& item : items.as_array()) {
            const Json* release = item.find("release");
            all += (all.empty() ? "" : "; ") + item.find("instance")->as_string() + ": " + (release == nullptr ? "none" : release->dump()) + " " +
                   item.find("status")->as_string() + " " + item.find("state")->as_string();
            if (const Json* detail = item.find("detail")) all += " (" + detail->as_string() + ")";
        }
        return all;
    }
    void expect_seen(const std::string& set, const std::string& wanted) {
        testkit::eventually("it is seen", [&] { return seen(set) == wanted; });
        EXPECT_EQ(seen(set), wanted);
    }
    void acknowledge(const std::string& instance, std::int64_t version, const std::string& status = "applied", const std::string& detail = "") {
        as.reader
            .post(configs + "/acknowledgements",
                  {{"application", "shop"}, {"instance", instance}, {"version", version}, {"status", status}, {"detail", detail}})
            .expect(204);
    }
};

TEST_F(Instances, SayWhatTheyRunBySocket) {
    Peer first = peer(as.owner), second = peer(as.owner), nameless = peer(as.owner);
    first.hello("shop", std::nullopt, "shop-1");
    second.hello("shop", std::nullopt, "shop-2");
    nameless.hello("shop");
    for (Peer* one : {&first, &second, &nameless}) one->read();
    expect_seen(shop, "shop-1: 1 told behind; shop-2: 1 told behind");
    first.ack(1);
    expect_seen(shop, "shop-1: 1 applied current; shop-2: 1 told behind");
    put(shop, 1);
    for (Peer* one : {&first, &second}) one->read();
    first.ack(2);
    second.fail(2, "port in use");
    expect_seen(shop, "shop-1: 2 applied current; shop-2: 2 failed failed (port in use)");
    const auto summary = as.reader.get(shop + "/instances/summary").expect(200).field("/total", 2).field("/current", 1).field("/failed", 1);
    summary.field("/behind", 0).field("/silent", 0).field("/release", 2);
    EXPECT_EQ(seen(shop, "?state=failed"), "shop-2: 2 failed failed (port in use)");
    EXPECT_EQ(seen(shop, "?state=behind"), "");
    acknowledge("shop-2", 2); // it was started again, and now it runs
    expect_seen(shop, "shop-1: 2 applied current; shop-2: 2 applied current");
}

TEST_F(Instances, ThatAreBehindAreSeen) {
    Peer straggler = peer(as.owner);
    straggler.hello("shop", std::nullopt, "shop-1");
    straggler.read();
    straggler.ack(1);
    expect_seen(shop, "shop-1: 1 applied current");
    acknowledge("shop-0", 1);
    put(shop, 1);
    expect_seen(shop, "shop-0: 1 applied behind; shop-1: 2 told behind"); // one was not even told
    service.database().admin("update instance set seen_at = seen_at - interval '6 minutes' where name = 'shop-0'");
    EXPECT_EQ(seen(shop, "?state=silent"), "shop-0: 1 applied silent");
    as.reader.get(shop + "/instances/summary").expect(200).field("/behind", 1).field("/silent", 1).field("/current", 0);
}

TEST_F(Instances, FailByWhatHasChangedAndNotByWhatTheyRanBefore) {
    const auto shared = published(as.owner, "application", "default", Json::object({{"b", 0}}));
    Peer client = peer(as.owner);
    client.hello("shop", std::nullopt, "shop-1");
    client.read();
    client.ack(2);
    expect_seen(shared, "shop-1: 1 applied current");
    put(shop, 1);
    client.read();
    client.fail(3, "no");
    expect_seen(shop, "shop-1: 2 failed failed (no)");
    EXPECT_EQ(seen(shared), "shop-1: 1 applied current (no)");
}

TEST_F(Instances, SayWhatTheyRunByTheirPolls) {
    const std::string path = configs + "/effective?application=shop&instance=poller";
    as.owner.get(path).expect(200);
    expect_seen(shop, "poller: 1 told behind");
    as.owner.get(path + "&wait_version=1").expect(200);
    expect_seen(shop, "poller: 1 applied current");
    put(shop, 1);
    as.owner.get(path + "&wait_version=1&wait=20").expect(200).field("/version", 2);
    expect_seen(shop, "poller: 2 told behind");
    acknowledge("poller", 2, "failed", "no");
    EXPECT_EQ(seen(shop), "poller: 2 failed failed (no)"); // kept before it was answered
    as.owner.get(configs + "/effective?application=shop&instance=").expect_problem(422, "invalid-value");
}

TEST_F(Instances, AreSeenWhileTheyAreConnected) {
    Peer client = peer(as.owner);
    client.hello("shop", std::nullopt, "shop-1");
    client.read();
    client.ack(1);
    expect_seen(shop, "shop-1: 1 applied current");
    acknowledge("gone", 1);
    service.database().admin("update instance set seen_at = seen_at - interval '10 minutes'");
    EXPECT_EQ(seen(shop), "gone: 1 applied silent; shop-1: 1 applied silent");
    testkit::eventually("it is seen again", [&] { return seen(shop) == "gone: 1 applied silent; shop-1: 1 applied current"; }, std::chrono::seconds(40));
}

TEST_F(Instances, GoOnWithWhatTheyHaveAfterAReconnect) {
    {
        Peer client = peer(as.owner);
        client.hello("shop", std::nullopt, "shop-1");
        client.read();
    }
    Peer again = peer(as.owner);
    again.hello("shop", 1, "shop-1"); // it says that it has it
    expect_seen(shop, "shop-1: 1 applied current");
}

TEST_F(Instances, ChangeWhatTheyAskFor) {
    const auto dev = published(as.owner, "shop", "dev", Json::object({{"c", 0}}));
    as.owner.get(configs + "/effective?application=shop&profiles=dev&instance=shop-1").expect(200);
    expect_seen(dev, "shop-1: 1 told behind");
    as.owner.get(configs + "/effective?application=shop&instance=shop-1").expect(200);
    expect_seen(dev, "");
    expect_seen(shop, "shop-1: 1 told behind");
}

TEST_F(Instances, BelongToTheirProject) {
    published(as.stranger, "shop", "default", Json::object({{"a", 0}}));
    acknowledge("shop-1", 1);
    as.stranger.get(shop + "/instances").expect_problem(404, "not-found");
    as.stranger.get(shop + "/instances/summary").expect_problem(404, "not-found");
    const auto theirs = set(as.stranger, "till").location();
    as.stranger.get(theirs + "/instances").expect(200).field("/items", Json::array());
    EXPECT_EQ(service.database().admin("select count(*) from instance"), "1");
}

TEST_F(Instances, AcknowledgeVersionsThatThereWere) {
    put(shop, 1);
    acknowledge("shop-1", 1); // late, and true
    EXPECT_EQ(seen(shop), "shop-1: 1 applied behind");
    const auto post = [&](const Json& body) { return as.owner.post(configs + "/acknowledgements", testkit::Members(body)); };
    const auto body = [](Json version) { return Json::object({{"application", "shop"}, {"instance", "x"}, {"version", std::move(version)}}); };
    post(body(99)).expect_problem(422, "no-such-version");
    post(body(-1)).expect_problem(422, "invalid-value");
    post(body("1")).expect_problem(400, "malformed-request");
    post(Json::object({{"application", "shop"}, {"version", 1}})).expect_problem(400, "malformed-request");
    post(Json::object({{"application", "shop"}, {"instance", std::string(201, 'x')}, {"version", 1}})).expect_problem(422, "invalid-value");
}

TEST_F(Instances, OfManyAreAllKept) {
    at_once(20, [&](int i) {
        for (int k = 0; k < 10; ++k) acknowledge("shop-" + std::to_string(i * 10 + k), 1);
    });
    as.reader.get(shop + "/instances/summary").expect(200).field("/total", 200).field("/current", 200);
    const auto page = as.reader.get(shop + "/instances?limit=150").expect(200);
    const auto next = as.reader.get(shop + "/instances?limit=150&cursor=" + page.text("/next_cursor")).expect(200);
    EXPECT_EQ(page.at("/items").size() + next.at("/items").size(), 200u);
}

// Many say many things of the same instances at once: the last word is kept, and nobody waits for ever.
TEST_F(Instances, OfOneNameMayComeAtOnce) {
    for (int i = 1; i < 4; ++i) put(shop, i);
    at_once(16, [&](int i) {
        for (int k = 0; k < 5; ++k) acknowledge("shop-" + std::to_string(k), 1 + (i + k) % 4);
    });
    as.reader.get(shop + "/instances/summary").expect(200).field("/total", 5);
    for (int k = 0; k < 5; ++k) acknowledge("shop-" + std::to_string(k), 4);
    as.reader.get(shop + "/instances/summary").expect(200).field("/current", 5);
}

TEST_F(Instances, AreAtMostSoMany) {
    service.database().admin(
        "insert into instance (id, project, label, name, applications, profiles, version, status, told_at, seen_at) "
        "select gen_random_uuid(), '" +
        service.project().to_string() + "', 'main', 'x' || n, '{other}', '{default}', 1, 'told', now(), now() "
                                        "from generate_series(1, 10000) n");
    acknowledge("shop-1", 1);
    EXPECT_EQ(seen(shop), "");
    service.database().admin("delete from instance where name = 'x1'");
    acknowledge("shop-1", 1);
    EXPECT_EQ(seen(shop), "shop-1: 1 applied current");
    acknowledge("shop-1", 1); // one that is known goes on
    EXPECT_EQ(seen(shop), "shop-1: 1 applied current");
}

TEST_F(Instances, AreForgotten) {
    acknowledge("old", 1);
    acknowledge("new", 1);
    service.database().admin("update instance set seen_at = now() - interval '8 days' where name = 'old'");
    service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                             service.project().to_string() + "', 'forget-instances', '{}', 'test', now(), 1, now())");
    testkit::eventually("it is forgotten", [&] { return service.database().admin("select count(*) from instance") == "1"; });
    EXPECT_EQ(seen(shop), "new: 1 applied current");
    EXPECT_EQ(service.database().admin("select count(*) from instance_release"), "1");
}

TEST_F(Instances, AreToldByADryRun) {
    published(as.owner, "shop", "dev", Json::object({{"a", 5}}));
    acknowledge("shop-1", 1);
    acknowledge("shop-2", 1);
    as.owner.get(configs + "/effective?application=shop&profiles=dev&instance=dev-1").expect(200);
    as.owner.get(configs + "/effective?application=till,shop&instance=both").expect(200);
    testkit::eventually("it is seen", [&] { return as.reader.get(shop + "/instances/summary").expect(200).at("/total") == Json(4); });
    draft(as.owner, shop, Json::object({{"a", 9}}));
    const auto run = as.reader.post(shop + "/draft/dry-run").expect(200).field("/instance_count", 3); // dev-1 has a value of its own
    run.field("/instances/0/count", 2).field("/instances/0/names", Json::array({"shop-1", "shop-2"})).field("/instances/0/keys", 1);
    run.field("/instances/1/applications", Json::array({"till", "shop"})).field("/instances/2", Json()).field("/affected_count", 1);
}

} // namespace
} // namespace gravity::config
