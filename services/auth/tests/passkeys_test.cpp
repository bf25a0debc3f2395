#include "passkey_fixture.hpp"
#include "totp.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/clock.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::issuer {
namespace {

class Passkeys : public PasskeyApi {
protected:
    using PasskeyApi::PasskeyApi;
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};
    SoftPasskey passkey;

    /// Ada's, made in `browser`.
    std::vector<std::string> enrolled() {
        signed_in(browser, shop);
        const auto page = enrol(browser, passkey);
        EXPECT_EQ(page.status(), 200) << page.body();
        service.take_events();
        return codes_in(page);
    }
    std::string announced(const std::string& type, const std::string& member) {
        std::string found;
        for (const auto& event : service.take_events())
            if (event.type == "gravity.auth." + type)
                if (const Json* const value = event.data.find(member)) found = value->is_string() ? value->as_string() : value->dump();
        return found;
    }
    testkit::Answer behind_password(Browser& by, const std::string& more = {}) {
        return type(by, flow_of(by.get(request(shop, more))), "ada@example.com", good_password);
    }
};

TEST_F(Passkeys, AreMadeByWhoProvesWhoTheyAre) {
    for (const std::string path : {"passkeys", "passkeys/add", "passkeys/remove", "passkey"})
        EXPECT_EQ(browser.post("/account/security/" + path, "").status(), 401) << path;
    EXPECT_EQ(browser.get("/account/security/passkey").status(), 401);
    signed_in(browser, shop);
    EXPECT_EQ(act(browser, "passkeys", by_password("wrong one")).status(), 400);
    EXPECT_EQ(browser.post("/account/security/passkeys", "proof=x" + by_password()).status(), 400);
    EXPECT_EQ(sql("select count(*) from passkey_challenge"), "0");
    const auto begun = act(browser, "passkeys", by_password());
    ASSERT_EQ(begun.status(), 200) << begun.body();
    EXPECT_NE(begun.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    EXPECT_NE(begun.header("Content-Security-Policy").find("script-src 'self'"), std::string::npos);
    EXPECT_NE(begun.body().find("<script src=\"/login/passkeys.js\" defer></script>"), std::string::npos);
    EXPECT_NE(begun.body().find("<noscript>"), std::string::npos);
    EXPECT_EQ(browser.get("/account/security").header("Content-Security-Policy").find("script-src"), std::string::npos) << "no other page has a script";
    const Json options = options_of(begun);
    EXPECT_EQ(*options.at_pointer("/rp/id"), Json("localhost"));
    EXPECT_EQ(*options.at_pointer("/user/name"), Json("ada@example.com"));
    EXPECT_EQ(begun.body().find(ada.text("/id")), std::string::npos) << "the handle tells nobody who it is for";
    service.take_events();
    const auto made = add(browser, passkey.made(options));
    ASSERT_EQ(made.status(), 200) << made.body();
    EXPECT_EQ(codes_in(made).size(), 10u);
    EXPECT_EQ(event_types(), "credential.added ");
    const auto page = browser.get("/account/security");
    EXPECT_NE(page.body().find("Laptop"), std::string::npos);
    EXPECT_NE(page.body().find("10 recovery codes are left"), std::string::npos);
    const auto listed = as.owner.get("/api/v1/credentials?type=passkey").expect(200);
    listed.field("/items/0/identity_id", ada.at("/id")).field("/items/0/name", "Laptop").field("/items/0/last_used_at", Json());
    EXPECT_EQ(as.owner.get("/api/v1/credentials?type=password").send().text("/items/0/type"), "password");
    as.stranger.get("/api/v1/credentials/" + listed.text("/items/0/id")).expect(404);
    as.owner.post("/api/v1/credentials", {{"identity_id", ada.text("/id")}, {"type", "passkey"}, {"password", good_password}}).expect(422);
    std::vector<std::string> empty;
    act(browser, "passkeys", by_password() + "&code=" + codes_in(made)[0]);
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    for (const std::string table : {"passkey", "passkey_user", "passkey_challenge", "recovery_code"})
        EXPECT_EQ(std::count(empty.begin(), empty.end(), "public." + table), 0) << table;
}

TEST_F(Passkeys, AreMadeOnceForOneChallenge) {
    signed_in(browser, shop);
    const Json options = options_of(act(browser, "passkeys", by_password()));
    SoftPasskey refused;
    for (const std::string& bad : {std::string(), std::string("x"), std::string("{}"), std::string(13000, 'x')})
        EXPECT_EQ(add(browser, bad).status(), 400) << bad.substr(0, 9);
    EXPECT_EQ(add(browser, passkey.made(options), "").status(), 400) << "no name";
    EXPECT_EQ(add(browser, passkey.made(options), std::string(65, 'n')).status(), 400);
    EXPECT_EQ(add(browser, passkey.made(options), std::string("a\0b", 3)).status(), 400);
    EXPECT_EQ(sql("select count(*) from passkey"), "0");
    EXPECT_EQ(add(browser, passkey.made(options)).status(), 200) << "none of them was held against the challenge";
    EXPECT_EQ(add(browser, refused.made(options)).status(), 400) << "it was used";
    EXPECT_EQ(sql("select count(*) from passkey"), "1");
}

TEST_F(Passkeys, AreRefusedWhereTheyDoNotHold) {
    const auto codes = enrolled();
    std::size_t next = 0;
    const auto refused = [&](const std::string& what, const std::function<void(SoftPasskey&)>& spoil) {
        SoftPasskey other;
        const Json options = options_of(act(browser, "passkeys", by_password() + "&code=" + codes[next++]));
        spoil(other);
        EXPECT_EQ(add(browser, other.made(options)).status(), 400) << what;
        SoftPasskey good;
        EXPECT_EQ(add(browser, good.made(options)).status(), 400) << what << ": the challenge was used up";
    };
    refused("another page", [](SoftPasskey& other) { other.origin = "http://localhost:8082"; });
    refused("another domain", [](SoftPasskey& other) { other.rp_id = "example.com"; });
    refused("nobody there", [](SoftPasskey& other) { other.present = false; });
    refused("within another page", [](SoftPasskey& other) { other.more_client_data = Json::object({{"crossOrigin", true}}); });
    refused("a use", [](SoftPasskey& other) { other.more_client_data = Json::object({{"type", "webauthn.get"}}); });
    const Json late = options_of(act(browser, "passkeys", by_password() + "&code=" + codes[next++]));
    clock.advance(Duration::minutes(6));
    SoftPasskey other;
    EXPECT_EQ(add(browser, other.made(late)).status(), 400) << "too late";
    const Json first = options_of(act(browser, "passkeys", by_password() + "&code=" + codes[next++]));
    const Json second = options_of(act(browser, "passkeys", by_password() + "&code=" + codes[next++]));
    EXPECT_EQ(add(browser, other.made(first)).status(), 400) << "another was asked for since";
    const Json third = options_of(act(browser, "passkeys", by_password() + "&code=" + codes[next++]));
    EXPECT_EQ(third.find("excludeCredentials")->size(), 1u);
    EXPECT_EQ(add(browser, passkey.made(third)).status(), 409) << "it is known already";
    Browser elsewhere(service.port());
    const auto signed_in_by_it = sign_in(elsewhere, shop, passkey);
    ASSERT_TRUE(signed_in_by_it.location().starts_with(callback)) << signed_in_by_it.body();
    const auto in_other_session = add(elsewhere, other.made(third));
    EXPECT_EQ(in_other_session.status(), 400) << "the challenge is of another session";
    EXPECT_EQ(sql("select count(*) from passkey"), "1");
}

TEST_F(Passkeys, SignInByThemselves) {
    EXPECT_NE(browser.get(browser.get(request(shop)).location()).body().find("/login/passkey?flow=glf_"), std::string::npos);
    enrolled();
    Browser other(service.port());
    const std::string flow = flow_of(other.get(request(shop, "&acr_values=urn%3Agravity%3Aacr%3A2")));
    const auto page = other.get("/login/passkey?flow=" + flow);
    const Json options = options_of(page);
    EXPECT_EQ(options.find("allowCredentials")->size(), 0u) << "nobody has typed a name";
    EXPECT_EQ(*options.find("userVerification"), Json("required"));
    EXPECT_NE(page.header("Content-Security-Policy").find("form-action 'self' https://app.example.com"), std::string::npos);
    const auto back = sign_in(other, flow, passkey.used(options));
    ASSERT_TRUE(back.location().starts_with(callback + "?code=")) << back.body();
    EXPECT_EQ(event_types(), "login.succeeded session.started ");
    const auto tokens = redeem(shop, parameter(back, "code"));
    for (const std::string token : {"/id_token", "/access_token"}) {
        EXPECT_EQ(*payload(tokens.text(token)).find("amr"), Json::array({"pop", "user", "mfa"}));
        EXPECT_EQ(*payload(tokens.text(token)).find("acr"), Json("urn:gravity:acr:2"));
    }
    EXPECT_EQ(*payload(tokens.text("/id_token")).find("sub"), ada.at("/id"));
    EXPECT_NE(as.owner.get("/api/v1/credentials?type=passkey").send().at("/items/0/last_used_at"), Json());
    EXPECT_TRUE(other.get(request(shop, "&acr_values=urn%3Agravity%3Aacr%3A2&prompt=none")).location().starts_with(callback)) << "it is two factors";
}

TEST_F(Passkeys, AreAskedForConsentLikeOthers) {
    enrolled();
    const auto third_party = web_client();
    Browser other(service.port());
    const auto step = sign_in(other, third_party, passkey);
    ASSERT_TRUE(step.location().starts_with("/login/consent?flow=")) << step.body();
    EXPECT_TRUE(other.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow").location().starts_with(callback + "?code="));
}

TEST_F(Passkeys, OfSomebodyElseThanIsMeantSignNobodyIn) {
    person("bob@example.com");
    Browser bobs(service.port());
    const auto step = type(bobs, flow_of(bobs.get(request(shop))), "bob@example.com", good_password);
    const std::string hint = "&id_token_hint=" + redeem(shop, parameter(step, "code")).text("/id_token");
    enrolled();
    const std::string last_used = "select coalesce(last_used_at::text, '') from credential where type = 'passkey'", before = sql(last_used);
    Browser other(service.port());
    EXPECT_EQ(parameter(sign_in(other, shop, passkey, hint), "error"), "login_required");
    EXPECT_EQ(announced("login.failed", "reason"), "not_meant");
    EXPECT_FALSE(other.cookies.contains("gravity-session"));
    EXPECT_EQ(sql(last_used), before);
    EXPECT_EQ(parameter(behind_password(other, hint), "error"), "login_required") << "nobody asks for what is behind the password either";
    EXPECT_TRUE(signs_in(shop, passkey));
}

TEST_F(Passkeys, HoldForTheirOwnerAndOneQuestionAlone) {
    enrolled();
    Browser other(service.port());
    const auto open = [&] { return flow_of(other.get(request(shop))); };
    const auto question = [&](const std::string& flow) { return options_of(other.get("/login/passkey?flow=" + flow)); };
    const std::string flow = open(), second = open();
    const Json options = question(flow);
    EXPECT_EQ(sign_in(other, flow, "").status(), 400);
    EXPECT_EQ(sign_in(other, flow, "{}").status(), 400);
    EXPECT_EQ(other.post("/login/passkey", "flow=" + second + "&credential=" + http::percent_encode(passkey.used(options))).status(), 400) << "of another flow";
    EXPECT_EQ(announced("login.failed", "reason"), "passkey_refused");
    Browser thief(service.port());
    EXPECT_EQ(sign_in(thief, flow, passkey.used(options)).status(), 400) << "another browser";
    const auto spoilt = [&](const std::string& what, const std::function<void(SoftPasskey&)>& spoil, const std::string& reason = "passkey_refused") {
        SoftPasskey spoiled = passkey;
        spoil(spoiled);
        const std::string again = open();
        EXPECT_EQ(sign_in(other, again, spoiled.used(question(again))).status(), 400) << what;
        EXPECT_EQ(announced("login.failed", "reason"), reason) << what;
        clock.advance(Duration::minutes(11)); // failures are forgotten
    };
    spoilt("another key", [](SoftPasskey& one) { one.key = auth::Signer::generate(); });
    spoilt("not verified", [](SoftPasskey& one) { one.verified = false; });
    spoilt("nobody there", [](SoftPasskey& one) { one.present = false; });
    spoilt("another page", [](SoftPasskey& one) { one.origin = "http://localhost"; });
    spoilt("another domain", [](SoftPasskey& one) { one.rp_id = "example.com"; });
    spoilt("a making", [](SoftPasskey& one) { one.more_client_data = Json::object({{"type", "webauthn.create"}}); });
    spoilt("another challenge", [](SoftPasskey& one) { one.more_client_data = Json::object({{"challenge", base64url_encode(std::string(32, 'c'))}}); });
    spoilt("does not say whose it is", [](SoftPasskey& one) { one.tells_handle = false; });
    spoilt("says it is somebody else's", [](SoftPasskey& one) { one.handle = "somebody"; });
    spoilt("may be copied now", [](SoftPasskey& one) { one.eligible = true; });
    spoilt("nobody knows it", [](SoftPasskey& one) { one.id = random_bytes(24); }, "unknown_passkey");
    const std::string last = open();
    const std::string used = passkey.used(question(last));
    clock.advance(Duration::minutes(6));
    EXPECT_EQ(sign_in(other, last, used).status(), 400) << "too late";
    EXPECT_TRUE(signs_in(shop, passkey));
    testkit::Callers(service).owner.post("/api/v1/identities/" + ada.text("/id") + "/disable", Json::object()).expect(200); // by a token of this hour
    service.take_events();
    EXPECT_FALSE(signs_in(shop, passkey));
    EXPECT_EQ(announced("login.failed", "reason"), "not_active");
}

TEST_F(Passkeys, AreNobodysInAnotherProject) {
    enrolled();
    const auto theirs = as.stranger
                            .post("/api/v1/clients", {{"name", "Other"},
                                                      {"scopes", Json::array()},
                                                      {"first_party", true},
                                                      {"grant_types", Json::array({"authorization_code"})},
                                                      {"redirect_uris", Json::array({callback})}})
                            .expect(201);
    EXPECT_FALSE(signs_in(theirs, passkey));
    EXPECT_EQ(announced("login.failed", "reason"), "unknown_passkey");
    EXPECT_TRUE(signs_in(shop, passkey));
}

TEST_F(Passkeys, AreASecondFactorBehindThePassword) {
    const auto codes = enrolled();
    passkey.verified = false; // its owner has only to be there
    passkey.tells_handle = false;
    const auto step = behind_password(browser, "&prompt=login");
    ASSERT_TRUE(step.location().starts_with("/login/passkey?flow=")) << step.body();
    Browser other(service.port());
    const auto begun = behind_password(other);
    EXPECT_FALSE(other.cookies.contains("gravity-session")) << "the password alone signs nobody in any more";
    const auto page = other.get(begun.location());
    EXPECT_NE(page.body().find("/login/code?flow="), std::string::npos) << "a code does too";
    const Json options = options_of(page);
    EXPECT_EQ(*options.at_pointer("/allowCredentials/0/id"), Json(base64url_encode(passkey.id)));
    EXPECT_EQ(*options.at_pointer("/allowCredentials/0/transports/1"), Json("hybrid"));
    EXPECT_EQ(*options.find("userVerification"), Json("preferred"));
    const auto back = sign_in(other, flow_of(begun), passkey.used(options));
    ASSERT_TRUE(back.location().starts_with(callback + "?code=")) << back.body();
    const auto id_token = payload(redeem(shop, parameter(back, "code")).text("/id_token"));
    EXPECT_EQ(*id_token.find("amr"), Json::array({"pwd", "pop", "user", "mfa"}));
    EXPECT_EQ(*id_token.find("acr"), Json("urn:gravity:acr:2"));

    Browser by_code(service.port());
    const auto lost = behind_password(by_code);
    EXPECT_NE(by_code.get("/login/code?flow=" + flow_of(lost)).body().find("/login/passkey?flow="), std::string::npos) << "and the way back";
    service.take_events();
    EXPECT_TRUE(by_code.post("/login/code", "flow=" + flow_of(lost) + "&code=" + codes[0]).location().starts_with(callback));
    EXPECT_EQ(announced("login.succeeded", "method"), "recovery_code");
    EXPECT_EQ(by_code.post("/login/code", "flow=" + flow_of(behind_password(by_code, "&prompt=login")) + "&code=" + codes[0]).status(), 400) << "once";

    Browser late(service.port());
    const auto waiting = behind_password(late);
    clock.advance(Duration::minutes(6));
    const Json asked = options_of(late.get(waiting.location()));
    EXPECT_EQ(*asked.find("userVerification"), Json("required")) << "the password was typed too long ago: it has to do alone";

    const Json checked = Json::object({{"login_name", "ada@example.com"}, {"password", good_password}, {"address", "203.0.113.7"}});
    as.owner.post("/api/v1/credentials/check", testkit::Members(checked)).expect(200).field("/verified", false).field("/code_needed", true);
}

TEST_F(Passkeys, OfSomebodyElseAreNoSecondFactor) {
    enrolled();
    person("bob@example.com");
    Browser bobs(service.port());
    auto step = type(bobs, flow_of(bobs.get(request(shop))), "bob@example.com", good_password);
    ASSERT_TRUE(step.location().starts_with(callback)) << step.body();
    SoftPasskey bobs_passkey;
    ASSERT_EQ(enrol(bobs, bobs_passkey).status(), 200);
    Browser other(service.port());
    step = behind_password(other);
    service.take_events();
    EXPECT_EQ(sign_in(other, flow_of(step), bobs_passkey.used(options_of(other.get(step.location())))).status(), 400);
    EXPECT_EQ(announced("login.failed", "reason"), "passkey_refused");
    EXPECT_EQ(sign_in(other, flow_of(step), passkey.used(options_of(other.get(step.location())))).status(), 303);
    const std::string hers = as.owner.get("/api/v1/credentials?type=passkey&identity_id=" + ada.text("/id")).send().text("/items/0/id");
    EXPECT_EQ(prove(bobs, passkey).status(), 400);
    EXPECT_EQ(act(bobs, "passkeys/remove", "&id=" + hers + proof_in(prove(bobs, bobs_passkey))).status(), 404);
    EXPECT_EQ(sql("select count(*) from passkey"), "2");
}

TEST_F(Passkeys, WhoseCounterGoesBackAreSuspected) {
    passkey.count = 7;
    enrolled();
    passkey.count = 8;
    EXPECT_TRUE(signs_in(shop, passkey));
    service.take_events();
    EXPECT_FALSE(signs_in(shop, passkey)) << "the same again";
    const auto events = service.take_events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].type, "gravity.auth.credential.suspected");
    EXPECT_EQ(*events[0].data.find("sign_count"), Json(8));
    EXPECT_EQ(*events[1].data.find("reason"), Json("passkey_suspected"));
    EXPECT_NE(browser.get("/account/security").body().find("somebody may have a copy"), std::string::npos);
    passkey.count = 0;
    EXPECT_FALSE(signs_in(shop, passkey)) << "who counts goes on counting";
    passkey.count = 9;
    EXPECT_TRUE(signs_in(shop, passkey)) << "whoever is ahead";
    EXPECT_EQ(sql("select sign_count from passkey"), "9");
}

