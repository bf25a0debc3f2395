#include "client_fixture.hpp"

namespace gravity::issuer {
namespace {

class Registrations : public ClientApi {
protected:
    testkit::Client door = service.caller(service.project(), "clients:register products:write orders:read");

    static Json metadata() { return Json::object({{"grant_types", Json::array({"client_credentials"})}, {"scope", "products:read orders:read"}}); }
    testkit::Answer ask(Json body) { return door.post("/oauth2/register", testkit::Members(std::move(body))).send(); }
    testkit::Answer with(std::string_view name, Json value) {
        Json changed = metadata();
        changed[name] = std::move(value);
        return ask(std::move(changed));
    }
    static void expect_refused(const testkit::Answer& answer, std::string_view error = "invalid_client_metadata") {
        EXPECT_EQ(answer.status(), 400) << answer.body();
        EXPECT_EQ(answer.text("/error"), error) << answer.body();
        EXPECT_NE(answer.text("/error_description"), "");
    }
    std::string clients() { return service.database().admin("select count(*) from client"); }
};

TEST_F(Registrations, MakeClientsThatGetTokens) {
    const auto made = with("client_name", "Caf\xc3\xa9 till");
    EXPECT_EQ(made.status(), 201) << made.body();
    made.expect_header("Content-Type", "application/json").expect_header("Cache-Control", "no-store");
    made.field("/client_name", "Caf\xc3\xa9 till")
        .field("/token_endpoint_auth_method", "client_secret_basic")
        .field("/grant_types", Json::array({"client_credentials"}))
        .field("/response_types", Json::array())
        .field("/scope", "orders:read products:read")
        .field("/client_secret_expires_at", 0)
        .field("/dpop_bound_access_tokens", false);
    EXPECT_GT(made.at("/client_id_issued_at").as_integer(), 0);
    const std::string id = made.text("/client_id"), secret = made.text("/client_secret");
    form("/oauth2/token", "grant_type=client_credentials", basic(id, secret)).field("/scope", "orders:read products:read");
    as.owner.get("/api/v1/clients/" + id).expect(200).field("/name", "Caf\xc3\xa9 till").field("/token_endpoint_auth_method", "client_secret");
    as.stranger.get("/api/v1/clients/" + id).expect_problem(404, "not-found");
    const Json document = as.anonymous.get("/.well-known/oauth-authorization-server").expect(200).json();
    EXPECT_EQ(*document.find("registration_endpoint"), Json("http://127.0.0.1:8081/oauth2/register"));
}

TEST_F(Registrations, MakeClientsOfKeysAndOfProofs) {
    Json body = metadata();
    body["token_endpoint_auth_method"] = "private_key_jwt";
    body["token_endpoint_auth_signing_alg"] = "ES256";
    body["jwks"] = Json::parse(signer.jwks()).or_throw();
    const auto keys = ask(body);
    EXPECT_EQ(keys.status(), 201) << keys.body();
    keys.field("/client_secret", Json()).field("/client_secret_expires_at", Json()).field("/jwks", body["jwks"]);
    EXPECT_EQ(form("/oauth2/token", "grant_type=client_credentials&" + assertion(keys.text("/client_id"), "a")).status(), 200);

    const auto bound = with("dpop_bound_access_tokens", true).field("/dpop_bound_access_tokens", true);
    EXPECT_EQ(token_status(bound.text("/client_id"), bound.text("/client_secret")), 400);
    const auto by_secret = with("jwks", Json::parse(signer.jwks()).or_throw()).field("/jwks", Json());
    ASSERT_EQ(by_secret.status(), 201) << "any client may send its keys";
    as.owner.get("/api/v1/clients/" + by_secret.text("/client_id")).expect(200).field("/jwks", Json());
    EXPECT_EQ(token_status(by_secret.text("/client_id"), by_secret.text("/client_secret")), 200);
    EXPECT_EQ(form("/oauth2/token", "grant_type=client_credentials&" + assertion(by_secret.text("/client_id"), "b")).status(), 401) << "they prove nothing";
    const auto post = with("token_endpoint_auth_method", "client_secret_post").field("/token_endpoint_auth_method", "client_secret_post");
    EXPECT_EQ(post.status(), 201);
    const auto silent = ask(Json::object({{"grant_types", Json::array({"client_credentials"})}, {"scope", Json()}}));
    silent.field("/scope", "").field("/client_name", "Registered client");
    const std::string exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    const auto both = with("grant_types", Json::array({"client_credentials", exchange})).field("/grant_types", Json::array({"client_credentials", exchange}));
    as.owner.get("/api/v1/clients/" + both.text("/client_id")).expect(200).field("/grant_types", Json::array({"client_credentials", "token_exchange"}));
    EXPECT_EQ(with("default_acr_values", Json::array()).status(), 201);
    EXPECT_EQ(with("default_max_age", Json()).status(), 201) << "null is left out";
    EXPECT_EQ(with("ship_to", Json::object({{"whatever", "is not understood"}})).status(), 201) << "what is not understood is ignored";
}

TEST_F(Registrations, AreRefusedWhereTheyCannotBeKept) {
    expect_refused(ask(Json::object()), "invalid_redirect_uri"); // authorization_code is what is left out
    expect_refused(with("grant_types", Json::array({"authorization_code"})), "invalid_redirect_uri");
    expect_refused(with("grant_types", Json::array()));
    expect_refused(with("grant_types", Json::array({"refresh_token"})));
    expect_refused(with("grant_types", Json::array({"client_credentials", "password"})));
    expect_refused(with("grant_types", "client_credentials"));
    expect_refused(with("grant_types", Json::array({1})));
    expect_refused(with("response_types", Json::array({"code"})));
    for (const std::string uri : {"http://client.example.com/cb", "https://client.example.com/cb#f", "cb:/there", "/cb", "", "javascript:alert(1)"})
        expect_refused(with("redirect_uris", Json::array({uri})), "invalid_redirect_uri");
    Json uris = Json::array();
    for (int i = 0; i < 21; ++i) uris.push_back("https://client.example.com/" + std::to_string(i));
    expect_refused(with("redirect_uris", uris), "invalid_redirect_uri");
    expect_refused(with("redirect_uris", "https://client.example.com/cb"));
    expect_refused(with("post_logout_redirect_uris", Json::array({"nonsense"})));
    expect_refused(with("backchannel_logout_uri", "http://client.example.com/out"));
    expect_refused(with("backchannel_logout_uri", "nonsense"));
    expect_refused(with("backchannel_logout_session_required", 1));
    for (const std::string name : {"client_uri", "logo_uri", "policy_uri", "tos_uri"}) expect_refused(with(name, "javascript:alert(1)"));
    expect_refused(with("software_id", std::string(256, 's')));
    expect_refused(with("software_version", 7));
    expect_refused(with("contacts", Json::array({std::string(255, 'c')})));
    expect_refused(with("contacts", Json::array({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"})));
    expect_refused(with("application_type", "desktop"));
    expect_refused(with("subject_type", "pairwise"));
    for (const std::string alg : {"none", "HS256", "EdDSA"}) expect_refused(with("id_token_signed_response_alg", alg));
    expect_refused(with("id_token_encrypted_response_alg", "RSA-OAEP"));
    expect_refused(with("userinfo_signed_response_alg", "RS256"));
    expect_refused(with("default_max_age", 3600));
    expect_refused(with("default_acr_values", Json::array({"urn:x"})));
    expect_refused(with("default_acr_values", "urn:x"));
    for (const std::string name : {"tls_client_certificate_bound_access_tokens", "require_signed_request_object"}) {
        expect_refused(with(name, true));
        expect_refused(with(name, "yes"));
        EXPECT_EQ(with(name, false).status(), 201) << name;
    }
    expect_refused(with("require_auth_time", "yes"));
    expect_refused(with("software_statement", "eyJhbGciOiJSUzI1NiJ9.eyJ9.x"), "unapproved_software_statement");
    expect_refused(with("token_endpoint_auth_method", "none"));
    expect_refused(with("token_endpoint_auth_method", 1));
    expect_refused(with("token_endpoint_auth_method", "private_key_jwt"));
    expect_refused(with("jwks_uri", "https://client.example.com/jwks"));
    expect_refused(with("token_endpoint_auth_signing_alg", "HS256"));
    expect_refused(with("dpop_bound_access_tokens", "yes"));
    expect_refused(with("client_name", std::string(201, 'n')));
    expect_refused(with("client_name", ""));
    expect_refused(with("scope", "a\"b"));
    expect_refused(with("scope", std::string(101, 's')));
    std::string many;
    for (int i = 0; i < 101; ++i) many += "products:read" + std::to_string(i) + " ";
    expect_refused(with("scope", many));
    const auto raw = [&](std::string bytes, std::string type) { return door.post("/oauth2/register").raw(std::move(bytes), std::move(type)).send(); };
    expect_refused(raw("grant_types=client_credentials", "application/x-www-form-urlencoded"), "invalid_request");
    expect_refused(raw("[]", "application/json"), "invalid_request");
    expect_refused(raw("{", "application/json"), "invalid_request");
    expect_refused(raw("", "application/json"), "invalid_request");
    EXPECT_EQ(raw(R"({"grant_types":["client_credentials"]})", "application/json; charset=utf-8").status(), 201);
    EXPECT_EQ(clients(), "3");
}

TEST_F(Registrations, AreForWhoHasAnInitialToken) {
    const auto send = [&](const testkit::Client& who) { return who.post("/oauth2/register", testkit::Members(metadata())); };
    EXPECT_NE(send(as.anonymous).expect(401).header("WWW-Authenticate"), "");
    send(service.caller(service.project(), "clients:admin products:admin orders:admin")).expect(403);
    send(testkit::Client(service.port(), "nonsense")).expect(401);
    send(as.anonymous).header("Authorization", basic(client())).expect(401);
    expect_refused(send(service.caller(service.project(), "clients:register products:read")).send());
    EXPECT_EQ(clients(), "1");

    // An initial token that was issued here, to a client that may do nothing else.
    const auto maker = service.caller(service.project(), "clients:admin clients:register orders:read products:read")
                           .post("/api/v1/clients", {{"name", "Door"}, {"scopes", Json::array({"clients:register", "orders:read", "products:read"})}})
                           .expect(201);
    const testkit::Client machine(service.port(), ask_token(maker).text("/access_token"));
    send(machine).expect(201);
    EXPECT_EQ(clients(), "3");
}

class OwnRegistration : public Registrations {
protected:
    testkit::Answer made = ask(metadata());
    std::string path = "/oauth2/register/" + made.text("/client_id");
    testkit::Client itself{service.port(), made.text("/registration_access_token")};

    Json present() {
        Json body = metadata();
        body["client_id"] = made.text("/client_id");
        return body;
    }
    testkit::Answer put(Json body) { return itself.put(path, testkit::Members(std::move(body))).send(); }
    testkit::Answer put_with(std::string_view name, Json value) {
        Json changed = present();
        changed[name] = std::move(value);
        return put(std::move(changed));
    }
};

TEST_F(OwnRegistration, IsReadByWhoHasItsToken) {
    made.field("/registration_client_uri", "http://127.0.0.1:8081" + path);
    itself.get(path)
        .expect(200)
        .field("/client_id", made.text("/client_id"))
        .field("/scope", "orders:read products:read")
        .field("/registration_access_token", itself.token())
        .field("/registration_client_uri", "http://127.0.0.1:8081" + path)
        .field("/client_secret", Json())
        .expect_header("Cache-Control", "no-store");
    EXPECT_EQ(service.database().admin("select count(*) from client_registration where encode(hash, 'escape') like '%gcr%'"), "0");

    const auto refused = [&](const testkit::Client& who, const std::string& at, const std::string& challenge = "Bearer error=\"invalid_token\"") {
        EXPECT_EQ(who.get(at).expect(401).header("WWW-Authenticate"), challenge);
        who.del(at).expect(401);
        EXPECT_EQ(who.put(at, testkit::Members(present())).send().status(), 401);
    };
    const auto other = ask(metadata());
    refused(testkit::Client(service.port(), other.text("/registration_access_token")), path);
    refused(itself, "/oauth2/register/" + other.text("/client_id"));
    refused(itself, "/oauth2/register/" + Uuid::v7().to_string());
    refused(itself, "/oauth2/register/" + client().text("/id"));
    refused(as.anonymous, path, "Bearer realm=\"gravity\"");
    refused(door, path);
    itself.get("/oauth2/register/nonsense").expect(404);
    itself.get(path).header("Authorization", "DPoP " + itself.token()).expect(401);
}

TEST_F(OwnRegistration, IsChangedWithinWhatItWas) {
    put_with("client_name", "Renamed").field("/client_name", "Renamed").field("/token_endpoint_auth_method", "client_secret_basic");
    as.owner.get("/api/v1/clients/" + made.text("/client_id")).expect(200).field("/name", "Renamed").field("/version", 2);
    put_with("token_endpoint_auth_method", "client_secret_post").field("/client_name", "Registered client");
    itself.get(path).expect(200).field("/token_endpoint_auth_method", "client_secret_post");
    put_with("scope", "products:read").field("/scope", "products:read");
    expect_refused(put_with("scope", "orders:read")); // what was given up is not to be had again
    EXPECT_EQ(token_status(made.text("/client_id"), made.text("/client_secret")), 200);

    expect_refused(put(metadata()), "invalid_request");
    EXPECT_EQ(put(metadata()).text("/trace_id").size(), 32u) << "under which the reason is kept";
    expect_refused(put_with("client_id", Uuid::v7().to_string()), "invalid_request");
    expect_refused(put_with("registration_access_token", itself.token()), "invalid_request");
    expect_refused(put_with("scope", "products:write"));
    expect_refused(put_with("grant_types", Json::array({"authorization_code"})), "invalid_redirect_uri");
    expect_refused(put_with("grant_types", Json::array({"client_credentials", "urn:ietf:params:oauth:grant-type:device_code"})));
    expect_refused(put_with("grant_types", Json::array({"client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"})));
    Json keys = present();
    keys["scope"] = "products:read";
    keys["token_endpoint_auth_method"] = "private_key_jwt";
    keys["jwks"] = Json::parse(signer.jwks()).or_throw();
    expect_refused(put(keys));
    itself.get(path).expect(200).field("/scope", "products:read");

    granting.patch("/api/v1/clients/" + made.text("/client_id"), {{"disabled", true}, {"require_dpop", true}}).expect(200);
    put_with("scope", "products:read").field("/dpop_bound_access_tokens", true);
    EXPECT_EQ(token_status(made.text("/client_id"), made.text("/client_secret")), 401) << "it does not put itself in office again";
}

TEST_F(OwnRegistration, EndsWithTheClient) {
    itself.del(path).expect(204);
    itself.get(path).expect(401);
    itself.del(path).expect(401);
    as.owner.get("/api/v1/clients/" + made.text("/client_id")).expect_problem(404, "not-found");
    EXPECT_EQ(token_status(made.text("/client_id"), made.text("/client_secret")), 401);
}

} // namespace
} // namespace gravity::issuer
