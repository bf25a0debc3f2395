#include "config.hpp"
#include "flow_fixture.hpp"
#include "sign_up.hpp"

#include <atomic>
#include <stdexcept>

namespace gravity::issuer {
namespace {

/// People who sign up by themselves.
class SignUps : public FlowApi {
protected:
    explicit SignUps(app::Texts more = {{"AUTH_SIGN_UP_ROLE", "newcomer"}}) : FlowApi(std::move(more)) {}
    const std::string address = "grace@example.com";

    testkit::Answer account(const testkit::Answer& flow, const std::string& name, const std::string& typed = good_password) const {
        return take(flow, "account", Json::object({{"login_name", name}, {"password", typed}}));
    }
    testkit::Answer confirm(const testkit::Answer& flow, const std::string& code) const { return take(flow, "mail_code", Json::object({{"code", code}})); }
    std::string mailed() { return told("registration.requested", "code"); }
    /// A flow whose code is on its way, and the code.
    std::pair<testkit::Answer, std::string> asked(const std::string& name) {
        auto flow = begin("registration");
        account(flow, name);
        return {std::move(flow), mailed()};
    }
    static std::string another(const std::string& code) { return code == "00000000" ? "11111111" : "00000000"; }
    std::string identities() { return sql("select count(*) from identity"); }
};

TEST_F(SignUps, BeginWithAnAddressThatIsProven) {
    as.owner.post("/api/v1/roles", {{"name", "newcomer"}, {"scopes", Json::array({"clients:read"})}}).expect(201);
    const auto flow = begin("registration");
    EXPECT_EQ(next(flow), "account");
    service.take_events();
    const auto asked = account(flow, "Grace@EXAMPLE.com");
    EXPECT_EQ(next(asked), "mail_code account");
    EXPECT_TRUE(asked.at("/fault").is_null());
    const std::string code = mailed();
    ASSERT_EQ(code.size(), 8u);
    EXPECT_EQ(identities(), "0") << "nobody is made before";
    EXPECT_EQ(sql("select count(*) from mailed_code where code like '%" + code + "%' or password like '%horse%'"), "0");
    EXPECT_EQ(sql("select left(password, 9) from mailed_code"), "$argon2id");

    EXPECT_TRUE(is_not_right(confirm(flow, another(code))));
    const auto done = confirm(flow, code.substr(0, 4) + "-" + code.substr(4));
    EXPECT_EQ(event_types(), "identity.created credential.added address.confirmed login.succeeded session.started ");
    const auto tokens = redeem(shop, sent(done, "code"));
    ASSERT_EQ(tokens.status(), 200) << done.body() << tokens.body();
    const auto info = userinfo(tokens.text("/access_token"));
    EXPECT_EQ(info.text("/email"), "Grace@example.com");
    EXPECT_EQ(info.at("/email_verified"), Json(true));
    const std::string id = info.text("/sub");
    EXPECT_EQ(as.owner.get("/api/v1/identities/" + id).expect(200).text("/state"), "active");
    EXPECT_EQ(as.owner.get("/api/v1/roles?member=" + id).expect(200).text("/items/0/name"), "newcomer");
    EXPECT_TRUE(verified(address, good_password));
    EXPECT_EQ(state(flow).status(), 404);
    as.stranger.get("/api/v1/identities/" + id).expect_problem(404, "not-found");
}

TEST_F(SignUps, TellNobodyWhoHasAnAddress) {
    person(address);
    const auto flow = begin("registration");
    const auto unknown = account(flow, "nobody@example.com");
    const std::string code = mailed();
    ASSERT_FALSE(code.empty());
    const auto known = account(flow, "GRACE@example.com");
    EXPECT_EQ(known.body(), unknown.body());
    EXPECT_EQ(told("registration.repeated", "address"), "GRACE@example.com") << "its owner is told";
    EXPECT_TRUE(is_not_right(confirm(flow, code))) << "what was sent before is good no more";
    for (int i = 0; i < 3; ++i) EXPECT_EQ(confirm(flow, "00000000").body(), confirm(flow, "11111111").body());
    EXPECT_EQ(identities(), "1");
    EXPECT_TRUE(verified(address, good_password));
}

TEST_F(SignUps, TakeNoPasswordThatIsGuessedAndNoAddressThatIsNone) {
    const auto flow = begin("registration");
    service.take_events();
    for (const std::string& easy : std::vector<std::string>{"password123", "short", "grace@example.com"})
        step(flow, "account", Json::object({{"login_name", address}, {"password", easy}})).expect_problem(422, "password-refused");
    for (const std::string none : {"grace", "+493012345678", "grace@", "a@b", "grace@example.com, ada@example.com"})
        step(flow, "account", Json::object({{"login_name", none}, {"password", good_password}})).expect_problem(422, "invalid-value");
    EXPECT_EQ(event_types(), "");
    EXPECT_EQ(next(state(flow)), "account");
}

TEST_F(SignUps, TakeACodeFiveTimes) {
    const auto [flow, code] = asked(address);
    std::atomic<int> wrong{0};
    const auto& running = flow;
    const std::string& right = code;
    at_once(7, [&](int) { wrong += is_not_right(confirm(running, another(right))) ? 1 : 0; });
    EXPECT_EQ(wrong, 7);
    EXPECT_EQ(sql("select tries from mailed_code"), "5");
    EXPECT_TRUE(is_not_right(confirm(flow, code)));
    account(flow, address);
    EXPECT_FALSE(sent(confirm(flow, mailed()), "code").empty()) << "another is as good as the first was";
}

TEST_F(SignUps, MakeOneIdentityHoweverManyConfirmAtOnce) {
    const auto [flow, code] = asked(address);
    const auto& running = flow;
    const std::string& typed = code;
    std::atomic<int> in{0}, not_in{0};
    at_once(30, [&](int) {
        const auto answer = step(running, "mail_code", Json::object({{"code", typed}})).send();
        const bool signed_up = answer.status() == 200 && !answer.at("/redirect_to").is_null();
        if (signed_up) ++in;
        else if (answer.status() == 404 || answer.status() == 409 || answer.status() == 429 || is_not_right(answer)) ++not_in;
    });
    EXPECT_EQ(in, 1);
    EXPECT_EQ(not_in, 29);
    EXPECT_EQ(identities(), "1");
}

TEST_F(SignUps, GiveAnAddressToWhoeverProvesItFirst) {
    const auto [first, code] = asked(address);
    const auto [second, other] = asked("GRACE@EXAMPLE.com");
    ASSERT_FALSE(other.empty());
    EXPECT_FALSE(sent(confirm(second, other), "code").empty());
    step(first, "mail_code", Json::object({{"code", code}})).expect_problem(409, "login-name-taken");
    EXPECT_EQ(identities(), "1");
}

TEST_F(SignUps, FillNoMailbox) {
    const auto flow = begin("registration");
    for (int i = 0; i < 3; ++i) {
        account(flow, address);
        EXPECT_FALSE(mailed().empty());
    }
    const auto fourth = account(flow, address);
    EXPECT_EQ(next(fourth), "mail_code account") << "as ever";
    EXPECT_TRUE(mailed().empty()) << "three of one flow";
    EXPECT_FALSE(asked(address).second.empty());
    EXPECT_FALSE(asked(address).second.empty());
    EXPECT_TRUE(asked(address).second.empty()) << "three flows to one address";
    EXPECT_FALSE(asked("ada@example.com").second.empty()) << "others are not in their way";
    for (int i = 0; i < 3; ++i) account(flow, address);
    step(flow, "account", Json::object({{"login_name", address}, {"password", good_password}})).expect_problem(429, "too-many-attempts");
    clock.advance(Duration::minutes(61));
    EXPECT_FALSE(asked(address).second.empty()) << "they have ended";
}

TEST_F(SignUps, RunHalfAnHourFromTheMailAndAnHourInAll) {
    const auto [flow, code] = asked(address);
    clock.advance(Duration::minutes(29));
    EXPECT_EQ(state(flow).status(), 200);
    account(flow, address);
    const std::string later = mailed();
    clock.advance(Duration::minutes(29));
    EXPECT_TRUE(is_not_right(confirm(flow, code)));
    clock.advance(Duration::minutes(3));
    step(flow, "mail_code", Json::object({{"code", later}})).expect_problem(404, "not-found");
}

// ---- by pages

class SignUpPages : public SignUps {
protected:
    Browser browser{service.port()};
    testkit::Answer form(const std::string& flow, const std::string& name, const std::string& typed) {
        return browser.post("/login/sign-up", "flow=" + flow + "&login_name=" + http::percent_encode(name) + "&new_password=" + http::percent_encode(typed));
    }
    testkit::Answer code_form(const std::string& flow, const std::string& code) {
        return browser.post("/login/sign-up/code", "flow=" + flow + "&code=" + code);
    }
};

TEST_F(SignUpPages, LeadToTheClient) {
    const auto begun = browser.get(request(shop));
    const std::string flow = flow_of(begun);
    EXPECT_NE(browser.get(begun.location()).body().find("/login/sign-up?flow=" + flow), std::string::npos);
    EXPECT_EQ(browser.get("/login/sign-up?flow=" + flow).status(), 200);
    EXPECT_EQ(form(flow, "", "").status(), 400);
    const auto weak_one = form(flow, "<b>@example.com", weak);
    EXPECT_EQ(weak_one.status(), 422);
    EXPECT_EQ(weak_one.body().find("<b>"), std::string::npos);
    EXPECT_EQ(form(flow, address, weak).status(), 422);
    EXPECT_NE(form(flow, address, weak).body().find("role=\"alert\""), std::string::npos);
    service.take_events();
    const auto sent_page = form(flow, address, good_password);
    EXPECT_EQ(sent_page.status(), 200);
    const std::string code = mailed();
    ASSERT_EQ(code.size(), 8u);
    const auto wrong = code_form(flow, another(code));
    EXPECT_EQ(wrong.status(), 400);
    EXPECT_NE(wrong.body().find("This code is not right"), std::string::npos);
    const auto done = code_form(flow, code);
    ASSERT_EQ(done.status(), 303) << done.body();
    EXPECT_TRUE(done.location().starts_with(callback + "?code=")) << done.location();
    EXPECT_EQ(redeem(shop, parameter(done, "code")).status(), 200);
    EXPECT_TRUE(browser.get(request(shop)).location().starts_with(callback + "?code=")) << "signed in";
    EXPECT_EQ(code_form(flow, code).status(), 400) << "it has ended";
}

TEST_F(SignUpPages, AreTheSameForWhoeverHasTheAddress) {
    const std::string flow = flow_of(browser.get(request(shop)));
    const auto unknown = form(flow, address, good_password);
    person("ada@example.com");
    const auto known = form(flow, "ada@example.com", good_password);
    EXPECT_EQ(known.status(), unknown.status());
    EXPECT_EQ(known.body(), unknown.body());
    EXPECT_EQ(code_form(flow, "00000000").status(), 400);
    EXPECT_EQ(code_form(flow, "").status(), 400);
    EXPECT_EQ(browser.get("/login/sign-up?flow=x").status(), 400);
    Browser other(service.port());
    EXPECT_EQ(other.post("/login/sign-up", "flow=" + flow + "&login_name=a%40example.com&new_password=x").status(), 400) << "it is this browser's";
}

TEST_F(SignUpPages, TellWhatWentWrong) {
    const std::string flow = flow_of(browser.get(request(shop)));
    form(flow, address, good_password);
    const std::string code = mailed();
    person(address);
    EXPECT_EQ(code_form(flow, code).status(), 409);
    for (int i = 0; i < 9; ++i) form(flow, address, good_password);
    const auto often = form(flow, address, good_password);
    EXPECT_EQ(often.status(), 429);
    EXPECT_NE(often.header("Retry-After"), "");
}

// ---- where it is off

/// For one project, which is not the one of the tests.
class SignUpsElsewhere : public FlowApi {
protected:
    SignUpsElsewhere() : FlowApi({{"AUTH_SIGN_UP_PROJECTS", "01890a5d-ac96-774b-bcce-b302099a8057"}}) {}
};

TEST_F(SignUpsElsewhere, AreNotOfferedHere) {
    Browser browser(service.port());
    const auto begun = browser.get(request(shop));
    EXPECT_EQ(browser.get(begun.location()).body().find("/login/sign-up"), std::string::npos);
    EXPECT_EQ(browser.get("/login/sign-up?flow=" + flow_of(begun)).status(), 404);
    EXPECT_EQ(browser.post("/login/sign-up", "flow=" + flow_of(begun) + "&login_name=a%40example.com&new_password=x").status(), 404);
    EXPECT_EQ(browser.post("/login/sign-up/code", "flow=" + flow_of(begun) + "&code=12345678").status(), 404);
    wish(shop, "registration").expect_problem(403, "not-offered");
}

TEST(SignUpPolicies, AreForProjectsThatAreNamed) {
    Settings settings;
    EXPECT_FALSE(SignUpPolicy(settings).offered(ProjectId(Uuid::v7())));
    settings.links_in_events = true;
    settings.sign_up_projects = " 01890a5d-ac96-774b-bcce-b302099a8057 ,";
    const SignUpPolicy one(settings);
    EXPECT_TRUE(one.offered(ProjectId::parse("01890a5d-ac96-774b-bcce-b302099a8057").or_throw()));
    EXPECT_FALSE(one.offered(ProjectId(Uuid::v7())));
    settings.sign_up_projects = "*";
    EXPECT_TRUE(SignUpPolicy(settings).offered(ProjectId(Uuid::v7())));
    settings.links_in_events = false;
    EXPECT_THROW(SignUpPolicy{settings}, std::invalid_argument);
    EXPECT_TRUE(SignUpPolicy(settings, true).offered(ProjectId(Uuid::v7()))) << "the code goes by mail from here";
    settings.links_in_events = true;
    settings.sign_up_projects = "shop";
    EXPECT_THROW(SignUpPolicy{settings}, std::invalid_argument);
}

} // namespace
} // namespace gravity::issuer