TEST_F(Passkeys, OfAllAlgorithmsSignIn) {
    enrolled();
    std::vector<SoftPasskey> others{SoftPasskey(auth::Algorithm::eddsa), SoftPasskey(auth::Algorithm::rs256)};
    for (SoftPasskey& other : others) {
        other.eligible = other.backed_up = true;
        const auto made = enrol(browser, other, proof_in(prove(browser, passkey)), "Phone");
        EXPECT_EQ(made.status(), 200) << made.body();
        EXPECT_EQ(codes_in(made).size(), 0u) << "there are codes already";
        EXPECT_TRUE(signs_in(shop, other));
    }
    EXPECT_NE(browser.get("/account/security").body().find("kept on several devices"), std::string::npos);
    EXPECT_EQ(sql("select count(*) from passkey_user"), "1") << "one handle, of which authenticators keep one passkey each";
}

TEST_F(Passkeys, AreRemovedOneByOne) {
    const auto codes = enrolled();
    SoftPasskey second;
    ASSERT_EQ(enrol(browser, second, by_password() + "&code=" + codes[0], "Phone").status(), 200);
    const auto id_of = [&](const std::string& name) {
        const Json items = as.owner.get("/api/v1/credentials?type=passkey").send().at("/items");
        for (const Json& one : items.as_array())
            if (*one.find("name") == Json(name)) return one.find("id")->as_string();
        return std::string();
    };
    const std::string phone = id_of("Phone"), laptop = id_of("Laptop");
    EXPECT_EQ(act(browser, "passkeys/remove", "&id=" + phone + by_password()).status(), 400) << "no code";
    EXPECT_EQ(act(browser, "passkeys/remove", "&id=x" + by_password() + "&code=" + codes[1]).status(), 404);
    EXPECT_EQ(act(browser, "passkeys/remove", "&id=" + Uuid::v7().to_string() + by_password() + "&code=" + codes[1]).status(), 404);
    service.take_events();
    EXPECT_EQ(act(browser, "passkeys/remove", "&id=" + phone + by_password() + "&code=" + codes[2]).status(), 200);
    EXPECT_EQ(event_types(), "login.succeeded login.succeeded credential.removed ");
    EXPECT_FALSE(signs_in(shop, second));
    EXPECT_TRUE(signs_in(shop, passkey));
    EXPECT_EQ(sql("select count(*) from recovery_code"), "7");
    as.owner.del("/api/v1/credentials/" + laptop).expect(204);
    EXPECT_FALSE(signs_in(shop, passkey));
    EXPECT_EQ(sql("select (select count(*) from passkey) + (select count(*) from recovery_code)"), "0") << "codes go with the last they stood in for";
    EXPECT_TRUE(behind_password(browser, "&prompt=login").location().starts_with(callback)) << "the password is enough again";
}

