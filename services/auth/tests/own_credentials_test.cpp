#include "passkey_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <atomic>
#include <utility>
#include <vector>

namespace gravity::issuer {
namespace {

/// What people see and remove of what they sign in with, by tokens of their own.
class OwnCredentials : public PasskeyApi {
protected:
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};
    SoftPasskey laptop, phone;

    const std::string path = "/api/v1/own-credentials";

    std::string last_session(const testkit::Answer& whose) {
        return sql("select id from session where identity_id = '" + whose.text("/id") + "' order by auth_time desc, id desc limit 1");
    }
    testkit::Client by_token(const testkit::Answer& whose, const std::string& session, const std::string& scopes = "own-credentials:write") {
        const auto seconds = now().unix_seconds();
        Json claims = Json::object({{"iss", "test"}, {"aud", "gravity"}, {"scope", scopes}, {"iat", seconds}, {"exp", seconds + 300}});
        claims["sub"] = whose.at("/id");
        claims["project"] = service.project().to_string();
        if (!session.empty()) claims["sid"] = session;
        return testkit::Client(service.port(), service.token(claims.dump()));
    }
    testkit::Client reading(const testkit::Answer& whose) const { return service.caller(service.project(), "own-credentials:read", whose.text("/id")); }
    std::string id_of(const std::string& type, const std::string& name = {}) {
        return sql("select id from credential where identity_id = '" + ada.text("/id") + "' and type = '" + type + "'" +
                   (name.empty() ? "" : " and name = '" + name + "'"));
    }
    /// Two passkeys, and a sign-in of just now by one of them.
    void enrol_both() {
        signed_in(browser, shop);
        const auto codes = codes_in(enrol(browser, laptop));
        ASSERT_EQ(codes.size(), 10u);
        ASSERT_EQ(enrol(browser, phone, by_password() + "&code=" + codes[0], "Phone").status(), 200);
        ASSERT_TRUE(sign_in(browser, shop, laptop, "&prompt=login").location().starts_with(callback));
        service.take_events();
    }
    testkit::Client just_signed_in() { return by_token(ada, last_session(ada)); }
    static void expect_sign_in(const testkit::Answer& answer, bool two) {
        EXPECT_EQ(answer.status(), 401) << answer.body();
        EXPECT_NE(answer.body().find("sign-in-not-fresh"), std::string::npos) << answer.body();
        const std::string challenge = answer.header("WWW-Authenticate");
        EXPECT_NE(challenge.find("error=\"insufficient_user_authentication\""), std::string::npos) << challenge;
        EXPECT_NE(challenge.find("max_age=\"300\""), std::string::npos) << challenge;
        EXPECT_EQ(challenge.find("acr_values=\"urn:gravity:acr:2\"") != std::string::npos, two) << challenge;
    }
};

TEST_F(OwnCredentials, AreListedForTheirOwnerAlone) {
    const auto bob = person("bob@example.com");
    enrol_both();
    const auto all = reading(ada).get(path).expect(200);
    EXPECT_EQ(all.at("/items").size(), 3u) << all.body();
    EXPECT_EQ(all.body().find("argon2"), std::string::npos);
    const auto passkeys = reading(ada).get(path + "?type=passkey&limit=1").expect(200);
    EXPECT_EQ(passkeys.at("/items").size(), 1u);
    EXPECT_EQ(reading(ada).get(path + "?type=passkey&limit=1&cursor=" + passkeys.text("/next_cursor")).expect(200).at("/items").size(), 1u);
    const std::string mine = path + "/" + id_of("password");
    reading(ada).get(mine).expect(200).field("/type", "password").field("/identity_id", ada.at("/id")).field("/password", Json());
    EXPECT_EQ(reading(bob).get(path).expect(200).at("/items").size(), 1u) << "nothing but their own";
    reading(bob).get(mine).expect_problem(404, "not-found");
    by_token(bob, last_session(ada)).del(mine).expect_problem(404, "not-found");
    reading(ada).del(mine).expect_problem(403, "forbidden");
    EXPECT_EQ(reading(ada).get(path + "/x").send().status() / 100, 4);
    const auto machine = service.caller(service.project(), "own-credentials:write");
    EXPECT_EQ(machine.get(path).expect(200).at("/items").size(), 0u) << "whose token is no person's has none";
    machine.get(mine).expect_problem(404, "not-found");
    machine.del(mine).expect_problem(404, "not-found");
    service.caller(service.project(), "credentials:admin", ada.text("/id")).get(path).expect_problem(403, "forbidden");
    as.anonymous.get(path).expect(401);
    const auto stranger = service.caller(ProjectId::fresh(), "own-credentials:write", ada.text("/id"));
    EXPECT_EQ(stranger.get(path).expect(200).at("/items").size(), 0u) << "another project's";
    stranger.del(mine).expect_problem(404, "not-found");
    EXPECT_EQ(sql("select count(*) from credential where identity_id = '" + ada.text("/id") + "'"), "3");
}

TEST_F(OwnCredentials, GoAfterASignInOfJustNowByAllFactors) {
    signed_in(browser, shop);
    const std::string by_one_factor = last_session(ada);
    const auto codes = codes_in(enrol(browser, laptop));
    ASSERT_EQ(codes.size(), 10u);
    const std::string one = path + "/" + id_of("passkey");
    expect_sign_in(by_token(ada, "").del(one).send(), true);
    expect_sign_in(by_token(ada, "no id").del(one).send(), true);
    expect_sign_in(by_token(ada, by_one_factor).del(one).send(), true);
    const auto bob = person("bob@example.com");
    Browser bobs(service.port());
    auto step = type(bobs, flow_of(bobs.get(request(shop))), "bob@example.com", good_password);
    ASSERT_TRUE(step.location().starts_with(callback)) << step.location();
    expect_sign_in(by_token(ada, last_session(bob)).del(one).send(), true);

    ASSERT_TRUE(sign_in(browser, shop, laptop, "&prompt=login").location().starts_with(callback));
    clock.advance(Duration::seconds(301));
    expect_sign_in(just_signed_in().del(one).send(), true);
    ASSERT_TRUE(sign_in(browser, shop, laptop, "&prompt=login").location().starts_with(callback));
    service.take_events();
    just_signed_in().del(one).if_match("\"999\"").expect_problem(412, "stale-version");
    just_signed_in().del(one).expect(204);
    EXPECT_EQ(event_types(), "credential.removed ");
    just_signed_in().del(one).expect_problem(404, "not-found");
    EXPECT_FALSE(signs_in(shop, laptop));
    EXPECT_EQ(sql("select (select count(*) from recovery_code) + (select count(*) from trusted_device where identity_id = '" + ada.text("/id") + "')"), "0")
        << "codes go with the last they stood in for, and no browser is trusted any more";
    clock.advance(Duration::seconds(301));
    expect_sign_in(just_signed_in().del(path + "/" + id_of("password")).send(), false);
}

TEST_F(OwnCredentials, LeaveAWayIn) {
    enrol_both();
    just_signed_in().del(path + "/" + id_of("password")).expect(204);
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(signs_in(shop, phone)) << "a passkey is enough";
    just_signed_in().del(path + "/" + id_of("passkey", "Laptop")).expect(204);
    just_signed_in().del(path + "/" + id_of("passkey", "Phone")).expect_problem(409, "last-way-in");
    const auto at_page = prove(browser, phone);
    const auto refused = act(browser, "passkeys/remove", "&id=" + id_of("passkey", "Phone") + proof_in(at_page));
    EXPECT_EQ(refused.status(), 409) << refused.body();
    EXPECT_NE(refused.body().find("It is the last way to sign in"), std::string::npos);
    EXPECT_TRUE(signs_in(shop, phone));
}

TEST_F(OwnCredentials, ThatSignNobodyInAreNoWayIn) {
    enrol_both();
    sql("update passkey set rp_id = 'elsewhere.example' where credential_id = '" + id_of("passkey", "Phone") + "'");
    sql("update passkey set user_verified = false where credential_id = '" + id_of("passkey", "Laptop") + "'");
    just_signed_in().del(path + "/" + id_of("password")).expect_problem(409, "last-way-in");
    just_signed_in().del(path + "/" + id_of("passkey", "Phone")).expect(204);
    just_signed_in().del(path + "/" + id_of("passkey", "Laptop")).expect(204);
    just_signed_in().del(path + "/" + id_of("password")).expect_problem(409, "last-way-in");
}

TEST_F(OwnCredentials, LeaveAWayInWhateverGoesAtOnce) {
    enrol_both();
    just_signed_in().del(path + "/" + id_of("password")).expect(204);
    std::vector<std::pair<std::string, SoftPasskey>> two{{"Laptop", laptop}, {"Phone", phone}};
    for (int round = 0; round < 5; ++round) {
        const testkit::Client who = just_signed_in();
        const std::string ids[] = {id_of("passkey", two[0].first), id_of("passkey", two[1].first)};
        std::atomic<int> gone{0}, kept{0};
        at_once(2, [&](int i) {
            const int status = who.del(path + "/" + ids[i]).send().status();
            if (status == 204) ++gone;
            if (status == 409) ++kept;
        });
        EXPECT_EQ(gone, 1);
        EXPECT_EQ(kept, 1);
        ASSERT_EQ(sql("select count(*) from credential where identity_id = '" + ada.text("/id") + "'"), "1");
        two.erase(id_of("passkey", two[0].first).empty() ? two.begin() : two.begin() + 1);
        SoftPasskey next;
        const std::string name = "Round " + std::to_string(round);
        ASSERT_EQ(enrol(browser, next, proof_in(prove(browser, two[0].second)), name).status(), 200);
        two.emplace_back(name, next);
    }
}

} // namespace
} // namespace gravity::issuer
