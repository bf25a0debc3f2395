#include "client_fixture.hpp"

#include <chrono>

namespace gravity::issuer {
namespace {

using namespace std::chrono_literals;

/// What tokens are decided by is in memory; who changes it, here or elsewhere, is believed at once or soon.
class Remembered : public ClientApi {
protected:
    testkit::Answer token_of(const testkit::Answer& client) {
        auto answer = ask_token(client);
        EXPECT_EQ(answer.status(), 200) << answer.body();
        return answer;
    }
    std::string sql(const std::string& statement) { return service.database().admin(statement); }
    int asked(const testkit::Answer& client) { return ask_token(client).status(); }
    bool active(const std::string& token, const testkit::Answer& by) {
        return form("/oauth2/introspect", "token=" + token, basic(by)).body().find("\"active\":true") != std::string::npos;
    }

    /// Until it holds, or five seconds have passed.
    template <class F>
    static bool soon(F holds) {
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (std::chrono::steady_clock::now() < end) {
            if (holds()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }

    /// As if the store did not tell: what is then still answered as before comes from memory.
    void untold(const std::string& change) { sql("begin; set local session_replication_role = replica; " + change + "; commit"); }
    /// Until clients are remembered: at first the store is being listened to.
    void wait_until_remembered(const testkit::Answer& client) {
        ASSERT_TRUE(soon([&] {
            token_of(client);
            untold("update client set disabled = true");
            const bool remembered = asked(client) == 200;
            sql("update client set disabled = false"); // told, for otherwise it is as disabled that it is remembered
            EXPECT_TRUE(soon([&] { return asked(client) == 200; }));
            return remembered;
        }));
    }
};

TEST_F(Remembered, AreClientsUntilSomebodyElseChangesThem) {
    const auto made = client();
    wait_until_remembered(made);
    sql("update client set disabled = true"); // as another replica does
    EXPECT_TRUE(soon([&] { return asked(made) == 401; }));
    sql("update client set disabled = false");
    EXPECT_TRUE(soon([&] { return asked(made) == 200; }));
    sql("delete from client_secret");
    EXPECT_TRUE(soon([&] { return asked(made) == 401; }));
}

TEST_F(Remembered, AreNotWhatTheyWereOnceAChangeIsAnswered) {
    const auto made = client();
    wait_until_remembered(made);
    std::string etag = granting.get(made.location()).expect(200).etag();
    for (int i = 0; i < 50; ++i) {
        const auto off = granting.patch(made.location(), {{"disabled", true}}).if_match(etag).expect(200);
        ASSERT_EQ(asked(made), 401) << i;
        etag = granting.patch(made.location(), {{"disabled", false}}).if_match(off.etag()).expect(200).etag();
        ASSERT_EQ(asked(made), 200) << i;
    }
    const auto second = granting.post(made.location() + "/secrets", Json::object()).expect(201);
    EXPECT_EQ(token_status(made.text("/id"), second.text("/client_secret")), 200);
    granting.del(made.location() + "/secrets/" + second.text("/id")).expect(204);
    EXPECT_EQ(token_status(made.text("/id"), second.text("/client_secret")), 401);
    granting.del(made.location()).if_match(granting.get(made.location()).expect(200).etag()).expect(204);
    EXPECT_EQ(asked(made), 401);
}

TEST_F(Remembered, AreRolesToo) {
    const auto giving = service.caller(service.project(), "clients:admin roles:admin orders:admin products:admin");
    const auto made = client({"products:read"});
    wait_until_remembered(made);
    const auto role = giving.post("/api/v1/roles", {{"name", "buyers"}, {"scopes", Json::array({"orders:read"})}}).expect(201);
    giving.call("PUT", role.location() + "/members/" + made.text("/id")).expect(204);
    token_of(made).field("/scope", "products:read orders:read");
    const std::string etag = giving.get(role.location()).expect(200).etag();
    const auto changed = giving.patch(role.location(), {{"scopes", Json::array({"orders:write"})}}).if_match(etag).expect(200);
    token_of(made).field("/scope", "products:read orders:write");
    giving.del(role.location() + "/members/" + made.text("/id")).expect(204);
    token_of(made).field("/scope", "products:read");
    giving.call("PUT", role.location() + "/members/" + made.text("/id")).expect(204);
    token_of(made).field("/scope", "products:read orders:write");
    giving.del(role.location()).if_match(changed.etag()).expect(204);
    token_of(made).field("/scope", "products:read");
}

TEST_F(Remembered, AreSecretsUntilTheyEnd) {
    const auto made = client();
    wait_until_remembered(made);
    const auto ends = Timestamp::from_unix_seconds(now().unix_seconds() + 3);
    const auto second = granting.post(made.location() + "/secrets", {{"expires_at", ends.to_string()}}).expect(201);
    EXPECT_EQ(token_status(made.text("/id"), second.text("/client_secret")), 200);
    EXPECT_TRUE(soon([&] { return token_status(made.text("/id"), second.text("/client_secret")) == 401; }));
    EXPECT_GE(now(), ends);
    EXPECT_EQ(asked(made), 200) << "the other one has no end";
}

TEST_F(Remembered, AreGoodTokensUntilTheyAreRevoked) {
    const auto made = client();
    for (int i = 0; i < 20; ++i) {
        const std::string token = token_of(made).text("/access_token");
        ASSERT_TRUE(active(token, made)) << i;
        EXPECT_EQ(form("/oauth2/revoke", "token=" + token, basic(made)).status(), 200);
        ASSERT_FALSE(active(token, made)) << i;
    }
    const std::string token = token_of(made).text("/access_token");
    wait_until_remembered(made);
    ASSERT_TRUE(active(token, made));
    sql("insert into revoked_token (project, jti, expires_at) select '" + service.project().to_string() + "', '" +
        form("/oauth2/introspect", "token=" + token, basic(made)).text("/jti") + "', now() + interval '1 hour'");
    EXPECT_TRUE(soon([&] { return !active(token, made); }));
}

TEST_F(Remembered, AreNoMoreOnceTheStoreIsNotHeard) {
    const auto made = client();
    wait_until_remembered(made);
    untold("update client set disabled = true");
    ASSERT_EQ(asked(made), 200);
    sql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'");
    EXPECT_TRUE(soon([&] { return asked(made) == 401; })) << "what was said meanwhile is not known";
    sql("update client set disabled = false");
    EXPECT_TRUE(soon([&] { return asked(made) == 200; }));
    wait_until_remembered(made); // it listens again
}

TEST_F(Remembered, AreForgottenAfterAWhileAnyway) {
    const auto made = client();
    wait_until_remembered(made);
    untold("update client set disabled = true");
    const auto begun = std::chrono::steady_clock::now();
    while (asked(made) == 200 && std::chrono::steady_clock::now() < begun + 20s) std::this_thread::sleep_for(100ms);
    EXPECT_EQ(asked(made), 401);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 13s);
}

} // namespace
} // namespace gravity::issuer