TEST_F(Passkeys, ProveWhoChangesThings) {
    const auto codes = enrolled();
    EXPECT_NE(browser.get("/account/security").body().find("href=\"/account/security/passkey\""), std::string::npos);
    const std::string change = "&new_password=" + http::percent_encode("a better horse altogether");
    EXPECT_EQ(act(browser, "password", by_password() + change).status(), 400) << "the password alone proves nothing any more";
    EXPECT_EQ(act(browser, "password", "&proven=x" + change).status(), 400);
    passkey.verified = false;
    EXPECT_EQ(prove(browser, passkey).status(), 400) << "whoever holds it may have found it";
    passkey.verified = true;
    const Json options = options_of(browser.get("/account/security/passkey"));
    EXPECT_EQ(*options.find("userVerification"), Json("required"));
    EXPECT_EQ(options.find("allowCredentials")->size(), 1u);
    const auto proven = act(browser, "passkey", "&credential=" + http::percent_encode(passkey.used(options)));
    ASSERT_EQ(proven.status(), 200) << proven.body();
    EXPECT_EQ(proven.body().find("name=\"password\""), std::string::npos) << "nothing else is asked for";
    EXPECT_EQ(act(browser, "passkey", "&credential=" + http::percent_encode(passkey.used(options))).status(), 400) << "once";
    const std::string token = proof_in(proven);
    Browser other(service.port());
    ASSERT_TRUE(sign_in(other, shop, passkey).location().starts_with(callback));
    EXPECT_EQ(act(other, "password", token + change).status(), 400) << "it was proven in another session";
    EXPECT_EQ(codes_in(act(browser, "recovery-codes", token)).size(), 10u);
    clock.advance(Duration::minutes(6));
    EXPECT_EQ(act(browser, "password", token + change).status(), 400) << "too long ago";
    const std::string again = proof_in(prove(browser, passkey));
    EXPECT_EQ(act(browser, "password", again + change).status(), 200);
    EXPECT_EQ(other.get("/account/security").status(), 401);
    EXPECT_TRUE(signs_in(shop, passkey)) << "passkeys stay";
}

