// What is answered from memory: never less than what was acknowledged, never another's, and the last that is known while PostgreSQL is away.
#include "config_fixture.hpp"
#include "config_migrations.hpp"
#include "peer.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

#include <atomic>
#include <thread>

namespace gravity::config {
namespace {

class Remembered : public ConfigApi {
protected:
    explicit Remembered(app::Texts settings = {}) : ConfigApi(std::move(settings)) {}

    virtual std::string sql(const std::string& statement) { return service.database().admin(statement); }
    /// As if PostgreSQL did not tell: what is then still answered as before comes from memory.
    void untold(const std::string& change) { sql("begin; set local session_replication_role = replica; " + change + "; commit"); }
    std::string value(const testkit::Client& who, const std::string& application = "shop") {
        return who.get("/spring/" + application + "/default").expect(200).at("/propertySources/0/source/a").dump();
    }
    void put(const std::string& set, const Json& value) {
        draft(as.owner, set, Json::object({{"a", value}}));
        publish(as.owner, set);
    }
    testkit::Answer flag(const testkit::Client& who, const std::string& key, const Json& rules = Json::array()) {
        const Json variants = Json::object({{"on", true}, {"off", false}});
        return who.post("/api/v1/feature-flags", {{"key", key}, {"type", "boolean"}, {"variants", variants}, {"default_variant", "off"}, {"rules", rules}})
            .expect(201);
    }
    testkit::Answer flags_for(const testkit::Client& who, const Json& context = Json::object()) {
        return who.post("/ofrep/v1/evaluate/flags", {{"context", context}}).expect(200);
    }
};

TEST_F(Remembered, IsNotReadAgainWhileNothingChanges) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    flag(as.owner, "beta");
    testkit::until([&] { // once PostgreSQL is heard
        EXPECT_EQ(value(as.owner), "1");
        flags_for(as.owner).field("/flags/0/value", false);
        untold("update release_item set value = '2'");
        untold("update feature_flag set default_variant = 'on'");
        const bool remembered = value(as.owner) == "1" && flags_for(as.owner).at("/flags/0/value") == Json(false);
        untold("update release_item set value = '1'");
        untold("update feature_flag set default_variant = 'off'");
        sql("select pg_notify('config', '" + service.project().to_string() + ":0')");
        testkit::until([&] { return value(as.owner) == "1" && flags_for(as.owner).at("/flags/0/value") == Json(false); });
        return remembered;
    });
    put(shop, 3);
    EXPECT_EQ(value(as.owner), "3");
}

TEST_F(Remembered, IsWhatWasAcknowledgedHoweverManyAsk) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 0}}));
    const auto made = flag(as.owner, "beta");
    std::atomic<int> acknowledged{0};
    std::atomic<int> late{0}, late_flags{0};
    std::atomic<bool> done{false};
    at_once(9, [&](int i) {
        if (i == 0) {
            for (int n = 1; n <= 60; ++n) {
                put(shop, n);
                as.owner.patch(made.location(), {{"description", std::to_string(n)}}).expect(200);
                acknowledged = n;
            }
            done = true;
            return;
        }
        while (!done) {
            const int before = acknowledged;
            const int seen = std::stoi(i % 2 == 0 ? value(as.owner) : effective(as.owner, "shop").at("/items/0/value").dump());
            if (seen < before) ++late;
            if (flags_for(as.owner).at("/flags/0/metadata/version").as_integer() < before + 1) ++late_flags;
        }
    });
    EXPECT_EQ(late, 0);
    EXPECT_EQ(late_flags, 0);
}

TEST_F(Remembered, IsWhatAnotherServerPublishesSoonAfter) {
    published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    flag(as.owner, "beta");
    testkit::RunningService second(assemble(0), {{"DATABASE_URL", service.database().url()}, {"MIGRATION_DATABASE_URL", service.database().owner_url()}});
    const auto there = second.caller(service.project(), second.all_scopes());
    EXPECT_EQ(value(there), "1");
    for (int i = 2; i < 12; ++i) {
        const std::string at = as.owner.get(configs + "?application=shop").expect(200).text("/items/0/id");
        put(configs + "/" + at, i);
        testkit::until([&] { return value(there) == std::to_string(i); });
    }
    const std::string id = as.owner.get("/api/v1/feature-flags").expect(200).text("/items/0/id");
    flags_for(there).field("/flags/0/value", false);
    as.owner.patch("/api/v1/feature-flags/" + id, {{"default_variant", "on"}}).expect(200);
    testkit::until([&] { return flags_for(there).at("/flags/0/value") == Json(true); });
}

