#include "http/certificates.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/mail/smtp.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/mail_server.hpp>

#include <algorithm>
#include <atomic>
#include <future>

namespace gravity::mail {
namespace {

using testkit::MailServer;
using testkit::MailServerOptions;
using Script = MailServer::Script;

/// What is said instead, to one line.
Script instead(std::string line, std::string text) {
    return [line = std::move(line), text = std::move(text)](const std::string& said) -> std::optional<std::string> {
        if (said.starts_with(line)) return text;
        return std::nullopt;
    };
}

class Smtp : public ::testing::Test {
protected:
    Smtp() {
        loop.start();
        message.from = Mailbox::parse("Example <no-reply@example.com>").or_throw();
        message.to = Mailbox::parse("ada@example.org").or_throw();
        message.subject = "Gr\xC3\xBC\xC3\x9F"
                          "e";
        message.text = "Hello.\n.\n..Ada\n";
        message.id = "0190a5d0";
        message.date = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();
    }
    ~Smtp() override { loop.stop(); }

    void to(const std::string& url) { options.server = Server::parse(url).or_throw(); }
    Task<void> send_one() {
        if (!sender) sender = std::make_unique<Sender>(loop.io(), options);
        co_await sender->send(message);
    }
    void send() {
        loop.await<void>([this] { return send_one(); });
    }
    /// What it fails with.
    SendError failure() {
        try {
            send();
            ADD_FAILURE() << "it was sent";
        } catch (const SendError& error) {
            return error;
        }
        return {Trouble::passing, false, "none"};
    }
    SendError failure_with(const Script& script) {
        MailServer server({}, script);
        to(server.url());
        sender.reset();
        return failure();
    }