TEST_F(Passkeys, StandBesideAnApp) {
    const auto codes = enrolled();
    EXPECT_EQ(act(browser, "totp").status(), 400) << "who has a passkey proves who they are before they set up an app";
    const auto begun = act(browser, "totp", by_password() + "&code=" + codes[0]);
    ASSERT_EQ(begun.status(), 200) << begun.body();
    const std::string key = text_between(begun.body(), "?secret=", "&amp;");
    std::string secret;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : key) {
        held = held << 5 | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
        if ((bits += 5) >= 8) secret += static_cast<char>(held >> (bits -= 8) & 0xff);
    }
    const std::string sealed = text_between(begun.body(), "name=\"sealed\" value=\"", "\"");
    const auto code = [&] { return totp::code_at(secret, now().unix_seconds() / totp::step_seconds); };
    const auto done = act(browser, "totp/confirm", "&sealed=" + http::percent_encode(sealed) + proof_in(begun) + "&code=" + code());
    ASSERT_EQ(done.status(), 200) << done.body();
    const auto fresh = codes_in(done);
    EXPECT_EQ(fresh.size(), 10u);
    Browser other(service.port());
    const auto step = behind_password(other);
    EXPECT_TRUE(step.location().starts_with("/login/code?flow=")) << "the app first";
    const Json options = options_of(other.get("/login/passkey?flow=" + flow_of(step)));
    EXPECT_EQ(sign_in(other, flow_of(step), passkey.used(options)).status(), 303) << "the passkey does too";
    EXPECT_EQ(act(browser, "totp/remove", by_password() + "&code=" + fresh[0]).status(), 200);
    EXPECT_EQ(sql("select count(*) from recovery_code"), "9") << "the passkey needs them still";
}

