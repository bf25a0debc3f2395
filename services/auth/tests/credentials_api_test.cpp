#include "argon2.hpp"
#include "client_fixture.hpp"
#include "people_fixture.hpp"

#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/redis.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

class Credentials : public PeopleApi {};

TEST_F(Credentials, ArePasswordsThatNobodyIsShown) {
    const auto ada = identity("ada@example.com");
    const auto made = set_password(ada, good_password).expect(201);
    made.field("/identity_id", ada.text("/id")).field("/type", "password").field("/last_used_at", Json()).field("/password", Json());
    EXPECT_EQ(made.location(), "/api/v1/credentials/" + made.text("/id"));
    EXPECT_TRUE(argon2::is_present_kind(stored_hash(ada)));
    const auto listed = as.owner.get("/api/v1/credentials?type=password&identity_id=" + ada.text("/id")).expect(200);
    EXPECT_EQ(listed.at("/items").size(), 1u);
    for (const auto& answer : {made, as.owner.get(made.location()).expect(200), listed})
        EXPECT_EQ(answer.body().find("argon2"), std::string::npos) << answer.body();
    as.owner.get("/api/v1/credentials?identity_id=" + Uuid::v7().to_string()).expect(200).field("/items", Json::array());
    EXPECT_EQ(event_types(), "identity.created credential.added ");

    EXPECT_TRUE(verified("ada@example.com", good_password));
    EXPECT_NE(as.owner.get(made.location()).expect(200).at("/last_used_at"), Json());
    EXPECT_EQ(event_types(), "login.succeeded ");

    const auto second = set_password(ada, "another horse altogether").expect(201);
    EXPECT_EQ(event_types(), "credential.removed credential.added ");
    as.owner.get(made.location()).expect_problem(404, "not-found");
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(verified("ada@example.com", "another horse altogether"));
    service.take_events();
    as.owner.del(second.location()).if_match(second.etag()).expect_problem(412, "stale-version"); // it has been used
    as.owner.del(second.location()).expect(204);
    EXPECT_EQ(event_types(), "credential.removed ");
    EXPECT_FALSE(verified("ada@example.com", "another horse altogether"));
}

