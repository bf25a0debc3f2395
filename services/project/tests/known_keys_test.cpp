// What is remembered of API keys, and who is believed when they change.
#include "known_keys.hpp"
#include "project_fixture.hpp"
#include "project_migrations.hpp"

#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

#include <atomic>

namespace gravity::project {
namespace {

using namespace std::chrono_literals;

KnownKeyPtr named(const std::string& name) {
    KnownKey key;
    key.row.public_id = name;
    return std::make_shared<const KnownKey>(std::move(key));
}

class Memory : public testing::Test {
protected:
    KeyMemory memory;
    const KeyMemory::Clock::time_point start = KeyMemory::Clock::now();
    bool knows(const std::string& id, KeyMemory::Clock::time_point now) const { return memory.find(id, 10s, now) != nullptr; }
};

TEST_F(Memory, IsOfAKeyUntilItIsOld) {
    memory.put("one", named("one"), memory.moment(), start);
    EXPECT_TRUE(knows("one", start));
    EXPECT_EQ(memory.find("one", 10s, start)->row.public_id, "one");
    EXPECT_FALSE(knows("two", start));
    EXPECT_TRUE(knows("one", start + 9s));
    EXPECT_FALSE(knows("one", start + 10s));
    EXPECT_NE(memory.find("one", 60s, start + 59s), nullptr) << "whoever cannot read takes older ones";
    EXPECT_EQ(memory.find("one", 60s, start + 60s), nullptr);
}

TEST_F(Memory, EndsWithAChange) {
    memory.put("one", named("one"), memory.moment(), start);
    memory.put("two", named("two"), memory.moment(), start);
    memory.changed("one");
    EXPECT_FALSE(knows("one", start));
    EXPECT_TRUE(knows("two", start)) << "of that one key";
    memory.put("one", named("one"), memory.moment(), start);
    EXPECT_TRUE(knows("one", start));
    memory.changed("");
    EXPECT_FALSE(knows("one", start) || knows("two", start)) << "of whichever";
}

TEST_F(Memory, IsNotOfWhatHasChangedWhileItWasRead) {
    const KeyMoment before = memory.moment();
    memory.changed("one");
    memory.put("one", named("one"), before, start);
    memory.put("two", named("two"), before, start);
    EXPECT_FALSE(knows("one", start));
    EXPECT_TRUE(knows("two", start));
    memory.changed("");
    memory.put("three", named("three"), before, start);
    EXPECT_FALSE(knows("three", start));
    // However many change, those that were being read are not believed.
    const KeyMoment then = memory.moment();
    memory.changed("four");
    for (int i = 0; i < 20'000; ++i) memory.changed("key-" + std::to_string(i));
    memory.put("four", named("four"), then, start);
    EXPECT_FALSE(knows("four", start));
}

TEST_F(Memory, IsBounded) {
    for (std::size_t i = 0; i <= KeyMemory::most; ++i) memory.put("key-" + std::to_string(i), named("x"), memory.moment(), start);
    EXPECT_FALSE(knows("key-0", start));
    EXPECT_TRUE(knows("key-" + std::to_string(KeyMemory::most), start));
}

class KnownApiKeys : public ProjectApi {
protected:
    explicit KnownApiKeys(app::Texts settings = {}) : ProjectApi(std::move(settings)) {}
    testkit::Answer acme = organization(ada), shop = project(ada, acme);

    virtual std::string sql(const std::string& statement) { return service.database().admin(statement); }
    bool good(const testkit::Answer& made) { return verify(ada, made.text("/key")).at("/active") == Json(true); }
    /// As if the store did not tell: what is then still answered as before comes from memory.
    void untold(const std::string& change) { sql("begin; set local session_replication_role = replica; " + change + "; commit"); }
    void wait_until_remembered(const testkit::Answer& made) {
        testkit::until([&] {
            EXPECT_TRUE(good(made));
            untold("update api_key set expires_at = now() - interval '1 hour'");
            const bool remembered = good(made);
            if (remembered)
                untold("update api_key set expires_at = null"); // as it is remembered
            else
                sql("update api_key set expires_at = null"); // told
            testkit::until([&] { return good(made); });
            return remembered;
        });
    }
};

TEST_F(KnownApiKeys, AreRememberedUntilSomebodyElseChangesThem) {
    const auto made = key(ada, shop);
    wait_until_remembered(made);
    const std::string changes[][2] = {{"update api_key set expires_at = now() - interval '1 hour'", "update api_key set expires_at = null"},
                                      {"update api_key set grace_until = now() - interval '1 hour'", "update api_key set grace_until = null"},
                                      {"update api_key set cidrs = '{10.0.0.0/8}'", "update api_key set cidrs = null"},
                                      {"update api_key set uses_left = 0", "update api_key set uses_left = 1000"},
                                      {"update api_key set uses_left = null, expires_at = now()", "update api_key set expires_at = null"},
                                      {"update project set suspended_at = now()", "update project set suspended_at = null"},
                                      {"update project set delete_after = now() + interval '1 day'", "update project set delete_after = null"}};
    for (const auto& [change, back] : changes) {
        ASSERT_TRUE(good(made));
        sql(change); // as another replica does
        testkit::until([&] { return !good(made); });
        sql(back);
        testkit::until([&] { return good(made); });
    }
    sql("update organization set plan = 'gold'");
    testkit::until([&] { return verify(ada, made.text("/key")).at("/plan") == Json("gold"); });
    sql("update api_key set scopes = '{orders:read}'");
    testkit::until([&] { return verify(ada, made.text("/key")).at("/scope") == Json("orders:read"); });
    sql("update api_key set revoked_at = now()");
    testkit::until([&] { return !good(made); });
}

TEST_F(KnownApiKeys, AreNotWhatTheyWereOnceAChangeIsAnswered) {
    const auto other = organization(ada, "other");
    const auto made = key(ada, shop);
    wait_until_remembered(made);
    for (int i = 0; i < 30; ++i) {
        ada.post(shop.location() + "/suspend").expect(200);
        ASSERT_FALSE(good(made)) << i;
        ada.post(shop.location() + "/resume").expect(200);
        ASSERT_TRUE(good(made)) << i;
        const auto fresh = key(ada, shop);
        ASSERT_TRUE(good(fresh));
        const auto next = ada.post(fresh.location() + "/rotate", {{"grace_seconds", 0}}).expect(201);
        ASSERT_FALSE(good(fresh)) << i;
        ASSERT_TRUE(good(next));
        ada.patch(next.location(), {{"cidrs", Json::array({"10.0.0.0/8"})}}).expect(200);
        ASSERT_FALSE(good(next)) << i;
        ada.patch(next.location(), {{"cidrs", Json()}}).expect(200);
        ASSERT_TRUE(good(next));
        ada.del(next.location()).expect(204);
        ASSERT_FALSE(good(next)) << i;
    }
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    verify(ada, made.text("/key")).field("/plan", "free");
    ada.post(shop.location() + "/transfer", {{"organization_id", other.text("/id")}}).expect(200);
    verify(ada, made.text("/key")).field("/plan", Json());
    ada.del(shop.location()).expect(204);
    EXPECT_FALSE(good(made));
    ada.post(shop.location() + "/restore").expect(200);
    EXPECT_TRUE(good(made));
    as.anonymous.post("/api/v1/api-keys/revoke").raw("token=" + made.text("/key"), "application/x-www-form-urlencoded").expect(200);
    EXPECT_FALSE(good(made));
}

// Whoever revokes and is answered is believed by everybody who asks from then on, however many ask meanwhile and have it remembered.
TEST_F(KnownApiKeys, AreRevokedForWhoeverAsksAfterwards) {
    for (int round = 0; round < 5; ++round) {
        const auto made = key(ada, shop);
        wait_until_remembered(made);
        std::atomic<bool> revoked{false};
        std::atomic<int> late{0};
        at_once(9, [&](int i) {
            if (i == 0) {
                ada.del(made.location()).expect(204);
                revoked = true;
                return;
            }
            for (int n = 0; n < 40; ++n) {
                const bool before = revoked;
                if (good(made) && before) ++late;
            }
        });
        EXPECT_EQ(late, 0);
        sql("delete from api_key"); // the next round's is the only one again
    }
}

TEST_F(KnownApiKeys, AreForgottenOnceTheStoreIsNotHeard) {
    const auto made = key(ada, shop);
    wait_until_remembered(made);
    untold("update api_key set expires_at = now() - interval '1 hour'");
    ASSERT_TRUE(good(made));
    sql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'");
    testkit::until([&] { return !good(made); }); // what was said meanwhile is not known
    sql("update api_key set expires_at = null");
    testkit::until([&] { return good(made); });
    wait_until_remembered(made);
}

/// A service whose store can be taken away.
struct Store {
    testkit::TestDatabase database{project_migrations()};
    testkit::FaultProxy proxy{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(database.url().substr(database.url().rfind(':') + 1)))};
};
class CutOffApiKeys : private Store, public KnownApiKeys {
protected:
    CutOffApiKeys() : KnownApiKeys({{"DATABASE_URL", proxy.in_front_of(database.url())}, {"MIGRATION_DATABASE_URL", database.owner_url()}}) {}
    using Store::database, Store::proxy;
    std::string sql(const std::string& statement) override { return database.admin(statement); }
};

TEST_F(CutOffApiKeys, AreGoodForAMinuteWithoutTheStore) {
    const auto made = key(ada, shop), unknown = key(ada, shop), counted = [&] {
        auto body = key_body(shop);
        body["uses_left"] = 5;
        return ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201);
    }();
    wait_until_remembered(made);
    verify(ada, counted.text("/key")).field("/uses_left", 4);
    ASSERT_TRUE(good(made));
    proxy.refuse();
    proxy.cut();
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(good(made)) << i;
    ada.post("/api/v1/api-keys/verify", {{"key", unknown.text("/key")}}).expect_problem(503, "store-unavailable");
    ada.post("/api/v1/api-keys/verify", {{"key", counted.text("/key")}}).expect_problem(503, "store-unavailable"); // nobody can count
    proxy.pass();
    testkit::until([&] { return ada.get(made.location()).send().status() == 200; });
    EXPECT_TRUE(good(unknown));
    ada.del(made.location()).expect(204);
    EXPECT_FALSE(good(made));
}

} // namespace
} // namespace gravity::project