TEST_F(Passkeys, AreTwentyAtMost) {
    enrolled();
    const std::string proven = proof_in(prove(browser, passkey));
    for (int i = 1; i < 20; ++i) {
        SoftPasskey other;
        ASSERT_EQ(enrol(browser, other, proven).status(), 200) << i;
    }
    EXPECT_EQ(act(browser, "passkeys", proven).status(), 409);
    EXPECT_EQ(sql("select count(*) from passkey"), "20");
}

class ManyPasskeys : public Passkeys {
protected:
    ManyPasskeys() : Passkeys({{"AUTH_PUBLIC_URL", "http://localhost:8081"}, {"AUTH_LOGIN_ATTEMPTS", "1000"}}) {}
};

TEST_F(ManyPasskeys, AtOnceSignInOnceForOneChallenge) {
    enrolled();
    Browser other(service.port());
    const std::string flow = flow_of(other.get(request(shop)));
    const std::string response = passkey.used(options_of(other.get("/login/passkey?flow=" + flow)));
    std::atomic<int> in{0}, out{0};
    at_once(30, [&](int) {
        Browser by = other;
        const auto answer = sign_in(by, flow, response);
        ++(answer.status() == 303 ? in : out);
        EXPECT_TRUE(answer.status() == 303 || answer.status() == 400) << answer.status() << " " << answer.body();
    });
    EXPECT_EQ(in, 1);
    EXPECT_EQ(out, 29);
}

