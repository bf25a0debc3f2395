// Replies of mail servers, URLs of them, addresses, and mails of any text.
#include "mail/reply.hpp"

#include <gravity/mail/message.hpp>
#include <gravity/mail/smtp.hpp>

#include <cstdlib>
#include <stdexcept>

using namespace gravity;

namespace {

// However it is spoiled, a mail has the fields that it should, each line ends with CRLF, and none is longer than RFC 5322 section 2.1.1 allows.
void check_lines(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find("\r\n");
        if (end == std::string_view::npos || end > 998 || text.substr(0, end).find_first_of("\r\n") != std::string_view::npos) std::abort();
        text.remove_prefix(end + 2);
    }
}

void build(std::string_view text) {
    mail::Message message;
    message.from = mail::Mailbox::parse("Example <no-reply@example.com>").or_throw();
    message.to = message.from;
    if (auto mailbox = mail::Mailbox::parse(text)) message.to = *std::move(mailbox);
    message.subject = "Subject " + std::string(text.substr(0, 400));
    message.text = text;
    message.html = text;
    message.id = "1";
    message.date = Timestamp::from_unix_seconds(0);
    try {
        const std::string written = mail::written(message);
        check_lines(written);
        if (written.substr(0, written.find("\r\n\r\n")).find("\r\nBcc:") != std::string::npos) std::abort();
    } catch (const std::invalid_argument&) {
        // It would say more than it should.
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string received(text);
    try {
        while (const auto reply = mail::take_reply(received)) {
            if (reply->code < 200 || reply->code > 599 || reply->lines.empty()) std::abort();
            mail::features_of(*reply);
            reply->codes();
        }
    } catch (const std::invalid_argument&) {
        // No such reply.
    }
    if (const auto server = mail::Server::parse(text); server && (server->host.empty() || server->port == 0)) std::abort();
    if (const auto address = mail::Address::parse(text); address && !mail::Address::parse(address->text())) std::abort();
    build(text);
    return 0;
}
