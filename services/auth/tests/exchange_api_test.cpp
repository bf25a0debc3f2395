#include "client_fixture.hpp"
#include "exchange_domain.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/clock.hpp>

namespace gravity::issuer {
namespace {

using Texts = std::vector<std::string>;

Json texts(const Texts& items) {
    Json list = Json::array();
    for (const std::string& item : items) list.push_back(item);
    return list;
}

TEST(CommonScopes, AreWhatBothAllow) {
    EXPECT_EQ(common_scopes({"products:write", "orders:read"}, {"products:read", "orders:admin"}), (Texts{"orders:read", "products:read"}));
    EXPECT_EQ(common_scopes({"a:admin"}, {"a:admin"}), Texts{"a:admin"});
    EXPECT_EQ(common_scopes({"a:read"}, {"b:read"}), Texts{});
    EXPECT_EQ(common_scopes({"projects:purge"}, {"projects:admin"}), Texts{});
}

class Exchanges : public ClientApi {
protected:
    testkit::Client mighty = service.caller(service.project(), "clients:admin products:admin orders:admin carts:admin");
    auth::Signer key = auth::Signer::generate(), other_key = auth::Signer::generate();

    testkit::Answer machine(const std::string& name, const Texts& scopes, const Texts& grants = {"client_credentials", "token_exchange"}) {
        return mighty.post("/api/v1/clients", {{"name", name}, {"scopes", texts(scopes)}, {"grant_types", texts(grants)}}).expect(201);
    }
    testkit::Answer allow(const testkit::Answer& client, const testkit::Answer& subject, const Texts& scopes) {
        return mighty
            .post("/api/v1/exchange-policies", {{"client_id", client.at("/id")}, {"subject_client_id", subject.at("/id")}, {"scopes", texts(scopes)}})
            .expect(201);
    }
    std::string token_of(const testkit::Answer& client, std::string more = {}, std::string dpop = {}) {
        const auto answer = form("/oauth2/token", "grant_type=client_credentials" + more, basic(client), std::move(dpop));
        EXPECT_EQ(answer.status(), 200) << answer.body();
        return answer.text("/access_token");
    }
    testkit::Answer exchange(const testkit::Answer& client, const std::string& token, const std::string& more = {}, std::string dpop = {}) {
        const std::string body = "grant_type=" + std::string(exchange_grant) + "&subject_token_type=" + std::string(access_token_type) + "&subject_token=";
        return form("/oauth2/token", body + token + more, basic(client), std::move(dpop));
    }
    static Json claims_of(const testkit::Answer& answer) {
        EXPECT_EQ(answer.status(), 200) << answer.body();
        const std::string token = answer.text("/access_token");
        const auto jws = auth::parse_jws(token);
        return jws ? Json::parse(base64url_decode(jws->payload).value()).or_throw() : Json();
    }
    static void expect_refused(const testkit::Answer& answer, std::string_view error) {
        EXPECT_EQ(answer.status(), 400) << answer.body();
        EXPECT_EQ(answer.text("/error"), error) << answer.body();
    }
    // A person's token, as the grants for people will sign it: with the service's own key.
    std::string signed_here(const auth::Claims& claims) {
        const std::string where = " from signing_key where alg = 'es256' and state = 'active'";
        const std::string kid = service.database().admin("select kid" + where), sealed = service.database().admin("select private_sealed" + where);
        const auto pem = auth::MasterKeys::parse(test_master_key()).or_throw().open(sealed, kid);
        return auth::Signer::from_pem(pem->reveal(), kid).or_throw().token(claims);
    }
    auth::Claims person(const testkit::Answer& through, const Texts& scopes) {
        auth::Claims claims;
        claims.issuer = "http://127.0.0.1:8081";
        claims.audience = {"gravity"};
        claims.subject = "0198c0de-0000-7000-8000-000000000001";
        claims.issued_at = now().unix_seconds();
        claims.expires_at = *claims.issued_at + 100;
        claims.id = Uuid::v4().to_string();
        claims.project = service.project();
        claims.scopes = scopes;
        claims.roles = {"admin"};
        claims.session = "session-1";
        claims.client = through.text("/id");
        claims.acr = "2";
        claims.amr = {"pwd", "otp"};
        claims.auth_time = *claims.issued_at - 20;
        return claims;
    }
};

// RFC 8693 section 2.1: an actor token says who acts, where that is not the client.
TEST_F(Exchanges, SayWhoActsByAnActorToken) {
    const auto desk = machine("Desk", {"products:read"}), shop = machine("Shop", {"products:read"});
    const std::string subject = signed_here(person(shop, {"products:read"}));
    allow(desk, shop, {"products:read"});
    auth::Claims clerk = person(desk, {"products:read"});
    clerk.subject = "0198c0de-0000-7000-8000-000000000002";
    const auto by = [&](const auth::Claims& actor, const std::string& type = std::string(access_token_type)) {
        return exchange(desk, subject, "&actor_token_type=" + type + "&actor_token=" + signed_here(actor));
    };
    const Json claims = claims_of(by(clerk));
    EXPECT_EQ(*claims.find("sub"), Json("0198c0de-0000-7000-8000-000000000001"));
    EXPECT_EQ(*claims.find("act"), Json::object({{"sub", clerk.subject}}));
    EXPECT_EQ(*claims.find("client_id"), desk.at("/id"));
    EXPECT_EQ(*claims_of(exchange(desk, subject)).find("act"), Json::object({{"sub", desk.at("/id")}})) << "else it is the client";
    EXPECT_EQ(*claims_of(by(clerk, std::string(jwt_type))).find("act"), Json::object({{"sub", clerk.subject}})) << "which it is by its form";
    const std::string own = token_of(desk);
    const auto for_itself = exchange(desk, own, "&actor_token_type=" + std::string(access_token_type) + "&actor_token=" + signed_here(clerk));
    EXPECT_EQ(*claims_of(for_itself).find("act"), Json::object({{"sub", clerk.subject}}));

    expect_refused(by(clerk, "urn:ietf:params:oauth:token-type:id_token"), "invalid_request");
    expect_refused(exchange(desk, subject, "&actor_token=x&actor_token_type=" + std::string(access_token_type)), "invalid_request");
    expect_refused(by(person(shop, {"products:read"})), "invalid_request"); // somebody at another client
    auth::Claims handed_on = clerk, ended = clerk, foreign = clerk, bound = clerk, revoked = clerk;
    handed_on.actors = {shop.text("/id")};
    expect_refused(by(handed_on), "invalid_request");
    ended.expires_at = now().unix_seconds() - 1;
    expect_refused(by(ended), "invalid_request");
    foreign.project = ProjectId(Uuid::v4());
    expect_refused(by(foreign), "invalid_request");
    bound.key_thumbprint = key.public_key().thumbprint();
    expect_refused(by(bound), "invalid_dpop_proof");
    revoked.id = Uuid::v4().to_string();
    const std::string taken_back = signed_here(revoked);
    EXPECT_EQ(form("/oauth2/revoke", "token=" + taken_back, basic(desk)).status(), 200);
    expect_refused(by(revoked), "invalid_request");
}

TEST_F(Exchanges, NarrowAClientsOwnToken) {
    const auto self = machine("Self", {"products:write", "orders:read"});
    const auto answer = exchange(self, token_of(self), "&scope=products:read");
    answer.field("/issued_token_type", std::string(access_token_type)).field("/token_type", "Bearer").field("/scope", "products:read");
    const Json claims = claims_of(answer);
    EXPECT_EQ(*claims.find("scope"), Json("products:read"));
    EXPECT_EQ(*claims.find("sub"), self.at("/id"));
    EXPECT_EQ(claims.find("act"), nullptr) << "nobody acts for another";
    expect_refused(exchange(self, answer.text("/access_token"), "&scope=products:write"), "invalid_scope");
    expect_refused(exchange(self, answer.text("/access_token"), "&scope=orders:read"), "invalid_scope");
    EXPECT_EQ(*claims_of(exchange(self, answer.text("/access_token"))).find("scope"), Json("products:read"));
    const Json grants = as.anonymous.get("/.well-known/oauth-authorization-server").expect(200).at("/grant_types_supported");
    EXPECT_NE(grants.dump().find('"' + std::string(exchange_grant) + '"'), std::string::npos) << grants.dump();
}

TEST_F(Exchanges, HandPersonsOnAlongAChain) {
    const auto web = machine("Web", {}), shop = machine("Shop", {}), stock = machine("Stock", {});
    const auto policy = allow(shop, web, {"products:admin", "orders:read"});
    allow(stock, shop, {"products:read"});
    const auth::Claims subject = person(web, {"orders:write", "products:write"});
    service.take_events();
    const auto first = exchange(shop, signed_here(subject));
    Json claims = claims_of(first);
    EXPECT_EQ(*claims.find("sub"), Json(subject.subject));
    EXPECT_EQ(*claims.find("scope"), Json("orders:read products:write"));
    EXPECT_EQ(*claims.find("client_id"), shop.at("/id"));
    EXPECT_EQ(*claims.find("act"), Json::object({{"sub", shop.at("/id")}}));
    EXPECT_EQ(*claims.find("exp"), Json(subject.expires_at)) << "it ends when what it came of does";
    EXPECT_LE(first.at("/expires_in").as_integer(), 100);
    EXPECT_EQ(claims.find("roles"), nullptr) << "they would tell more than the scopes";
    EXPECT_EQ(*claims.find("sid"), Json("session-1"));
    EXPECT_EQ(*claims.find("amr"), texts({"pwd", "otp"}));
    EXPECT_EQ(*claims.find("auth_time"), Json(*subject.auth_time));
    EXPECT_EQ(*claims.find("project"), Json(service.project().to_string()));
    EXPECT_NE(*claims.find("jti"), Json(subject.id));

    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, "gravity.auth.token.exchanged");
    EXPECT_EQ(*events[0].data.find("subject"), Json(subject.subject));
    EXPECT_EQ(*events[0].data.find("subject_jti"), Json(subject.id));
    EXPECT_EQ(*events[0].data.find("jti"), *claims.find("jti"));
    EXPECT_EQ(*events[0].data.find("client_id"), shop.at("/id"));
    EXPECT_EQ(*events[0].data.find("subject_client_id"), web.at("/id"));
    EXPECT_EQ(*events[0].data.find("policy_id"), policy.at("/id"));
    EXPECT_EQ(*events[0].data.find("scopes"), texts({"orders:read", "products:write"}));