    testkit::Loop loop;
    Message message;
    SenderOptions options;
    std::unique_ptr<Sender> sender;
};

TEST_F(Smtp, HandsAMailOver) {
    MailServer server;
    to(server.url());
    send();
    ASSERT_EQ(server.mails().size(), 1U);
    const auto mail = server.mails().front();
    EXPECT_EQ(mail.data, written(message));
    EXPECT_EQ(mail.text(), message.text);
    EXPECT_EQ(mail.from, "<no-reply@example.com> SIZE=" + std::to_string(mail.data.size()));
    EXPECT_EQ(mail.to, "<ada@example.org>");
    const auto said = server.said();
    EXPECT_EQ(said.front(), "EHLO [127.0.0.1]");
    EXPECT_EQ(std::count(said.begin(), said.end(), "QUIT"), 1);
    EXPECT_EQ(sender->trouble(), "");
    send();
    EXPECT_EQ(server.mails().back().data, mail.data) << "the same mail";
}

TEST_F(Smtp, TakesAnswersInPieces) {
    MailServer server;
    testkit::FaultProxy proxy("127.0.0.1", server.port());
    proxy.drip(3, std::chrono::milliseconds(1));
    to("smtp://127.0.0.1:" + std::to_string(proxy.port()));
    send();
    ASSERT_EQ(server.mails().size(), 1U);
    EXPECT_EQ(server.mails().front().data, written(message));
}

TEST_F(Smtp, TellsWhatMayPassFromWhatLasts) {
    struct Case {
        std::string line, text;
        Trouble trouble;
        std::string what;
    };
    const std::vector<Case> cases = {
        {"connect", "421 4.3.2 busy\r\n", Trouble::passing, "421 4.3.2 to the connection"},
        {"connect", "554 5.7.1 not you\r\n", Trouble::setup, "554 5.7.1 to the connection"},
        {"EHLO", "500 what?\r\n", Trouble::setup, "500 to EHLO"},
        {"MAIL", "451 4.7.1 later\r\n", Trouble::passing, "451 4.7.1 to MAIL"},
        {"MAIL", "530 5.7.0 who are you?\r\n", Trouble::setup, "530 5.7.0 to MAIL"},
        {"MAIL", "550 5.7.1 not from there\r\n", Trouble::setup, "550 5.7.1 to MAIL"},
        {"MAIL", "552 5.3.4 too large\r\n", Trouble::lasting, "552 5.3.4 to MAIL"},
        {"RCPT", "450 4.2.1 greylisted\r\n", Trouble::passing, "450 4.2.1 to RCPT"},
        {"RCPT", "550 5.1.1 <ada@example.org> is nobody\r\n", Trouble::lasting, "550 5.1.1 to RCPT"},
        {"DATA", "554 no\r\n", Trouble::lasting, "554 to DATA"},
        {"DATA", "250 odd\r\n", Trouble::passing, "250 to DATA"},
        {".", "452 4.3.1 full\r\n", Trouble::passing, "452 4.3.1 to the mail"},
        {".", "554 5.6.0 spam\r\n", Trouble::lasting, "554 5.6.0 to the mail"},
    };
    for (const Case& one : cases) {
        const SendError error = failure_with(instead(one.line, one.text));
        EXPECT_EQ(error.trouble(), one.trouble) << one.text;
        EXPECT_FALSE(error.maybe_taken()) << one.text;
        EXPECT_EQ(error.what(), "the mail server answers " + one.what);
        EXPECT_EQ(sender->trouble(), one.trouble == Trouble::lasting ? "" : error.what()) << one.text;
    }
}

TEST_F(Smtp, DoesNotKnowWhatBecameOfAMailWithoutAnAnswer) {
    const SendError error = failure_with(instead(".", ""));
    EXPECT_EQ(error.trouble(), Trouble::passing);
    EXPECT_TRUE(error.maybe_taken());
    EXPECT_FALSE(failure_with(instead("RCPT", "")).maybe_taken());
}

TEST_F(Smtp, TakesNothingThatIsNoAnswer) {
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "250-x\r\n";
    const std::string long_line = "250-" + std::string(5000, 'x') + "\r\n250 y\r\n";
    for (const std::string& text : {std::string("SSH-2.0-x\r\n"), std::string("250-a\r\n550 b\r\n"), long_line, endless}) {
        const SendError error = failure_with(instead("EHLO", text));
        EXPECT_EQ(error.trouble(), Trouble::passing);
        EXPECT_STREQ(error.what(), "the mail server does not speak SMTP") << text.substr(0, 20);
    }
    // An answer to what was not asked yet would be taken for that of the next command.
    const SendError early = failure_with(instead("MAIL", "250 ok\r\n250 ok\r\n354 go on\r\n"));
    EXPECT_STREQ(early.what(), "the mail server speaks out of turn");
    EXPECT_EQ(early.trouble(), Trouble::passing);
    EXPECT_STREQ(failure_with(instead("DATA", "354 go on\r\n250 taken\r\n")).what(), "the mail server speaks out of turn");
}

TEST_F(Smtp, WaitsForAllTogetherNoLongerThanItIsTold) {
    std::promise<void> released;
    const std::shared_future<void> wait = released.get_future().share();
    MailServer server({}, [wait](const std::string& line) -> std::optional<std::string> {
        if (line.starts_with("RCPT")) wait.wait();
        return std::nullopt;
    });
    to(server.url());
    options.timeout = std::chrono::milliseconds(200);
    const SendError error = failure();
    EXPECT_EQ(error.trouble(), Trouble::passing);
    EXPECT_TRUE(std::string(error.what()).starts_with("the mail server took too long")) << error.what();
    released.set_value();
}

TEST_F(Smtp, FindsNobody) {
    std::uint16_t port = 0;
    {
        MailServer gone;
        port = gone.port();
    }
    to("smtp://127.0.0.1:" + std::to_string(port));
    const SendError error = failure();
    EXPECT_EQ(error.trouble(), Trouble::passing);
    EXPECT_STREQ(error.what(), "cannot connect to the mail server");
    to("smtp://nobody.invalid?tls=none");
    options.timeout = std::chrono::seconds(3);
    sender.reset();
    EXPECT_EQ(failure().trouble(), Trouble::passing);
}

TEST_F(Smtp, MindsWhatTheServerTakes) {
    message.text.assign(900'000, 'x');
    const SendError large = failure_with(instead("EHLO", "250-mail.test\r\n250 SIZE 1000\r\n"));
    EXPECT_EQ(large.trouble(), Trouble::lasting);
    message.text = "short";
    message.to = Mailbox::parse("j\xC3\xB6rg@b\xC3\xBC"
                                "cher.example")
                     .or_throw();
    const SendError ascii = failure_with(instead("EHLO", "250 mail.test\r\n"));
    EXPECT_EQ(ascii.trouble(), Trouble::lasting);
    MailServer server;
    to(server.url());
    sender.reset();
    send();
    EXPECT_EQ(server.mails().at(0).to, "<j\xC3\xB6rg@xn--bcher-kva.example>");
    EXPECT_TRUE(server.mails().at(0).from.ends_with(" BODY=8BITMIME SMTPUTF8")) << server.mails().at(0).from;
}

/// Servers with a certificate.
class SmtpOverTls : public Smtp {
protected:
    SmtpOverTls() {
        certificates.issue("here", "DNS:localhost,IP:127.0.0.1");
        certificates.issue("elsewhere", "DNS:mail.example.com");
        options.trust.ca_file = certificates.ca_file();
    }
    MailServerOptions by(const std::string& name) const {
        MailServerOptions with;
        with.certificate_file = certificates.certificate_file(name);
        with.key_file = certificates.key_file(name);
        return with;
    }
    static std::string at(const MailServer& server, const std::string& login = "", const std::string& scheme = "smtp") {
        return scheme + "://" + login + "127.0.0.1:" + std::to_string(server.port()) + (scheme == "smtp" ? "?tls=starttls" : "");
    }
    http::test::Certificates certificates;
};

TEST_F(SmtpOverTls, IsLetInBehindStarttlsAlone) {
    MailServerOptions with = by("here");
    with.user = "app";
    with.password = "sesame";
    MailServer server(with);
    to(at(server, "app:sesame@"));
    send();
    EXPECT_EQ(server.mails().size(), 1U);
    const auto said = server.said();
    EXPECT_EQ(said.at(1), "STARTTLS");
    EXPECT_TRUE(said.at(2).starts_with("EHLO")) << "what was offered before is forgotten";
    EXPECT_TRUE(said.at(3).starts_with("AUTH PLAIN ")) << said.at(3);
    to(at(server, "app:wrong@"));
    sender.reset();
    const SendError error = failure();
    EXPECT_EQ(error.trouble(), Trouble::setup);
    EXPECT_STREQ(error.what(), "the mail server answers 535 5.7.8 to AUTH");
    EXPECT_EQ(sender->trouble(), error.what());
}

TEST_F(SmtpOverTls, IsLetInByLoginWherePlainIsNot) {
    MailServerOptions with = by("here");
    with.implicit_tls = true;
    with.user = "app";
    with.password = "sesame";
    MailServer server(with, instead("EHLO", "250-mail.test\r\n250 AUTH LOGIN\r\n"));
    to(at(server, "app:sesame@", "smtps"));
    send();
    EXPECT_EQ(server.mails().size(), 1U);
    server.set_script(instead("EHLO", "250-mail.test\r\n250 AUTH CRAM-MD5\r\n"));
    EXPECT_EQ(failure().trouble(), Trouble::setup);
    EXPECT_EQ(server.mails().size(), 1U);
}

TEST_F(SmtpOverTls, SendsNothingInClear) {
    MailServer bare;
    to(at(bare));
    const SendError stripped = failure();
    EXPECT_EQ(stripped.trouble(), Trouble::setup);
    EXPECT_STREQ(stripped.what(), "the mail server offers no STARTTLS");
    EXPECT_EQ(bare.said().back(), "QUIT");

    MailServer refusing(by("here"), instead("STARTTLS", "454 4.7.0 not now\r\n"));
    to(at(refusing));
    sender.reset();
    EXPECT_EQ(failure().trouble(), Trouble::passing);
    for (const std::string& line : refusing.said()) EXPECT_FALSE(line.starts_with("MAIL")) << line;
}

TEST_F(SmtpOverTls, BelievesNobodyElse) {
    MailServer elsewhere(by("elsewhere"));
    to(at(elsewhere));
    EXPECT_EQ(failure().trouble(), Trouble::setup);
    MailServer here(by("here"));
    to(at(here));
    options.trust.ca_file.clear(); // the system's
    sender.reset();
    EXPECT_EQ(failure().trouble(), Trouble::setup);
    EXPECT_TRUE(here.mails().empty());
}

TEST_F(SmtpOverTls, ForgetsWhatCameBeforeTls) {
    MailServer server(by("here"), instead("STARTTLS", "220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n"));
    to(at(server));
    send();
    EXPECT_EQ(server.mails().size(), 1U);
    const auto said = server.said();
    EXPECT_EQ(std::count_if(said.begin(), said.end(), [](const std::string& line) { return line.starts_with("AUTH"); }), 0);
}

} // namespace
} // namespace gravity::mail
