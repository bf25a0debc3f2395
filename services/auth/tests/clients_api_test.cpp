#include "client_fixture.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/clock.hpp>

#include <atomic>

namespace gravity::issuer {
namespace {

class Clients : public ClientApi {};

TEST_F(Clients, AreRegisteredChangedAndDeleted) {
    const auto made = client();
    EXPECT_EQ(made.location(), "/api/v1/clients/" + made.text("/id"));
    EXPECT_TRUE(made.text("/client_secret").starts_with("gcs_"));
    const auto read = as.owner.get(made.location()).expect(200).field("/name", "Orders").field("/token_alg", "es256").field("/client_secret", Json());
    as.owner.patch(made.location(), {{"name", "Orders 2"}}).if_match(read.etag()).expect(200).field("/name", "Orders 2").field("/version", 2);
    as.owner.patch(made.location(), {{"name", "Late"}}).if_match(read.etag()).expect_problem(412, "stale-version");
    as.owner.patch(made.location(), {{"token_endpoint_auth_method", "private_key_jwt"}}).expect_problem(400, "malformed-request");
    EXPECT_EQ(service.database().admin("select count(*) from client_directory"), "1");
    as.owner.del(made.location()).expect(204);
    as.owner.get(made.location()).expect_problem(404, "not-found");
    EXPECT_EQ(service.database().admin("select (select count(*) from client_directory) + (select count(*) from client_secret)"), "0");
}

TEST_F(Clients, MayNoMoreThanWhoRegistersThem) {
    const auto modest = service.caller(service.project(), "clients:write products:write");
    modest.post("/api/v1/clients", {{"name", "x"}, {"scopes", Json::array({"products:read", "products:write"})}}).expect(201);
    modest.post("/api/v1/clients", {{"name", "x"}, {"scopes", Json::array({"products:admin"})}}).expect_problem(403, "scope-not-yours");
    modest.post("/api/v1/clients", {{"name", "x"}, {"scopes", Json::array({"signing-keys:admin"})}}).expect_problem(403, "scope-not-yours");
    const auto strong = client({"clients:admin", "signing-keys:admin"});
    modest.patch(strong.location(), {{"name", "Mine"}}).expect(200);
    modest.patch(strong.location(), {{"scopes", Json::array({"clients:admin", "products:write"})}}).expect(200);
    modest.patch(strong.location(), {{"scopes", Json::array({"signing-keys:admin"})}}).expect_problem(403, "scope-not-yours");
}

// What a client proves itself by is the client: who may set it could be the client.
TEST_F(Clients, GetNoProofFromWhoMayLessThanThey) {
    const auto modest = service.caller(service.project(), "clients:write products:read");
    const auto by_secret = client(), by_key = key_client();
    const Json set = Json::parse(auth::Signer::generate().jwks()).or_throw();
    modest.post(by_secret.location() + "/secrets", Json::object()).expect_problem(403, "scope-not-yours");
    modest.patch(by_key.location(), {{"jwks", set}}).expect(200); // it reads products, as they do
    granting.patch(by_key.location(), {{"scopes", Json::array({"products:write"})}}).expect(200);
    modest.patch(by_key.location(), {{"jwks", Json::parse(signer.jwks()).or_throw()}}).expect_problem(403, "scope-not-yours");
    // By a role too.
    const auto all = service.caller(service.project(), "clients:admin roles:admin orders:admin products:admin");
    const auto plain = client({"products:read"});
    const auto role = all.post("/api/v1/roles", {{"name", "r"}, {"scopes", Json::array({"orders:write"})}, {"parents", Json::array()}}).expect(201);
    all.call("PUT", role.location() + "/members/" + plain.text("/id")).expect(204);
    modest.post(plain.location() + "/secrets", Json::object()).expect_problem(403, "scope-not-yours");
    all.post(plain.location() + "/secrets", Json::object()).expect(201);
}

TEST_F(Clients, HaveKeysOrSecretsAsTheySay) {
    const Json set = Json::parse(signer.jwks()).or_throw();
    const auto post = [&](Json body) {
        body["name"] = "x";
        body["scopes"] = Json::array();
        return as.owner.post("/api/v1/clients", testkit::Members(std::move(body)));
    };
    post(Json::object({{"token_endpoint_auth_method", "private_key_jwt"}, {"jwks", set}})).expect(201).field("/client_secret", Json());
    post(Json::object({{"token_endpoint_auth_method", "private_key_jwt"}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/jwks");
    post(Json::object({{"jwks", set}})).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/jwks");
    Json lost = set;
    lost["keys"].as_array().front()["d"] = "AAAA";
    post(Json::object({{"token_endpoint_auth_method", "private_key_jwt"}, {"jwks", lost}})).expect_problem(422, "invalid-value");
    post(Json::object({{"token_endpoint_auth_method", "private_key_jwt"}, {"jwks", Json::object({{"keys", Json::array()}})}}))
        .expect_problem(422, "invalid-value");
    const auto made = post(Json::object({{"token_endpoint_auth_method", "private_key_jwt"}, {"jwks", set}})).expect(201);
    as.owner.patch(made.location(), {{"jwks", Json()}}).expect_problem(422, "invalid-value").field("/errors/0/pointer", "/jwks");
    granting.post(made.location() + "/secrets", Json::object()).expect_problem(409, "no-secrets");
}

TEST_F(Clients, SwapTheirSecretWithNoRefusedCall) {
    const auto made = client();
    const std::string id = made.text("/id"), first = made.text("/client_secret");
    const auto second = granting.post(made.location() + "/secrets", Json::object()).expect(201);
    EXPECT_EQ(token_status(id, first), 200);
    EXPECT_EQ(token_status(id, second.text("/client_secret")), 200);
    granting.post(made.location() + "/secrets", Json::object()).expect_problem(409, "two-secrets-live");
    const Json secrets = as.owner.get(made.location() + "/secrets").expect(200).at("/items");
    ASSERT_EQ(secrets.size(), 2u);
    EXPECT_EQ(secrets.as_array()[0].find("client_secret"), nullptr);
    as.owner.del(made.location() + "/secrets/" + secrets.as_array()[1].find("id")->as_string()).expect(204);
    EXPECT_EQ(token_status(id, first), 401);
    EXPECT_EQ(token_status(id, second.text("/client_secret")), 200);
    EXPECT_EQ(service.database().admin("select count(*) from client_secret where encode(hash, 'escape') like '%gcs%'"), "0");
}

TEST_F(Clients, SecretsEndWhenTheyAreSaidTo) {
    testkit::FakeClock clock(now());
    const auto made = client();
    const std::string id = made.text("/id");
    const auto soon = (now() + Duration::minutes(10)).to_string();
    granting.post(made.location() + "/secrets", {{"expires_at", "2020-01-01T00:00:00Z"}}).expect_problem(422, "already-expired");
    const auto second = granting.post(made.location() + "/secrets", {{"expires_at", soon}}).expect(201);
    EXPECT_EQ(token_status(id, second.text("/client_secret")), 200);
    clock.advance(Duration::minutes(10));
    EXPECT_EQ(token_status(id, second.text("/client_secret")), 401);
    EXPECT_EQ(token_status(id, made.text("/client_secret")), 200);
    granting.post(made.location() + "/secrets", Json::object()).expect(201); // what has ended does not count
}

TEST_F(Clients, HaveTwoSecretsHoweverManyAskAtOnce) {
    const auto made = client();
    std::atomic<int> got{0}, refused{0};
    at_once(20, [&](int) {
        const auto answer = granting.post(made.location() + "/secrets", Json::object()).send();
        ++(answer.status() == 201 ? got : refused);
        EXPECT_TRUE(answer.status() == 201 || answer.text("/type") == problem_type("two-secrets-live")) << answer.body();
    });
    EXPECT_EQ(got, 1);
    EXPECT_EQ(refused, 19);
}

TEST_F(Clients, OfAnotherProjectAreNotThere) {
    const auto made = client();
    as.stranger.get(made.location()).expect_problem(404, "not-found");
    as.stranger.get(made.location() + "/secrets").expect_problem(404, "not-found");
    as.stranger.post(made.location() + "/secrets", Json::object()).expect_problem(404, "not-found");
    as.stranger.del(made.location()).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/clients").expect(200).field("/items", Json::array());
}

} // namespace
} // namespace gravity::issuer