    claims = claims_of(exchange(stock, first.text("/access_token")));
    EXPECT_EQ(*claims.find("scope"), Json("products:read"));
    EXPECT_EQ(*claims.find("act"), Json::object({{"sub", stock.at("/id")}, {"act", Json::object({{"sub", shop.at("/id")}})}}));
    EXPECT_EQ(*claims.find("exp"), Json(subject.expires_at));
    expect_refused(exchange(stock, signed_here(subject)), "unauthorized_client");

    auth::Claims handed_on = subject;
    for (int i = 0; i < 8; ++i) handed_on.actors.push_back("a" + std::to_string(i));
    expect_refused(exchange(shop, signed_here(handed_on)), "invalid_request");
    handed_on.actors.pop_back();
    EXPECT_EQ(exchange(shop, signed_here(handed_on)).status(), 200);
}

TEST_F(Exchanges, NeedLeaveForAnothersToken) {
    const auto web = machine("Web", {"products:write"}), shop = machine("Shop", {"orders:admin"});
    const std::string token = token_of(web);
    expect_refused(exchange(shop, token), "unauthorized_client");
    const auto policy = allow(shop, web, {"products:read"});
    expect_refused(exchange(shop, token, "&scope=products:write"), "invalid_scope");
    expect_refused(exchange(shop, token, "&scope=orders:read"), "invalid_scope");
    EXPECT_EQ(exchange(shop, token, "&scope=products:read").status(), 200);
    expect_refused(exchange(web, token_of(shop)), "unauthorized_client"); // leave is for one direction
    mighty.del(policy.location()).expect(204);
    expect_refused(exchange(shop, token), "unauthorized_client");

    const auto plain = machine("Plain", {"products:read"}, {"client_credentials"});
    expect_refused(exchange(plain, token_of(plain)), "unauthorized_client");
    const auto only = machine("Only", {"products:read"}, {"token_exchange"});
    expect_refused(ask_token(only), "unauthorized_client");
}

TEST_F(Exchanges, KeepTokensBoundOrAreRefused) {
    const auto web = machine("Web", {"products:write"}), shop = machine("Shop", {});
    const std::string bound = token_of(web, {}, proof(key));
    expect_refused(exchange(web, bound), "invalid_dpop_proof");
    expect_refused(exchange(web, bound, {}, proof(other_key)), "invalid_dpop_proof");
    EXPECT_EQ(*claims_of(exchange(web, bound, {}, proof(key))).at_pointer("/cnf/jkt"), Json(key.public_key().thumbprint()));

    expect_refused(exchange(shop, bound, {}, proof(other_key)), "unauthorized_client");
    allow(shop, web, {"products:read"});
    expect_refused(exchange(shop, bound), "invalid_dpop_proof");
    service.take_events();
    const auto answer = exchange(shop, bound, {}, proof(other_key));
    answer.field("/token_type", "DPoP");
    EXPECT_EQ(*claims_of(answer).at_pointer("/cnf/jkt"), Json(other_key.public_key().thumbprint()));
    EXPECT_EQ(*service.take_events().at(0).data.find("key_thumbprint"), Json(other_key.public_key().thumbprint()));
    const std::string once = proof(other_key);
    EXPECT_EQ(exchange(shop, bound, {}, once).status(), 200);
    expect_refused(exchange(shop, bound, {}, once), "invalid_dpop_proof");

    const std::string bearer = token_of(web);
    EXPECT_EQ(claims_of(exchange(shop, bearer)).find("cnf"), nullptr);
    EXPECT_EQ(exchange(shop, bearer, {}, proof(other_key)).text("/token_type"), "DPoP") << "more bound than before is well";
    mighty.patch(shop.location(), {{"require_dpop", true}}).expect(200);
    expect_refused(exchange(shop, bearer), "invalid_dpop_proof");
}

TEST_F(Exchanges, AreOfTokensThatAreGood) {
    testkit::FakeClock clock(now());
    mighty = testkit::Callers(service).owner;
    const auto self = machine("Self", {"clients:read"});
    const std::string token = token_of(self);
    expect_refused(exchange(self, "nonsense"), "invalid_request");
    expect_refused(exchange(self, token.substr(0, token.size() - 4) + "AAAA"), "invalid_request");
    auth::Claims claims = person(self, {"clients:read"});
    claims.expires_at = now().unix_seconds() - 1; // still taken by verifiers, whose clocks may differ
    expect_refused(exchange(self, signed_here(claims)), "invalid_request");
    claims = person(self, {"clients:read"});
    claims.client.clear();
    expect_refused(exchange(self, signed_here(claims)), "invalid_request");
    EXPECT_EQ(form("/oauth2/revoke", "token=" + token, basic(self)).status(), 200);
    expect_refused(exchange(self, token), "invalid_request");

    const auto web = machine("Web", {"clients:read"});
    allow(self, web, {"clients:read"});
    const std::string webs = token_of(web);
    EXPECT_EQ(exchange(self, webs).status(), 200);
    mighty.patch(web.location(), {{"disabled", true}}).expect(200);
    expect_refused(exchange(self, webs), "invalid_request");
    const std::string late = token_of(self);
    clock.advance(Duration::seconds(301));
    expect_refused(exchange(self, late), "invalid_request");
}

TEST_F(Exchanges, AreRefusedByTheBook) {
    const auto self = machine("Self", {"products:read"});
    const std::string token = token_of(self), grant = "grant_type=" + std::string(exchange_grant), type = std::string(access_token_type);
    const auto send = [&](const std::string& more) { return form("/oauth2/token", grant + more, basic(self)); };
    expect_refused(send(""), "invalid_request");
    expect_refused(send("&subject_token=" + token), "invalid_request");
    expect_refused(send("&subject_token=" + token + "&subject_token_type=urn:ietf:params:oauth:token-type:id_token"), "invalid_request");
    expect_refused(exchange(self, token, "&requested_token_type=urn:ietf:params:oauth:token-type:saml2"), "invalid_request");
    expect_refused(exchange(self, token, "&actor_token=" + token), "invalid_request");
    expect_refused(exchange(self, token, "&actor_token_type=" + std::string(access_token_type)), "invalid_request");
    expect_refused(exchange(self, token, "&audience=elsewhere"), "invalid_target");
    expect_refused(exchange(self, token, "&resource=https://elsewhere.example.com"), "invalid_target");
    EXPECT_EQ(exchange(self, token, "&audience=gravity&requested_token_type=" + type).status(), 200);
    EXPECT_EQ(form("/oauth2/token", grant + "&subject_token=" + token + "&subject_token_type=" + type).status(), 401);
}

TEST_F(Exchanges, StayWithinTheirProject) {
    const auto web = machine("Web", {"products:read"});
    const auto theirs =
        as.stranger.post("/api/v1/clients", {{"name", "Foreign"}, {"scopes", Json::array()}, {"grant_types", texts({"token_exchange"})}}).expect(201);
    expect_refused(exchange(theirs, token_of(web)), "invalid_request");
    const auto policy = allow(machine("Shop", {}), web, {"products:read"});
    as.stranger.get(policy.location()).expect_problem(404, "not-found");
    as.stranger.del(policy.location()).expect_problem(404, "not-found");
    as.stranger.get("/api/v1/exchange-policies").expect(200).field("/items", Json::array());
    as.stranger
        .post("/api/v1/exchange-policies", {{"client_id", theirs.at("/id")}, {"subject_client_id", web.at("/id")}, {"scopes", texts({"clients:read"})}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/subject_client_id");
}

TEST_F(Exchanges, PoliciesAreMadeListedAndDeleted) {
    const auto web = machine("Web", {}), shop = machine("Shop", {});
    const auto policy = allow(shop, web, {"products:read"});
    mighty.get(policy.location()).expect(200).field("/client_id", shop.at("/id")).field("/scopes", texts({"products:read"}));
    mighty.get("/api/v1/exchange-policies?client_id=" + shop.text("/id")).expect(200).field("/items/0/id", policy.at("/id"));
    mighty.get("/api/v1/exchange-policies?client_id=" + web.text("/id")).expect(200).field("/items", Json::array());
    mighty.get("/api/v1/exchange-policies?subject_client_id=" + web.text("/id")).expect(200).field("/items/0/id", policy.at("/id"));
    const auto make = [&](const testkit::Client& who, const testkit::Answer& client, const testkit::Answer& subject, const Texts& scopes) {
        return who.post("/api/v1/exchange-policies",
                        {{"client_id", client.at("/id")}, {"subject_client_id", subject.at("/id")}, {"scopes", texts(scopes)}});
    };
    make(mighty, shop, web, {"orders:read"}).expect_problem(409, "exchange-policy-exists");
    make(mighty, shop, shop, {"orders:read"}).expect_problem(422, "invalid-value");
    make(mighty, web, shop, {}).expect_problem(422, "invalid-value");
    make(mighty, web, shop, {"signing-keys:admin"}).expect_problem(403, "scope-not-yours");
    make(service.caller(service.project(), "clients:write orders:read"), web, shop, {"orders:read"}).expect_problem(403, "forbidden");
    mighty.del(shop.location()).expect(204);
    mighty.get(policy.location()).expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::issuer
