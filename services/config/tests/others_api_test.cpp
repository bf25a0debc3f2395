// References to keys of other applications: what they become, what they may not, and that whoever refers hears of every change.
#include "config_fixture.hpp"
#include "peer.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <map>

namespace gravity::config {
namespace {

class OtherApplicationsApi : public ConfigApi {
protected:
    OtherApplicationsApi() : ConfigApi({{"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}

    void put(const std::string& set, const Json& items) {
        draft(as.owner, set, items);
        publish(as.owner, set);
    }
    testkit::Answer refused(const std::string& set, const Json& items, const std::string& slug = "unresolved-reference") {
        draft(as.owner, set, items);
        return as.owner.post(set + "/releases", testkit::Members(Json::object())).expect_problem(422, slug);
    }
    static std::string details(const testkit::Answer& problem) {
        std::string all;
        const Json errors = problem.at("/errors");
        for (const Json& error : errors.as_array()) all += error.find("pointer")->as_string() + " " + error.find("detail")->as_string() + "\n";
        return all;
    }
    std::string url(const testkit::Client& who, const std::string& profiles = "default", const std::string& label = "main") {
        return where(effective(who, "shop", profiles, label), "url");
    }
};

TEST_F(OtherApplicationsApi, AreFoundInTheSameProfilesUnderTheSameLabel) {
    published(as.owner, "application", "default", Json::object({{"shared", "s"}}));
    published(as.owner, "payments", "default", Json::object({{"host", "pay"}, {"db", Json::object({{"url", "jdbc:${host}/${port:5432}"}})}}));
    published(as.owner, "payments", "dev", Json::object({{"host", "pay-dev"}}));
    published(as.owner, "payments", "default", Json::object({{"host", "pay-next"}, {"db", Json::object({{"url", "jdbc:${host}"}})}}), "next");
    const Json items = Json::object({{"url", "${[payments]db.url}/x"}, {"host", "mine"}, {"port", 1}, {"of", "payments"}});
    published(as.owner, "shop", "default", items);
    published(as.owner, "shop", "default", items, "next");
    EXPECT_EQ(url(as.owner), R"("jdbc:pay/5432/x" of shop in default)"); // its references mean its own keys
    EXPECT_EQ(url(as.owner, "dev"), R"("jdbc:pay-dev/5432/x" of shop in default)");
    EXPECT_EQ(url(as.owner, "eu,dev"), R"("jdbc:pay-dev/5432/x" of shop in default)");
    EXPECT_EQ(url(as.owner, "default", "next"), R"("jdbc:pay-next/x" of shop in default)");
    effective(as.owner, "shop").field("/items/4/key", "url").field("/items/4/raw", "${[payments]db.url}/x").field("/origins/2", Json()); // origins are its own
}

TEST_F(OtherApplicationsApi, HaveDefaultsWhereTheyAreNotThere) {
    published(as.owner, "application", "default", Json::object({{"shared", "s"}}));
    published(as.owner, "payments", "default", Json::object({{"a", "x"}, {"inner", "a"}}));
    published(as.owner, "shop", "default",
              Json::object({{"a", "${[nobody]shared:none}"}, // it inherits, but is not there
                            {"b", "${[payments]b:${[payments]a}}"},
                            {"c", "${[payments]shared}"},
                            {"d", "${[payments]${key}}"},
                            {"key", "a"},
                            {"e", "\\${[payments]a}"},
                            {"f", "${[Payments]a:no application}"},
                            {"g", "${[application]shared}"}}));
    const auto found = effective(as.owner, "shop");
    const std::map<std::string, std::string> expected{
        {"a", "none"}, {"b", "x"}, {"c", "s"}, {"d", "x"}, {"e", "${[payments]a}"}, {"f", "no application"}, {"g", "s"}};
    for (const auto& [key, value] : expected) EXPECT_EQ(where(found, key), "\"" + value + "\" of shop in default");
    published(as.owner, "nobody", "default", Json::object({{"here", true}})); // now it is
    EXPECT_EQ(where(effective(as.owner, "shop"), "a"), R"("s" of shop in default)");
}

TEST_F(OtherApplicationsApi, AreResolvedForClientsOfSpring) {
    published(as.owner, "payments", "default", Json::object({{"url", "http://${host}:\\${port}/"}, {"host", "pay"}}));
    published(as.owner, "shop", "default", Json::object({{"url", "${[payments]url}${path}"}, {"path", "p"}, {"own", "${path}"}, {"none", "${[nobody]x:y}"}}));
    const auto sources = as.owner.get("/spring/shop/default").expect(200).field("/version", "2");
    sources.field("/propertySources/0/source/url", "http://pay:\\${port}/p").field("/propertySources/0/source/own", "${path}");
    sources.field("/propertySources/0/source/none", "y").field("/propertySources/1", Json());
    as.owner.get("/spring/shop-default.json").expect(200).field("/url", "http://pay:${port}/p");
    as.owner.get("/spring/shop-default.json?resolvePlaceholders=false").expect(200).field("/url", "${[payments]url}${path}");
    EXPECT_EQ(as.owner.get("/spring/shop/default/main/url").expect(200).body(), "http://pay:${port}/p");
}

TEST_F(OtherApplicationsApi, ThatLackTheKeyAreRefused) {
    const auto shop = set(as.owner, "shop").location();
    EXPECT_EQ(details(refused(shop, Json::object({{"url", "${[payments]url}"}}))), "/items/url shop in default: ${[payments]url} is not set\n");
    const auto payments = published(as.owner, "payments", "default", Json::object({{"url", "x"}, {"other", 1}}));
    publish(as.owner, shop);
    published(as.owner, "till", "default", Json::object({{"url", "${[shop]url}"}}));
    // By what it takes away from others, through others as well, and in their profiles.
    EXPECT_EQ(details(refused(payments, Json::object({{"url", nullptr}}))),
              "/items/url shop in default: ${[payments]url} is not set\n/items/url till in default: ${[payments]url} is not set\n");
    const auto told = as.owner.post(payments + "/draft/validate").expect(200).field("/valid", false);
    told.field("/faults/0/application", "shop").field("/faults/0/check", "reference");
    draft(as.owner, payments, Json::object({{"url", "x"}}));
    const auto dev = set(as.owner, "payments", "dev").location();
    EXPECT_EQ(details(refused(dev, Json::object({{"url", "${missing}"}}))),
              "/items/url payments in dev: ${missing} is not set\n/items/url shop in dev: ${[payments]missing} is not set\n"
              "/items/url till in dev: ${[payments]missing} is not set\n");
    EXPECT_EQ(url(as.owner, "dev"), R"("x" of shop in default)");
}

TEST_F(OtherApplicationsApi, ThatReferBackAreRefused) {
    published(as.owner, "a", "default", Json::object({{"x", "${[b]x:none}"}}));
    EXPECT_EQ(details(refused(set(as.owner, "self").location(), Json::object({{"x", "${[self]x}"}}))),
              "/items/x self in default: ${[self]x} refers back to itself\n");
    published(as.owner, "b", "default", Json::object({{"x", "${[c]x:none}"}, {"y", "${[a]y:fine}"}})); // other keys are no circle
    const auto c = set(as.owner, "c").location();
    EXPECT_EQ(details(refused(c, Json::object({{"x", "${[a]x}"}}))),
              "/items/x c in default: ${[a]x} refers back to itself\n/items/x b in default: ${[c]x} refers back to itself\n"
              "/items/x a in default: ${[b]x} refers back to itself\n");
    put(c, Json::object({{"x", "end"}}));
    EXPECT_EQ(where(effective(as.owner, "a"), "x"), R"("end" of a in default)");
    EXPECT_EQ(where(effective(as.owner, "b"), "y"), R"("fine" of b in default)");
    // Two that are right each for itself, at the same time.
    const auto left = published(as.owner, "left", "default", Json::object({{"x", 0}}));
    const auto right = published(as.owner, "right", "default", Json::object({{"x", 0}}));
    draft(as.owner, left, Json::object({{"x", "${[right]x}"}}));
    draft(as.owner, right, Json::object({{"x", "${[left]x}"}}));
    int statuses[2] = {};
    at_once(2, [&](int i) { statuses[i] = as.owner.post((i == 0 ? left : right) + "/releases", testkit::Members(Json::object())).send().status(); });
    EXPECT_EQ(statuses[0] + statuses[1], 201 + 422) << statuses[0] << " " << statuses[1];
}

TEST_F(OtherApplicationsApi, AreNotTooMany) {
    std::string text;
    for (int i = 0; i < 17; ++i) {
        const std::string name = "app" + std::to_string(i);
        const std::string before = "${[app" + std::to_string(i - 1) + "]x}";
        if (i < 16) published(as.owner, name, "default", Json::object({{"x", i == 0 ? std::string("deep") : before}}));
        text = before;
    }
    const auto shop = set(as.owner, "shop").location();
    put(shop, Json::object({{"url", text}})); // through sixteen others, each through the one before
    EXPECT_EQ(url(as.owner), R"("deep" of shop in default)");
    published(as.owner, "more", "default", Json::object({{"x", 1}}));
    EXPECT_EQ(details(refused(shop, Json::object({{"more", "${[more]x}"}}))), "/items shop in default: refers to more than 16 other applications\n");
}

TEST_F(OtherApplicationsApi, MoveTheVersionOfWhoRefersToThem) {
    const auto payments = published(as.owner, "payments", "default", Json::object({{"url", "one"}}));
    published(as.owner, "between", "default", Json::object({{"url", "${[payments]url}"}}));
    published(as.owner, "shop", "default", Json::object({{"url", "${[between]url}"}}));
    published(as.owner, "till", "default", Json::object({{"url", "none"}}));
    const auto before = effective(as.owner, "shop").field("/version", 3);
    Peer client(service.port(), as.owner.token()), other(service.port(), as.owner.token());
    client.hello("shop");
    EXPECT_EQ(client.read(), R"({"snapshot":{"items":{"url":"one"},"version":3}})");
    client.ack(3);
    other.hello("till");
    EXPECT_EQ(other.read(), R"({"snapshot":{"items":{"url":"none"},"version":4}})");
    std::thread later([&] { put(payments, Json::object({{"url", "two"}})); });
    const auto polled = as.owner.get(configs + "/effective?application=shop&wait=20&wait_version=3").expect(200);
    later.join();
    polled.field("/version", 5).field("/items/0/value", "two");
    EXPECT_EQ(client.read(), R"({"change":{"changed":{"url":"two"},"removed":[],"version":5}})");
    as.owner.get(configs + "/effective?application=shop").header("If-None-Match", before.etag()).expect(200);
    as.owner.get("/spring/shop/default").expect(200).field("/version", "5").field("/propertySources/0/source/url", "two");
    effective(as.owner, "till").field("/version", 4); // none of its business
    Peer back(service.port(), as.owner.token()); // with what it had before
    back.hello("shop", 3);
    EXPECT_EQ(back.read(), R"({"change":{"changed":{"url":"two"},"removed":[],"version":5}})");
    as.owner.post(payments + "/releases/1/revert", testkit::Members(Json::object())).expect(201);
    EXPECT_EQ(client.read(), R"({"change":{"changed":{"url":"one"},"removed":[],"version":6}})");
}

TEST_F(OtherApplicationsApi, AreNeverMissedWhileBothArePublished) {
    const auto payments = published(as.owner, "payments", "default", Json::object({{"n", 0}}));
    const auto shop = published(as.owner, "shop", "default", Json::object({{"n", 0}, {"url", "${[payments]n}"}}));
    Peer client(service.port(), as.owner.token());
    client.hello("shop");
    client.read();
    constexpr int last = 40;
    std::thread publishers([&] {
        at_once(2, [&](int i) {
            for (int n = 1; n <= last; ++n) {
                put(i == 0 ? payments : shop, Json::object({{"n", n}}));
                const auto seen = effective(as.owner, "shop"); // what was acknowledged, at once
                EXPECT_GE(seen.at("/items/0/value").as_integer(), i == 0 ? 0 : n);
                EXPECT_GE(std::stoi(seen.text("/items/1/value")), i == 0 ? n : 0);
            }
        });
    });
    std::int64_t version = 0;
    Json n, of_payments;
    while (n != Json(last) || of_payments != Json(std::to_string(last))) {
        const Json frame = Json::parse(client.read()).or_throw();
        const Json* change = frame.find("change");
        ASSERT_NE(change, nullptr) << frame.dump();
        ASSERT_GT(change->find("version")->as_integer(), version);
        version = change->find("version")->as_integer();
        if (const Json* changed = change->find("changed")->find("n")) n = *changed;
        if (const Json* changed = change->find("changed")->find("url")) of_payments = *changed;
        client.ack(version);
    }
    publishers.join();
    EXPECT_EQ(version, 2 + 2 * last);
}

TEST_F(OtherApplicationsApi, ThatAreRolledOutAreSeenWhenEverybodyHasThem) {
    const auto payments = published(as.owner, "payments", "default", Json::object({{"url", "old"}}));
    published(as.owner, "shop", "default", Json::object({{"url", "${[payments]url}"}}));
    draft(as.owner, payments, Json::object({{"url", "new"}}));
    const Json plan = Json::object({{"steps", Json::array({99})}, {"bake_seconds", 3600}});
    const std::string rollout = payments + "/rollouts/" +
                                as.owner.post(payments + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect(201).text("/rollout");
    for (int i = 0; i < 5; ++i) {
        const std::string path = configs + "/effective?application=shop&instance=shop-" + std::to_string(i);
        as.owner.get(path).expect(200).field("/version", 2).field("/items/0/value", "old");
    }
    as.owner.post(rollout + "/abort", testkit::Members(Json::object())).expect(200);
    EXPECT_EQ(url(as.owner), R"("old" of shop in default)");
    put(payments, Json::object({{"url", "newer"}}));
    EXPECT_EQ(url(as.owner), R"("newer" of shop in default)");
}

TEST_F(OtherApplicationsApi, AreSeenAsTheReleaseThatIsRolledOutNamesThem) {
    published(as.owner, "payments", "default", Json::object({{"url", "pay"}}));
    const auto shop = published(as.owner, "shop", "default", Json::object({{"url", "mine"}}));
    draft(as.owner, shop, Json::object({{"url", "${[payments]url}"}}));
    const Json plan = Json::object({{"steps", Json::array({50})}, {"bake_seconds", 3600}});
    as.owner.post(shop + "/releases", testkit::Members(Json::object({{"rollout", plan}}))).expect(201);
    std::string seen;
    for (int i = 0; i < 40; ++i) {
        const auto one = as.owner.get(configs + "/effective?application=shop&instance=shop-" + std::to_string(i)).expect(200);
        const std::string value = one.text("/items/0/value");
        one.field("/version", value == "pay" ? 4 : 2); // the release has one, and its step
        if (seen.find(value) == std::string::npos) seen += value;
    }
    EXPECT_EQ(seen.size(), std::string("paymine").size()) << seen;
}

TEST_F(OtherApplicationsApi, AreToldByADryRun) {
    const auto payments = published(as.owner, "payments", "default", Json::object({{"url", "one"}, {"n", 1}}));
    published(as.owner, "shop", "default", Json::object({{"url", "${[payments]url}"}}));
    published(as.owner, "till", "default", Json::object({{"n", "${[payments]n}"}}));
    for (const std::string name : {"shop-1", "shop-2"}) as.owner.get(configs + "/effective?application=shop&instance=" + name).expect(200);
    testkit::eventually("they are there", [&] { return service.database().admin("select count(*) from instance") == "2"; });
    draft(as.owner, payments, Json::object({{"url", "two"}}));
    const auto run = as.reader.post(payments + "/draft/dry-run").expect(200).field("/complete", true).field("/affected_count", 2);
    run.field("/faults", Json::array()).field("/affected/0/application", "payments").field("/affected/1/application", "shop");
    run.field("/affected/1/changes/0/key", "url");
    run.field("/instance_count", 2).field("/instances/0/names", Json::array({"shop-1", "shop-2"})).field("/instances/0/keys", 1);
    EXPECT_EQ(run.body().find("two"), std::string::npos);
    draft(as.owner, payments, Json::object({{"url", nullptr}}));
    as.reader.post(payments + "/draft/dry-run").expect(200).field("/faults/0/application", "shop").field("/faults/0/key", "url");
}

TEST_F(OtherApplicationsApi, KeepTheirSecrets) {
    const auto payments = set(as.owner, "payments").location(), shared = set(as.owner, "application").location();
    as.owner.patch(payments + "/draft", {{"secrets", Json::object({{"password", "hunter2"}})}}).expect(200);
    put(payments, Json::object({{"url", "db://sa:${password}@h"}}));
    as.owner.patch(shared + "/draft", {{"secrets", Json::object({{"token", "everybodys"}})}}).expect(200);
    publish(as.owner, shared);
    published(as.owner, "shop", "default",
              Json::object({{"url", "${[payments]url}"}, {"password", "${[payments]password}"}, {"token", "${[application]token}"}}));
    const auto shop_itself = service.caller(service.project(), "configs:read", "shop");
    const auto payments_itself = service.caller(service.project(), "configs:read", "payments");
    const auto trusted = service.caller(service.project(), "configs:read configs:secrets", "somebody");
    for (int round = 0; round < 2; ++round) { // the second time from memory
        for (const auto& who : {as.reader, shop_itself, payments_itself}) { // its own are payments' when it asks for itself
            EXPECT_EQ(url(who), R"("db://sa:***@h" of shop in default)");
            const auto sources = who.get("/spring/shop/default").expect(200);
            EXPECT_EQ(sources.body().find("hunter2"), std::string::npos);
            EXPECT_EQ(who.get("/spring/shop-default.yml").expect(200).body().find("hunter2"), std::string::npos);
            Peer client(service.port(), who.token());
            client.hello("shop");
            EXPECT_EQ(client.read().find("hunter2"), std::string::npos);
        }
        EXPECT_EQ(url(trusted), R"("db://sa:hunter2@h" of shop in default)");
        trusted.get("/spring/shop/default").expect(200).field("/propertySources/0/source/password", "hunter2");
        EXPECT_EQ(where(effective(shop_itself, "shop"), "token"), R"("everybodys" of shop in default)"); // it inherits it
        EXPECT_EQ(where(effective(as.reader, "shop"), "token"), R"("***" of shop in default)");
        EXPECT_EQ(where(effective(payments_itself, "payments"), "url"), R"("db://sa:hunter2@h" of payments in default)");
    }
    as.owner.patch(payments + "/draft", {{"secrets", Json::object({{"password", "hunter3"}})}}).expect(200);
    const auto run = as.reader.post(payments + "/draft/dry-run").expect(200).field("/affected/1/application", "shop").field("/affected/1/keys", 2);
    EXPECT_EQ(run.body().find("hunter"), std::string::npos);
    publish(as.owner, payments);
    EXPECT_EQ(url(trusted), R"("db://sa:hunter3@h" of shop in default)");
}

TEST_F(OtherApplicationsApi, AreOfTheSameProject) {
    const auto theirs = published(as.stranger, "payments", "default", Json::object({{"url", "theirs"}}));
    const auto shop = set(as.owner, "shop").location();
    EXPECT_EQ(details(refused(shop, Json::object({{"url", "${[payments]url}"}}))), "/items/url shop in default: ${[payments]url} is not set\n");
    put(shop, Json::object({{"url", "${[payments]url:none}"}}));
    EXPECT_EQ(url(as.owner), R"("none" of shop in default)");
    draft(as.stranger, theirs, Json::object({{"url", nullptr}, {"other", 1}}));
    as.stranger.post(theirs + "/draft/dry-run").expect(200).field("/affected_count", 1).field("/affected/0/application", "payments");
    publish(as.stranger, theirs); // whoever refers to it elsewhere means another
    effective(as.owner, "shop").field("/version", 1);
}

TEST_F(OtherApplicationsApi, HaveToHoldWhatTheSchemasOfOthersSay) {
    const auto payments = published(as.owner, "payments", "default", Json::object({{"url", "https://pay"}}));
    published(as.owner, "shop", "default", Json::object({{"url", "${[payments]url}"}}));
    const Json schema = Json::object({{"properties", Json::object({{"url", Json::object({{"pattern", "^https:"}})}})}});
    as.owner.post("/api/v1/config-schemas", {{"application", "shop"}, {"schema", schema}}).expect(201);
    const std::string wrong = details(refused(payments, Json::object({{"url", "http://pay"}}), "schema-violation"));
    EXPECT_TRUE(wrong.starts_with("/items/url shop in default: ")) << wrong;
    EXPECT_EQ(wrong.find("payments"), std::string::npos) << wrong;
    put(payments, Json::object({{"url", "https://pay.example"}}));
}

} // namespace
} // namespace gravity::config
