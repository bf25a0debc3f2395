// Accounts of people who sign in by passkeys alone, and have lost them: by the pages.
#include "regain_fixture.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace gravity::issuer {
namespace {

TEST_F(Regain, TakesACodeBehindTheLink) {
    const std::string sent = link();
    ASSERT_TRUE(sent.starts_with("/login/regain?token=gln_")) << sent;
    const auto page = open(sent);
    EXPECT_EQ(page.status(), 200);
    EXPECT_NE(page.body().find("24 hours"), std::string::npos);
    EXPECT_EQ(page.header("Content-Security-Policy").find("script-src"), std::string::npos);
    EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(open(sent).body(), page.body()) << "whoever fetches it changes nothing";
    EXPECT_EQ(password(sent).status(), 409) << "a mailbox is not enough";
    EXPECT_EQ(post(sent, "/passkey").status(), 409);
    EXPECT_EQ(post(sent, "/passkey/add").status(), 409);
    EXPECT_EQ(password(sent, "&proven=x").status(), 409);
    const auto wrong = code(sent, "AAAAA-AAAAA-AAAAA-AAAAA");
    EXPECT_EQ(wrong.status(), 400);
    EXPECT_NE(wrong.body().find("role=\"alert\""), std::string::npos);
    EXPECT_EQ(event_types(), "login.failed ");
    const auto right = code(sent, codes[0]);
    EXPECT_EQ(right.status(), 200);
    EXPECT_EQ(code(sent, codes[0]).status(), 400) << "once";
    EXPECT_EQ(open(sent).body(), page.body()) << "it was proven in the browser that typed it alone";
    service.take_events();
    EXPECT_EQ(post(sent, "/password", proof_in(right) + "&new_password=" + weak).status(), 422);
    EXPECT_EQ(password(sent, proof_in(right).substr(0, 20)).status(), 409);
    const auto set = password(sent, proof_in(right));
    ASSERT_EQ(set.status(), 200) << set.body();
    EXPECT_EQ(event_types(), regained) << "nothing is removed, and nobody signed out";
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with(callback + "?code="));
    EXPECT_EQ(open(sent).status(), 400);
    EXPECT_EQ(password(sent, proof_in(right)).status(), 400) << "once";
    const auto fresh = codes_in(set);
    EXPECT_EQ(fresh.size(), 10u);
    EXPECT_TRUE(signs_in_by(fresh[0]));
    EXPECT_FALSE(signs_in_by(fresh[0]));
    EXPECT_TRUE(signs_in_by(codes[1])) << "those of before are good still";
    EXPECT_TRUE(signs_in(shop, passkey));
}

TEST_F(Regain, ProvesACodeForAWhileAndForOneLink) {
    const std::string first = link(), second = link();
    const std::string proof = proof_in(code(first, codes[0]));
    EXPECT_EQ(password(second, proof).status(), 409) << "of another link";
    clock.advance(Duration::minutes(11));
    EXPECT_EQ(password(first, proof).status(), 409) << "too late";
    EXPECT_EQ(password(first, proof_in(code(first, codes[1]))).status(), 200);
    EXPECT_EQ(open(second).status(), 400) << "it has a password now";
    EXPECT_EQ(code(second, codes[2]).status(), 400);
}

TEST_F(Regain, AddsAPasskey) {
    const std::string sent = link();
    const std::string proof = proof_in(code(sent, codes[0]));
    const auto begun = post(sent, "/passkey", proof);
    ASSERT_EQ(begun.status(), 200) << begun.body();
    EXPECT_NE(begun.header("Content-Security-Policy").find("script-src 'self'"), std::string::npos);
    SoftPasskey fresh;
    const std::string made = fresh.made(options_of(begun));
    const auto add = [&](const std::string& with, const std::string& name, const std::string& credential) {
        return post(sent, "/passkey/add", with + "&name=" + name + "&credential=" + http::percent_encode(credential));
    };
    EXPECT_EQ(add(proof, "", made).status(), 400) << "no name";
    EXPECT_EQ(add(proof, "New", "{}").status(), 400);
    EXPECT_EQ(add("", "New", made).status(), 409);
    SoftPasskey astray;
    astray.origin = "http://localhost:8082";
    EXPECT_EQ(add(proof, "New", astray.made(options_of(post(sent, "/passkey", proof)))).status(), 400) << "of another page";
    EXPECT_EQ(add(proof, "New", made).status(), 400) << "another was asked for since";
    SoftPasskey unsure;
    unsure.verified = false;
    const Json asked = options_of(post(sent, "/passkey", proof));
    EXPECT_EQ(*asked.at_pointer("/authenticatorSelection/userVerification"), Json("required"));
    EXPECT_EQ(*asked.at_pointer("/authenticatorSelection/residentKey"), Json("required"));
    EXPECT_EQ(add(proof, "New", unsure.made(asked)).status(), 400) << "it would sign nobody in by itself, and the link would be used up";
    EXPECT_EQ(open(sent).status(), 200);
    service.take_events();
    EXPECT_EQ(add(proof, "New", fresh.made(options_of(post(sent, "/passkey", proof)))).status(), 200);
    EXPECT_EQ(event_types(), regained);
    EXPECT_EQ(open(sent).status(), 400);
    EXPECT_TRUE(signs_in(shop, fresh));
    EXPECT_TRUE(signs_in(shop, passkey)) << "nothing was removed";
    EXPECT_EQ(passwords(), "0");
    EXPECT_EQ(sql("select count(*) from recovery_code"), "9");
}

