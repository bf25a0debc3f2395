#pragma once

#include "issuer_fixture.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>

#include <functional>
#include <thread>

namespace gravity::issuer {

/// Clients of the owner's project, and what they send.
class ClientApi : public IssuerApi {
protected:
    explicit ClientApi(app::Texts settings = {}) : IssuerApi(std::move(settings)) {}
    auth::Signer signer = auth::Signer::generate();
    testkit::Client granting = service.caller(service.project(), "clients:admin signing-keys:admin products:admin orders:admin");

    testkit::Answer client(std::vector<std::string> scopes = {"products:write", "orders:read"}, std::string alg = "es256") {
        Json list = Json::array();
        for (auto& scope : scopes) list.push_back(std::move(scope));
        return granting.post("/api/v1/clients", {{"name", "Orders"}, {"scopes", std::move(list)}, {"token_alg", std::move(alg)}}).expect(201);
    }
    testkit::Answer key_client() {
        return granting
            .post("/api/v1/clients", {{"name", "Keys"},
                                      {"scopes", Json::array({"products:read"})},
                                      {"token_endpoint_auth_method", "private_key_jwt"},
                                      {"jwks", Json::parse(signer.jwks()).or_throw()}})
            .expect(201);
    }
    std::string assertion(const std::string& client_id, const std::string& jti, const std::string& audience = "http://127.0.0.1:8081") {
        const auto seconds = now().unix_seconds();
        const Json claims =
            Json::object({{"iss", client_id}, {"sub", client_id}, {"aud", audience}, {"iat", seconds}, {"exp", seconds + 60}, {"jti", jti}});
        return "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=" + signer.token(claims.dump(), "JWT");
    }

    /// A proof of possession of this key (RFC 9449 section 4.2); with `changes` to its claims, of which null takes one away.
    static std::string proof(const auth::Signer& key, const Json& changes = Json::object(), std::string type = "dpop+jwt") {
        const Json claims = Json::object(
            {{"htm", "POST"}, {"htu", "http://127.0.0.1:8081/oauth2/token"}, {"iat", now().unix_seconds()}, {"jti", Uuid::v4().to_string()}});
        const Json header = Json::object(
            {{"typ", std::move(type)}, {"alg", auth::to_string(key.algorithm())}, {"jwk", Json::parse(key.public_key().jwk()).or_throw()}});
        const std::string input = base64url_encode(header.dump()) + "." + base64url_encode(merge_patch(claims, changes).dump());
        return input + "." + base64url_encode(key.sign(input));
    }

    /// A form as anybody may send it.
    testkit::Answer form(std::string path, std::string body, std::string authorization = {}, std::string dpop = {}) {
        auto call = as.anonymous.post(std::move(path)).raw(std::move(body), "application/x-www-form-urlencoded");
        if (!authorization.empty()) call.header("Authorization", authorization);
        if (!dpop.empty()) call.header("DPoP", dpop);
        return call.send();
    }
    static std::string basic(const testkit::Answer& client) { return basic(client.text("/id"), client.text("/client_secret")); }
    static std::string basic(const std::string& id, const std::string& secret) { return "Basic " + base64_encode(id + ":" + secret); }
    testkit::Answer ask_token(const testkit::Answer& client, std::string more = {}) {
        return form("/oauth2/token", "grant_type=client_credentials" + more, basic(client));
    }
    int token_status(const std::string& id, const std::string& secret) {
        return form("/oauth2/token", "grant_type=client_credentials", basic(id, secret)).status();
    }

    static void at_once(int count, const std::function<void(int)>& what) {
        std::vector<std::thread> threads;
        for (int i = 0; i < count; ++i) threads.emplace_back(what, i);
        for (auto& thread : threads) thread.join();
    }
};

} // namespace gravity::issuer
