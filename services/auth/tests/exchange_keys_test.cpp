// API keys as subject tokens: what `project` says of a key, which is played here, is what the token says.
#include "client_fixture.hpp"
#include "exchange_domain.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/testkit/neighbour.hpp>

namespace gravity::issuer {
namespace {

struct Surroundings {
    Surroundings() { discovery.add(keys); } // before the service looks for it
    testkit::FakeDiscovery discovery;
    testkit::Neighbour keys{"project"};
};

class KeyExchanges : private Surroundings, public ClientApi {
protected:
    KeyExchanges() : ClientApi({{"DISCOVERY_MODE", "consul"}, {"DISCOVERY_URL", discovery.url()}}) {}
    using Surroundings::discovery, Surroundings::keys;

    const ProjectId opened = ProjectId::fresh(); // by the key
    const std::string key = "grv_staging_0123456789ab_secret";
    testkit::Answer gateway = machine(granting);

    static testkit::Answer machine(testkit::Client& by, const std::string& grant = "token_exchange", const Json& scopes = Json::array()) {
        return by.post("/api/v1/clients", {{"name", "Gateway"}, {"scopes", scopes}, {"grant_types", Json::array({grant})}}).expect(201);
    }
    /// One that may say where a key was shown.
    testkit::Answer door() {
        testkit::Client maker = service.caller(service.project(), "clients:admin api-keys:verify");
        return machine(maker, "token_exchange", Json::array({"api-keys:verify"}));
    }
    /// As `project` says of a key that is bound to 203.0.113.0/24, or of one that is not.
    void say_by_network(bool bound) {
        keys.otherwise([this, bound](const http::Request& request) {
            const Json asked = Json::parse(request.body).or_throw();
            const Json* const told = asked.find("network");
            const bool good = !bound || (told != nullptr && told->as_string().starts_with("203.0.113."));
            Json answer = good ? verified() : Json::object({{"active", false}});
            if (good && bound) answer["network"] = told->as_string() + "/32";
            return testkit::Reply{.status = 200, .body = std::move(answer)};
        });
    }
    Json verified(const Json& changes = Json::object()) const {
        const Json good = Json::object({{"active", true},
                                        {"key_id", "0198c0de-0000-7000-8000-000000000007"},
                                        {"sub", "api_key:0198c0de-0000-7000-8000-000000000007"},
                                        {"project", opened.to_string()},
                                        {"env", "staging"},
                                        {"scope", "clients:read products:write"},
                                        {"iat", now().unix_seconds() - 100}});
        return merge_patch(good, changes);
    }
    void say(const Json& answer, int status = 200) {
        keys.otherwise([answer, status](const http::Request&) { return testkit::Reply{.status = status, .body = answer}; });
    }
    testkit::Answer exchange(const testkit::Answer& client, const std::string& of, const std::string& more = {}, std::string dpop = {}) {
        const std::string type = "&subject_token_type=" + std::string(api_key_type);
        return form("/oauth2/token", "grant_type=" + std::string(exchange_grant) + type + "&subject_token=" + of + more, basic(client), std::move(dpop));
    }
    static Json payload_of(std::string_view token) {
        const auto jws = auth::parse_jws(token);
        return jws ? Json::parse(base64url_decode(jws->payload).value()).or_throw() : Json();
    }
    static void expect_refused(const testkit::Answer& answer, std::string_view error, int status = 400) {
        EXPECT_EQ(answer.status(), status) << answer.body();
        EXPECT_EQ(answer.text("/error"), error) << answer.body();
    }
};

TEST_F(KeyExchanges, BringATokenOfTheKeysProjectEnvironmentAndScopes) {
    say(verified());
    service.take_events();
    const auto answer = exchange(gateway, key);
    answer.field("/issued_token_type", std::string(access_token_type)).field("/token_type", "Bearer").field("/scope", "clients:read products:write");
    const Json claims = payload_of(answer.text("/access_token"));
    EXPECT_EQ(*claims.find("sub"), Json("api_key:0198c0de-0000-7000-8000-000000000007"));
    EXPECT_EQ(*claims.find("project"), Json(opened.to_string()));
    EXPECT_EQ(*claims.find("env"), Json("staging"));
    EXPECT_EQ(*claims.find("scope"), Json("clients:read products:write"));
    EXPECT_EQ(*claims.find("client_id"), gateway.at("/id"));
    EXPECT_EQ(*claims.find("act"), Json::object({{"sub", gateway.at("/id")}}));
    EXPECT_EQ(claims.find("exp")->as_integer() - claims.find("iat")->as_integer(), 300);
    EXPECT_EQ(claims.find("roles"), nullptr);

    const auto asked = keys.calls("POST", "/api/v1/api-keys/verify");
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].body, R"({"key":")" + key + "\"}");
    const Json own = payload_of(asked[0].headers.get("Authorization").value_or("").substr(7));
    EXPECT_EQ(*own.find("sub"), Json("service:auth"));
    EXPECT_EQ(*own.find("scope"), Json("api-keys:verify"));
    EXPECT_EQ(*own.find("project"), Json(service.project().to_string())) << "the client's: whether it may know of the key is project's to say";

    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, "gravity.auth.token.exchanged");
    EXPECT_EQ(*events[0].data.find("subject"), *claims.find("sub"));
    EXPECT_EQ(*events[0].data.find("jti"), *claims.find("jti"));
    EXPECT_EQ(events[0].data.dump().find(key), std::string::npos);

    const testkit::Client bearer(service.port(), answer.text("/access_token"));
    bearer.get("/api/v1/clients").expect(200).field("/items", Json::array()); // it sees its own project, which has none
    bearer.get("/api/v1/roles").expect_problem(403, "forbidden");
}