TEST_F(Regain, WaitsForADayThatIsAnnouncedEverywhere) {
    const std::string sent = link(), other = link();
    stops = waited(sent);
    EXPECT_EQ(stops.size(), 3u);
    for (const std::string address : {"ada@example.com", "ada@work.example", "+493012345678"})
        EXPECT_TRUE(stops[address].starts_with("/login/regain/cancel?token=gln_")) << address;
    EXPECT_EQ(post(sent, "/wait").status(), 400) << "the link is used up";
    EXPECT_EQ(password(other).status(), 409);
    const std::string until = sql("select good_from from regaining");
    EXPECT_EQ(after(Duration::minutes(25)), "");
    EXPECT_NE(open(other).body().find("You are waiting already"), std::string::npos);
    EXPECT_TRUE(waited(other).empty());
    EXPECT_EQ(sql("select good_from from regaining"), until) << "asking again makes it neither longer nor shorter";
    EXPECT_EQ(after(Duration::hours(23) + Duration::minutes(34)), "");
    EXPECT_EQ(password(link()).status(), 409);
    const std::string ready = after(Duration::minutes(1));
    ASSERT_TRUE(ready.starts_with("/login/regain?token=gln_")) << ready;
    EXPECT_EQ(after(Duration::minutes(1)), "") << "once";
    EXPECT_EQ(open(ready).status(), 200);
    EXPECT_NE(open(link()).body().find("Set password"), std::string::npos) << "who asks for another link goes on too";
    service.take_events();
    const auto set = password(ready);
    ASSERT_EQ(set.status(), 200) << set.body();
    std::string told;
    for (const auto& event : service.take_events())
        if (event.type == "gravity.auth.recovery.completed") told += event.data.find("address")->as_string() + " ";
    EXPECT_EQ(told, "ada@example.com ada@work.example +493012345678 ") << "whichever it was proven by";
    EXPECT_EQ(waiting(), "0");
    EXPECT_EQ(sql("select count(*) from link"), "0");
    EXPECT_EQ(open(stops["ada@example.com"]).status(), 400);
    EXPECT_TRUE(signs_in_by(codes_in(set)[0]));
    EXPECT_TRUE(signs_in(shop, passkey));
}

// Who has an old mailbox of hers does not go on by the time that she has waited in hers, of which that mailbox was told as well.
TEST_F(Regain, IsWaitedForByOneAddressAlone) {
    const auto at_work = [&] {
        EXPECT_EQ(ask("ada@work.example").status(), 200);
        return links("recovery.requested")["ada@work.example"];
    };
    stops = waited(link());
    const auto is_kept_out = [&](const std::string& astray) {
        const std::string page = open(astray).body();
        EXPECT_NE(page.find("by another of your addresses"), std::string::npos);
        EXPECT_NE(page.find("By a code"), std::string::npos);
        EXPECT_EQ(page.find("Begin to wait"), std::string::npos);
        EXPECT_EQ(page.find("You are waiting already"), std::string::npos);
        EXPECT_EQ(page.find("Set password"), std::string::npos);
        EXPECT_EQ(post(astray, "/wait").status(), 400);
        EXPECT_EQ(password(astray).status(), 409);
        EXPECT_EQ(post(astray, "/passkey").status(), 409);
        EXPECT_EQ(open(astray).status(), 200) << "it is not used up: a code is as good as ever";
    };
    const std::string until = sql("select good_from from regaining");
    is_kept_out(at_work());
    EXPECT_EQ(sql("select good_from from regaining"), until);
    const std::string ready = after(Duration::hours(24));
    is_kept_out(at_work());
    EXPECT_EQ(post(stops["ada@work.example"], "/cancel").status(), 200);
    EXPECT_EQ(open(ready).status(), 400);
    EXPECT_EQ(waited(at_work()).size(), 3u) << "once it is stopped, by whichever";
    is_kept_out(link());
}

