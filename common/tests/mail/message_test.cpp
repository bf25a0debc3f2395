#include "mail/reply.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/mail/message.hpp>
#include <gravity/mail/settings.hpp>
#include <gravity/testkit/mail_server.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity::mail {
namespace {

Message letter() {
    Message message;
    message.from = Mailbox::parse("Example <no-reply@example.com>").or_throw();
    message.to = Mailbox::parse("ada@example.org").or_throw();
    message.subject = "Hello";
    message.text = "Hello, Ada.\n";
    message.id = "0190a5d0";
    message.date = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();
    return message;
}

std::string decoded(const Message& message) { return testkit::ReceivedMail{{}, {}, written(message)}.text(); }
std::string field(const Message& message, std::string_view name) { return testkit::ReceivedMail{{}, {}, written(message)}.field(name); }

std::size_t longest_line(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\r\n"), text.size());
        longest = std::max(longest, end);
        text.remove_prefix(std::min(text.size(), end + 2));
    }
    return longest;
}

TEST(Addresses, AreOfRfc5321) {
    const auto address = Address::parse("Ada.Lovelace+x@EXAMPLE.Com");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->text(), "Ada.Lovelace+x@example.com") << "the local part is the receiver's to tell apart";
    EXPECT_EQ(Address::parse("ada@b\xC3\xBC"
                             "cher.example")
                  .or_throw()
                  .text(),
              "ada@xn--bcher-kva.example");
    EXPECT_TRUE(Address::parse("root@localhost"));
    EXPECT_FALSE(Address::parse("j\xC3\xB6rg@example.com").or_throw().ascii());
    EXPECT_TRUE(Address::parse(std::string(64, 'a') + "@example.com"));
    EXPECT_FALSE(Address::parse(std::string(65, 'a') + "@example.com"));
    const std::string label(60, 'b');
    EXPECT_TRUE(Address::parse("a@" + label + "." + label + "." + label + "." + label + ".example")); // 2 + 4 * 61 + 7 = 253
    EXPECT_FALSE(Address::parse("abc@" + label + "." + label + "." + label + "." + label + ".example"));
    for (const char* const bad : {"", "ada", "@example.com", "ada@", "a b@example.com", "a..b@example.com", ".a@example.com", "a@exa mple.com",
                                  "a@b@example.com",
                                  "ada@example.com\r\nBcc: eve@example.com", "\"a b\"@example.com", "ada@[192.0.2.1]", "a<b@example.com", "\xFF@example.com"})
        EXPECT_FALSE(Address::parse(bad)) << bad;
}

TEST(Mailboxes, HaveANameOrNone) {
    EXPECT_EQ(Mailbox::parse(" ada@example.com ").or_throw().name, "");
    EXPECT_EQ(Mailbox::parse("Ada Lovelace <ada@example.com>").or_throw().name, "Ada Lovelace");
    EXPECT_EQ(Mailbox::parse("\"Ada \\\"the\\\" first, of us\" <ada@example.com>").or_throw().name, "Ada \"the\" first, of us");
    EXPECT_EQ(Mailbox::parse("<ada@example.com>").or_throw().address.text(), "ada@example.com");
    EXPECT_FALSE(Mailbox::parse("Ada <ada>"));
    EXPECT_FALSE(Mailbox::parse("Ada\nBcc: x <ada@example.com>"));
    EXPECT_FALSE(Mailbox::parse(std::string(101, 'a') + " <ada@example.com>"));
}

TEST(Messages, AreTheSameBytesEachTime) {
    EXPECT_EQ(written(letter()), written(letter()));
    EXPECT_EQ(written(letter()), "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
                                 "From: \"Example\"\r\n <no-reply@example.com>\r\n"
                                 "To: ada@example.org\r\n"
                                 "Subject: Hello\r\n"
                                 "Message-ID: <0190a5d0@example.com>\r\n"
                                 "Auto-Submitted: auto-generated\r\n"
                                 "MIME-Version: 1.0\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n"
                                 "\r\n"
                                 "Hello, Ada.\r\n");
}

