// Accounts that are regained by flows of the API, in less time, and where mail goes from here.
#include "regain_fixture.hpp"

#include <gravity/testkit/mail_server.hpp>
#include <gravity/testkit/testpoint.hpp>

#include <thread>

namespace gravity::issuer {
namespace {

class RegainByTheApi : public Regain {
protected:
    testkit::Answer proven(const testkit::Answer& flow, const std::string& address = "ada@example.com") {
        take(flow, "address", Json::object({{"login_name", address}}));
        return take(flow, "mail_code", Json::object({{"code", told("recovery.requested", "code")}}));
    }
};

TEST_F(RegainByTheApi, TakesACodeBehindTheMailedOne) {
    const auto flow = begin("recovery");
    EXPECT_EQ(next(proven(flow)), "recovery_code wait");
    step(flow, "new_password", Json::object({{"password", better}})).expect_problem(409, "step-not-next");
    step(flow, "recovery_code").expect(422);
    EXPECT_TRUE(is_not_right(take(flow, "recovery_code", Json::object({{"code", "AAAAA-AAAAA-AAAAA-AAAAA"}}))));
    EXPECT_EQ(next(take(flow, "recovery_code", Json::object({{"code", codes[0]}}))), "new_password");
    step(flow, "new_password", Json::object({{"password", weak}})).expect_problem(422, "password-refused");
    service.take_events();
    const auto set = take(flow, "new_password", Json::object({{"password", better}}));
    EXPECT_EQ(event_types(), regained);
    ASSERT_EQ(set.at("/recovery_codes").size(), 10u);
    EXPECT_EQ(next(set), "passkey_challenge passkey password") << "which signs nobody in";
    EXPECT_EQ(next(FlowApi::password(flow, "ada@example.com", better)), "recovery_code passkey_challenge passkey password");
    EXPECT_FALSE(sent(take(flow, "recovery_code", Json::object({{"code", set.text("/recovery_codes/3")}})), "code").empty());
    EXPECT_TRUE(signs_in(shop, passkey));
}

// A flow may ask for somebody else's mail while a code is looked at: what is proven is the one's factor, not the other's.
TEST_F(RegainByTheApi, TakesACodeForItsOwnerAlone) {
    if (!testkit::Testpoint::compiled_in()) GTEST_SKIP() << "this build has no testpoints";
    const std::string other = person("grace@example.com").text("/id");
    const auto flow = begin("recovery");
    proven(flow);
    std::thread proving;
    {
        testkit::Testpoint commit("pg.before_commit");
        commit.pause();
        proving = std::thread([&] { EXPECT_TRUE(is_not_right(take(flow, "recovery_code", Json::object({{"code", codes[0]}})))); });
        commit.wait_until_paused();
        sql("update mailed_code set identity_id = '" + other + "'");
    }
    proving.join();
    EXPECT_EQ(sql("select count(*) from mailed_code"), "1");
    EXPECT_EQ(sql("select count(*) from mailed_code where factor_at is not null"), "0");
}

TEST_F(RegainByTheApi, WaitsInstead) {
    const auto flow = begin("recovery");
    step(flow, "wait").expect_problem(409, "step-not-next");
    proven(flow);
    const auto begun = take(flow, "wait");
    EXPECT_EQ(next(begun), "address") << "the code is used up";
    EXPECT_EQ(begun.text("/wait_until"), (now() + Duration::hours(24)).to_string());
    EXPECT_EQ(links("recovery.begun").size(), 3u);
    const auto other = begin("recovery");
    const auto waits = proven(other);
    EXPECT_EQ(next(waits), "recovery_code");
    EXPECT_EQ(waits.text("/wait_until"), begun.text("/wait_until"));
    step(other, "wait").expect_problem(409, "step-not-next");
    EXPECT_NE(after(Duration::hours(24)), "");
    const auto last = begin("recovery");
    EXPECT_EQ(next(proven(last)), "new_password");
    EXPECT_EQ(take(last, "new_password", Json::object({{"password", better}})).at("/recovery_codes").size(), 10u);
    EXPECT_EQ(waiting(), "0");
    EXPECT_EQ(passwords(), "1");
}

TEST_F(RegainByTheApi, WaitsByOneAddressAlone) {
    const auto hers = begin("recovery"), astray = begin("recovery");
    EXPECT_EQ(next(proven(astray, "ada@work.example")), "recovery_code wait");
    proven(hers);
    take(hers, "wait");
    step(astray, "wait").expect_problem(409, "step-not-next");
    after(Duration::hours(24));
    const auto last = begin("recovery");
    const auto waits = proven(last, "ada@work.example");
    EXPECT_EQ(next(waits), "recovery_code");
    EXPECT_TRUE(waits.at("/wait_until").is_null()) << "there is nothing that they wait for";
    step(last, "wait").expect_problem(409, "step-not-next");
    step(last, "new_password", Json::object({{"password", better}})).expect_problem(409, "step-not-next");
    EXPECT_EQ(passwords(), "0");
    EXPECT_EQ(next(take(last, "recovery_code", Json::object({{"code", codes[0]}}))), "new_password");
}

// Else the time would run while an account is looked into, and be over when it is enabled again.
TEST_F(RegainByTheApi, IsOfNobodyWhoIsDisabled) {
    const auto flow = begin("recovery");
    proven(flow);
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    service.take_events();
    step(flow, "wait").expect_problem(409, "step-not-next");
    EXPECT_TRUE(is_not_right(take(flow, "recovery_code", Json::object({{"code", codes[0]}}))));
    EXPECT_EQ(waiting(), "0");
    EXPECT_TRUE(links("recovery.begun").empty());
    EXPECT_EQ(sql("select count(*) from recovery_code"), "10");
}

TEST_F(RegainByTheApi, IsStoppedMeanwhile) {
    const auto flow = begin("recovery");
    proven(flow);
    take(flow, "wait");
    after(Duration::hours(24));
    const auto last = begin("recovery");
    EXPECT_EQ(next(proven(last)), "new_password");
    EXPECT_TRUE(signs_in(shop, passkey));
    step(last, "new_password", Json::object({{"password", better}})).expect_problem(409, "step-not-next");
    EXPECT_EQ(passwords(), "0");
}

/// Where it takes less time.
class ShorterWait : public Regain {
protected:
    ShorterWait() : Regain({{"AUTH_RECOVERY_WAIT_HOURS", "1"}}) {}
};

TEST_F(ShorterWait, IsSaid) {
    const std::string sent = link();
    EXPECT_NE(open(sent).body().find("1 hour."), std::string::npos);
    waited(sent);
    EXPECT_NE(after(Duration::hours(1)), "");
}

struct RegainsMailServer {
    testkit::MailServer server;
};

/// Where mail goes from here, and no link into an event.
class RegainByMail : protected RegainsMailServer, public Regain {
protected:
    RegainByMail() : Regain({{"SMTP_URL", server.url()}, {"MAIL_FROM", "no-reply@example.com"}, {"AUTH_LINKS_IN_EVENTS", "false"}}) {}
    /// The mails since the last look, by address; all of one subject.
    std::map<std::string, std::string> mailed(const std::string& subject) {
        service.run_jobs_until_idle();
        const auto mails = server.mails();
        std::map<std::string, std::string> found;
        for (; seen < mails.size(); ++seen) {
            EXPECT_EQ(mails[seen].field("Subject"), subject);
            found[mails[seen].to] = mails[seen].text();
        }
        return found;
    }
    static std::string path_in(const std::string& text, const std::string& path) {
        const auto at = text.find("http://localhost:8081" + path + "?token=");
        EXPECT_NE(at, std::string::npos) << text;
        return at == std::string::npos ? std::string() : text.substr(at + 21, text.find('\n', at) - at - 21);
    }
    std::size_t seen = 0;
};

TEST_F(RegainByMail, TellsAllAddressesAndThenTheOne) {
    EXPECT_EQ(ask().status(), 200);
    const auto first = mailed("Get back into your account");
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(post(path_in(first.at("<ada@example.com>"), "/login/regain"), "/wait").status(), 200);
    const auto warned = mailed("Somebody wants to get back into your account");
    ASSERT_EQ(warned.size(), 2U);
    const std::string here = path_in(warned.at("<ada@example.com>"), "/login/regain/cancel");
    EXPECT_NE(here, path_in(warned.at("<ada@work.example>"), "/login/regain/cancel"));
    EXPECT_EQ(open(here).status(), 200);
    EXPECT_TRUE(links("recovery.begun").empty()) << "no link is in an event";
    clock.advance(Duration::hours(25));
    const auto ready = mailed("Get back into your account now");
    ASSERT_EQ(ready.size(), 1U);
    EXPECT_EQ(open(path_in(ready.at("<ada@example.com>"), "/login/regain")).status(), 200);
    EXPECT_TRUE(links("recovery.ready").empty());
    EXPECT_EQ(password(path_in(ready.at("<ada@example.com>"), "/login/regain")).status(), 200);
    const auto told = mailed("Somebody got back into your account");
    ASSERT_EQ(told.size(), 2U) << "whoever has one of them alone does nothing in silence";
    const std::string& text = told.at("<ada@work.example>");
    EXPECT_NE(text.find("http://localhost:8081/account/security\n"), std::string::npos) << text;
    EXPECT_NE(text.find("from the network 127.0.0."), std::string::npos) << text;
    EXPECT_EQ(text.find("token="), std::string::npos) << "it opens nothing";
    EXPECT_EQ(text.find("ada@example.com"), std::string::npos) << "nor does it tell who has one address of the others";
    EXPECT_EQ(event_types().find("recovery.completed"), std::string::npos);
}

TEST_F(RegainByMail, TellsOfNoWaitThatIsOver) {
    EXPECT_EQ(ask().status(), 200);
    const std::string link = path_in(mailed("Get back into your account").at("<ada@example.com>"), "/login/regain");
    server.set_script([](const std::string& said) -> std::optional<std::string> {
        if (said.starts_with("MAIL")) return "451 4.7.1 later\r\n";
        return std::nullopt;
    });
    EXPECT_EQ(post(link, "/wait").status(), 200);
    EXPECT_TRUE(mailed("").empty());
    EXPECT_EQ(sql("select count(*) from gravity.job where kind = 'send-mail' and state = 'waiting'"), "2");
    EXPECT_TRUE(signs_in(shop, passkey));
    server.set_script({});
    clock.advance(Duration::minutes(11));
    EXPECT_TRUE(mailed("").empty()) << "it would tell of what is stopped, with a link that is none any more";
    EXPECT_EQ(sql("select count(*) from gravity.job where kind = 'send-mail' and state = 'waiting'"), "0");
}

} // namespace
} // namespace gravity::issuer