TEST_F(Remembered, BelongsToItsProject) {
    published(as.owner, "shop", "default", Json::object({{"a", "owner's"}}));
    published(as.stranger, "shop", "default", Json::object({{"a", "stranger's"}}));
    flag(as.owner, "owners");
    flag(as.stranger, "strangers");
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(value(as.owner), R"("owner's")");
        EXPECT_EQ(value(as.stranger), R"("stranger's")");
        flags_for(as.owner).field("/flags/0/key", "owners").field("/flags/1", Json());
        flags_for(as.stranger).field("/flags/0/key", "strangers").field("/flags/1", Json());
    }
}

TEST_F(Remembered, AnswersEachFormAnewForEachQuestion) {
    published(as.owner, "shop", "default", Json::object({{"a", "${b}"}, {"b", "x"}, {"f", "plain"}}));
    published(as.owner, "other", "default", Json::object({{"a", "theirs"}}));
    for (int round = 0; round < 2; ++round) { // the second time from memory
        as.owner.get("/spring/shop/default").expect(200).field("/name", "shop").field("/label", Json()).field("/propertySources/0/source/a", "${b}");
        as.owner.get("/spring/shop/default/main").expect(200).field("/label", "main");
        as.owner.get("/spring/shop,shop/default").expect(200).field("/name", "shop,shop");
        as.owner.get("/spring/other/default").expect(200).field("/propertySources/0/source/a", "theirs");
        as.owner.get("/spring/shop-default.json").expect(200).field("/a", "x");
        as.owner.get("/spring/shop-default.json?resolvePlaceholders=false").expect(200).field("/a", "${b}");
        EXPECT_EQ(as.owner.get("/spring/shop-default.properties").expect(200).body(), "a=x\nb=x\nf=plain\n");
        EXPECT_EQ(as.owner.get("/spring/shop/default/main/f").expect(200).body(), "plain");
        EXPECT_EQ(as.owner.get("/spring/shop/default/main/a").expect(200).body(), "x");
        EXPECT_EQ(as.owner.get("/spring/shop/default/main/a?resolvePlaceholders=false").expect(200).body(), "${b}");
        as.owner.get("/spring/shop/default/main/none").expect(404);
        as.owner.get("/spring/shop/default/nowhere").expect(404);
    }
    published(as.owner, "shop", "default", Json::object({{"a", 5}}), "nowhere");
    as.owner.get("/spring/shop/default/nowhere").expect(200).field("/propertySources/0/source/a", 5);
}

TEST_F(Remembered, ChangesWithTheTimeWhereAFlagDoes) {
    const auto soon = now() + Duration::seconds(2);
    flag(as.owner, "beta", Json::array({Json::object({{"from", soon.to_string()}, {"variant", "on"}})}));
    const auto before = flags_for(as.owner).field("/flags/0/value", false);
    flags_for(as.owner).field("/flags/0/value", false);
    testkit::until([&] { return flags_for(as.owner).at("/flags/0/value") == Json(true); });
    as.owner.post("/ofrep/v1/evaluate/flags", {{"context", Json::object()}}).header("If-None-Match", before.etag()).expect(200);
}

// So many conditions that another thread decides.
TEST_F(Remembered, IsTheSameForManyAndHeavyFlags) {
    Json any = Json::array();
    for (int i = 0; i < 150; ++i) any.push_back(Json::object({{"attribute", "name-of-an-attribute"}, {"op", "eq"}, {"value", std::string(400, 'x')}}));
    any.push_back(Json::object({{"attribute", "plan"}, {"op", "eq"}, {"value", "pro"}}));
    const Json rules = Json::array({Json::object({{"when", Json::object({{"any", any}})}, {"variant", "on"}})});
    for (int i = 0; i < 3; ++i) flag(as.owner, "heavy" + std::to_string(i), rules);
    for (int round = 0; round < 3; ++round) {
        flags_for(as.owner, Json::object({{"plan", "pro"}})).field("/flags/2/value", true).field("/flags/2/reason", "TARGETING_MATCH");
        flags_for(as.owner, Json::object({{"plan", "free"}})).field("/flags/2/value", false).field("/flags/2/reason", "DEFAULT");
        as.owner.post("/ofrep/v1/evaluate/flags/heavy1", {{"context", Json::object({{"plan", "pro"}})}}).expect(200).field("/value", true);
    }
    for (int i = 0; i < 200; ++i) flags_for(as.owner, Json::object({{"plan", i % 2 == 0 ? "pro" : "free"}, {"n", i}})).field("/flags/0/value", i % 2 == 0);
}

TEST_F(Remembered, IsGoneWithItsProject) {
    published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    flag(as.owner, "beta");
    EXPECT_EQ(value(as.owner), "1");
    flags_for(as.owner).field("/flags/0/key", "beta");
    const auto purger = service.caller(service.project(), "projects:purge");
    purger.del("/internal/projects/" + service.project().to_string()).expect(200);
    testkit::until([&] { return as.owner.get("/spring/shop/default").expect(200).at("/propertySources/0").is_null(); });
    testkit::until([&] { return flags_for(as.owner).at("/flags/0").is_null(); });
}

/// A store that can be taken away.
struct Store {
    testkit::TestDatabase database{config_migrations()};
    testkit::FaultProxy proxy{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(database.url().substr(database.url().rfind(':') + 1)))};
};
class CutOff : private Store, public Remembered {
protected:
    explicit CutOff(const std::string& stale_seconds = "3600")
        : Remembered({{"DATABASE_URL", proxy.in_front_of(database.url())},
                      {"MIGRATION_DATABASE_URL", database.owner_url()},
                      {"CONFIG_SERVE_STALE_SECONDS", stale_seconds},
                      {"CONFIG_MASTER_KEY", base64_encode(random_bytes(32))}}) {}
    using Store::database, Store::proxy;
    std::string sql(const std::string& statement) override { return database.admin(statement); }
    void take_away() {
        proxy.refuse();
        proxy.cut();
    }
    void give_back() {
        proxy.pass();
        testkit::until([&] { return as.owner.get(configs).send().status() == 200; });
    }
    static std::string warning_of(const testkit::Answer& answer) { return answer.header("Warning"); }
};
constexpr std::string_view stale = "110 - \"Response is Stale\"";