TEST(Messages, SayWhatIsNotAsciiInWords) {
    Message message = letter();
    message.subject = "Gr\xC3\xBC\xC3\x9F"
                      "e aus K\xC3\xB6ln, und noch viel mehr als auf eine Zeile geht: \xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC";
    message.from.name = "J\xC3\xB6rg";
    const std::string text = written(message);
    EXPECT_LE(longest_line(text), 76U);
    std::string subject;
    std::string rest = field(message, "Subject");
    for (std::size_t at = 0; (at = rest.find("=?utf-8?B?", at)) != std::string::npos;) {
        const std::size_t end = rest.find("?=", at + 10);
        const auto part = base64_decode(rest.substr(at + 10, end - at - 10));
        ASSERT_TRUE(part);
        EXPECT_TRUE(utf8::valid(*part)) << "no character is cut in two";
        subject += *part;
        at = end;
    }
    EXPECT_EQ(subject, message.subject);
    EXPECT_TRUE(field(message, "From").starts_with("=?utf-8?B?SsO2cmc=?=")) << field(message, "From");
    message.subject = "=?utf-8?B?SGk=?=";
    EXPECT_EQ(field(message, "Subject").find("SGk="), std::string::npos) << "what looks like a word is none";
}

TEST(Messages, KeepTheirText) {
    Message message = letter();
    message.text = "a=b https://example.com/?token=gln_1&x=2 \nblank at the end \t\r\nlone\rend\n" + std::string(300, 'x') + "\n.\n..dots\nFrom here";
    std::string wanted = "a=b https://example.com/?token=gln_1&x=2 \nblank at the end \t\nlone\nend\n" + std::string(300, 'x') + "\n.\n..dots\nFrom here\n";
    EXPECT_EQ(decoded(message), wanted);
    EXPECT_LE(longest_line(written(message)), 76U);
    message.text.clear();
    for (int i = 0; i < 100; ++i) message.text += "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 ";
    EXPECT_EQ(field(message, "Content-Transfer-Encoding"), "base64");
    EXPECT_EQ(decoded(message), message.text + "\n");
    EXPECT_LE(longest_line(written(message)), 76U);
}

TEST(Messages, AreRefusedThatWouldSayMore) {
    const auto refused = [](void (*spoil)(Message&)) {
        Message message = letter();
        spoil(message);
        EXPECT_THROW(written(message), std::invalid_argument);
    };
    refused([](Message& m) { m.subject = "Hello\r\nBcc: eve@example.com"; });
    refused([](Message& m) { m.subject = "Hello\nthere"; });
    refused([](Message& m) { m.subject.clear(); });
    refused([](Message& m) { m.subject.assign(501, 'a'); });
    refused([](Message& m) { m.subject = "\xFF"; });
    refused([](Message& m) { m.to.name = "Ada\r\nBcc: eve@example.com"; });
    refused([](Message& m) { m.to.address.local = "ada>\r\nRCPT TO:<eve"; });
    refused([](Message& m) { m.from.address.domain = "example.com>"; });
    refused([](Message& m) { m.text = "\xFF"; });
    refused([](Message& m) { m.text.assign(1024 * 1024 + 1, 'a'); });
    refused([](Message& m) { m.id = "a>\r\nX: y"; });
    refused([](Message& m) { m.id.clear(); });
    refused([](Message& m) { m.date = Timestamp(); });
}

TEST(Replies, AreTakenWhole) {
    std::string received = "250-mail.test\r\n250-SIZE 10";
    EXPECT_FALSE(take_reply(received));
    received += "00\r\n250 STARTTLS\r\n220";
    const auto reply = take_reply(received);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code, 250);
    EXPECT_EQ(reply->lines, (std::vector<std::string>{"mail.test", "SIZE 1000", "STARTTLS"}));
    EXPECT_EQ(received, "220");
    received = "354\r\n";
    EXPECT_EQ(take_reply(received)->lines, std::vector<std::string>{""});
    for (const std::string& bad : {std::string("2x0 a\r\n"), std::string("600 a\r\n"), std::string("150 a\r\n"), std::string("25\r\n"),
                                   std::string("250_a\r\n"),
                                   std::string("250-a\r\n251 b\r\n"), std::string("\r\n"), "250 " + std::string(3000, 'a'),
                                   "250-" + std::string(2100, 'a') + "\r\n"}) {
        std::string text = bad;
        EXPECT_THROW(take_reply(text), std::invalid_argument) << bad.substr(0, 20);
    }
    std::string endless;
    for (int i = 0; i < 70; ++i) endless += "250-x\r\n";
    EXPECT_THROW(take_reply(endless), std::invalid_argument);
    std::string large;
    for (int i = 0; i < 6; ++i) large += "250-" + std::string(1900, 'x') + "\r\n";
    EXPECT_THROW(take_reply(large), std::invalid_argument);
}