TEST_F(Regain, TakesACodeWhereSomebodyWaitsByAnotherAddress) {
    waited(link());
    EXPECT_EQ(ask("ada@work.example").status(), 200);
    const std::string other = links("recovery.requested")["ada@work.example"];
    EXPECT_EQ(password(other, proof_in(code(other, codes[0]))).status(), 200);
    EXPECT_EQ(waiting(), "0");
    EXPECT_EQ(after(Duration::hours(24)), "");
}

// What the page has seen is looked at again with what is written: meanwhile it was stopped, say, and begun by another address.
TEST_F(Regain, IsOfItsAddressUntilItIsDone) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    waited(link());
    const std::string ready = after(Duration::hours(24));
    std::thread setting;
    {
        testkit::Testpoint hashing("auth.before_hash");
        hashing.pause();
        setting = std::thread([&] { EXPECT_EQ(password(ready).status(), 400); });
        hashing.wait_until_paused();
        sql("update regaining set canonical = 'ada@work.example'");
    }
    setting.join();
    EXPECT_EQ(passwords(), "0");
    sql("update regaining set canonical = 'ada@example.com'");
    EXPECT_EQ(password(ready).status(), 200) << "nothing was used up";
}

TEST_F(Regain, EndsWhereNobodyGoesOn) {
    waited(link());
    const std::string ready = after(Duration::hours(24));
    clock.advance(Duration::hours(73));
    EXPECT_EQ(open(ready).status(), 400);
    const std::string again = link();
    EXPECT_NE(open(again).body().find("Begin to wait"), std::string::npos);
    EXPECT_EQ(password(again).status(), 409);
    EXPECT_EQ(waited(again).size(), 3u);
    EXPECT_EQ(password(link()).status(), 409) << "from the beginning";
}

TEST_F(Regain, IsStoppedByWhoIsTold) {
    stops = waited(link());
    const std::string other = link(), stop = stops["+493012345678"];
    EXPECT_EQ(open(stop).status(), 200);
    EXPECT_EQ(waiting(), "1") << "whoever fetches it changes nothing";
    EXPECT_EQ(post(stop, "/wait").status(), 400) << "it is good for that alone";
    EXPECT_EQ(post(other, "/cancel").status(), 400);
    EXPECT_EQ(post(stop, "/cancel").status(), 200);
    EXPECT_EQ(event_types(), "recovery.cancelled ");
    EXPECT_EQ(post(stop, "/cancel").status(), 400) << "once";
    EXPECT_EQ(post(stops["ada@example.com"], "/cancel").status(), 400);
    EXPECT_EQ(open(other).status(), 400) << "links of before are good no more";
    EXPECT_EQ(after(Duration::hours(25)), "");
    EXPECT_EQ(passwords(), "0");
    const std::string again = link();
    EXPECT_EQ(waited(again).size(), 3u);
    EXPECT_EQ(after(Duration::hours(23)), "");
    EXPECT_NE(after(Duration::hours(1)), "") << "the whole time anew";
}

TEST_F(Regain, IsStoppedBySigningIn) {
    stops = waited(link());
    EXPECT_TRUE(signs_in(shop, passkey));
    EXPECT_NE(event_types().find("recovery.cancelled "), std::string::npos);
    EXPECT_EQ(waiting(), "0");
    EXPECT_EQ(after(Duration::hours(24)), "");
    EXPECT_EQ(password(link()).status(), 409);
    waited(link());
    const std::string ready = after(Duration::hours(24));
    EXPECT_TRUE(signs_in(shop, passkey));
    EXPECT_EQ(password(ready).status(), 400) << "while the link is on its way, too";
    EXPECT_EQ(passwords(), "0");
}

