#include "flow_fixture.hpp"
#include "mail_texts.hpp"

#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/mail_server.hpp>

#include <atomic>
#include <stdexcept>

namespace gravity::issuer {
namespace {

using Script = testkit::MailServer::Script;

Script instead(std::string line, std::string text) {
    return [line = std::move(line), text = std::move(text)](const std::string& said) -> std::optional<std::string> {
        if (said.starts_with(line)) return text;
        return std::nullopt;
    };
}

struct WithMailServer {
    testkit::MailServer server;
};

/// People whose mail goes from here, and by no event.
class Mailed : protected WithMailServer, public FlowApi {
protected:
    explicit Mailed(const std::string& in_events = "false")
        : FlowApi({{"SMTP_URL", server.url()}, {"MAIL_FROM", "The shop <no-reply@example.com>"}, {"AUTH_LINKS_IN_EVENTS", in_events}}) {}
    testkit::Answer ada = person("ada@example.com");

    testkit::Answer ask(const std::string& name) {
        Browser browser(service.port());
        const auto begun = browser.get(request(shop));
        return browser.post("/login/recover", "flow=" + flow_of(begun) + "&login_name=" + http::percent_encode(name));
    }
    std::vector<testkit::ReceivedMail> mails() {
        service.run_jobs_until_idle();
        return server.mails();
    }
    /// The path and query of the link in a mail; "" if there is none.
    static std::string link_in(const testkit::ReceivedMail& mail) {
        const std::string text = mail.text();
        const auto at = text.find("http://localhost:8081/login/");
        return at == std::string::npos ? std::string() : text.substr(at + 21, text.find('\n', at) - at - 21);
    }
    std::string state_of_mail() { return sql("select string_agg(state, ' ') from gravity.job where kind = 'send-mail'"); }
};

TEST_F(Mailed, LinksLeadToAPasswordAnew) {
    service.take_events();
    EXPECT_EQ(ask("Ada@Example.com").status(), 200);
    const auto got = mails();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].to, "<ada@example.com>");
    EXPECT_EQ(got[0].field("From"), "\"The shop\" <no-reply@example.com>");
    EXPECT_EQ(got[0].field("Subject"), "Get back into your account");
    const std::string text = got[0].text();
    EXPECT_NE(text.find("for 30 minutes"), std::string::npos) << text;
    EXPECT_NE(text.find("from the network 127.0.0."), std::string::npos) << text;
    EXPECT_NE(text.find("If it was not you"), std::string::npos) << text;
    EXPECT_EQ(event_types(), "") << "who reads events does not read the link";
    const std::string link = link_in(got[0]);
    ASSERT_TRUE(link.starts_with("/login/reset?token=gln_")) << text;
    const std::string token = link.substr(link.find("token=") + 6);
    EXPECT_EQ(sql("select count(*) from gravity.job where payload::text like '%gln_%' or payload::text like '%example.com%'"), "0");
    const std::string form = "token=" + token + "&new_password=" + http::percent_encode(better);
    EXPECT_EQ(as.anonymous.post("/login/reset").raw(form, "application/x-www-form-urlencoded").send().status(), 200);
    EXPECT_TRUE(verified("ada@example.com", better));
    const auto told = mails();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1].field("Subject"), "Somebody got back into your account");
    EXPECT_NE(told[1].text().find("/account/security"), std::string::npos);
    ask("nobody@example.com");
    EXPECT_EQ(mails().size(), 2U);
}

TEST_F(Mailed, CodesSignPeopleUp) {
    const auto flow = begin("registration");
    take(flow, "account", Json::object({{"login_name", "grace@example.com"}, {"password", good_password}}));
    auto got = mails();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].to, "<grace@example.com>");
    const std::string text = got[0].text();
    const std::string code = text.substr(text.find("\n\n    ") + 6, 9);
    EXPECT_EQ(code.find_first_not_of("0123456789 "), std::string::npos) << text;
    EXPECT_FALSE(sent(take(flow, "mail_code", Json::object({{"code", code}})), "code").empty());
    take(begin("registration"), "account", Json::object({{"login_name", "grace@example.com"}, {"password", good_password}}));
    got = mails();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].field("Subject"), "You have an account already");
    EXPECT_NE(got[1].text().find("nothing has changed"), std::string::npos);
}

