#include "key_text.hpp"
#include "project_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/capture.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/loop.hpp>

#include <atomic>

namespace gravity::project {
namespace {

constexpr std::string_view not_good = R"({"active":false})";

class ApiKeys : public ProjectApi {
protected:
    using ProjectApi::ProjectApi;
    testkit::Answer acme = organization(ada), shop = project(ada, acme);

    bool good(const testkit::Answer& made) { return verify(ada, made.text("/key")).at("/active") == Json(true); }
    testkit::Answer rotated(const testkit::Answer& key, int grace_seconds) {
        return ada.post("/api/v1/api-keys/" + key.text("/id") + "/rotate", {{"grace_seconds", grace_seconds}}).expect(201);
    }
};

TEST_F(ApiKeys, AreMadeShownOnceAndVerified) {
    event_types();
    const auto made = key(ada, shop);
    EXPECT_EQ(made.location(), "/api/v1/api-keys/" + made.text("/id"));
    const std::string text = made.text("/key");
    EXPECT_TRUE(text.starts_with("grv_production_" + made.text("/public_id") + "_")) << text;
    ada.get(made.location()).expect(200).field("/key", Json()).field("/created_by", "ada").field("/env", "production").field("/hash", Json());
    EXPECT_EQ(ada.get("/api/v1/api-keys").expect(200).body().find(text), std::string::npos);

    const auto answer = verify(ada, text).field("/active", true).field("/key_id", made.text("/id")).field("/sub", "api_key:" + made.text("/id"));
    answer.field("/project", shop.text("/id")).field("/env", "production").field("/scope", "products:read").field("/exp", Json());
    EXPECT_EQ(event_types(), "api_key.created ");

    // What is kept of it is the SHA-256.
    EXPECT_EQ(service.database().admin("select encode(hash, 'hex') from api_key"), hex_encode(key_text::hash_of(text).view()));
    EXPECT_EQ(service.database().admin("select count(*) from api_key k where k::text like '%" + text.substr(30) + "%'"), "0");
    EXPECT_EQ(service.database().admin("select count(*) from gravity.outbox o where o::text like '%" + text.substr(30) + "%'"), "0");
}

TEST_F(ApiKeys, ThatAreNotGoodAreAllAnsweredAlike) {
    testkit::FakeClock clock(now());
    const auto made = key(ada, shop);
    const std::string text = made.text("/key");
    ASSERT_TRUE(good(made));
    std::vector<std::string> bad = {"x", "grv_production_" + made.text("/public_id"), text + "0", text.substr(0, text.size() - 1), " " + text};
    std::string wrong_check = text;
    wrong_check.back() = wrong_check.back() == '0' ? '1' : '0';
    bad.push_back(wrong_check);
    bad.push_back(key_text::fresh("production").text.reveal()); // well made, and nobody's
    std::string forged = "grv_production_" + made.text("/public_id") + "_" + std::string(43, 'A'); // a known id with another secret and a right check
    const std::uint32_t crc = key_text::crc32(forged);
    constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string check(6, '0');
    std::uint32_t rest = crc;
    for (auto digit = check.rbegin(); digit != check.rend(); ++digit, rest /= 62) *digit = digits[rest % 62];
    forged += check;
    ASSERT_TRUE(key_text::public_id_of(forged));
    bad.push_back(forged);
    for (const auto& each : bad) EXPECT_EQ(verify(ada, each).body(), not_good) << each;

    ada.del(made.location()).expect(204);
    EXPECT_EQ(verify(ada, text).body(), not_good) << "revoked";
    auto body = key_body(shop);
    body["expires_at"] = (now() + Duration::minutes(10)).to_string();
    const auto brief = ada.post("/api/v1/api-keys", body).expect(201);
    verify(ada, brief.text("/key")).field("/active", true).field("/exp", (now() + Duration::minutes(10)).unix_seconds());
    clock.advance(Duration::minutes(10));
    EXPECT_EQ(verify(ada, brief.text("/key")).body(), not_good) << "expired";
}

// The reason is for those who keep the log, and for its owner who asks what the key may (`explain`).
TEST_F(ApiKeys, ThatAreNotGoodAreOnlyExplainedInTheLog) {
    auto body = key_body(shop);
    body["cidrs"] = Json::array({"203.0.113.0/24"});
    const auto bound = ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201), made = key(ada, shop);
    ada.del(made.location()).expect(204);
    const log::Capture log;
    EXPECT_EQ(verify(ada, made.text("/key")).body(), not_good);
    EXPECT_TRUE(log.contains("it was revoked"));
    EXPECT_TRUE(log.contains(made.text("/id")));
    EXPECT_EQ(verify(ada, bound.text("/key")).body(), not_good);
    EXPECT_TRUE(log.contains("it was shown from elsewhere"));
    for (const auto& each : {made, bound}) EXPECT_FALSE(log.contains(each.text("/key").substr(30)));
}

TEST_F(ApiKeys, AreGoodWhileTheirProjectIsActive) {
    const auto made = key(ada, shop), other = key(ada, project(ada, acme, "blog"));
    ada.post(shop.location() + "/suspend").expect(200);
    EXPECT_FALSE(good(made));
    EXPECT_TRUE(good(other));
    ada.post("/api/v1/api-keys", key_body(shop)).expect_problem(409, "project-not-active");
    ada.post(shop.location() + "/resume").expect(200);
    EXPECT_TRUE(good(made));
    ada.del(shop.location()).expect(204);
    EXPECT_FALSE(good(made));
    ada.post(shop.location() + "/restore").expect(200);
    EXPECT_TRUE(good(made));
}

TEST_F(ApiKeys, AreVerifiedForTheirOwn) {
    const auto made = key(ada, shop);
    const std::string text = made.text("/key");
    const auto of_shop = service.caller(ProjectId::parse(shop.text("/id")).or_throw(), "api-keys:verify");
    const auto of_blog = service.caller(ProjectId::parse(project(ada, acme, "blog").text("/id")).or_throw(), "api-keys:verify");
    verify(of_shop, text).field("/active", true);
    EXPECT_EQ(verify(of_blog, text).body(), not_good);
    EXPECT_EQ(verify(as.stranger, text).body(), not_good);
    service.caller(service.project(), "api-keys:admin").post("/api/v1/api-keys/verify", {{"key", text}}).expect_problem(403, "forbidden");
    as.anonymous.post("/api/v1/api-keys/verify", {{"key", text}}).expect_problem(401, "unauthenticated");
    ada.post("/api/v1/api-keys/verify", {{"key", ""}}).expect_problem(422, "invalid-value");
    ada.post("/api/v1/api-keys/verify", {{"key", std::string(501, 'x')}}).expect_problem(422, "invalid-value");
    ada.post("/api/v1/api-keys/verify", {{"token", text}}).expect_problem(400, "malformed-request");
}

const char* const operators = "0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11";
class OperatedApiKeys : public ApiKeys {
protected:
    OperatedApiKeys() : ApiKeys({{"PROJECT_OPERATOR_PROJECT", operators}}) {}
};

TEST_F(OperatedApiKeys, AreVerifiedForTheOperator) {
    const auto made = key(ada, shop);
    const auto gateway = service.caller(ProjectId::parse(operators).or_throw(), "api-keys:verify", "gateway");
    verify(gateway, made.text("/key")).field("/active", true).field("/project", shop.text("/id"));
    gateway.get(made.location()).expect_problem(403, "forbidden");
    EXPECT_EQ(verify(as.stranger, made.text("/key")).body(), not_good);
}

TEST_F(ApiKeys, AreIntrospectedByTheForm) {
    const auto made = key(ada, shop);
    const std::string form = "application/x-www-form-urlencoded", text = made.text("/key");
    const auto ask = [&](const testkit::Client& who, const std::string& body) { return who.post("/api/v1/api-keys/introspect").raw(body, form); };
    const auto answer = ask(ada, "token=" + text + "&token_type_hint=access_token").expect(200);
    answer.field("/active", true).field("/sub", "api_key:" + made.text("/id")).field("/client_id", "api_key:" + made.text("/id"));
    answer.field("/scope", "products:read").field("/project", shop.text("/id")).field("/env", "production").field("/exp", Json()).field("/key_id", Json());
    EXPECT_EQ(answer.at("/iat").as_integer(), Timestamp::parse(made.text("/created_at")).or_throw().unix_seconds());
    EXPECT_EQ(ask(ada, "token=" + text + "0").expect(200).body(), not_good);
    EXPECT_EQ(ask(as.stranger, "token=" + text).expect(200).body(), not_good);
    ask(as.anonymous, "token=" + text).expect_problem(401, "unauthenticated");
    ask(service.caller(service.project(), "api-keys:admin"), "token=" + text).expect_problem(403, "forbidden");
    for (const std::string bad : {"", "token=", "key=", "token=a&token=b", "token=%zz"})
        ask(ada, bad).expect_problem(400, "malformed-request").field("/error", "invalid_request");
    ada.post("/api/v1/api-keys/introspect", {{"token", text}}).expect_problem(415, "unsupported-media-type");
    EXPECT_EQ(ask(ada, "token=" + std::string(60'000, 'x')).expect(200).body(), not_good); // another issuer's, say
    ask(ada, "token=" + std::string(64 * 1024, 'x')).expect_problem(413, "too-large");
    ada.del(made.location()).expect(204);
    EXPECT_EQ(ask(ada, "token=" + text).expect(200).body(), not_good);
}

TEST_F(ApiKeys, AreGivenBackByWhoHoldsThem) {
    const auto made = key(ada, shop), other = key(ada, shop);
    const std::string text = made.text("/key");
    const auto give_back = [&](const std::string& token) {
        return as.anonymous.post("/api/v1/api-keys/revoke").raw("token=" + token, "application/x-www-form-urlencoded");
    };
    event_types();
    std::string wrong = text;
    wrong[40] = wrong[40] == 'a' ? 'b' : 'a';
    for (const std::string& nothing : {std::string("x"), wrong, key_text::fresh("production").text.reveal(), std::string(60'000, 'x')})
        EXPECT_EQ(give_back(nothing).expect(200).body(), "{}");
    EXPECT_TRUE(good(made));
    EXPECT_EQ(event_types(), "");
    std::atomic<int> done{0};
    at_once(8, [&](int) { done += give_back(text).send().status() == 200; });
    EXPECT_EQ(done, 8);
    EXPECT_FALSE(good(made));
    EXPECT_TRUE(good(other));
    EXPECT_EQ(event_types(), "api_key.revoked ") << "once";
    ada.get(made.location()).expect(200).field("/version", 2);
    give_back("").expect_problem(400, "malformed-request");
    ada.post("/api/v1/api-keys/revoke", {{"token", text}}).expect_problem(415, "unsupported-media-type");
}

TEST_F(ApiKeys, AreRotatedWithATimeInWhichBothAreGood) {
    testkit::FakeClock clock(now());
    const auto old = key(ada, shop);
    event_types();
    const auto made = rotated(old, 600);
    EXPECT_EQ(made.location(), "/api/v1/api-keys/" + made.text("/id"));
    made.field("/rotated_from", old.text("/id")).field("/name", "Back end").field("/scopes", old.at("/scopes"));
    EXPECT_NE(made.text("/key"), old.text("/key"));
    verify(ada, old.text("/key")).field("/active", true).field("/exp", (now() + Duration::seconds(600)).unix_seconds());
    EXPECT_TRUE(good(made));
    ada.post(old.location() + "/rotate", Json::object()).expect_problem(409, "already-rotated");
    clock.advance(Duration::seconds(600));
    EXPECT_FALSE(good(old));
    EXPECT_TRUE(good(made));
    const auto third = rotated(made, 0);
    EXPECT_FALSE(good(made));
    EXPECT_TRUE(good(third));
    ada.post(third.location() + "/rotate", {{"grace_seconds", -1}}).expect_problem(422, "invalid-value");
    ada.post(third.location() + "/rotate", {{"grace_seconds", 2'592'001}}).expect_problem(422, "invalid-value");
    ada.post("/api/v1/api-keys/" + third.text("/id") + "/rotate", Json::object()).if_match("\"9\"").expect_problem(412, "stale-version");
    EXPECT_EQ(event_types(), "api_key.rotated api_key.rotated ");
}

TEST_F(ApiKeys, AreRotatedOnceHoweverManyAsk) {
    const auto old = key(ada, shop);
    std::atomic<int> made{0}, refused{0};
    at_once(8, [&](int) {
        const auto answer = ada.post(old.location() + "/rotate", Json::object()).send();
        ++(answer.status() == 201 ? made : refused);
        EXPECT_TRUE(answer.status() == 201 || answer.text("/type") == problem_type("already-rotated")) << answer.body();
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 7);
    EXPECT_EQ(service.database().admin("select count(*) from api_key"), "2");
}

TEST_F(ApiKeys, AreRevokedForGood) {
    const auto made = key(ada, shop);
    event_types();
    ada.del(made.location()).if_match("\"2\"").expect_problem(412, "stale-version");
    std::atomic<int> done{0};
    at_once(6, [&](int) { done += ada.del(made.location()).send().status() == 204 ? 1 : 0; });
    EXPECT_EQ(done, 6);
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u) << "told once";
    EXPECT_EQ(events[0].type, "gravity.project.api_key.revoked");
    EXPECT_EQ(events[0].subject, made.text("/id"));
    EXPECT_EQ(*events[0].data.find("project_id"), shop.at("/id"));
    EXPECT_FALSE(good(made));
    ada.get(made.location()).expect(200).field("/version", 2);
    ada.post(made.location() + "/rotate", Json::object()).expect_problem(409, "key-ended");
    EXPECT_ANY_THROW(service.database().admin("update api_key set revoked_at = null"));
    EXPECT_FALSE(good(made));
}

// It is rotated before it is revoked or not at all; revoked it is either way.
TEST_F(ApiKeys, AreRevokedThoughTheyAreRotatedMeanwhile) {
    for (int round = 0; round < 8; ++round) {
        const auto old = key(ada, shop);
        int rotation = 0;
        at_once(2, [&](int i) {
            if (i == 0)
                rotation = ada.post(old.location() + "/rotate", Json::object()).send().status();
            else
                EXPECT_EQ(ada.del(old.location()).send().status(), 204);
        });
        EXPECT_TRUE(rotation == 201 || rotation == 409) << rotation;
        EXPECT_FALSE(good(old));
    }
}

TEST_F(ApiKeys, MayNoMoreThanWhoMakesThem) {
    const auto modest = service.caller(service.project(), "api-keys:write products:write", "ada");
    modest.post("/api/v1/api-keys", key_body(shop, {"products:read", "products:write"})).expect(201);
    modest.post("/api/v1/api-keys", key_body(shop, {"products:admin"})).expect_problem(403, "scope-not-yours");
    const auto strong = ada.post("/api/v1/api-keys", key_body(shop, {"projects:admin"})).expect(201);
    modest.post(strong.location() + "/rotate", Json::object()).expect_problem(403, "scope-not-yours");
    modest.patch(strong.location(), {{"name", "x"}}).expect(200);
    modest.patch(strong.location(), {{"expires_at", (now() + Duration::hours(1)).to_string()}}).expect_problem(403, "scope-not-yours");
    modest.del(strong.location()).expect(204); // less is for everybody to see to
}

TEST_F(ApiKeys, AreManagedByRole) {
    for (const std::string role : {"admin", "developer", "viewer", "billing"}) join(ada, acme, role, role);
    const auto made = key(ada, shop);
    for (const std::string role : {"viewer", "billing"}) {
        const auto who = person(role);
        who.get(made.location()).expect(200);
        who.get("/api/v1/api-keys").expect(200).field("/items/0/id", made.text("/id"));
        who.post("/api/v1/api-keys", key_body(shop)).expect_problem(403, "role-too-low");
        who.patch(made.location(), {{"name", "x"}}).expect_problem(403, "role-too-low");
        who.post(made.location() + "/rotate", Json::object()).expect_problem(403, "role-too-low");
        who.del(made.location()).expect_problem(403, "role-too-low");
    }
    for (const std::string role : {"admin", "developer"}) {
        const auto own = key(person(role), shop);
        person(role).patch(own.location(), {{"name", role}}).expect(200).field("/name", role);
        person(role).post(own.location() + "/rotate", Json::object()).expect(201);
        person(role).del(own.location()).expect(204);
    }
}

TEST_F(ApiKeys, OfOthersAreNotThere) {
    const auto made = key(ada, shop);
    const auto namesake = service.caller(ProjectId::fresh(), service.all_scopes() + " products:write", "ada");
    for (const auto& who : {ben, namesake}) {
        who.get(made.location()).expect_problem(404, "not-found");
        who.patch(made.location(), {{"name", "Mine"}}).expect_problem(404, "not-found");
        who.post(made.location() + "/rotate", Json::object()).expect_problem(404, "not-found");
        who.del(made.location()).expect_problem(404, "not-found");
        who.get("/api/v1/api-keys").expect(200).field("/items", Json::array());
        who.post("/api/v1/api-keys", key_body(shop)).expect_problem(422, "no-such-environment"); // and not a word of whether it is there
    }
    EXPECT_TRUE(good(made));
}

// Whoever has not been told of the new key finds out while the old one still works.
TEST_F(ApiKeys, AreToldOfOnceWhereTheOldOneIsStillUsed) {
    join(ada, acme, "ben", "developer");
    const auto made = key(ben, shop), forgotten = key(ada, shop), other = key(ada, shop);
    EXPECT_TRUE(good(made) && good(forgotten)); // before
    const auto next = rotated(made, 3600);
    rotated(forgotten, 3600);
    event_types();
    EXPECT_TRUE(good(made) && good(next));
    std::vector<Json> told;
    const auto hear = [&] {
        for (const auto& event : service.take_events()) told.push_back(event.data);
        return told.size();
    };
    testkit::until([&] { return hear() == 1; });
    EXPECT_EQ(*told[0].find("id"), made.at("/id"));
    EXPECT_EQ(*told[0].find("tell"), Json::array({"ben", "ada"}));
    EXPECT_EQ(*told[0].find("grace_until"), ada.get(made.location()).expect(200).at("/grace_until"));
    EXPECT_TRUE(good(made) && good(other));
    testkit::until([&] { return !ada.get(other.location()).expect(200).text("/last_used_at").empty(); }); // written with what was used since
    EXPECT_EQ(hear(), 1u) << "neither again, nor of what nobody uses";
}

TEST_F(ApiKeys, TellWhenTheyWereLastUsed) {
    testkit::FakeClock clock(now());
    ada = person("ada");
    const auto made = key(ada, shop), unused = key(ada, shop);
    const auto last_used = [&] { return ada.get(made.location()).expect(200).text("/last_used_at"); };
    EXPECT_EQ(last_used(), "");
    ASSERT_TRUE(good(made));
    const std::string first = now().to_string();
    testkit::until([&] { return last_used() == first; });
    clock.advance(Duration::seconds(59));
    ASSERT_TRUE(good(made)); // less than a minute later: not worth a write
    clock.advance(Duration::seconds(1));
    ASSERT_TRUE(good(made));
    const std::string second = now().to_string();
    testkit::until([&] { return last_used() == second; });
    clock.advance(Duration::minutes(2));
    verify(as.stranger, made.text("/key")); // who may not know of it does not use it
    EXPECT_EQ(service.stop(), 0);           // what is still to be written is written
    EXPECT_EQ(service.database().admin("select count(*) from api_key where last_used_at = '" + second + "' and version = 1"), "1");
    EXPECT_EQ(service.database().admin("select count(*) from api_key where last_used_at is null"), "1");
}

TEST_F(ApiKeys, AreListedByProjectAndEnvironment) {
    const auto blog = project(ada, acme, "blog");
    const auto one = key(ada, shop), two = key(ada, blog);
    auto body = key_body(blog);
    body["env"] = "staging";
    const auto three = ada.post("/api/v1/api-keys", body).expect(201);
    ada.get("/api/v1/api-keys?project_id=" + shop.text("/id")).expect(200).field("/items/0/id", one.text("/id")).field("/items/1", Json());
    ada.get("/api/v1/api-keys?env=production").expect(200).field("/items/0/id", two.text("/id")).field("/items/1/id", one.text("/id"));
    const auto page = ada.get("/api/v1/api-keys?limit=1").expect(200).field("/items/0/id", three.text("/id"));
    ada.get("/api/v1/api-keys?limit=2&cursor=" + page.text("/next_cursor")).expect(200).field("/items/1/id", one.text("/id")).field("/next_cursor", Json());
}

TEST_F(ApiKeys, AreMadeOfWhatCanBe) {
    const auto with = [&](std::string name, Json value) {
        auto body = key_body(shop);
        body[name] = std::move(value);
        return ada.post("/api/v1/api-keys", testkit::Members(std::move(body)));
    };
    with("env", "nowhere").expect_problem(422, "no-such-environment");
    with("env", "No_Where").expect_problem(422, "invalid-value").field("/errors/0/pointer", "/env");
    with("project_id", Uuid::v7().to_string()).expect_problem(422, "no-such-environment");
    with("scopes", Json::array({"a b"})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/scopes/0");
    Json many = Json::array();
    for (int i = 0; i < 101; ++i) many.push_back("products:read");
    with("scopes", many).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/scopes");
    with("expires_at", "2020-01-01T00:00:00Z").expect_problem(422, "already-expired");
    with("expires_at", "tomorrow").expect_problem(422, "invalid-value");
    const auto made = key(ada, shop);
    const auto later = (now() + Duration::hours(1)).to_string();
    ada.patch(made.location(), {{"expires_at", "2020-01-01T00:00:00Z"}}).expect_problem(422, "already-expired");
    ada.patch(made.location(), {{"expires_at", later}}).if_match("\"1\"").expect(200).field("/version", 2);
    ada.patch(made.location(), {{"scopes", Json::array()}}).expect_problem(400, "malformed-request");
    ada.patch(made.location(), {{"expires_at", Json()}}).expect(200).field("/expires_at", Json());
}

class LimitedApiKeys : public ApiKeys {
protected:
    testkit::Answer limited(std::string member, Json value, int status = 201) {
        auto body = key_body(shop);
        body[member] = std::move(value);
        return ada.post("/api/v1/api-keys", testkit::Members(std::move(body))).expect(status);
    }
    testkit::Answer shown(const testkit::Answer& made, const std::string& from) {
        return ada.post("/api/v1/api-keys/verify", {{"key", made.text("/key")}, {"network", from}}).expect(200);
    }
    testkit::Answer introspected(const testkit::Answer& made, const std::string& more, int status = 200) {
        return ada.post("/api/v1/api-keys/introspect").raw("token=" + made.text("/key") + more, "application/x-www-form-urlencoded").expect(status);
    }
};

TEST_F(LimitedApiKeys, AreGoodFromTheirNetworksAlone) {
    const auto made = limited("cidrs", Json::array({"203.0.113.0/24", "2001:db8::/32", "::ffff:192.0.2.7"}));
    made.field("/cidrs", Json::array({"203.0.113.0/24", "2001:db8::/32", "192.0.2.7/32"}));
    for (const std::string from : {"203.0.113.9", "::ffff:203.0.113.9", "203.0.113.128/25", "2001:DB8:0:0::1", "192.0.2.7"})
        shown(made, from).field("/active", true).field("/key_id", made.text("/id"));
    shown(made, "::ffff:203.0.113.9").field("/network", "203.0.113.9/32"); // which the answer is for
    for (const std::string from : {"203.0.114.9", "203.0.0.0/16", "2001:db9::1", "192.0.2.8", "::1", "0.0.0.0/0"})
        EXPECT_EQ(shown(made, from).body(), not_good) << from;
    EXPECT_EQ(verify(ada, made.text("/key")).body(), not_good) << "from nobody knows where";
    introspected(made, "&network=203.0.113.9").field("/active", true).field("/network", "203.0.113.9/32");
    EXPECT_EQ(introspected(made, "&network=203.0.114.9").body(), not_good);
    EXPECT_EQ(introspected(made, "").body(), not_good);
    introspected(made, "&network=203.0.113", 400).field("/error", "invalid_request");
    introspected(made, "&network=::1&network=::1", 400).field("/error", "invalid_request");
    const auto nowhere = ada.post("/api/v1/api-keys/verify", {{"key", made.text("/key")}, {"network", "here"}}).expect_problem(422, "invalid-value");
    nowhere.field("/errors/0/pointer", "/network");
    const auto from_everywhere = key(ada, shop);
    shown(from_everywhere, "198.51.100.1").field("/active", true).field("/network", Json());
    introspected(from_everywhere, "&network=198.51.100.1").field("/active", true).field("/network", Json());

    const auto next = rotated(made, 600).field("/cidrs", made.at("/cidrs"));
    EXPECT_EQ(shown(next, "203.0.114.9").body(), not_good);
    event_types();
    ada.patch(next.location(), {{"cidrs", Json::array({"203.0.114.0/24"})}}).expect(200);
    EXPECT_EQ(event_types(), "api_key.changed ") << "whoever remembers that it was good asks again";
    ada.patch(next.location(), {{"name", "Other"}}).expect(200);
    EXPECT_EQ(event_types(), "") << "its name matters to nobody";
    shown(next, "203.0.114.9").field("/active", true);
    EXPECT_EQ(shown(next, "203.0.113.9").body(), not_good);
    ada.patch(next.location(), {{"cidrs", Json()}}).expect(200).field("/cidrs", Json());
    verify(ada, next.text("/key")).field("/active", true);
}

TEST_F(LimitedApiKeys, AreMadeOfNetworks) {
    limited("cidrs", "10.0.0.0/8", 400); // no list
    limited("uses_left", 1.5, 400);
    for (const std::string bad : {"10.1.2.3/8", "10.0.0.0/33", "::1/129", "localhost"}) limited("cidrs", Json::array({bad}), 422);
    for (const std::string bad : {"10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "/8", "", "010.0.0.1", "fe80::1%eth0", "10.0.0.0/8/8"})
        limited("cidrs", Json::array({bad}), 422).field("/errors/0/pointer", "/cidrs/0");
    limited("cidrs", Json::array(), 422).field("/errors/0/pointer", "/cidrs");
    Json many = Json::array();
    for (int i = 0; i < 101; ++i) many.push_back("10.0.0." + std::to_string(i));
    limited("cidrs", many, 422).field("/errors/0/pointer", "/cidrs");
    many.as_array().pop_back();
    limited("cidrs", many);
    limited("uses_left", -1, 422);
    limited("uses_left", std::int64_t{1'000'000'000'001}, 422);
}

TEST_F(LimitedApiKeys, AreGoodAsOftenAsTheyMay) {
    const auto made = limited("uses_left", 3).field("/uses_left", 3);
    verify(ada, made.text("/key")).field("/active", true).field("/uses_left", 2);
    // Whoever may not know of it, a wrong secret and a wrong form use nothing up.
    verify(as.stranger, made.text("/key")).field("/active", false);
    verify(ada, made.text("/key") + "0").field("/active", false);
    introspected(made, "&network=x", 400);
    introspected(made, "").field("/active", true).field("/uses_left", 1);
    verify(ada, made.text("/key")).field("/uses_left", 0);
    EXPECT_EQ(verify(ada, made.text("/key")).body(), not_good);
    EXPECT_EQ(introspected(made, "").body(), not_good);
    ada.get(made.location()).expect(200).field("/uses_left", 0).field("/version", 1);
    ada.patch(made.location(), {{"uses_left", 1}}).if_match("\"1\"").expect(200);
    verify(ada, made.text("/key")).field("/uses_left", 0);
    ada.patch(made.location(), {{"uses_left", Json()}}).expect(200);
    verify(ada, made.text("/key")).field("/active", true).field("/uses_left", Json());
    verify(ada, made.text("/key")).field("/active", true);
}

TEST_F(LimitedApiKeys, AreUsedByNoMoreThanMay) {
    const auto made = limited("uses_left", 20);
    std::atomic<int> admitted{0}, refused{0};
    at_once(64, [&](int i) {
        const auto answer = i % 2 == 0 ? verify(ada, made.text("/key")) : introspected(made, "");
        ++(answer.at("/active") == Json(true) ? admitted : refused);
    });
    EXPECT_EQ(admitted, 20);
    EXPECT_EQ(refused, 44);
    ada.get(made.location()).expect(200).field("/uses_left", 0);
}

// A use and what ends the key wait for one another: after the end none is counted.
TEST_F(LimitedApiKeys, GiveTheirUsesToTheKeyThatTakesTheirPlace) {
    const auto made = limited("uses_left", 40);
    ada.post(made.location() + "/rotate", {{"grace_seconds", 1}}).expect_problem(422, "uses-counted");
    ada.post(made.location() + "/rotate", Json::object()).expect_problem(422, "uses-counted"); // a day, where nothing is said
    std::atomic<int> uses{0};
    testkit::Answer next = made;
    at_once(16, [&](int i) {
        if (i == 8)
            next = ada.post(made.location() + "/rotate", {{"grace_seconds", 0}}).expect(201);
        else
            uses += verify(ada, made.text("/key")).at("/active") == Json(true) ? 1 : 0;
    });
    EXPECT_FALSE(good(made));
    verify(ada, next.text("/key")).field("/active", true).field("/uses_left", 40 - uses - 1);
}

TEST_F(LimitedApiKeys, AreLoosenedByWhoMayWhatTheyMay) {
    const auto modest = service.caller(service.project(), "api-keys:write products:write", "ada");
    auto body = key_body(shop, {"projects:admin"});
    body["cidrs"] = Json::array({"10.0.0.0/8"});
    body["uses_left"] = 5;
    const auto strong = ada.post("/api/v1/api-keys", testkit::Members(body)).expect(201);
    modest.patch(strong.location(), {{"cidrs", Json::array({"0.0.0.0/0"})}}).expect_problem(403, "scope-not-yours");
    modest.patch(strong.location(), {{"uses_left", Json()}}).expect_problem(403, "scope-not-yours");
    modest.patch(strong.location(), {{"name", "x"}, {"uses_left", 5}}).expect(200).field("/uses_left", 5);
}

TEST_F(LimitedApiKeys, TellThePlan) {
    ada.put(acme.location() + "/plan", {{"plan", "free"}}).expect(200);
    const auto made = key(ada, shop);
    verify(ada, made.text("/key")).field("/plan", "free");
    introspected(made, "").field("/plan", "free");
    ada.put(acme.location() + "/plan", {{"plan", Json()}}).expect(200);
    introspected(made, "").field("/plan", Json());
}

TEST_F(ApiKeys, AreShownAgainToWhoAskedUnderAKeyOfTheirs) {
    const auto first = ada.post("/api/v1/api-keys", key_body(shop)).key("7f0e1f3e-one").expect(201);
    const auto again = ada.post("/api/v1/api-keys", key_body(shop)).key("7f0e1f3e-one").expect(201);
    EXPECT_EQ(first.text("/key"), again.text("/key"));
    EXPECT_EQ(service.database().admin("select count(*) from api_key"), "1");
    EXPECT_EQ(service.database().admin("select count(*) from gravity.idempotency i where i::text like '%" + first.text("/key").substr(30) + "%'"), "0");
}

} // namespace
} // namespace gravity::project
