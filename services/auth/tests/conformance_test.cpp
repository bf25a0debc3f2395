#include "issuer_fixture.hpp"

#include <gravity/testkit/conformance.hpp>

namespace gravity::issuer {
namespace {

using testkit::Client;

std::string key_path(const Client& who, std::string_view state) {
    const Json items = who.get("/api/v1/signing-keys?state=" + std::string(state)).expect(200).at("/items");
    return "/api/v1/signing-keys/" + items.as_array().front().find("kid")->as_string();
}

std::string somebody(const Client& who) { return who.post("/api/v1/identities", {{"login_names", Json::array()}}).expect(201).text("/id"); }

Json login_names() { // that nobody has yet
    return Json::array({Json::object({{"kind", "username"}, {"value", Uuid::v7().to_string()}})});
}

void people(testkit::ConformanceOptions& options) {
    const std::string identities = "/api/v1/identities", credentials = "/api/v1/credentials";
    const auto named = [](const Client&, Json body) {
        if (body.find("login_names") != nullptr) body["login_names"] = login_names();
        return body;
    };
    options.body("POST " + identities, named).body("PATCH " + identities + "/{id}", named);
    options.body("POST " + identities + "/{id}/import", [](const Client&, Json body) {
        body["password_hash"] = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
        return body;
    });
    options.path("POST " + identities + "/{id}/import", [=](const Client& who) { return identities + "/" + somebody(who) + "/import"; });
    options.body("POST " + credentials, [](const Client& who, Json body) {
        body["identity_id"] = somebody(who);
        body["password"] = "correct horse battery staple";
        return body;
    });
    options.except("POST " + credentials, "idempotency-honoured", "it sets the password: done again, it is the same password");
}

void pages(testkit::ConformanceOptions& options) {
    options.path("GET /oauth2/authorize", [](const Client& who) {
        const std::string callback = "https://app.example.com/cb";
        const auto made = who.post("/api/v1/clients", {{"name", "x"},
                                                       {"scopes", Json::array()},
                                                       {"grant_types", Json::array({"authorization_code"})},
                                                       {"redirect_uris", Json::array({callback})}})
                              .expect(201);
        return "/oauth2/authorize?response_type=code&client_id=" + made.text("/id") + "&redirect_uri=" + http::percent_encode(callback) +
               "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    });
    for (const std::string page : {"GET /login", "GET /login/consent", "GET /login/code", "GET /login/passkey", "GET /login/sign-up"})
        options.except(page, "valid", "it is for the browser that began a flow (SignIns)");
    options.except("GET /oauth2/form_post", "valid", "it is for who was answered at a client (SignInRequests)");
    options.except("GET /.well-known/oauth-authorization-server/{issuer...}", "valid", "the issuer has a path there (MetadataBelowAPath)");
    options.except("GET /account/security/passkey", "valid", "it is for who is signed in, where there are passkeys (Passkeys)");
    for (const std::string page : {"GET /login/reset", "GET /login/confirm", "GET /login/regain", "GET /login/regain/cancel"})
        options.except(page, "valid", "it is for who has a link (Links)");
}

void flows(testkit::ConformanceOptions& options) {
    options.body("POST /api/v1/login-flows", [](const Client& who, Json body) {
        const std::string callback = "https://app.example.com/cb";
        const auto made = who.post("/api/v1/clients", {{"name", "x"},
                                                       {"scopes", Json::array()},
                                                       {"grant_types", Json::array({"authorization_code"})},
                                                       {"redirect_uris", Json::array({callback})}})
                              .expect(201);
        return merge_patch(std::move(body), Json::object({{"kind", "sign_in"},
                                                          {"client_id", made.text("/id")},
                                                          {"redirect_uri", callback},
                                                          {"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
                                                          {"scope", "openid"},
                                                          {"acr_values", "urn:gravity:acr:1"},
                                                          {"dpop_jkt", Json()},
                                                          {"headless", false}}));
    });
    options.except("GET /api/v1/auth-failures/{trace_id}", "*", "they come of who is refused (Failures)");
    options.except("POST /api/v1/login-flows", "idempotency-honoured", "begun again it is another flow: nobody is handed one that somebody else has begun");
    options.except("POST /api/v1/login-flows/{id}/steps", "*", "each flow is run by its token (LoginFlows)");
}

testkit::ConformanceOptions options() {
    testkit::ConformanceOptions options;
    options.settings = with_master_key({});
    const std::string keys = "/api/v1/signing-keys";
    options.path("GET " + keys, [](const Client&) { return "/api/v1/signing-keys"; }); // they are there already
    options.path(keys + "/{kid}", [](const Client& who) { return key_path(who, "active"); });
    options.path("POST " + keys + "/{kid}/revoke", [](const Client& who) { return key_path(who, "next") + "/revoke"; });
    for (const std::string& route : {"GET " + keys + "/{kid}", "POST " + keys + "/{kid}/revoke"})
        options.except(route, "isolation", "the issuer's keys belong to no project");
    options.except("GET " + keys, "list-isolation", "the issuer's keys belong to no project");
    const std::string form = "application/x-www-form-urlencoded";
    options.raw("POST /oauth2/token", "grant_type=client_credentials", form);
    options.raw("POST /oauth2/introspect", "token=x", form);
    options.raw("POST /oauth2/revoke", "token=x", form);
    options.raw("PUT /oauth2/register/{client_id}", "{}", "application/json");
    options.raw("POST /oauth2/register", R"({"grant_types":["client_credentials"]})", "application/json");
    // A client of keys has a key set with keys in it, one of secrets has none; and nobody grants what they may not.
    const std::string clients = "/api/v1/clients";
    const auto plain = [](const Client&, Json body) {
        for (const std::string name : {"jwks", "token_endpoint_auth_method", "id_token_alg", "grant_types", "backchannel_logout_uri"})
            body.as_object().erase(name);
        if (body.find("scopes") != nullptr) body["scopes"] = Json::array({"clients:read"});
        return body;
    };
    options.body("POST " + clients, plain).body("PATCH " + clients + "/{id}", plain);
    options.body("POST " + clients + "/{id}/secrets", [](const Client&, Json body) {
        body.as_object().erase("expires_at"); // a moment that has passed more often than not
        return body;
    });
    options.path("DELETE " + clients + "/{id}/secrets/{secret_id}", [](const Client& who) {
        const auto made = who.post("/api/v1/clients", {{"name", "x"}, {"scopes", Json::array()}}).expect(201);
        return made.location() + "/secrets/" + who.post(made.location() + "/secrets", Json::object()).expect(201).text("/id");
    });
    people(options);
    flows(options);
    pages(options);
    for (const std::string route : {"GET /api/v1/grants/{id}", "DELETE /api/v1/grants/{id}"})
        options.except(route, "*", "people give them by signing in (Grants)");
    options.path("GET /api/v1/grants", [](const Client&) { return "/api/v1/grants"; });
    options.except("GET /api/v1/grants", "list-isolation", "people give them by signing in (Grants)");
    for (const std::string route : {"GET /api/v1/own-credentials/{id}", "DELETE /api/v1/own-credentials/{id}"})
        options.except(route, "*", "people have them, who sign in (OwnCredentials)");
    options.except("GET /api/v1/own-credentials", "list-isolation", "people have them, who sign in (OwnCredentials)");
    options.except("POST /api/v1/grants/end-others", "valid", "it is for people (Grants)");
    // Roles give what who makes them has, and inherit from roles that are there.
    const std::string roles = "/api/v1/roles";
    const auto role = [](const Client&, Json body) {
        body["name"] = "r-" + Uuid::v4().to_string();
        body["parents"] = Json::array();
        body["scopes"] = Json::array({"roles:read"});
        return body;
    };
    options.body("POST " + roles, role).body("PATCH " + roles + "/{id}", role);
    const auto some = [](const Client& who, std::string_view collection) {
        return who.post("/api/v1/" + std::string(collection), {{"name", "n-" + Uuid::v4().to_string()}, {"scopes", Json::array()}}).expect(201);
    };
    options.path(roles + "/{id}/members/{member}", [some](const Client& who) {
        const std::string path = some(who, "roles").location() + "/members/" + some(who, "clients").text("/id");
        who.call("PUT", path).expect(204);
        return path;
    });
    const auto pair = [some](const Client& who, Json body) {
        body["client_id"] = some(who, "clients").text("/id");
        body["subject_client_id"] = some(who, "clients").text("/id");
        body["scopes"] = Json::array({"clients:read"});
        return body;
    };
    options.body("POST /api/v1/exchange-policies", pair);
    return options;
}

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(Auth, assemble(0), options())

} // namespace
} // namespace gravity::issuer