TEST_F(Mailed, FlowsOfClientsHaveACodeBesideTheLink) {
    const auto flow = begin("recovery");
    take(flow, "address", Json::object({{"login_name", "ada@example.com"}}));
    const auto got = mails();
    ASSERT_EQ(got.size(), 1U);
    const std::string text = got[0].text();
    EXPECT_FALSE(link_in(got[0]).empty());
    const std::string code = text.substr(text.find("asked for it:\n\n    ") + 19, 9);
    EXPECT_EQ(next(take(flow, "mail_code", Json::object({{"code", code}}))), "new_password") << text;
}

TEST_F(Mailed, AddressesAreConfirmed) {
    Browser browser(service.port());
    signed_in(browser, shop);
    const std::string page = browser.get("/account/security").body();
    const auto at = page.find("name=\"proof\" value=\"") + 20;
    EXPECT_EQ(browser.post("/account/security/addresses", "proof=" + page.substr(at, page.find('"', at) - at)).status(), 200);
    const auto got = mails();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].field("Subject"), "Confirm your e-mail address");
    EXPECT_EQ(as.anonymous.get(link_in(got[0])).send().status(), 200);
}

TEST_F(Mailed, OneMailIsTriedAgainUntilItIsTaken) {
    server.set_script(instead("RCPT", "451 4.7.1 later\r\n"));
    ask("ada@example.com");
    EXPECT_TRUE(mails().empty());
    EXPECT_EQ(state_of_mail(), "waiting");
    testkit::until([&] { return as.anonymous.get("/health/ready").send().body().find("the mail server answers 451 4.7.1 to RCPT") != std::string::npos; });
    server.set_script(instead(".", "")); // it takes the mail, and its answer is lost
    clock.advance(Duration::minutes(2));
    EXPECT_EQ(mails().size(), 1U);
    EXPECT_EQ(state_of_mail(), "waiting");
    server.set_script({});
    clock.advance(Duration::minutes(2));
    const auto got = mails();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0].data, got[1].data) << "one Message-ID, for receivers to know it by";
    EXPECT_FALSE(got[0].field("Message-ID").empty());
    EXPECT_EQ(state_of_mail(), "done");
    testkit::until([&] { return as.anonymous.get("/health/ready").send().body().find("the mail server") == std::string::npos; });
}

// What somebody has a day for is not lost with an hour in which their server takes nothing.
TEST_F(Mailed, IsTriedForAsLongAsWhatItTellsIsGood) {
    Browser browser(service.port());
    signed_in(browser, shop);
    server.set_script(instead("RCPT", "451 4.7.1 greylisted\r\n"));
    const std::string proof = text_between(browser.get("/account/security").body(), "name=\"proof\" value=\"", "\"");
    EXPECT_EQ(browser.post("/account/security/addresses", "proof=" + proof).status(), 200);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(mails().empty());
        clock.advance(Duration::minutes(11));
    }
    EXPECT_TRUE(mails().empty());
    EXPECT_EQ(state_of_mail(), "waiting");
    server.set_script({});
    clock.advance(Duration::minutes(11));
    const auto got = mails();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(as.anonymous.get(link_in(got[0])).send().status(), 200);
    EXPECT_EQ(state_of_mail(), "done");
}

TEST_F(Mailed, WhatIsNeverTakenIsGivenUp) {
    server.set_script(instead("RCPT", "550 5.1.1 <ada@example.com> is nobody\r\n"));
    ask("ada@example.com");
    EXPECT_TRUE(mails().empty());
    EXPECT_EQ(state_of_mail(), "failed");
    EXPECT_EQ(sql("select error ->> 'detail' from gravity.job where kind = 'send-mail'"), "the mail server answers 550 5.1.1 to RCPT");
    const auto before = server.connections();
    clock.advance(Duration::minutes(20));
    mails();
    EXPECT_EQ(server.connections(), before);
    const std::string metrics = as.anonymous.get("/metrics").send().body();
    EXPECT_NE(metrics.find("gravity_mails_total{outcome=\"refused\"}"), std::string::npos);
}

