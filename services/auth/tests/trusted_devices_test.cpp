#include "app_fixture.hpp"
#include "passkey_fixture.hpp"
#include "totp.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/clock.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <pqxx/connection>
#include <pqxx/transaction>

#include <algorithm>
#include <atomic>
#include <thread>

namespace gravity::issuer {
namespace {

/// Browsers in which people have signed in, while somebody else in their network tries passwords. Three may fail to an account, six in all.
class TrustedDevices : public PasskeyApi {
protected:
    static app::Texts with(app::Texts more) {
        more.try_emplace("AUTH_PUBLIC_URL", "http://localhost:8081");
        more.try_emplace("AUTH_LOGIN_ATTEMPTS", "3");
        more.try_emplace("AUTH_LOGIN_NETWORK_ATTEMPTS", "6");
        return more;
    }
    explicit TrustedDevices(app::Texts more = {}) : PasskeyApi(with(std::move(more))) {}
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};
    std::string secret; // of Ada's app

    testkit::Answer try_in(Browser& by, const std::string& password = good_password, const std::string& name = "ada@example.com") {
        return type(by, flow_of(by.get(request(shop, "&prompt=login"))), name, password);
    }
    bool is_in(const testkit::Answer& answer) const { return answer.location().starts_with(callback + "?code="); }
    /// Somebody tries; what they are told the last time.
    int tries(int times, const std::string& name = "ada@example.com") {
        Browser theirs(service.port());
        int status = 0;
        for (int i = 0; i < times; ++i) status = try_in(theirs, "not this horse at all", name).status();
        return status;
    }
    /// Whether a browser that nobody has signed in in gets somebody in.
    int stranger(const std::string& name = "ada@example.com") {
        Browser fresh(service.port());
        return try_in(fresh, good_password, name).status();
    }
    /// The same browser again, for somebody who does things at once.
    Browser copy_of(const Browser& one) {
        Browser copy(service.port());
        copy.cookies = one.cookies;
        return copy;
    }
    std::string trusted() { return sql("select count(*) from trusted_device"); }
    std::string code() const { return totp::code_at(secret, now().unix_seconds() / totp::step_seconds); }
    std::string next_code() {
        clock.advance(Duration::seconds(totp::step_seconds));
        return code();
    }
    testkit::Answer set_up_app() {
        const auto begun = act(browser, "totp");
        secret = base32_bytes(text_between(begun.body(), "?secret=", "&amp;"));
        const std::string sealed = text_between(begun.body(), "name=\"sealed\" value=\"", "\"");
        return act(browser, "totp/confirm", "&sealed=" + http::percent_encode(sealed) + "&code=" + code() + by_password());
    }
    testkit::Answer by_code(Browser& by, const std::string& typed) {
        const auto step = try_in(by);
        EXPECT_TRUE(step.location().starts_with("/login/code?flow=")) << step.status() << " " << step.body();
        return by.post("/login/code", "flow=" + flow_of(step) + "&code=" + typed);
    }
};

TEST_F(TrustedDevices, GetTheirOwnersInWhateverOthersFailAt) {
    person("grace@example.com");
    ASSERT_TRUE(is_in(try_in(browser)));
    EXPECT_TRUE(browser.cookies["gravity-device"].starts_with("gtd_"));
    EXPECT_TRUE(browser.cookies.contains("gravity-session")) << "both cookies come at once";
    EXPECT_EQ(sql("select count(*) from trusted_device where length(hash) = 32"), "1");
    EXPECT_EQ(tries(3), 400);
    EXPECT_EQ(tries(1), 429);
    EXPECT_EQ(stranger(), 429) << "her account, from this network";
    EXPECT_TRUE(is_in(try_in(browser)));
    EXPECT_EQ(tries(3, "grace@example.com"), 400);
    EXPECT_EQ(stranger("nobody@example.com"), 429) << "whatever the account";
    EXPECT_TRUE(is_in(try_in(browser)));
    EXPECT_EQ(try_in(browser, good_password, "grace@example.com").status(), 429) << "it is trusted for Ada alone";
    EXPECT_EQ(trusted(), "1") << "as often as she signs in there";
    Browser other = copy_of(browser);
    char& digit = other.cookies["gravity-device"].at(20);
    digit = digit == 'A' ? 'B' : 'A';
    EXPECT_EQ(try_in(other).status(), 429);
    for (const std::string& none : {std::string(), std::string("gtd_"), std::string(47, 'g'), "gtd_" + std::string(43, 'A'), "gtd_" + std::string(43, '='),
                                    "gtd_" + std::string(200, '0')}) {
        other.cookies["gravity-device"] = none;
        EXPECT_EQ(try_in(other).status(), 429) << none;
    }
}

TEST_F(TrustedDevices, AreKnownByAnotherSecretAfterEachSignIn) {
    person("grace@example.com");
    person("mallory@example.com");
    Browser mallorys(service.port());
    ASSERT_TRUE(is_in(try_in(mallorys, good_password, "mallory@example.com")));
    const std::string planted = mallorys.cookies["gravity-device"]; // that was given out here, so it is one
    browser.cookies["gravity-device"] = planted;
    ASSERT_TRUE(is_in(try_in(browser)));
    EXPECT_NE(browser.cookies["gravity-device"], planted);
    Browser thief(service.port());
    thief.cookies["gravity-device"] = browser.cookies["gravity-device"];
    ASSERT_TRUE(is_in(try_in(browser, good_password, "grace@example.com")));
    EXPECT_EQ(trusted(), "3");
    EXPECT_EQ(sql("select count(distinct hash) from trusted_device"), "1") << "one browser, three people";
    EXPECT_EQ(tries(4), 429);
    EXPECT_EQ(tries(4, "grace@example.com"), 429);
    EXPECT_EQ(try_in(thief).status(), 429) << "a copy is good until somebody signs in there again";
    thief.cookies["gravity-device"] = planted;
    EXPECT_EQ(try_in(thief).status(), 429);
    EXPECT_TRUE(is_in(try_in(browser)));
    EXPECT_TRUE(is_in(try_in(browser, good_password, "grace@example.com")));
}

TEST_F(TrustedDevices, HaveACountOfTheirOwn) {
    ASSERT_TRUE(is_in(try_in(browser)));
    std::atomic<int> wrong{0}, refused{0};
    at_once(20, [&](int) {
        Browser same = copy_of(browser);
        const int status = try_in(same, "not this horse at all").status();
        if (status == 400) ++wrong;
        if (status == 429) ++refused;
    });
    EXPECT_EQ(wrong, 3);
    EXPECT_EQ(refused, 17);
    EXPECT_EQ(try_in(browser).status(), 429);
    EXPECT_EQ(stranger(), 303) << "what fails there counts nowhere else";
    clock.advance(Duration::minutes(11));
    EXPECT_TRUE(is_in(try_in(browser)));
}

TEST_F(TrustedDevices, AreAskedForAllThatOthersAre) {
    ASSERT_TRUE(is_in(try_in(browser)));
    ASSERT_EQ(set_up_app().status(), 200);
    EXPECT_EQ(trusted(), "0") << "what she signs in with is another now";
    ASSERT_TRUE(is_in(by_code(browser, next_code())));
    Browser thief(service.port());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(by_code(thief, "000000").status(), 400) << "whoever knows her password";
    clock.advance(Duration::seconds(totp::step_seconds));
    EXPECT_EQ(by_code(thief, code()).status(), 429);
    const auto back = by_code(browser, code());
    ASSERT_TRUE(is_in(back)) << back.body();
    EXPECT_EQ(*payload(redeem(shop, parameter(back, "code")).text("/id_token")).find("amr"), Json::array({"pwd", "otp", "mfa"}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(by_code(browser, "000000").status(), 400);
    EXPECT_EQ(by_code(browser, next_code()).status(), 429);
}

TEST_F(TrustedDevices, AreSoForPasskeysToo) {
    ASSERT_TRUE(is_in(try_in(browser)));
    SoftPasskey passkey;
    ASSERT_EQ(enrol(browser, passkey).status(), 200);
    EXPECT_EQ(trusted(), "0");
    ASSERT_TRUE(is_in(sign_in(browser, shop, passkey, "&prompt=login")));
    SoftPasskey spoilt = passkey;
    spoilt.key = auth::Signer::generate();
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(signs_in(shop, spoilt));
    Browser other(service.port());
    EXPECT_EQ(sign_in(other, shop, passkey).status(), 429);
    EXPECT_TRUE(is_in(sign_in(browser, shop, passkey, "&prompt=login")));
}

TEST_F(TrustedDevices, AreSoNoMoreOnceWhatTheySignInWithChanges) {
    const auto again = [&] {
        ASSERT_TRUE(is_in(try_in(browser)));
        ASSERT_EQ(trusted(), "1");
    };
    again();
    set_password(ada, good_password).expect(201);
    EXPECT_EQ(trusted(), "0") << "by whoever administers it";
    again();
    EXPECT_EQ(act(browser, "password", by_password() + "&new_password=" + http::percent_encode(good_password + "s")).status(), 200);
    EXPECT_EQ(trusted(), "0") << "by herself";
    set_password(ada, good_password).expect(201);
    again();
    ASSERT_EQ(set_up_app().status(), 200);
    ASSERT_TRUE(is_in(by_code(browser, next_code())));
    EXPECT_EQ(trusted(), "1");
    EXPECT_EQ(act(browser, "recovery-codes", by_password() + "&code=" + next_code()).status(), 200);
    EXPECT_EQ(trusted(), "0") << "codes of recovery";
    ASSERT_TRUE(is_in(by_code(browser, next_code())));
    as.owner.del("/api/v1/credentials/" + as.owner.get("/api/v1/credentials?type=totp").expect(200).text("/items/0/id")).expect(204);
    EXPECT_EQ(trusted(), "0") << "a credential that is taken away";
    again();
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    EXPECT_EQ(trusted(), "0");
}

TEST_F(TrustedDevices, AreSeenAndForgottenByTheirOwner) {
    ASSERT_TRUE(is_in(try_in(browser)));
    Browser other(service.port());
    clock.advance(Duration::minutes(1));
    ASSERT_TRUE(is_in(try_in(other)));
    const std::string page = browser.get("/account/security").body();
    EXPECT_NE(page.find("Browsers that are trusted"), std::string::npos);
    EXPECT_NE(page.find("<strong>This one</strong>"), std::string::npos);
    const std::string here = sql("select id from trusted_device order by created_at limit 1");
    const std::string there = sql("select id from trusted_device order by created_at desc limit 1");
    EXPECT_NE(page.find("value=\"" + there + "\""), std::string::npos);
    person("bob@example.com");
    Browser bobs(service.port());
    ASSERT_TRUE(is_in(try_in(bobs, good_password, "bob@example.com")));
    EXPECT_EQ(act(bobs, "devices/forget", "&id=" + there).status(), 404) << "it is somebody else's";
    EXPECT_EQ(act(browser, "devices/forget", "&id=x").status(), 404);
    EXPECT_EQ(act(browser, "devices/forget", "&id=" + Uuid::v7().to_string()).status(), 404);
    EXPECT_EQ(browser.post("/account/security/devices/forget", "proof=x&id=" + there).status(), 400);
    EXPECT_EQ(Browser(service.port()).post("/account/security/devices/forget", "id=" + there).status(), 401);
    EXPECT_EQ(trusted(), "3");
    EXPECT_EQ(act(browser, "devices/forget", "&id=" + there).status(), 200);
    EXPECT_EQ(other.get("/account/security").status(), 200) << "who is signed in there still is";
    EXPECT_EQ(tries(4), 429);
    EXPECT_EQ(try_in(other).status(), 429);
    EXPECT_TRUE(is_in(try_in(browser)));
    EXPECT_EQ(sql("select count(*) from trusted_device where id = '" + here + "'"), "1");
}

TEST_F(TrustedDevices, EndAndAreFew) {
    const auto typed = try_in(browser);
    std::string field;
    for (const auto& [name, value] : typed.headers().entries())
        if (http::iequals(name, "Set-Cookie") && value.starts_with("gravity-device=")) field = value;
    EXPECT_TRUE(field.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000")) << field;
    clock.advance(Duration::days(29));
    ASSERT_TRUE(is_in(try_in(browser))) << "each sign-in begins thirty days anew";
    clock.advance(Duration::days(29));
    EXPECT_EQ(tries(4), 429);
    EXPECT_TRUE(is_in(try_in(browser)));
    clock.advance(Duration::days(31));
    EXPECT_EQ(tries(4), 429);
    EXPECT_EQ(try_in(browser).status(), 429);
    clock.advance(Duration::minutes(11));
    for (int i = 0; i < 22; ++i) {
        Browser one(service.port());
        ASSERT_TRUE(is_in(try_in(one)));
        clock.advance(Duration::seconds(1));
    }
    EXPECT_EQ(trusted(), "20");
    clock.advance(Duration::days(31));
    forget_ended();
    EXPECT_EQ(trusted(), "0");
}

TEST_F(TrustedDevices, AreOfTheirProject) {
    ASSERT_TRUE(is_in(try_in(browser)));
    std::vector<std::string> empty;
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    EXPECT_EQ(std::count(empty.begin(), empty.end(), "public.trusted_device"), 0);
}

TEST_F(TrustedDevices, AreBrowsers) {
    Json wish = Json::object({{"client_id", shop.text("/id")}, {"redirect_uri", callback}, {"code_challenge", challenge()}, {"scope", "openid"}});
    wish["headless"] = true;
    const auto flow = as.anonymous.post("/api/v1/login-flows", testkit::Members(wish)).expect(201);
    const Json typed = Json::object({{"step", "password"}, {"login_name", "ada@example.com"}, {"password", good_password}});
    auto step = as.anonymous.post("/api/v1/login-flows/" + flow.text("/id") + "/steps", testkit::Members(typed));
    const auto call = step.header("Flow-Token", flow.text("/flow_token")).send();
    EXPECT_FALSE(call.at("/redirect_to").is_null()) << call.body();
    EXPECT_EQ(call.header("Set-Cookie"), "");
    EXPECT_EQ(trusted(), "0");
}

class FewFlowsForDevices : public TrustedDevices {
protected:
    FewFlowsForDevices() : TrustedDevices({{"AUTH_FLOWS_PER_NETWORK", "3"}}) {}
};

TEST_F(FewFlowsForDevices, LetThemBeginWhereOthersHaveBegunTooManySignIns) {
    ASSERT_TRUE(is_in(try_in(browser)));
    Browser crowd(service.port());
    for (int i = 0; i < 2; ++i) EXPECT_EQ(crowd.get(request(shop)).status(), 303);
    EXPECT_EQ(crowd.get(request(shop)).status(), 429);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(is_in(try_in(browser)));
    EXPECT_EQ(browser.get(request(shop, "&prompt=login")).status(), 429) << "of its own there are as many";
}

class NoTrust : public TrustedDevices {
protected:
    NoTrust() : TrustedDevices({{"AUTH_TRUSTED_DEVICE_DAYS", "0"}}) {}
};

TEST_F(NoTrust, IsWhereTheOperatorWantsNone) {
    ASSERT_TRUE(is_in(try_in(browser)));
    EXPECT_FALSE(browser.cookies.contains("gravity-device"));
    EXPECT_EQ(tries(4), 429);
    EXPECT_EQ(try_in(browser).status(), 429);
    EXPECT_EQ(browser.get("/account/security").body().find("Browsers that are trusted"), std::string::npos);
}

// ---- floods

class FloodedBrowsers : public TrustedDevices {
protected:
    FloodedBrowsers() : TrustedDevices({{"AUTH_PASSWORD_THREADS", "1"}, {"AUTH_PASSWORD_QUEUE", "0"}}) {}
    const std::string made_up = "gtd_" + std::string(43, 'A');
};

TEST_F(FloodedBrowsers, GetInWhereNobodyElseHasATurn) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    ASSERT_TRUE(is_in(try_in(browser)));
    const std::string owners_flow = flow_of(browser.get(request(shop, "&prompt=login")));
    person("grace@example.com");
    Browser graces(service.port());
    ASSERT_TRUE(is_in(try_in(graces, good_password, "grace@example.com")));
    const std::string someone_elses = graces.cookies["gravity-device"];
    Browser unknown(service.port());
    testkit::Testpoint hashing("auth.before_hash");
    hashing.pause();
    std::thread first([&] { EXPECT_EQ(tries(1, "somebody@example.com"), 400); });
    hashing.wait_until_paused();
    const auto counted = [&] { return sql("select sum(used) from login_budget"); };
    for (const std::string& cookie : {std::string(), made_up, someone_elses}) { // a cookie alone is no trust
        if (!cookie.empty()) unknown.cookies["gravity-device"] = cookie;
        const std::string flow = flow_of(unknown.get(request(shop, "&prompt=login")));
        const std::string before = counted();
        EXPECT_EQ(type(unknown, flow, "ada@example.com", good_password).status(), 503) << cookie;
        EXPECT_EQ(counted(), before) << "who has no turn is not counted";
    }
    std::atomic<bool> in{false};
    const std::string before = counted();
    std::thread owner([&] { in = is_in(type(browser, owners_flow, "ada@example.com", good_password)); });
    testkit::until([&] { return counted() != before; }); // hers is under way beside the one that is hashed
    hashing.release();
    first.join();
    owner.join();
    EXPECT_TRUE(in);
}

// As many as there are reserved turns, while the store is slow: nobody looks theirs up, so their turns are free for who is known.
TEST_F(FloodedBrowsers, GetInWhateverOthersMakeUp) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP();
    constexpr int crowd = 8;
    ASSERT_TRUE(is_in(try_in(browser)));
    const std::string owners_flow = flow_of(browser.get(request(shop, "&prompt=login")));
    std::vector<Browser> theirs;
    std::vector<std::string> flows;
    for (int i = 0; i < crowd; ++i) {
        theirs.emplace_back(service.port());
        theirs.back().cookies["gravity-device"] = made_up;
        flows.push_back(flow_of(theirs.back().get(request(shop, "&prompt=login"))));
    }
    testkit::Testpoint hashing("auth.before_hash");
    hashing.pause();
    std::thread first([&] { EXPECT_EQ(tries(1, "somebody@example.com"), 400); });
    hashing.wait_until_paused();
    const auto looked_up = [&] {
        return sql("select count(*) from pg_locks where not granted and locktype = 'relation' and database = (select oid from pg_database where datname = "
                   "current_database())");
    };
    std::atomic<int> answered{0};
    std::atomic<bool> in{false};
    std::thread others, owner;
    {
        pqxx::connection connection(service.database().admin_url());
        pqxx::work transaction(connection);
        transaction.exec("lock table trusted_device in access exclusive mode");
        others = std::thread([&] {
            at_once(crowd, [&](int i) {
                const auto n = static_cast<std::size_t>(i);
                EXPECT_EQ(type(theirs[n], flows[n], "ada@example.com", good_password).status(), 503);
                ++answered;
            });
        });
        testkit::until([&] { return answered == crowd || looked_up() == std::to_string(crowd); });
        EXPECT_EQ(looked_up(), "0");
        owner = std::thread([&] { in = is_in(type(browser, owners_flow, "ada@example.com", good_password)); });
        testkit::until([&] { return looked_up() != "0"; });
    }
    hashing.release();
    for (std::thread* thread : {&first, &others, &owner}) thread->join();
    EXPECT_TRUE(in);
}

} // namespace
} // namespace gravity::issuer
