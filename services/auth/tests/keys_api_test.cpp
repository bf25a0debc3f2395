#include "issuer_fixture.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/loop.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

class SigningKeys : public IssuerApi {
protected:
    using IssuerApi::IssuerApi;

    testkit::Client owner() { return testkit::Callers(service).owner; } // anew: the clock may have been moved
    Json listed(std::string query = {}) { return owner().get("/api/v1/signing-keys" + query).expect(200).at("/items"); }
    std::string kid_of(std::string_view alg, std::string_view state) {
        const Json keys = listed("?state=" + std::string(state));
        for (const Json& key : keys.as_array())
            if (key.find("alg")->as_string() == alg) return key.find("kid")->as_string();
        return {};
    }
    bool published(const std::string& kid) {
        return auth::KeySet::parse(as.anonymous.get("/oauth2/jwks").expect(200).body()).or_throw().has(kid);
    }
};

TEST_F(SigningKeys, ArePublishedWithTheirSuccessors) {
    const auto answer = as.anonymous.get("/oauth2/jwks").expect(200).expect_header("Cache-Control", "public, max-age=300");
    const auto keys = auth::KeySet::parse(answer.body()).or_throw();
    EXPECT_EQ(keys.keys().size(), 4u);
    EXPECT_EQ(keys.ignored(), std::vector<std::string>{});
    for (const auto& key : keys.keys()) EXPECT_EQ(key.kid(), key.thumbprint());
    for (const std::string alg : {"es256", "rs256"}) {
        EXPECT_TRUE(published(kid_of(alg, "active")));
        EXPECT_TRUE(published(kid_of(alg, "next")));
    }
    as.anonymous.get("/oauth2/jwks").header("If-None-Match", answer.etag()).expect(304);
    const Json items = listed();
    for (const Json& key : items.as_array()) EXPECT_EQ(key.find("private_sealed"), nullptr);
}

TEST_F(SigningKeys, FollowOneAnotherOnceVerifiersKnowThem) {
    testkit::FakeClock clock(now());
    const std::string first = kid_of("es256", "active"), second = kid_of("es256", "next"), rsa = kid_of("rs256", "active");
    service.take_events();
    owner().post("/api/v1/signing-keys/rotate", {{"alg", "es256"}}).expect(200);
    EXPECT_EQ(kid_of("es256", "active"), first) << "its successor has not been published for long enough";
    EXPECT_EQ(event_types(), "");

    clock.advance(Duration::minutes(15));
    owner().post("/api/v1/signing-keys/rotate", {{"alg", "es256"}}).expect(200);
    EXPECT_EQ(kid_of("es256", "active"), second);
    EXPECT_EQ(kid_of("es256", "retiring"), first);
    EXPECT_EQ(kid_of("rs256", "active"), rsa);
    EXPECT_TRUE(published(first)) << "what it signed may still be good";
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, "gravity.auth.signing_key.rotated");
    EXPECT_EQ(events[0].subject, second);
    EXPECT_EQ(*events[0].data.find("predecessor"), Json(first));

    clock.advance(Duration::minutes(65));
    owner().post("/api/v1/signing-keys/rotate", {{"alg", "eddsa"}}).expect(200); // nothing of it, but what is due is done
    EXPECT_FALSE(published(first));
    owner().get("/api/v1/signing-keys/" + first).expect(200).field("/state", "retired");
    owner().post("/api/v1/signing-keys/" + first + "/revoke").expect_problem(409, "key-retired");
    EXPECT_EQ(service.database().admin("select count(*) from signing_key where private_sealed is not null and state in ('retiring', 'retired')"), "0");
}

