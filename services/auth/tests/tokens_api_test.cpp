#include "client_fixture.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/auth/token_source.hpp>
#include <gravity/auth/verifier.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <array>
#include <atomic>
#include <thread>

namespace gravity::issuer {
namespace {

const std::string issuer_url = "http://127.0.0.1:8081";

class Tokens : public ClientApi {
protected:
    std::string token_of(const testkit::Answer& client, std::string more = {}) {
        const auto answer = ask_token(client, std::move(more));
        EXPECT_EQ(answer.status(), 200) << answer.body();
        return answer.text("/access_token");
    }
    // As any service of the platform verifies it.
    auth::Result<std::shared_ptr<const auth::Claims>> verified(const std::string& token, bool allow_rs256 = false) {
        auth::VerifierOptions options;
        options.issuer = issuer_url;
        options.audiences = {"gravity"};
        options.allow_rs256 = allow_rs256;
        auth::Verifier verifier(options);
        verifier.set_keys(std::make_shared<auth::KeySet>(auth::KeySet::parse(as.anonymous.get("/oauth2/jwks").expect(200).body()).or_throw()));
        return verifier.verify(token, now().unix_seconds());
    }
    testkit::Answer introspect(const std::string& token, const testkit::Answer& by) { return form("/oauth2/introspect", "token=" + token, basic(by)); }
    void expect_error(const testkit::Answer& answer, int status, std::string_view error) {
        EXPECT_EQ(answer.status(), status) << answer.body();
        EXPECT_EQ(answer.text("/error"), error);
        EXPECT_EQ(answer.header("Content-Type"), "application/json");
        EXPECT_EQ(answer.header("Cache-Control"), "no-store");
        EXPECT_EQ(answer.header("WWW-Authenticate").empty(), status != 401);
    }
};

TEST_F(Tokens, AreWhatServicesVerify) {
    const auto made = client();
    const auto answer = ask_token(made);
    answer.field("/token_type", "Bearer").field("/expires_in", 300).field("/scope", "products:write orders:read").expect_header("Cache-Control", "no-store");
    const auto claims = verified(answer.text("/access_token"));
    ASSERT_TRUE(claims) << auth::to_string(claims.error());
    EXPECT_EQ((*claims)->subject, made.text("/id"));
    EXPECT_EQ((*claims)->client, made.text("/id"));
    EXPECT_EQ((*claims)->project, service.project());
    EXPECT_EQ((*claims)->scopes, (std::vector<std::string>{"orders:read", "products:write"}));
    EXPECT_FALSE((*claims)->id.empty());
    EXPECT_EQ((*claims)->expires_at - *(*claims)->issued_at, 300);
    EXPECT_EQ((*verified(token_of(made, "&scope=products:read")))->scopes, std::vector<std::string>{"products:read"});
}

TEST_F(Tokens, AreSignedAsTheirClientSays) {
    const auto rsa = client({"orders:read"}, "rs256");
    EXPECT_FALSE(verified(token_of(rsa))) << "a service of the platform takes no RS256";
    EXPECT_TRUE(verified(token_of(rsa), true));
    const auto ed = client({"orders:read"}, "eddsa");
    EXPECT_EQ(ask_token(ed).status(), 503) << "there is no key of it yet";
    testkit::FakeClock clock(now());
    const auto operators = testkit::Callers(service).owner;
    operators.post("/api/v1/signing-keys", {{"alg", "eddsa"}}).expect(201);
    clock.advance(Duration::minutes(15));
    testkit::Callers(service).owner.post("/api/v1/signing-keys/rotate", Json::object()).expect(200);
    EXPECT_TRUE(verified(token_of(ed)));
}

TEST_F(Tokens, AreRefusedByTheBook) {
    const auto made = client();
    const std::string grant = "grant_type=client_credentials";
    expect_error(form("/oauth2/token", "", basic(made)), 400, "invalid_request");
    expect_error(form("/oauth2/token", "grant_type=password&username=a&password=b", basic(made)), 400, "unsupported_grant_type");
    expect_error(form("/oauth2/token", grant), 401, "invalid_client");
    expect_error(form("/oauth2/token", grant, basic(made.text("/id"), "gcs_wrong")), 401, "invalid_client");
    expect_error(form("/oauth2/token", grant, basic(Uuid::v7().to_string(), "gcs_wrong")), 401, "invalid_client");
    expect_error(ask_token(made, "&scope=orders:write"), 400, "invalid_scope");
    expect_error(form("/oauth2/token", grant + "&grant_type=client_credentials", basic(made)), 400, "invalid_request");
    expect_error(as.anonymous.post("/oauth2/token", {{"grant_type", "client_credentials"}}).send(), 400, "invalid_request");
    EXPECT_EQ(form("/oauth2/token", grant + "&client_id=" + made.text("/id") + "&client_secret=" + made.text("/client_secret")).status(), 200);
    granting.patch(made.location(), {{"disabled", true}}).expect(200);
    expect_error(ask_token(made), 401, "invalid_client");
    granting.patch(made.location(), {{"disabled", false}}).expect(200);
    EXPECT_EQ(ask_token(made).status(), 200);
    granting.del(made.location()).expect(204);
    expect_error(ask_token(made), 401, "invalid_client");
}

TEST_F(Tokens, AreGivenForAnAssertionOnce) {
    const auto made = key_client();
    const std::string id = made.text("/id"), grant = "grant_type=client_credentials&";
    EXPECT_EQ(form("/oauth2/token", grant + assertion(id, "a")).status(), 200);
    EXPECT_EQ(form("/oauth2/token", grant + assertion(id, "b", issuer_url + "/oauth2/token")).status(), 200);
    expect_error(form("/oauth2/token", grant + assertion(id, "a")), 401, "invalid_client");
    expect_error(form("/oauth2/token", grant + assertion(id, "c", "https://other.example.com")), 401, "invalid_client");
    expect_error(form("/oauth2/token", grant, basic(id, "gcs_x")), 401, "invalid_client");
    const auto with_secret = client();
    expect_error(form("/oauth2/token", grant + assertion(with_secret.text("/id"), "d")), 401, "invalid_client");

    const std::string one = grant + assertion(id, "race");
    std::atomic<int> got{0}, refused{0};
    at_once(50, [&](int) { ++(form("/oauth2/token", one).status() == 200 ? got : refused); });
    EXPECT_EQ(got, 1);
    EXPECT_EQ(refused, 49);
}

TEST_F(Tokens, AreTakenHereWithoutAskingAnybody) {
    const auto strong = client({"clients:read"});
    const testkit::Client machine(service.port(), token_of(strong));
    machine.get("/api/v1/clients/" + strong.text("/id")).expect(200);
    machine.post("/api/v1/clients", {{"name", "x"}, {"scopes", Json::array()}}).expect_problem(403, "forbidden");
    std::string forged = machine.token();
    forged[forged.rfind('.') + 5] = forged[forged.rfind('.') + 5] == 'A' ? 'B' : 'A';
    testkit::Client(service.port(), forged).get("/api/v1/clients").expect_problem(401, "unauthenticated");
    testkit::FakeClock clock(now());
    clock.advance(Duration::seconds(400));
    machine.get("/api/v1/clients").expect_problem(401, "unauthenticated");
}

// RFC 8725: the algorithm is the key's, and the key is one of ours, whatever a token says of both.
TEST_F(Tokens, OfNobodyOpenNothing) {
    testkit::Neighbour elsewhere;
    const auth::Signer other = auth::Signer::generate();
    elsewhere.on("GET", "/jwks", testkit::Reply{200, Json::parse(other.jwks()).or_throw()});
    const std::string good = token_of(client({"clients:read"}));
    const std::string payload = good.substr(good.find('.') + 1, good.rfind('.') - good.find('.') - 1);
    const Json header = Json::parse(base64url_decode(good.substr(0, good.find('.'))).value()).or_throw();
    const std::string key = Json::parse(as.anonymous.get("/oauth2/jwks").expect(200).body()).or_throw().at_pointer("/keys/0")->dump();
    const auto input = [&](const Json& changes) { return base64url_encode(merge_patch(header, changes).dump()) + "." + payload; };
    const auto by_other = [&](const Json& changes) { return input(changes) + "." + base64url_encode(other.sign(input(changes))); };
    const std::string none = input(Json::object({{"alg", "none"}})), symmetric = input(Json::object({{"alg", "HS256"}}));
    std::vector<std::string> bad{none + ".",
                                 symmetric + "." + base64url_encode(hmac_sha256(key, symmetric)),
                                 by_other(Json::object()),
                                 by_other(Json::object({{"kid", other.kid()}})),
                                 by_other(Json::object({{"kid", other.kid()}, {"jku", elsewhere.url() + "/jwks"}})),
                                 by_other(Json::object({{"jwk", Json::parse(other.public_key().jwk()).or_throw()}})),
                                 by_other(Json::object({{"more", std::string(9'000, 'a')}}))};
    for (const std::string& token : bad) {
        const testkit::Client machine(service.port(), token);
        machine.get("/api/v1/clients").expect_problem(401, "unauthenticated");
        EXPECT_EQ(machine.get("/oauth2/userinfo").expect(401).text("/error"), "invalid_token") << token.substr(0, 100);
        EXPECT_EQ(form("/oauth2/userinfo", "access_token=" + token).text("/error"), "invalid_token") << token.substr(0, 100);
    }
    testkit::Client(service.port(), good).get("/api/v1/clients").expect(200);
    EXPECT_TRUE(elsewhere.calls().empty()) << "keys are fetched from nowhere that a token names";
}

// Another service, which knows this one by its JWKS URL alone, and gets its own token here as services do.
TEST_F(Tokens, OpenOtherServices) {
    const std::string here = "http://127.0.0.1:" + std::to_string(service.port());
    testkit::RunningService other(assemble(0), with_master_key({{"AUTH_JWKS_URL", here + "/oauth2/jwks"},
                                                                {"AUTH_ISSUER", issuer_url},
                                                                {"AUTH_PUBLIC_URL", "https://other.example.com"}}));
    const auto made = client({"clients:read"});
    testkit::Loop loop;
    auth::TokenSource source(loop.io(), here + "/oauth2/token", made.text("/id"), Secret<>(made.text("/client_secret")));
    loop.start();
    const std::string token = loop.await<std::string>([&] { return source.token("clients:read"); });
    testkit::Client(other.port(), token).get("/api/v1/clients").expect(200).field("/items", Json::array());
    testkit::Client(other.port(), token).post("/api/v1/clients", {{"name", "x"}, {"scopes", Json::array()}}).expect_problem(403, "forbidden");
    loop.stop();
}

TEST_F(Tokens, StayGoodWhileKeysRotate) {
    testkit::FakeClock clock(now());
    const auto made = client();
    clock.advance(Duration::minutes(15));
    for (int i = 0; i < 5; ++i) {
        const std::string before = token_of(made);
        testkit::Callers(service).owner.post("/api/v1/signing-keys/rotate", {{"alg", "es256"}}).expect(200);
        const std::string after = token_of(made);
        EXPECT_TRUE(verified(before));
        EXPECT_TRUE(verified(after));
        EXPECT_NE(before.substr(0, before.find('.')), after.substr(0, after.find('.'))) << "another key signs";
        clock.advance(Duration::minutes(15));
    }
}

// Whoever read the keys before a rotation verifies what is signed behind it: they have known the key for a while.
TEST_F(Tokens, AreVerifiedByWhoReadTheKeysBeforeARotation) {
    struct Verifiers {
        std::atomic<bool> done{false};
        std::atomic<int> bad{0};
        std::array<std::atomic<int>, 4> rounds{};
        std::vector<std::thread> threads;
        ~Verifiers() {
            done = true;
            for (auto& thread : threads) thread.join();
        }
        // All that are under way began now or later.
        void wait_for_rounds() {
            std::array<int, 4> before{};
            for (std::size_t i = 0; i < before.size(); ++i) before[i] = rounds[i];
            testkit::until([&] {
                for (std::size_t i = 0; i < before.size(); ++i)
                    if (rounds[i] < before[i] + 2) return false;
                return true;
            });
        }
    };
    testkit::FakeClock clock(now());
    const auto made = client();
    clock.advance(Duration::minutes(15));
    Verifiers verifiers;
    const auto verify = [&](std::size_t i) {
        while (!verifiers.done) {
            auth::VerifierOptions options;
            options.issuer = issuer_url;
            options.audiences = {"gravity"};
            auth::Verifier verifier(options);
            verifier.set_keys(std::make_shared<auth::KeySet>(auth::KeySet::parse(as.anonymous.get("/oauth2/jwks").send().body()).or_throw()));
            const std::string token = ask_token(made).text("/access_token");
            const auto jws = auth::parse_jws(token);
            const auto payload = jws ? base64url_decode(jws->payload) : std::nullopt;
            const auto claims = payload ? Json::parse(*payload) : Parsed<Json>(ParseError{"there was no token"});
            if (!claims || !verifier.verify(token, claims->find("iat")->as_integer())) ++verifiers.bad; // by its own time: ours moves by leaps
            ++verifiers.rounds[i];
        }
    };
    for (std::size_t i = 0; i < verifiers.rounds.size(); ++i) verifiers.threads.emplace_back(verify, i);
    for (int i = 0; i < 5; ++i) {
        verifiers.wait_for_rounds();
        testkit::Callers(service).owner.post("/api/v1/signing-keys/rotate", {{"alg", "es256"}}).expect(200);
        verifiers.wait_for_rounds();
        clock.advance(Duration::minutes(15));
    }
    verifiers.wait_for_rounds();
    EXPECT_EQ(verifiers.bad, 0);
}

TEST_F(Tokens, AreToldAboutToTheirProject) {
    const auto made = client(), asking = client({"orders:read"});
    const std::string token = token_of(made);
    introspect(token, asking)
        .field("/active", true)
        .field("/client_id", made.text("/id"))
        .field("/sub", made.text("/id"))
        .field("/scope", "orders:read products:write")
        .field("/token_type", "Bearer")
        .field("/iss", issuer_url)
        .field("/aud", "gravity")
        .field("/project", service.project().to_string())
        .expect_header("Cache-Control", "no-store");
    expect_error(form("/oauth2/introspect", "token=" + token), 401, "invalid_client");
    expect_error(form("/oauth2/introspect", "a=1", basic(asking)), 400, "invalid_request");

    const auto foreign = as.stranger.post("/api/v1/clients", {{"name", "Foreign"}, {"scopes", Json::array()}}).expect(201);
    EXPECT_EQ(introspect(token, foreign).body(), R"({"active":false})");

    const auto last_dot = token.rfind('.');
    const std::string payload = token.substr(token.find('.') + 1, last_dot - token.find('.') - 1);
    const std::string none = base64url_encode(R"({"alg":"none","typ":"at+jwt"})") + "." + payload + ".";
    const Json set = Json::parse(as.anonymous.get("/oauth2/jwks").expect(200).body()).or_throw();
    const std::string kid = set.at_pointer("/keys/0/kid")->as_string();
    const std::string symmetric = base64url_encode(Json::object({{"alg", "HS256"}, {"typ", "at+jwt"}, {"kid", kid}}).dump()) + "." + payload;
    for (const std::string& bad : {none, symmetric + "." + base64url_encode(hmac_sha256(set.at_pointer("/keys/0")->dump(), symmetric)),
                                   token.substr(0, last_dot) + ".AAAA", auth::Signer::generate().token(base64url_decode(payload).value(), "at+jwt"),
                                   std::string(20'000, 'a'), std::string("gk_not_a_jwt")})
        EXPECT_EQ(introspect(bad, asking).body(), R"({"active":false})") << bad.substr(0, 60);

    granting.patch(made.location(), {{"disabled", true}}).expect(200);
    EXPECT_EQ(introspect(token, asking).body(), R"({"active":false})");
}

TEST_F(Tokens, AreGivenBackByWhoGotThem) {
    const auto made = client(), other = client();
    const std::string token = token_of(made), second = token_of(made);
    expect_error(form("/oauth2/revoke", "token=" + token, basic(other)), 400, "unauthorized_client");
    introspect(token, made).field("/active", true);
    EXPECT_EQ(form("/oauth2/revoke", "token=" + token + "&token_type_hint=refresh_token", basic(made)).status(), 200);
    EXPECT_EQ(introspect(token, made).body(), R"({"active":false})");
    introspect(second, made).field("/active", true);
    EXPECT_EQ(form("/oauth2/revoke", "token=" + token, basic(made)).status(), 200);
    EXPECT_EQ(form("/oauth2/revoke", "token=nonsense", basic(made)).status(), 200);
    expect_error(form("/oauth2/revoke", "token=" + token), 401, "invalid_client");
    expect_error(form("/oauth2/revoke", "", basic(made)), 400, "invalid_request");
}

TEST_F(Tokens, LeaveNothingBehindOnceTheyHaveEnded) {
    testkit::FakeClock clock(now());
    const auto made = client(), keys = key_client();
    EXPECT_EQ(form("/oauth2/revoke", "token=" + token_of(made), basic(made)).status(), 200);
    EXPECT_EQ(form("/oauth2/token", "grant_type=client_credentials&" + assertion(keys.text("/id"), "once")).status(), 200);
    const auto run = [&] {
        forget_ended();
        return service.database().admin("select (select count(*) from revoked_token) || ' ' || (select count(*) from client_assertion)");
    };
    EXPECT_EQ(run(), "1 1");
    clock.advance(Duration::minutes(20));
    EXPECT_EQ(run(), "0 0");
}

TEST_F(Tokens, AreNotToBeHadWhileTheDatabaseIsAway) {
    const auto made = client();
    service.database().admin("alter database " + service.database().name() + " connection limit 0");
    service.database().cut_connections();
    EXPECT_EQ(ask_token(made).status(), 503);
    for (const std::string path : {"token", "introspect", "revoke", "par", "device_authorization"}) {
        const auto away = form("/oauth2/" + path, "grant_type=client_credentials&token=x", basic(Uuid::v7().to_string(), "x"));
        EXPECT_EQ(away.status(), 503) << path;
        EXPECT_EQ(away.text("/error"), "temporarily_unavailable") << path << " " << away.body();
        EXPECT_EQ(away.header("Cache-Control"), "no-store") << path;
        EXPECT_NE(away.header("Retry-After"), "") << path;
    }
    service.database().admin("alter database " + service.database().name() + " connection limit -1");
    testkit::until([&] { return ask_token(made).status() == 200; });
}

} // namespace
} // namespace gravity::issuer