TEST_F(Regain, IsStoppedByWhoIsSignedIn) {
    EXPECT_EQ(browser.get("/account/security").body().find("Stop it"), std::string::npos);
    stops = waited(link());
    const auto page = browser.get("/account/security");
    EXPECT_NE(page.body().find("Somebody who reads your mail"), std::string::npos);
    const std::string proof = "proof=" + text_between(page.body(), "name=\"proof\" value=\"", "\"");
    EXPECT_EQ(as.anonymous.post("/account/security/recovery/stop").raw(proof, "application/x-www-form-urlencoded").send().status(), 401);
    EXPECT_EQ(browser.post("/account/security/recovery/stop", "proof=x").status(), 400);
    EXPECT_EQ(waiting(), "1");
    EXPECT_EQ(browser.post("/account/security/recovery/stop", proof).status(), 200);
    EXPECT_EQ(event_types(), "recovery.cancelled ");
    EXPECT_EQ(browser.post("/account/security/recovery/stop", proof).status(), 200) << "there is nothing left to stop";
    EXPECT_EQ(event_types(), "");
    EXPECT_EQ(post(stops["ada@example.com"], "/cancel").status(), 400);
    EXPECT_EQ(after(Duration::hours(24)), "");
}

TEST_F(Regain, IsOfNobodyWhoseAccountHasChanged) {
    const auto changed = [&](const std::function<void()>& change) {
        const std::string before = link();
        if (sql("select count(*) from regaining where identity_id = '" + id + "'") == "0") waited(link());
        change();
        EXPECT_NE(password(before).status(), 200);
        EXPECT_EQ(post(before, "/wait").status(), 400);
        EXPECT_EQ(after(Duration::hours(25)), "");
        const testkit::Callers later(service);
        return later;
    };
    auto by = changed([&] {
        as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
        EXPECT_EQ(waiting(), "0");
        EXPECT_EQ(ask().status(), 200);
        EXPECT_TRUE(links("recovery.requested").empty());
    });
    by.owner.post(ada.location() + "/enable", Json::object()).expect(200);
    EXPECT_EQ(password(link()).status(), 409) << "not by the time that ran before";
    std::string set;
    by = changed([&] {
        const testkit::Callers now(service);
        set = now.owner.post("/api/v1/credentials", {{"identity_id", id}, {"password", good_password}}).expect(201).location();
    });
    EXPECT_EQ(ask().status(), 200);
    EXPECT_TRUE(links("recovery.requested")["ada@example.com"].starts_with("/login/reset?")) << "it has a password";
    by.owner.del(set).expect(204);
    by = changed([&] {
        const testkit::Callers now(service);
        now.owner.patch(ada.location(), {{"login_names", names({{"email", "lovelace@example.com"}})}}).expect(200);
    });
    by.owner.patch(ada.location(), {{"login_names", names({{"email", "ada@example.com"}})}}).expect(200);
    changed([&] {
        const testkit::Callers now(service);
        now.owner.del(ada.location()).expect(204);
        EXPECT_EQ(waiting(), "0");
    });
}

TEST_F(Regain, IsToldOfTheSameWayWhoeverIsMeant) {
    const auto known = ask();
    EXPECT_EQ(links("recovery.requested").size(), 1u);
    person("grace@example.com");
    service.take_events();
    for (const std::string other : {"grace@example.com", "nobody@example.com", "ada", "+493012345678"}) {
        const auto answer = ask(other);
        EXPECT_EQ(answer.status(), known.status());
        EXPECT_EQ(answer.body(), known.body());
    }
    for (const std::string& none : std::vector<std::string>{"", "?token=x", "?token=gln_" + std::string(96, '0'), "?%ZZ"}) {
        EXPECT_EQ(open("/login/regain" + none).status(), 400) << none;
        EXPECT_EQ(open("/login/regain/cancel" + none).status(), 400) << none;
    }
    for (const std::string what : {"/code", "/wait", "/password", "/passkey", "/passkey/add", "/cancel"}) {
        EXPECT_EQ(post("token=x", what).status(), 400) << what;
        EXPECT_EQ(as.anonymous.post("/login/regain" + what).raw("%ZZ", "application/x-www-form-urlencoded").send().status(), 400) << what;
    }
}

TEST_F(Regain, TakesFewCodes) {
    const std::string sent = link();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(code(sent, "000000").status(), 400);
    const auto often = code(sent, codes[0]);
    EXPECT_EQ(often.status(), 429);
    EXPECT_NE(often.header("Retry-After"), "");
    EXPECT_NE(often.body().find("Too many attempts"), std::string::npos);
}