TEST_F(Credentials, AreRefusedIfTheyAreEasilyGuessed) {
    const auto ada = identity("ada.lovelace@example.com");
    for (const std::string bad : {"short", "password123", "aaaaaaaaaaaa", "Ada.Lovelace!1", "tab\there too"}) {
        const auto answer = set_password(ada, bad).expect_problem(422, "password-refused");
        answer.field("/errors/0/pointer", "/password");
        EXPECT_EQ(answer.body().find(bad), std::string::npos) << "it is not repeated";
    }
    set_password(ada, std::string(257, 'x') + "y").expect_problem(422, "password-refused");
    as.owner.post("/api/v1/credentials", {{"identity_id", ada.text("/id")}, {"password", ""}}).expect_problem(422, "invalid-value");
    as.owner.post("/api/v1/credentials", {{"identity_id", ada.text("/id")}}).expect_problem(400, "malformed-request");
    as.owner.post("/api/v1/credentials", {{"identity_id", Uuid::v7().to_string()}, {"password", good_password}}).expect_problem(422, "no-such-identity");
    as.owner.post("/api/v1/credentials", {{"identity_id", ada.text("/id")}, {"password", std::string(17'000, 'x')}}).expect_problem(413, "too-large");
    EXPECT_EQ(sql("select count(*) from credential"), "0");
}

class CredentialsOfAShop : public PeopleApi {
protected:
    CredentialsOfAShop() : PeopleApi({{"AUTH_PASSWORD_WORDS", "Teapots, Earl Grey"}}) {}
};

TEST_F(CredentialsOfAShop, AreNotMadeOfItsWords) {
    const auto ada = identity("ada@example.com");
    set_password(ada, "teapots2026").expect_problem(422, "password-refused");
    set_password(ada, "EARL GREY 12").expect_problem(422, "password-refused");
    set_password(ada, "teapots of long ago").expect(201);
}

TEST_F(Credentials, AreOneForAnIdentityHoweverManySetItAtOnce) {
    const auto ada = identity("ada@example.com");
    std::atomic<int> made{0};
    at_once(8, [&](int i) { made += set_password(ada, good_password + std::to_string(i)).send().status() == 201 ? 1 : 0; });
    EXPECT_EQ(made, 8);
    EXPECT_EQ(sql("select count(*) from credential"), "1");
    int good = 0;
    for (int i = 0; i < 8; ++i) good += verified("ada@example.com", good_password + std::to_string(i)) ? 1 : 0;
    EXPECT_EQ(good, 1);
}

TEST_F(Credentials, AreTakenOverFromOtherSystems) {
    const auto ada = identity("ada@example.com");
    const auto made = import(ada, bcrypt_of_correct_horse).expect(201);
    EXPECT_EQ(made.location(), "/api/v1/credentials/" + made.text("/id"));
    EXPECT_EQ(made.body().find("$2b"), std::string::npos);
    as.owner.get(made.location()).expect(200);
    import(ada, bcrypt_of_correct_horse).expect_problem(409, "password-exists");
    import(identity("b@example.com"), "$1$salt$hash").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/password_hash");
    import(identity("c@example.com"), std::string(600, '$')).expect_problem(422, "invalid-value");
    as.owner.post("/api/v1/identities/" + Uuid::v7().to_string() + "/import", {{"password_hash", bcrypt_of_correct_horse}}).expect_problem(404, "not-found");

    EXPECT_FALSE(verified("ada@example.com", "wrong horse"));
    EXPECT_EQ(stored_hash(ada), bcrypt_of_correct_horse) << "only who knows the password changes how it is kept";
    EXPECT_TRUE(verified("ada@example.com", "correct horse"));
    EXPECT_TRUE(argon2::is_present_kind(stored_hash(ada)));
    EXPECT_TRUE(verified("ada@example.com", "correct horse"));
    EXPECT_FALSE(verified("ada@example.com", "wrong horse"));
}

TEST_F(Credentials, AreTakenOverOnceHoweverManySignInAtOnce) {
    const auto ada = identity("ada@example.com");
    import(ada, bcrypt_of_correct_horse).expect(201);
    std::atomic<int> good{0};
    at_once(8, [&](int) { good += verified("ada@example.com", "correct horse") ? 1 : 0; });
    EXPECT_EQ(good, 8);
    EXPECT_TRUE(argon2::is_present_kind(stored_hash(ada)));
}

TEST_F(Credentials, TellNobodyWhyTheyAreWrong) {
    person("ada@example.com");
    const auto disabled = person("grace@example.com");
    as.owner.post(disabled.location() + "/disable", Json::object()).expect(200);
    identity("joan@example.com");
    service.take_events();
    const std::string answer = check("ada@example.com", "wrong one").body();
    EXPECT_EQ(answer, R"({"verified":false,"code_needed":false})");
    for (const std::string name : {"grace@example.com", "joan@example.com", "nobody@example.com", "no name at all"}) {
        const auto other = check(name, good_password);
        EXPECT_EQ(other.status(), 200);
        EXPECT_EQ(other.body(), answer) << name;
    }
    std::string reasons;
    for (const auto& event : service.take_events()) {
        EXPECT_EQ(event.type, "gravity.auth.login.failed");
        EXPECT_EQ(event.data.find("network")->as_string(), "203.0.113.0/24");
        reasons += event.data.find("reason")->as_string() + " ";
    }
    EXPECT_EQ(reasons, "wrong_password not_active no_password unknown_name unknown_name ");
}

TEST_F(Credentials, AreFoundByAnySpellingOfAName) {
    const auto made = ada_of_three_names();
    set_password(made, good_password).expect(201);
    for (const std::string name : {"ADA@Example.com", "+49 30 12345678", "ADA"}) {
        const auto answer = check(name, good_password);
        answer.field("/verified", true).field("/identity_id", made.text("/id"));
    }
    as.owner.post("/api/v1/credentials/check", {{"login_name", "ada"}, {"password", "x"}, {"address", "not one"}}).expect_problem(422, "invalid-value");
    as.owner.post("/api/v1/credentials/check", {{"login_name", "ada"}, {"password", "x"}}).expect_problem(400, "malformed-request");
}

TEST_F(Credentials, AreNoGoodOnceTheIdentityIsDisabledMeanwhile) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    const auto ada = person("ada@example.com");
    testkit::Testpoint hashing("auth.before_hash");
    hashing.pause();
    bool good = true;
    std::thread signing_in([&] { good = verified("ada@example.com", good_password); });
    hashing.wait_until_paused();
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    hashing.release();
    signing_in.join();
    EXPECT_FALSE(good);
}

TEST_F(Credentials, AreNoGoodOnceAnotherIsSetMeanwhile) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    const auto ada = person("ada@example.com");
    bool good = true;
    std::thread signing_in;
    {
        testkit::Testpoint hashing("auth.before_hash");
        hashing.pause();
        signing_in = std::thread([&] { good = verified("ada@example.com", good_password); });
        hashing.wait_until_paused();
        sql("delete from credential");
        hashing.release();
        signing_in.join();
    }
    EXPECT_FALSE(good);
}

TEST_F(Credentials, OfNobodyAreSetForNobody) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    const auto ada = identity("ada@example.com");
    testkit::Testpoint hashing("auth.before_hash");
    hashing.pause();
    std::thread setting([&] { set_password(ada, good_password).expect_problem(422, "no-such-identity"); });
    hashing.wait_until_paused();
    as.owner.del(ada.location()).expect(204);
    hashing.release();
    setting.join();
    EXPECT_EQ(sql("select count(*) from credential"), "0");
}

TEST_F(Credentials, ThatChangeAllTheTimeAreTriedAnewAndThenLeft) {
    person("ada@example.com");
    sql("create function changed_meanwhile() returns trigger language plpgsql as 'begin return null; end'");
    sql("create trigger changed_meanwhile before update on credential for each row execute function changed_meanwhile()");
    for (int i = 0; i < 11; ++i) { // more than may fail: none of them has
        const auto answer = check("ada@example.com", good_password);
        EXPECT_EQ(answer.status(), 409) << answer.body();
        EXPECT_EQ(answer.text("/type"), problem_type("conflict"));
    }
    EXPECT_FALSE(verified("ada@example.com", "wrong one"));
    sql("drop trigger changed_meanwhile on credential");
    EXPECT_TRUE(verified("ada@example.com", good_password));
}

// ---- budgets of failures, counted in the table and in Redis alike

struct Store {
    std::string name;
    bool redis = false;
};

class FailedSignIns : public testing::TestWithParam<Store> {
protected:
    std::unique_ptr<testkit::TestRedis> redis = GetParam().redis ? std::make_unique<testkit::TestRedis>(testkit::TestRedis::Keeps::nothing) : nullptr;

    app::Texts settings(app::Texts more) const {
        app::Texts texts = with_master_key(std::move(more));
        if (redis) texts["REDIS_URL"] = redis->url();
        return texts;
    }
};

class Guessed : public PeopleApi {
public:
    explicit Guessed(app::Texts settings) : PeopleApi(std::move(settings)) { person("ada@example.com"); }
    void TestBody() override {}
    int guess(const std::string& name, const std::string& address, const std::string& password = "wrong one") const {
        return check(name, password, address).status();
    }
    using PeopleApi::as;
    using PeopleApi::at_once;
    using PeopleApi::check;
    using PeopleApi::service;
    using PeopleApi::sql;
};

TEST_P(FailedSignIns, OfAnAccountStopThoseWhoGuessAndNobodyElse) {
    const Guessed guessed(settings({{"AUTH_LOGIN_ATTEMPTS", "3"}}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 200);
    const auto refused = guessed.check("ADA@example.com", good_password, "203.0.113.99");
    EXPECT_EQ(refused.status(), 429) << "the same account, the same network: " << refused.body();
    EXPECT_EQ(refused.text("/type"), problem_type("too-many-attempts"));
    const int wait = std::stoi(refused.header("Retry-After"));
    EXPECT_TRUE(wait >= 1 && wait <= 600) << wait;
    EXPECT_EQ(guessed.guess("nobody@example.com", "203.0.113.7"), 200);
    guessed.check("ada@example.com", good_password, "198.51.100.1").field("/verified", true);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(guessed.guess("nobody@example.com", "203.0.113.7"), 200);
    EXPECT_EQ(guessed.guess("nobody@example.com", "203.0.113.7"), 429) << "a name that nobody has is counted alike";
}

TEST_P(FailedSignIns, OfANetworkStopIt) {
    const Guessed guessed(settings({{"AUTH_LOGIN_NETWORK_ATTEMPTS", "5"}}));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(guessed.guess("user" + std::to_string(i), "2001:db8:1:2300::" + std::to_string(i)), 200);
    EXPECT_EQ(guessed.guess("ada@example.com", "2001:db8:1:23ff::1", good_password), 429) << "one /56";
    EXPECT_EQ(guessed.guess("ada@example.com", "2001:db8:1:2400::1", good_password), 200);
}

TEST_P(FailedSignIns, AreNotThoseThatSucceed) {
    const Guessed guessed(settings({{"AUTH_LOGIN_ATTEMPTS", "2"}, {"AUTH_LOGIN_NETWORK_ATTEMPTS", "2"}}));
    for (int i = 0; i < 6; ++i) guessed.check("ada@example.com", good_password).field("/verified", true);
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 200);
    guessed.check("ada@example.com", good_password).field("/verified", true);
}

TEST_P(FailedSignIns, AreNoMoreThanMayBeHoweverManyGuessAtOnce) {
    const Guessed guessed(settings({{"AUTH_LOGIN_ATTEMPTS", "4"}}));
    std::atomic<int> tried{0}, refused{0};
    Guessed::at_once(24, [&](int) {
        const int status = guessed.guess("ada@example.com", "203.0.113.7");
        ++(status == 200 ? tried : refused);
        EXPECT_TRUE(status == 200 || status == 429) << status;
    });
    EXPECT_EQ(tried, 4);
    EXPECT_EQ(refused, 20);
}

INSTANTIATE_TEST_SUITE_P(Counted, FailedSignIns, testing::Values(Store{"InTheTable", false}, Store{"InRedis", true}),
                         [](const auto& store) { return store.param.name; });

TEST(FailedSignInsWithoutRedis, AreCountedInTheTable) {
    testkit::TestRedis redis(testkit::TestRedis::Keeps::nothing);
    Guessed guessed(with_master_key({{"AUTH_LOGIN_ATTEMPTS", "2"}, {"REDIS_URL", redis.url()}}));
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 200);
    EXPECT_EQ(guessed.sql("select count(*) from login_budget"), "0");
    redis.kill();
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 200);
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 200);
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 429);
    EXPECT_EQ(guessed.sql("select count(*) from login_budget"), "2");
    redis.start();
    testkit::until([&] { return guessed.guess("ada@example.com", "198.51.100.1") == 200 && redis.cli("dbsize") != "0"; });
}