TEST_F(CutOff, IsAnsweredAsItWasAndSaysSo) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    flag(as.owner, "beta");
    const auto known = as.owner.get("/spring/shop/default").expect(200);
    EXPECT_EQ(warning_of(known), "");
    effective(as.owner, "shop");
    flags_for(as.owner);
    take_away();
    testkit::until([&] { return warning_of(as.owner.get("/spring/shop/default").expect(200)) == stale; }); // once it is noticed
    for (int i = 0; i < 5; ++i) {
        const auto again = as.owner.get("/spring/shop/default").expect(200);
        EXPECT_EQ(again.body(), known.body());
        EXPECT_EQ(warning_of(again), stale) << i;
        EXPECT_EQ(warning_of(effective(as.owner, "shop").field("/items/0/value", 1)), stale);
        EXPECT_EQ(warning_of(flags_for(as.owner).field("/flags/0/key", "beta")), stale);
        EXPECT_EQ(warning_of(as.owner.post("/ofrep/v1/evaluate/flags/beta", {{"context", Json::object()}}).expect(200)), stale);
        EXPECT_EQ(as.owner.get("/spring/shop-default.json").expect(200).field("/a", 1).header("Warning"), stale); // made of what is known
    }
    as.owner.get("/spring/unknown/default").expect_problem(503, "store-unavailable"); // nobody has asked for it before
    as.stranger.get("/spring/shop/default").expect_problem(503, "store-unavailable");
    as.owner.patch(shop + "/draft", {{"items", Json::object({{"a", 2}})}}).expect_problem(503, "store-unavailable");
    give_back();
    put(shop, 2);
    testkit::until([&] { return warning_of(as.owner.get("/spring/shop/default").expect(200)).empty(); });
    EXPECT_EQ(value(as.owner), "2");
}