TEST_F(Regain, HappensOnceHoweverManyComeAtOnce) {
    std::atomic<int> begun{0};
    const std::vector<std::string> asked{link(), link(), link()};
    at_once(3, [&](int i) { begun += post(asked[static_cast<std::size_t>(i)], "/wait").status() == 200; });
    EXPECT_EQ(begun, 3);
    stops = links("recovery.begun");
    EXPECT_EQ(stops.size(), 3u);
    EXPECT_EQ(sql("select count(*) from link where purpose = 'cancellation'"), "3") << "announced once";
    EXPECT_EQ(sql("select count(*) from gravity.job where kind = 'send-regain'"), "1");
    const std::string ready = after(Duration::hours(24));
    std::atomic<int> set{0}, stopped{0}, signed_in_again{0}, other{0};
    at_once(24, [&](int i) {
        if (i % 3 == 2) {
            signed_in_again += signs_in(shop, passkey);
            return;
        }
        const int status = (i % 3 == 0 ? password(ready) : post(stops["ada@work.example"], "/cancel")).status();
        if (status == 200) ++(i % 3 == 0 ? set : stopped);
        if (status != 200 && status != 400 && status != 409) ++other;
    });
    EXPECT_EQ(other, 0);
    EXPECT_EQ(signed_in_again, 8);
    EXPECT_LE(set, 1);
    EXPECT_LE(stopped, 1);
    EXPECT_LE(set + stopped, 1) << "whoever comes second finds nothing";
    EXPECT_EQ(passwords(), std::to_string(set));
    EXPECT_EQ(waiting(), "0");
}

TEST_F(Regain, SetsOnePasswordHoweverManyLinksThereAre) {
    const std::vector<std::string> asked{link(), link(), link()};
    std::vector<std::string> proofs;
    for (std::size_t i = 0; i < 3; ++i) proofs.push_back(proof_in(code(asked[i], codes[i])));
    std::atomic<int> set{0}, gone{0};
    at_once(12, [&](int i) {
        const auto n = static_cast<std::size_t>(i % 3);
        const int status = password(asked[n], proofs[n]).status();
        set += status == 200;
        gone += status == 400;
    });
    EXPECT_EQ(set, 1);
    EXPECT_EQ(gone, 11);
    EXPECT_EQ(passwords(), "1");
    EXPECT_EQ(sql("select count(*) from recovery_code where regained"), "10");
}

TEST_F(Regain, KeepsTwentyRecoveryCodesAtMost) {
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string sent = link();
        EXPECT_EQ(password(sent, proof_in(code(sent, codes[i]))).status(), 200);
        sql("delete from credential where type = 'password'");
    }
    EXPECT_EQ(sql("select count(*) from recovery_code where regained"), "10");
    EXPECT_EQ(sql("select count(*) from recovery_code"), "17");
}

TEST_F(Regain, StaysInItsProject) {
    waited(link());
    std::vector<std::string> empty;
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    EXPECT_EQ(std::count(empty.begin(), empty.end(), "public.regaining"), 0);
    const auto theirs = identity("ada@example.com", as.stranger);
    as.stranger.post(theirs.location() + "/disable", Json::object()).expect(200);
    EXPECT_EQ(waiting(), "1") << "of who has the same address elsewhere";
    const auto keeper = service.caller(ProjectId::fresh(), "people:collect people:erase", "user");
    const std::string people = "/internal/projects/" + service.project().to_string() + "/people/" + id;
    keeper.get(people).expect(200).field("/data/regaining/0/address", "ada@example.com");
    keeper.del(people + "?request=" + Uuid::v7().to_string()).expect(200);
    EXPECT_EQ(waiting(), "0");
}

TEST_F(Regain, LeavesALinkOfBeforeNothing) {
    const auto password = set_password(ada, good_password).expect(201);
    EXPECT_EQ(ask().status(), 200);
    const std::string reset = links("recovery.requested")["ada@example.com"];
    ASSERT_TRUE(reset.starts_with("/login/reset?")) << reset;
    as.owner.del(password.location()).expect(204);
    const auto used = as.anonymous.post("/login/reset")
                          .raw("token=" + reset.substr(reset.find("token=") + 6) + "&new_password=" + http::percent_encode(better),
                               "application/x-www-form-urlencoded")
                          .send();
    EXPECT_EQ(used.status(), 400) << "a mailbox alone sets no password where there are passkeys alone";
    EXPECT_EQ(passwords(), "0");
}

} // namespace
} // namespace gravity::issuer