TEST_F(KeyExchanges, BringNoMoreThanTheKeyAllowsAndNoLonger) {
    say(verified(Json::object({{"exp", now().unix_seconds() + 40}})));
    const auto answer = exchange(gateway, key, "&scope=products:read");
    answer.field("/scope", "products:read");
    EXPECT_LE(answer.at("/expires_in").as_integer(), 40);
    EXPECT_GE(answer.at("/expires_in").as_integer(), 30);
    expect_refused(exchange(gateway, key, "&scope=products:admin"), "invalid_scope");
    expect_refused(exchange(gateway, key, "&scope=orders:read"), "invalid_scope");
    say(verified(Json::object({{"scope", ""}})));
    exchange(gateway, key + "2").field("/scope", "");
    say(verified(Json::object({{"env", nullptr}})));
    EXPECT_EQ(payload_of(exchange(gateway, key + "3").text("/access_token")).find("env"), nullptr);
}

TEST_F(KeyExchanges, AreOfKeysThatAreGood) {
    say(Json::object({{"active", false}}));
    expect_refused(exchange(gateway, key), "invalid_request");
    say(verified(Json::object({{"exp", now().unix_seconds() - 1}})));
    expect_refused(exchange(gateway, key + "2"), "invalid_request");
    const std::size_t before = keys.calls().size();
    expect_refused(exchange(gateway, std::string(501, 'k')), "invalid_request");
    EXPECT_EQ(keys.calls().size(), before) << "nobody has to look at that";
    const auto plain = machine(granting, "client_credentials");
    expect_refused(exchange(plain, key), "unauthorized_client");
    const std::string request = "grant_type=" + std::string(exchange_grant) + "&subject_token_type=" + std::string(api_key_type) + "&subject_token=" + key;
    EXPECT_EQ(form("/oauth2/token", request).status(), 401) << "a key is not the client's proof";
}

TEST_F(KeyExchanges, WaitForAnAnswerThatIsOne) {
    const auto expect_unavailable = [&](const std::string& of) {
        const auto answer = exchange(gateway, of);
        expect_refused(answer, "temporarily_unavailable", 503);
        EXPECT_EQ(answer.header("Retry-After"), "1");
    };
    expect_unavailable(key); // a 404: it knows no API keys
    say(Json::object({{"type", "urn:gravity:problem:unauthenticated"}}), 401);
    expect_unavailable(key);
    say(Json::object());
    expect_unavailable(key);
    int nth = 0;
    for (const Json& strange : {Json::object({{"sub", "api_key:"}}), Json::object({{"sub", "ada"}}), Json::object({{"sub", nullptr}}),
                                Json::object({{"project", nullptr}}), Json::object({{"project", "mine"}}), Json::object({{"scope", "a\"b"}})}) {
        say(verified(strange));
        expect_unavailable(key + std::to_string(++nth));
    }
    say(verified());
    EXPECT_EQ(exchange(gateway, key).status(), 200) << "a failure is not remembered";
}

TEST_F(KeyExchanges, OfABoundKeyAreForThePlaceWhereItWasShown) {
    const auto client = door();
    say_by_network(true);
    exchange(client, key, "&network=203.0.113.7").field("/network", "203.0.113.7/32");
    EXPECT_EQ(keys.calls().back().body, R"({"key":")" + key + R"(","network":"203.0.113.7"})");
    expect_refused(exchange(client, key, "&network=198.51.100.7"), "invalid_request"); // within the second that the answer counts for
    expect_refused(exchange(client, key, "&network=2001%3Adb8%3A%3A7"), "invalid_request");
    expect_refused(exchange(client, key), "invalid_request");
    exchange(client, key, "&network=203.0.113.8").field("/network", "203.0.113.8/32");
    EXPECT_EQ(exchange(client, key, "&network=203.0.113.7").status(), 200);
    for (const std::string bad : {"nowhere", "203.0.113.7%2F32", "203.0.113.7%2C10.0.0.1", "%5B2001%3Adb8%3A%3A7%5D", "0203.0.113.7"}) {
        const std::size_t before = keys.calls().size();
        expect_refused(exchange(client, key, "&network=" + bad), "invalid_request");
        EXPECT_EQ(keys.calls().size(), before) << bad;
    }
    expect_refused(exchange(client, key, "&network=203.0.113.7&network=203.0.113.7"), "invalid_request");

    // Of a key that is bound to none one answer is for all.
    say_by_network(false);
    const std::string free = key + "2";
    const std::size_t before = keys.calls().size();
    for (const std::string from : {"&network=203.0.113.7", "&network=198.51.100.7", ""}) EXPECT_EQ(exchange(client, free, from).at("/network"), Json());
    EXPECT_LE(keys.calls().size(), before + 2) << "a second may have passed meanwhile";
}