TEST_F(ManyPasskeys, AtOnceAreMadeOnceForOneChallenge) {
    signed_in(browser, shop);
    const Json options = options_of(act(browser, "passkeys", by_password()));
    std::vector<SoftPasskey> all(20);
    std::atomic<int> made{0};
    at_once(20, [&](int i) {
        Browser by = browser;
        const auto answer = add(by, all[static_cast<std::size_t>(i)].made(options));
        if (answer.status() == 200) ++made;
        EXPECT_TRUE(answer.status() == 200 || answer.status() == 400) << answer.status() << " " << answer.body();
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(sql("select (select count(*) from passkey) || ' ' || (select count(*) from recovery_code)"), "1 10");
}

TEST_F(ManyPasskeys, OfOneCounterLetOneInWhateverTheChallenge) {
    passkey.count = 1;
    enrolled();
    passkey.count = 2;
    std::atomic<int> in{0};
    at_once(20, [&](int) { in += signs_in(shop, passkey) ? 1 : 0; });
    EXPECT_EQ(in, 1);
}

TEST_F(Passkeys, CannotBeTriedForEver) {
    enrolled();
    SoftPasskey spoilt = passkey;
    spoilt.key = auth::Signer::generate();
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(signs_in(shop, spoilt));
    Browser other(service.port());
    const auto refused = sign_in(other, shop, passkey);
    EXPECT_EQ(refused.status(), 429);
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_EQ(prove(browser, passkey).status(), 429);
    clock.advance(Duration::minutes(11));
    EXPECT_TRUE(signs_in(shop, passkey));
}

TEST_F(Passkeys, HaveTheOneScript) {
    const auto script = as.anonymous.get("/login/passkeys.js").send();
    EXPECT_EQ(script.status(), 200);
    EXPECT_EQ(script.header("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_NE(script.body().find("navigator.credentials.create"), std::string::npos);
    EXPECT_EQ(script.body().find("innerHTML"), std::string::npos);
}

TEST_F(Passkeys, ForgetWhatWasNeverAnswered) {
    signed_in(browser, shop);
    act(browser, "passkeys", by_password());
    EXPECT_EQ(sql("select count(*) from passkey_challenge"), "1");
    clock.advance(Duration::minutes(11));
    forget_ended();
    EXPECT_EQ(sql("select count(*) from passkey_challenge"), "0");
}

/// Where browsers have none: the issuer is an IP address.
class NoPasskeys : public PasskeyApi {
protected:
    NoPasskeys() : PasskeyApi(app::Texts{}) {}
};

TEST_F(NoPasskeys, AreOffered) {
    const auto shop = web_client(Json::object({{"first_party", true}}));
    const auto ada = person("ada@example.com");
    Browser browser(service.port());
    const auto step = browser.get(request(shop));
    EXPECT_EQ(browser.get(step.location()).body().find("passkey"), std::string::npos);
    EXPECT_EQ(browser.get("/login/passkey?flow=" + flow_of(step)).status(), 404);
    EXPECT_EQ(browser.post("/login/passkey", "flow=" + flow_of(step)).status(), 404);
    signed_in(browser, shop);
    EXPECT_EQ(browser.get("/account/security").body().find("passkey"), std::string::npos);
    EXPECT_EQ(act(browser, "passkeys", by_password()).status(), 404);
    EXPECT_EQ(act(browser, "passkeys/add").status(), 404);
    EXPECT_EQ(browser.get("/account/security/passkey").status(), 404);
    EXPECT_EQ(act(browser, "passkey").status(), 404);
    EXPECT_NE(as.anonymous.get("/health/ready").send().body().find("there are no passkeys"), std::string::npos);
    // One that was made before the address changed still asks for more than the password, and can be removed.
    const std::string id = Uuid::v7().to_string();
    sql("insert into credential (id, project, identity_id, type, data, created_at, name) values ('" + id + "', '" + service.project().to_string() + "', '" +
        ada.text("/id") + "', 'passkey', '{}', now(), 'Old')");
    sql("insert into passkey values ('" + id + "', '" + service.project().to_string() + "', 'localhost', 'x', 'x', 0, true, false, false, '{}')");
    Browser other(service.port());
    EXPECT_TRUE(type(other, flow_of(other.get(request(shop))), "ada@example.com", good_password).location().starts_with("/login/code?flow="));
    EXPECT_NE(browser.get("/account/security").body().find("Old"), std::string::npos);
    as.owner.del("/api/v1/credentials/" + id).expect(204);
    EXPECT_TRUE(type(other, flow_of(other.get(request(shop))), "ada@example.com", good_password).location().starts_with(callback));
}

} // namespace
} // namespace gravity::issuer