TEST_F(SigningKeys, ThatWereLostAreDroppedAtOnce) {
    const std::string lost = kid_of("es256", "active"), successor = kid_of("es256", "next");
    const auto read = as.owner.get("/api/v1/signing-keys/" + lost).expect(200);
    service.take_events();
    as.owner.post("/api/v1/signing-keys/" + lost + "/revoke").if_match("\"77\"").expect_problem(412, "stale-version");
    as.owner.post("/api/v1/signing-keys/" + lost + "/revoke").if_match(read.etag()).expect(200).field("/state", "revoked");
    EXPECT_FALSE(published(lost));
    EXPECT_EQ(kid_of("es256", "active"), successor) << "verifiers know it already";
    EXPECT_NE(kid_of("es256", "next"), "");
    EXPECT_EQ(event_types(), "signing_key.revoked signing_key.rotated ");
    as.owner.post("/api/v1/signing-keys/" + lost + "/revoke").expect(200).field("/state", "revoked");
    EXPECT_EQ(event_types(), "");
    EXPECT_EQ(service.database().admin("select private_sealed is null from signing_key where kid = '" + lost + "'"), "t");

    const std::string waiting = kid_of("rs256", "next"), signing = kid_of("rs256", "active");
    as.owner.post("/api/v1/signing-keys/" + waiting + "/revoke").expect(200);
    EXPECT_FALSE(published(waiting));
    EXPECT_EQ(kid_of("rs256", "active"), signing);
}

TEST_F(SigningKeys, OfEddsaAreThereWhereAskedFor) {
    testkit::FakeClock clock(now());
    as.owner.post("/api/v1/signing-keys", {{"alg", "es256"}}).expect_problem(409, "algorithm-in-use");
    const auto made = owner().post("/api/v1/signing-keys", {{"alg", "eddsa"}}).expect(201).field("/state", "next");
    EXPECT_EQ(made.location(), "/api/v1/signing-keys/" + made.text("/kid"));
    EXPECT_TRUE(published(made.text("/kid")));
    owner().post("/api/v1/signing-keys", {{"alg", "eddsa"}}).expect_problem(409, "algorithm-in-use");
    clock.advance(Duration::minutes(15));
    owner().post("/api/v1/signing-keys/rotate", Json::object()).expect(200);
    EXPECT_EQ(kid_of("eddsa", "active"), made.text("/kid"));
}

TEST_F(SigningKeys, NeverComeBack) {
    const std::string lost = kid_of("es256", "active");
    as.owner.post("/api/v1/signing-keys/" + lost + "/revoke").expect(200);
    EXPECT_ANY_THROW(service.database().admin("update signing_key set state = 'retiring', retires_at = now(), ended_at = null where kid = '" + lost + "'"));
}

TEST_F(SigningKeys, AnswerFromMemoryWhileTheDatabaseIsAway) {
    const std::string before = as.anonymous.get("/oauth2/jwks").expect(200).body();
    service.database().admin("alter database " + service.database().name() + " connection limit 0");
    service.database().cut_connections();
    as.owner.get("/api/v1/signing-keys").expect(503);
    EXPECT_EQ(as.anonymous.get("/oauth2/jwks").expect(200).body(), before);
    as.anonymous.get("/.well-known/openid-configuration").expect(200);
    as.anonymous.get("/.well-known/oauth-authorization-server").expect(200);
    service.database().admin("alter database " + service.database().name() + " connection limit -1");
    testkit::until([&] { return as.owner.get("/api/v1/signing-keys").send().status() == 200; });
}

class OperatedKeys : public SigningKeys {
protected:
    static inline const ProjectId operators = ProjectId::fresh();
    OperatedKeys() : SigningKeys({{"AUTH_OPERATOR_PROJECT", operators.to_string()}}) {}
};

TEST_F(OperatedKeys, AreForOperatorsAlone) {
    const auto one = service.caller(operators, "signing-keys:admin");
    const Json items = one.get("/api/v1/signing-keys").expect(200).at("/items");
    const std::string path = "/api/v1/signing-keys/" + items.as_array().front().find("kid")->as_string();
    service.database().admin("update signing_key set activates_at = now() - interval '1 minute' where state = 'next'"); // as if their day had come
    testkit::until([&] { return service.database().admin("select count(*) from gravity.outbox") == "2"; });
    EXPECT_EQ(event_types(), "signing_key.rotated signing_key.rotated ");
    as.owner.get("/api/v1/signing-keys").expect_problem(404, "not-found");
    as.owner.get(path).expect_problem(404, "not-found");
    as.owner.post("/api/v1/signing-keys", {{"alg", "eddsa"}}).expect_problem(404, "not-found");
    as.owner.post("/api/v1/signing-keys/rotate", Json::object()).expect_problem(404, "not-found");
    as.owner.post(path + "/revoke").expect_problem(404, "not-found");
    one.post(path + "/revoke").expect(200);
}

} // namespace
} // namespace gravity::issuer