TEST_F(KeyExchanges, TakeNobodysWordOnWhereAKeyWasShownWhoCouldNotTellProjectItself) {
    say_by_network(true);
    expect_refused(exchange(gateway, key, "&network=203.0.113.7"), "invalid_request"); // a client without the scope
    EXPECT_EQ(keys.calls().back().body, R"({"key":")" + key + "\"}");
    auto administrator = service.caller(service.project(), "clients:admin api-keys:admin");
    const auto wide = machine(administrator, "token_exchange", Json::array({"api-keys:admin"}));
    expect_refused(exchange(wide, key + "2", "&network=203.0.113.7"), "invalid_request");
    say_by_network(false);
    EXPECT_EQ(exchange(gateway, key + "3", "&network=203.0.113.7").status(), 200) << "of a key that is bound to none it does not matter";
    EXPECT_EQ(exchange(door(), key + "4", "&network=203.0.113.7").status(), 200);
}

// Sixty-four at once, from here and from there.
TEST_F(KeyExchanges, OfOnePlaceAreNotThoseOfAnother) {
    const auto client = door();
    say_by_network(true);
    std::atomic<int> right{0};
    at_once(64, [&](int sender) {
        const bool inside = sender % 2 == 0;
        const std::string from = (inside ? "&network=203.0.113." : "&network=198.51.100.") + std::to_string(sender % 8);
        right += exchange(client, key, from).status() == (inside ? 200 : 400);
    });
    EXPECT_EQ(right, 64);
}

TEST_F(KeyExchanges, TellThePlanOfTheKeysProject) {
    say(verified(Json::object({{"plan", "team"}})));
    const auto answer = exchange(gateway, key);
    EXPECT_EQ(*payload_of(answer.text("/access_token")).find("plan"), Json("team"));
    say(verified());
    EXPECT_EQ(payload_of(exchange(gateway, key + "2").text("/access_token")).find("plan"), nullptr);
}

TEST_F(KeyExchanges, AskOnceForManyAndAgainASecondLater) {
    say(verified());
    std::atomic<int> good{0};
    at_once(16, [&](int) { good += exchange(gateway, key).status() == 200; });
    EXPECT_EQ(good, 16);
    EXPECT_LE(keys.calls().size(), 2u) << "a second may have passed meanwhile";
    say(Json::object({{"active", false}}));
    const auto revoked = std::chrono::steady_clock::now();
    testkit::eventually("the key is dead", [&] { return exchange(gateway, key).status() == 400; });
    EXPECT_LT(std::chrono::steady_clock::now() - revoked, std::chrono::seconds(2));
}

TEST_F(KeyExchanges, OfTwoProjectsKnowNothingOfEachOther) {
    say(verified());
    EXPECT_EQ(exchange(gateway, key).status(), 200);
    testkit::Client stranger = service.caller(ProjectId::fresh(), "clients:admin");
    const auto theirs = machine(stranger);
    say(Json::object({{"active", false}})); // as project says of a key that it tells them nothing of
    expect_refused(exchange(theirs, key), "invalid_request");
    ASSERT_EQ(keys.calls().size(), 2u) << "what one was told is not the other's answer";
    const auto project_asked_for = [&](std::size_t call) {
        return *payload_of(keys.calls()[call].headers.get("Authorization").value_or("").substr(7)).find("project");
    };
    EXPECT_NE(project_asked_for(0), project_asked_for(1));
}

TEST_F(KeyExchanges, BindToTheProofThatCameAlong) {
    say(verified());
    const auto holder = auth::Signer::generate();
    const std::string once = proof(holder);
    const auto answer = exchange(gateway, key, {}, once);
    answer.field("/token_type", "DPoP");
    EXPECT_EQ(*payload_of(answer.text("/access_token")).at_pointer("/cnf/jkt"), Json(holder.public_key().thumbprint()));
    expect_refused(exchange(gateway, key, {}, once), "invalid_dpop_proof");
}

class LonelyIssuer : public ClientApi {};

TEST_F(LonelyIssuer, SaysThatKeysCannotBeChecked) {
    const Json registration = Json::object({{"name", "G"}, {"scopes", Json::array()}, {"grant_types", Json::array({"token_exchange"})}});
    const auto gateway = granting.post("/api/v1/clients", registration).expect(201);
    const std::string grant = "grant_type=" + std::string(exchange_grant) + "&subject_token_type=" + std::string(api_key_type) + "&subject_token=grv_x";
    const auto answer = form("/oauth2/token", grant, basic(gateway));
    EXPECT_EQ(answer.status(), 503) << answer.body();
    EXPECT_EQ(answer.text("/error"), "temporarily_unavailable");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    testkit::eventually("health says so", [&] { return as.anonymous.get("/health/ready").send().body().find("\"project\"") != std::string::npos; });
}

} // namespace
} // namespace gravity::issuer