// What is asked for after a change is not the only thing that is known of it.
TEST_F(CutOff, IsTheLastThatWasPublished) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    EXPECT_EQ(value(as.owner), "1");
    put(shop, 2);
    testkit::until([&] { // it is read again by itself, a second or two after the store was last away
        std::this_thread::sleep_for(std::chrono::milliseconds(2500));
        take_away();
        const auto known = as.owner.get("/spring/shop/default").send();
        EXPECT_TRUE(known.status() == 503 || known.at("/propertySources/0/source/a") == Json(2)) << known.body(); // never what it was before that
        give_back();
        return known.status() == 200;
    });
}

TEST_F(CutOff, ShowsSecretsToWhomItShowedThem) {
    const std::string at = set(as.owner, "shop").location();
    as.owner.patch(at + "/draft", {{"secrets", Json::object({{"a", "hunter2"}})}}).expect(200);
    publish(as.owner, at);
    const auto itself = service.caller(service.project(), "configs:read", "shop"), other = service.caller(service.project(), "configs:read", "other");
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(value(itself), R"("hunter2")");
        EXPECT_EQ(value(other), R"("***")");
    }
    take_away();
    EXPECT_EQ(value(itself), R"("hunter2")");
    EXPECT_EQ(value(other), R"("***")");
    give_back();
}

TEST_F(CutOff, KeepsSocketsOpen) {
    const std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    published(as.owner, "till", "default", Json::object({{"a", "known"}}));
    EXPECT_EQ(value(as.owner, "till"), R"("known")");
    Peer client(service.port(), as.owner.token());
    client.hello("shop");
    EXPECT_EQ(client.read(), R"({"snapshot":{"items":{"a":1},"version":1}})");
    client.ack(1);
    take_away();
    as.owner.post(shop + "/releases", testkit::Members(Json::object())).expect_problem(503, "store-unavailable");
    Peer back(service.port(), as.owner.token()), first(service.port(), as.owner.token());
    back.hello("shop", 1); // what it has is known
    first.hello("till");   // nobody watches it yet
    EXPECT_EQ(first.read(), R"({"snapshot":{"items":{"a":"known"},"version":2}})");
    give_back();
    put(shop, 2);
    EXPECT_EQ(client.read(), R"({"change":{"changed":{"a":2},"removed":[],"version":3}})");
    EXPECT_EQ(back.read(), R"({"change":{"changed":{"a":2},"removed":[],"version":3}})");
}

class CutOffShortly : public CutOff {
protected:
    CutOffShortly() : CutOff("2") {}
};

TEST_F(CutOffShortly, IsNotAnsweredForLong) {
    published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    EXPECT_EQ(value(as.owner), "1");
    take_away();
    as.owner.get("/spring/shop/default").expect(200);
    testkit::until([&] { return as.owner.get("/spring/shop/default").send().status() == 503; });
    give_back();
    EXPECT_EQ(value(as.owner), "1");
}

class CutOffAtOnce : public CutOff {
protected:
    CutOffAtOnce() : CutOff("0") {}
};

TEST_F(CutOffAtOnce, IsNotAnsweredAtAll) {
    published(as.owner, "shop", "default", Json::object({{"a", 1}}));
    EXPECT_EQ(value(as.owner), "1");
    take_away();
    testkit::until([&] { return as.owner.get("/spring/shop/default").send().status() == 503; });
    give_back();
}

class LittleMemory : public Remembered {
protected:
    LittleMemory() : Remembered({{"CONFIG_MEMORY_MIB", "1"}}) {}
};

TEST_F(LittleMemory, AnswersAllTheSame) {
    Json items = Json::object();
    for (int i = 0; i < 40; ++i) items["key" + std::to_string(i)] = std::string(30'000, 'x'); // more than there is memory
    items["a"] = 1;
    const std::string shop = published(as.owner, "shop", "default", items);
    published(as.owner, "other", "default", Json::object({{"a", 2}}));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(value(as.owner), "1");
        EXPECT_EQ(value(as.owner, "other"), "2");
    }
    put(shop, 3);
    EXPECT_EQ(value(as.owner), "3");
    for (int i = 0; i < 400; ++i) as.owner.get("/spring/nobody" + std::to_string(i) + "/default").expect(200);
    EXPECT_EQ(value(as.owner, "other"), "2");
}

} // namespace
} // namespace gravity::config