TEST(FailedSignInsOfTheTable, EndAndAreForgotten) {
    testkit::FakeClock clock(now());
    Guessed guessed(with_master_key({{"AUTH_LOGIN_ATTEMPTS", "1"}, {"AUTH_LOGIN_WINDOW_SECONDS", "60"}}));
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 200);
    EXPECT_EQ(guessed.guess("ada@example.com", "203.0.113.7"), 429);
    clock.advance(Duration::seconds(61));
    const auto later = testkit::Callers(guessed.service).owner;
    const testkit::Members question{{"login_name", "ada@example.com"}, {"password", "x"}, {"address", "203.0.113.7"}};
    const auto ask = [&] { return later.post("/api/v1/credentials/check", question).send().status(); };
    EXPECT_EQ(ask(), 200);
    EXPECT_EQ(ask(), 429);
    clock.advance(Duration::minutes(10));
    const std::string moment = "'" + now().to_string() + "'";
    guessed.sql("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                guessed.service.project().to_string() + "', 'forget-ended', '{}', 'test', " + moment + ", 1, " + moment + ")");
    guessed.service.run_jobs_until_idle();
    EXPECT_EQ(guessed.sql("select count(*) from login_budget"), "0");
}

// ---- floods

class Flooded : public ClientApi {
protected:
    Flooded() : ClientApi({{"AUTH_PASSWORD_THREADS", "1"}, {"AUTH_PASSWORD_QUEUE", "2"}}) {}
    testkit::Answer check(const std::string& name) {
        return as.owner.post("/api/v1/credentials/check", {{"login_name", name}, {"password", "wrong one"}, {"address", "203.0.113.7"}}).send();
    }
};