TEST(Replies, TellCodesAlone) {
    EXPECT_EQ((Reply{550, {"5.1.1 <ada@example.com> is nobody"}}.codes()), "550 5.1.1");
    EXPECT_EQ((Reply{550, {"<ada@example.com> is nobody"}}.codes()), "550");
    EXPECT_EQ((Reply{421, {}}.codes()), "421");
    const Features none = features_of(Reply{250, {"mail.test"}});
    EXPECT_FALSE(none.starttls || none.utf8 || none.plain || none.login || none.size);
    const Features all = features_of(Reply{250, {"mail.test", "size 1000", "Auth=LOGIN", "AUTH PLAIN CRAM-MD5", "SMTPUTF8", "starttls", "X-ODD"}});
    EXPECT_TRUE(all.starttls && all.utf8 && all.plain && all.login);
    EXPECT_EQ(all.size, 1000U);
    EXPECT_EQ(features_of(Reply{250, {"", "SIZE"}}).size, 0U);
    EXPECT_EQ(stuffed(".a\r\nb.\r\n..\r\n"), "..a\r\nb.\r\n...\r\n.\r\n");
}

TEST(Servers, AreNamedByUrls) {
    const auto parsed = [](std::string_view url) { return Server::parse(url).or_throw(); };
    const Server server = parsed("smtp://user%40example.com:p%3Ass%40@mail.example.com");
    EXPECT_EQ(server.host, "mail.example.com");
    EXPECT_EQ(server.port, 587);
    EXPECT_EQ(server.tls, Tls::starttls);
    ASSERT_TRUE(server.login);
    EXPECT_EQ(server.login->user, "user@example.com");
    EXPECT_EQ(server.login->password.reveal(), "p:ss@");
    EXPECT_EQ(parsed("smtps://mail.example.com/").port, 465);
    EXPECT_EQ(parsed("smtps://mail.example.com").tls, Tls::implicit);
    EXPECT_EQ(parsed("smtp://mail.example.com:2525?tls=none").tls, Tls::none);
    EXPECT_EQ(parsed("smtp://localhost:25").tls, Tls::none);
    EXPECT_EQ(parsed("smtp://localhost:25?tls=starttls").tls, Tls::starttls);
    EXPECT_EQ(parsed("smtp://[::1]:25").host, "::1");
    EXPECT_EQ(parsed("smtp://a:b@127.0.0.2:25").tls, Tls::none);
    EXPECT_EQ(parsed("smtp://[2001:db8::1]").tls, Tls::starttls);
    EXPECT_EQ(parsed("smtp://mail_relay:25?tls=none").host, "mail_relay");
}

TEST(Servers, AreNotTakenByHalves) {
    for (const char* const bad :
         {"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://:25", "smtp://mail.example.com:",
          "smtp://mail.example.com:0", "smtp://mail.example.com:65536", "smtp://mail.example.com:25x",
          "smtp://a@mail.example.com", "smtp://a:@mail.example.com", "smtp://:sesame@mail.example.com",
          "smtp://a:%zz@mail.example.com", "smtp://a:sesame%0d%0a@mail.example.com", "smtp://a:sesame@mail.example.com?tls=none",
          "smtp://mail.example.com?tls=maybe", "smtps://mail.example.com?tls=none", "smtp://mail.example.com/path",
          "smtp://[::1", "smtp://[mail]", "smtp://[::1]25", "smtp://mail example.com"}) {
        const auto server = Server::parse(bad);
        ASSERT_FALSE(server) << bad;
        EXPECT_EQ(server.why().find("sesame"), std::string::npos) << server.why();
    }
}

TEST(MailSettings, NameWhatIsWrong) {
    const auto why = [](Settings settings) {
        try {
            setup_of(settings);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    Settings settings;
    EXPECT_FALSE(setup_of(settings));
    settings.mail_from = "no-reply@example.com";
    EXPECT_FALSE(setup_of(settings)) << "nothing is sent without a server";
    settings.mail_from.reset();
    settings.smtp_url = Secret<>("smtp://a:sesame@mail.example.com");
    EXPECT_EQ(why(settings), "setting MAIL_FROM is required with SMTP_URL");
    settings.mail_from = "nobody";
    EXPECT_TRUE(why(settings).starts_with("setting MAIL_FROM must be")) << why(settings);
    settings.mail_from = "Example <no-reply@example.com>";
    settings.smtp_ca_file = "/etc/ca.pem";
    const auto setup = setup_of(settings);
    ASSERT_TRUE(setup);
    EXPECT_EQ(setup->from.name, "Example");
    EXPECT_EQ(setup->sender.trust.ca_file, "/etc/ca.pem");
    settings.smtp_url = Secret<>("smtp://a:sesame@");
    EXPECT_TRUE(why(settings).starts_with("setting SMTP_URL must")) << why(settings);
    EXPECT_EQ(why(settings).find("sesame"), std::string::npos);
}

} // namespace
} // namespace gravity::mail