TEST_F(Mailed, WhatHasEndedIsSentNoMore) {
    server.set_script(instead("MAIL", "451 4.7.1 later\r\n"));
    ask("ada@example.com");
    mails();
    server.set_script({});
    clock.advance(Duration::minutes(31));
    EXPECT_TRUE(mails().empty());
    EXPECT_EQ(state_of_mail(), "failed");
}

TEST_F(Mailed, WhoIsDisabledMeanwhileHasNone) {
    server.set_script(instead("MAIL", "451 4.7.1 later\r\n"));
    ask("ada@example.com");
    mails();
    as.owner.post(ada.location() + "/disable", Json::object()).expect(200);
    server.set_script({});
    clock.advance(Duration::minutes(10));
    EXPECT_TRUE(mails().empty());
    EXPECT_EQ(state_of_mail(), "done");
    ask("ada@example.com");
    EXPECT_TRUE(mails().empty());
}

TEST_F(Mailed, ManyAtOnceFillNoMailbox) {
    std::atomic<int> asked{0};
    at_once(20, [&](int) { asked += ask("ada@example.com").status() == 200 ? 1 : 0; });
    EXPECT_GE(asked, 3);
    EXPECT_EQ(mails().size(), 3U);
}

/// Where somebody reads the events as well.
class MailedAndAnnounced : public Mailed {
protected:
    MailedAndAnnounced() : Mailed("true") {}
};

TEST_F(MailedAndAnnounced, AreTheSameLink) {
    service.take_events();
    ask("ada@example.com");
    const auto got = mails();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(told("recovery.requested", "link"), "http://localhost:8081" + link_in(got[0]));
}

TEST(MailSettingsOfAuth, AreLookedAtWhenItStarts) {
    const auto starts = [](app::Texts settings) { testkit::RunningService service(assemble(0), with_master_key(std::move(settings))); };
    EXPECT_THROW(starts({{"SMTP_URL", "mail.example.com"}, {"MAIL_FROM", "a@example.com"}}), std::runtime_error);
    EXPECT_THROW(starts({{"SMTP_URL", "smtp://mail.example.com"}}), std::runtime_error);
    EXPECT_THROW(starts({{"SMTP_URL", "smtp://mail.example.com"}, {"MAIL_FROM", "nobody"}}), std::runtime_error);
}

TEST(MailTexts, SayHowLongAndWhatToDoOtherwise) {
    const Timestamp now = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();
    const AskedFor asked{"https://id.example.com", "", now};
    const IdentityId ada = IdentityId::fresh();
    const ConfirmationRequested event{ada, "ada@example.com", "https://id.example.com/login/confirm?token=x", now + Duration::hours(24)};
    const auto confirm = letter_of(event, asked);
    EXPECT_EQ(confirm.to, "ada@example.com");
    EXPECT_EQ(confirm.about, ada.to_string());
    EXPECT_EQ(confirm.until, now + Duration::hours(24));
    EXPECT_NE(confirm.text.find("for 24 hours."), std::string::npos) << confirm.text;
    EXPECT_EQ(confirm.text.find("network"), std::string::npos) << "nothing is said of what is not known";
    EXPECT_NE(confirm.text.find("https://id.example.com\n"), std::string::npos);
    const auto soon = letter_of(RegistrationRequested{"a@example.com", "12345678", now + Duration::seconds(20)}, asked);
    EXPECT_NE(soon.text.find("1234 5678"), std::string::npos);
    EXPECT_NE(soon.text.find("for 1 minute."), std::string::npos) << soon.text;
    EXPECT_TRUE(soon.about.empty());
    const RecoveryBegun begun{ada, LoginKind::email, "ada@example.com", "https://id.example.com/login/regain/cancel?token=x", now + Duration::hours(24),
                              now + Duration::hours(96)};
    const auto announced = letter_of(begun, asked);
    EXPECT_EQ(announced.until, begun.expires_at);
    EXPECT_NE(announced.text.find("From 2026-11-24T12:00:00Z on they may"), std::string::npos) << "a mail may be late: " << announced.text;
    EXPECT_NE(announced.text.find("    " + begun.link + "\n"), std::string::npos);
}

} // namespace
} // namespace gravity::issuer