TEST_F(Flooded, SignInsWaitThenAreRefusedAndTokensAreCheckedMeanwhile) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    const auto made = client();
    const auto identity = as.owner.post("/api/v1/identities", {{"login_names", Json::array()}}).expect(201);
    const std::string token = ask_token(made).text("/access_token");
    testkit::Testpoint hashing("auth.before_hash");
    hashing.pause();
    std::atomic<int> answered{0}, refused{0};
    std::vector<std::thread> signing_in;
    for (int i = 0; i < 8; ++i)
        signing_in.emplace_back([&, i] {
            const auto answer = check("user" + std::to_string(i));
            answered += answer.at("/verified") == Json(false) ? 1 : 0;
            refused += answer.status() == 503 ? 1 : 0;
        });
    testkit::until([&] { return refused == 5; }); // one is being hashed, two wait
    const auto one_more = check("one.more");
    EXPECT_EQ(one_more.status(), 503) << one_more.body();
    EXPECT_EQ(one_more.text("/type"), problem_type("overloaded"));
    EXPECT_EQ(one_more.header("Retry-After"), "1");
    EXPECT_EQ(as.owner.post("/api/v1/credentials", {{"identity_id", identity.text("/id")}, {"password", "correct horse battery"}}).send().status(), 503);

    EXPECT_EQ(ask_token(made).status(), 200);
    form("/oauth2/introspect", "token=" + token, basic(made)).field("/active", true);
    as.owner.get("/api/v1/clients").expect(200);
    as.anonymous.get("/oauth2/jwks").expect(200);
    hashing.release();
    for (auto& thread : signing_in) thread.join();
    EXPECT_EQ(answered, 3) << "what waited is answered";
    EXPECT_EQ(refused, 5);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(check("one.more").status(), 200) << "what was not tried is not counted";
    EXPECT_EQ(check("one.more").status(), 429);
}

TEST_F(Flooded, NamesThatNobodyHasAreHashedAsWell) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    testkit::Testpoint hashing("auth.before_hash");
    for (const std::string name : {"nobody@example.com", "no name at all"}) {
        const auto before = hashing.reached();
        check(name).field("/verified", false);
        EXPECT_EQ(hashing.reached(), before + 1) << name;
    }
}

} // namespace
} // namespace gravity::issuer
