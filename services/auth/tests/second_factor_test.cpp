#include "app_fixture.hpp"
#include "browser_fixture.hpp"
#include "totp.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/clock.hpp>

#include <algorithm>
#include <atomic>

namespace gravity::issuer {
namespace {

// RFC 6238 appendix B, of SHA-1; the last six of their eight digits.
TEST(Totp, IsThatOfTheStandard) {
    const std::string secret = "12345678901234567890";
    EXPECT_EQ(totp::code_at(secret, 59 / totp::step_seconds), "287082");
    EXPECT_EQ(totp::code_at(secret, 1111111109 / totp::step_seconds), "081804");
    EXPECT_EQ(totp::code_at(secret, 1111111111 / totp::step_seconds), "050471");
    EXPECT_EQ(totp::code_at(secret, 1234567890 / totp::step_seconds), "005924");
    EXPECT_EQ(totp::code_at(secret, 2000000000 / totp::step_seconds), "279037");
    EXPECT_EQ(totp::code_at(secret, 20000000000 / totp::step_seconds), "353130");
    EXPECT_EQ(totp::base32(secret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    EXPECT_EQ(totp::base32("foobar"), "MZXW6YTBOI"); // RFC 4648 section 10
}

TEST(Totp, IsTakenForAStepEitherWayAndNotTwice) {
    const std::string secret = "12345678901234567890";
    const std::int64_t now = 1111111111, step = now / totp::step_seconds;
    for (std::int64_t at = step - 3; at <= step + 3; ++at) {
        const auto found = totp::step_of(secret, totp::code_at(secret, at), now, 0);
        EXPECT_EQ(found.has_value(), at >= step - 1 && at <= step + 1) << at - step;
        if (found) EXPECT_EQ(*found, at);
    }
    EXPECT_FALSE(totp::step_of(secret, totp::code_at(secret, step), now, step));
    EXPECT_FALSE(totp::step_of(secret, totp::code_at(secret, step - 1), now, step));
    EXPECT_EQ(totp::step_of(secret, totp::code_at(secret, step + 1), now, step), step + 1);
    EXPECT_EQ(totp::step_of(secret, "050 471", now, 0), step);
    for (const std::string none : {"", "0", "0504710", "abcdef"}) EXPECT_FALSE(totp::step_of(secret, none, now, 0)) << none;
}

std::string between(const std::string& text, const std::string& before, const std::string& behind) {
    const auto at = text.find(before);
    if (at == std::string::npos) return {};
    const auto begin = at + before.size();
    return text.substr(begin, text.find(behind, begin) - begin);
}

/// People with an app that makes codes.
class SecondFactors : public SignInApi {
protected:
    explicit SecondFactors(app::Texts settings = {}) : SignInApi(std::move(settings)) {}
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    testkit::Answer ada = person("ada@example.com");
    Browser browser{service.port()};
    std::string secret; // of Ada's app
    std::vector<std::string> recovery;

    std::string code(int steps = 0) const { return totp::code_at(secret, now().unix_seconds() / totp::step_seconds + steps); }
    /// Of a step that no code was taken of yet.
    std::string next_code() {
        clock.advance(Duration::seconds(totp::step_seconds));
        return code();
    }
    testkit::Answer act(Browser& by, const std::string& what, const std::string& form = {}) {
        const std::string proof = between(by.get("/account/security").body(), "name=\"proof\" value=\"", "\"");
        return by.post("/account/security/" + what, "proof=" + proof + form);
    }
    testkit::Answer act(const std::string& what, const std::string& form = {}) { return act(browser, what, form); }
    std::string by_password(const std::string& password = good_password) const { return "&password=" + http::percent_encode(password); }
    testkit::Answer confirm(const testkit::Answer& begun, const std::string& typed, const std::string& password = good_password) {
        const std::string sealed = between(begun.body(), "name=\"sealed\" value=\"", "\"");
        return act("totp/confirm", "&sealed=" + http::percent_encode(sealed) + "&code=" + typed + by_password(password));
    }
    static std::vector<std::string> codes_in(const testkit::Answer& page) {
        std::vector<std::string> codes;
        std::string rest = page.body();
        for (auto at = rest.find("<li><code>"); at != std::string::npos; at = rest.find("<li><code>")) {
            rest = rest.substr(at + 10);
            codes.push_back(rest.substr(0, rest.find('<')));
        }
        return codes;
    }
    void enrol() {
        signed_in(browser, shop);
        const auto begun = act("totp");
        secret = base32_bytes(between(begun.body(), "?secret=", "&amp;"));
        const auto done = confirm(begun, code());
        ASSERT_EQ(done.status(), 200) << done.body();
        recovery = codes_in(done);
    }
    /// Where the password leads.
    testkit::Answer behind_password(Browser& by, const std::string& more = {}) {
        return type(by, flow_of(by.get(request(shop, more))), "ada@example.com", good_password);
    }
    testkit::Answer typed(Browser& by, const testkit::Answer& step, const std::string& typed_code) {
        return by.post("/login/code", "flow=" + flow_of(step) + "&code=" + http::percent_encode(typed_code));
    }
    testkit::Answer checked(const std::string& typed_code, const std::string& address = "203.0.113.7") {
        Json body = Json::object({{"login_name", "ada@example.com"}, {"password", good_password}, {"address", address}});
        if (!typed_code.empty()) body["code"] = typed_code;
        return as.owner.post("/api/v1/credentials/check", testkit::Members(std::move(body))).send();
    }
    bool verified_by(const std::string& typed_code) { return checked(typed_code).at("/verified") == Json(true); }
};

TEST_F(SecondFactors, AreEnrolledByWhoProvesThatTheyWork) {
    EXPECT_EQ(browser.get("/account/security").status(), 401);
    EXPECT_EQ(browser.post("/account/security/totp", "").status(), 401);
    signed_in(browser, shop);
    const auto begun = act("totp");
    ASSERT_EQ(begun.status(), 200);
    EXPECT_NE(begun.body().find("otpauth://totp/127.0.0.1%3A8081:ada%40example.com?secret="), std::string::npos) << begun.body();
    secret = base32_bytes(between(begun.body(), "?secret=", "&amp;"));
    EXPECT_EQ(secret.size(), 20u);
    EXPECT_EQ(confirm(begun, code(5)).status(), 400);
    EXPECT_EQ(confirm(begun, code(), "wrong one").status(), 400);
    EXPECT_EQ(act("totp/confirm", "&sealed=x&code=" + code() + by_password()).status(), 400);
    EXPECT_EQ(sql("select count(*) from totp"), "0");
    service.take_events();
    const auto done = confirm(begun, code());
    ASSERT_EQ(done.status(), 200) << done.body();
    EXPECT_EQ(event_types(), "login.succeeded credential.added ");
    recovery = codes_in(done);
    EXPECT_EQ(recovery.size(), 10u);
    EXPECT_EQ(sql("select count(*) from totp where secret like 'gs1.%'"), "1");
    EXPECT_EQ(sql("select count(*) from recovery_code where length(hash) = 32"), "10");
    EXPECT_EQ(act("totp").status(), 409);
    EXPECT_EQ(confirm(begun, code()).status(), 409);
    const auto listed = as.owner.get("/api/v1/credentials?type=totp").expect(200);
    listed.field("/items/0/identity_id", ada.at("/id")).field("/items/0/type", "totp");
    EXPECT_EQ(listed.body().find("gs1."), std::string::npos);
    as.owner.post("/api/v1/credentials", {{"identity_id", ada.text("/id")}, {"type", "totp"}, {"password", good_password}}).expect(422);
    std::vector<std::string> empty;
    for (const auto& fault : testkit::check_isolation(service.database(), service.project(), &empty)) ADD_FAILURE() << fault;
    for (const std::string table : {"totp", "recovery_code"}) EXPECT_EQ(std::count(empty.begin(), empty.end(), "public." + table), 0) << table;
    as.owner.del("/api/v1/credentials/" + listed.text("/items/0/id")).expect(204);
    EXPECT_EQ(sql("select (select count(*) from totp) + (select count(*) from recovery_code)"), "0");
    EXPECT_TRUE(behind_password(browser, "&prompt=login").location().starts_with(callback)) << "there is no app any more";
}

TEST_F(SecondFactors, AreAskedForBehindThePassword) {
    enrol();
    Browser other(service.port());
    const auto early = other.get(request(shop));
    EXPECT_EQ(other.get("/login/code?flow=" + flow_of(early)).location(), "/login?flow=" + flow_of(early)) << "no password yet";
    EXPECT_EQ(typed(other, early, code(1)).location(), "/login?flow=" + flow_of(early));
    const auto step = behind_password(other);
    ASSERT_TRUE(step.location().starts_with("/login/code?flow=")) << step.body();
    EXPECT_FALSE(other.cookies.contains("gravity-session")) << "nobody is signed in yet";
    EXPECT_NE(other.get(step.location()).body().find("one-time-code"), std::string::npos);
    EXPECT_TRUE(other.get("/login/consent?flow=" + flow_of(step)).location().starts_with("/login?"));
    EXPECT_EQ(typed(other, step, code()).status(), 400) << "that one proved the app";
    EXPECT_EQ(typed(other, step, "000 000 000").status(), 400);
    EXPECT_EQ(other.post("/login/code", "flow=" + flow_of(step)).status(), 400);
    service.take_events();
    const std::string used = code(1);
    const auto back = typed(other, step, used);
    ASSERT_TRUE(back.location().starts_with(callback + "?code=")) << back.body();
    EXPECT_EQ(event_types(), "login.succeeded session.started ");
    const auto tokens = redeem(shop, parameter(back, "code"));
    for (const std::string token : {"/id_token", "/access_token"}) {
        EXPECT_EQ(*payload(tokens.text(token)).find("amr"), Json::array({"pwd", "otp", "mfa"}));
        EXPECT_EQ(*payload(tokens.text(token)).find("acr"), Json("urn:gravity:acr:2"));
    }
    Browser thief(service.port());
    EXPECT_EQ(typed(thief, behind_password(thief), used).status(), 400) << "it was used";
    Browser late(service.port());
    const auto begun = behind_password(late);
    clock.advance(Duration::minutes(6));
    EXPECT_EQ(typed(late, begun, code()).location(), "/login?flow=" + flow_of(begun)) << "the password was typed too long ago";
}

TEST_F(SecondFactors, StandInTheCheckForPagesOfOnesOwn) {
    enrol();
    checked("").field("/verified", false).field("/code_needed", true).field("/identity_id", Json());
    checked("123456").field("/verified", false).field("/code_needed", false);
    checked(next_code()).field("/verified", true).field("/code_needed", false).field("/identity_id", ada.at("/id"));
    checked(code()).field("/verified", false);
}

class ManyCodes : public SecondFactors {
protected:
    ManyCodes() : SecondFactors({{"AUTH_LOGIN_ATTEMPTS", "1000"}, {"AUTH_PASSWORD_QUEUE", "100"}}) {}
    int of_fifty(const std::string& typed_code) {
        std::atomic<int> good{0}, refused{0};
        at_once(50, [&](int) { ++(verified_by(typed_code) ? good : refused); });
        EXPECT_EQ(good + refused, 50);
        return good;
    }
};

TEST_F(ManyCodes, OfOneStepLetOneIn) {
    enrol();
    EXPECT_EQ(of_fifty(next_code()), 1);
    EXPECT_EQ(of_fifty(recovery.front()), 1);
    EXPECT_EQ(sql("select count(*) from recovery_code"), "9");
}

TEST_F(SecondFactors, CanBeLost) {
    enrol();
    Browser other(service.port());
    std::string lower = recovery[3];
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return c == '-' ? ' ' : static_cast<char>(std::tolower(c)); });
    const auto back = typed(other, behind_password(other), lower);
    ASSERT_TRUE(back.location().starts_with(callback)) << back.body();
    EXPECT_EQ(*payload(redeem(shop, parameter(back, "code")).text("/id_token")).find("amr"), Json::array({"pwd", "mfa"}));
    EXPECT_FALSE(verified_by(recovery[3])) << "once";
    EXPECT_NE(browser.get("/account/security").body().find("9 recovery codes are left"), std::string::npos);
    EXPECT_EQ(act("recovery-codes", by_password() + "&code=" + recovery[3]).status(), 400);
    EXPECT_EQ(act("recovery-codes", by_password("wrong one") + "&code=" + recovery[4]).status(), 400);
    const auto renewed = codes_in(act("recovery-codes", by_password() + "&code=" + recovery[4]));
    EXPECT_EQ(renewed.size(), 10u);
    EXPECT_FALSE(verified_by(recovery[5]));
    EXPECT_TRUE(verified_by(renewed[0]));
    EXPECT_EQ(act("totp/remove", by_password() + "&code=123456").status(), 400);
    EXPECT_NE(act("totp/remove", by_password() + "&code=" + renewed[1]).body().find("Set up an app"), std::string::npos);
    EXPECT_EQ(sql("select (select count(*) from totp) + (select count(*) from recovery_code)"), "0");
    EXPECT_EQ(act("recovery-codes", by_password()).status(), 400) << "there is nothing they would stand in for";
}

TEST_F(SecondFactors, CannotBeGuessedFromHoweverManyNetworks) {
    enrol();
    for (int i = 0; i < 10; ++i) checked("000000 0", "203.0." + std::to_string(i) + ".7").field("/verified", false);
    const auto elsewhere = checked(next_code(), "198.51.100.7");
    EXPECT_EQ(elsewhere.status(), 429) << elsewhere.body();
    EXPECT_NE(elsewhere.header("Retry-After"), "");
    const auto step = behind_password(browser, "&prompt=login");
    const auto refused = typed(browser, step, code());
    EXPECT_EQ(refused.status(), 429);
    EXPECT_NE(refused.header("Retry-After"), "");
    clock.advance(Duration::minutes(11));
    EXPECT_TRUE(verified_by(code()));
}

TEST_F(SecondFactors, AreWhatClientsMayAskFor) {
    const std::string two = "&acr_values=urn%3Agravity%3Aacr%3A2";
    signed_in(browser, shop);
    EXPECT_EQ(*payload(redeem(shop, parameter(signed_in(browser, shop), "code")).text("/id_token")).find("acr"), Json("urn:gravity:acr:1"));
    EXPECT_EQ(parameter(browser.get(request(shop, two + "&prompt=none")), "error"), "login_required");
    const auto asked = browser.get(request(shop, two));
    EXPECT_TRUE(asked.location().starts_with("/login?")) << "one factor is too few";
    EXPECT_EQ(browser.get("/login/consent?flow=" + flow_of(asked)).location(), "/login?flow=" + flow_of(asked)) << "nor is there a way round";
    const auto unmet = type(browser, flow_of(asked), "ada@example.com", good_password);
    EXPECT_EQ(parameter(unmet, "error"), "unmet_authentication_requirements");
    EXPECT_TRUE(browser.get(request(shop, two + "%20urn%3Agravity%3Aacr%3A1")).location().starts_with(callback)) << "either will do";
    EXPECT_TRUE(browser.get(request(shop, "&acr_values=other")).location().starts_with(callback)) << "what is not known counts for nothing";
    enrol();
    const auto step = behind_password(browser, two);
    EXPECT_TRUE(typed(browser, step, next_code()).location().starts_with(callback));
    EXPECT_TRUE(browser.get(request(shop, two)).location().starts_with(callback)) << "and goes on being enough";
}

TEST_F(SecondFactors, AreNoWayRoundASignInThatWasAskedFor) {
    signed_in(browser, shop);
    clock.advance(Duration::seconds(1));
    const auto asked = browser.get(request(shop, "&prompt=login"));
    EXPECT_EQ(browser.post("/login/consent", "flow=" + flow_of(asked) + "&decision=allow").location(), "/login?flow=" + flow_of(asked));
}

TEST_F(SecondFactors, StandBesidePasswordsThatPeopleChange) {
    signed_in(browser, shop);
    Browser other(service.port());
    const auto theirs = redeem(shop, parameter(signed_in(other, shop), "code"));
    const std::string better = "&new_password=" + http::percent_encode("a better horse altogether");
    EXPECT_EQ(browser.post("/account/security/password", "proof=x" + by_password() + better).status(), 400);
    EXPECT_EQ(act("password", by_password("wrong one") + better).status(), 400);
    const auto weak = act("password", by_password() + "&new_password=password123");
    EXPECT_EQ(weak.status(), 422);
    EXPECT_NE(weak.body().find("role=\"alert\""), std::string::npos);
    EXPECT_TRUE(verified("ada@example.com", good_password));
    EXPECT_EQ(act("password", by_password() + better).status(), 200);
    EXPECT_FALSE(verified("ada@example.com", good_password));
    EXPECT_TRUE(verified("ada@example.com", "a better horse altogether"));
    EXPECT_EQ(browser.get("/account/security").status(), 200) << "who changed it stays";
    EXPECT_EQ(other.get("/account/security").status(), 401) << "everybody else is signed out";
    EXPECT_EQ(refresh(shop, theirs.text("/refresh_token")).text("/error"), "invalid_grant");
    for (int i = 0; i < 10; ++i) act("password", by_password("wrong one") + better);
    EXPECT_EQ(act("password", by_password("a better horse altogether") + better).status(), 429);
}

} // namespace
} // namespace gravity::issuer
