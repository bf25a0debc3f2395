#pragma once

#include <gravity/base/time.hpp>
#include <gravity/mail/address.hpp>

#include <string>

/// Mails as text. Pure; any thread.
namespace gravity::mail {

/// A mail to one person, as plain text, without attachments.
struct Message {
    Mailbox from;
    Mailbox to;
    std::string subject; // UTF-8 of one line, 500 bytes at most
    std::string text;    // UTF-8; lines may end as they like. 1 MiB at most
    std::string id;      // what comes before the "@" of the Message-ID (RFC 5322 section 3.6.4): one for all times that the mail is sent, so that receivers
                         // know a repeated one. 1 to 128 letters, digits, "-", "_"
    Timestamp date;
};

/// The mail as RFC 5322 has it, each line with CRLF: header fields by RFC 2047 where they are not ASCII, the body by RFC 2045 as quoted-printable or base64,
/// whichever is shorter, so that every server takes it; the same bytes for the same message. Only an address whose local part is not ASCII stands as it is
/// (RFC 6532). Throws std::invalid_argument for a text with a control character where one line is wanted, for one that is no UTF-8 or too long, for a bad id.
std::string written(const Message& message);

/// Whether only a server with SMTPUTF8 can take it: one of the addresses is not ASCII.
bool needs_utf8(const Message& message);

} // namespace gravity::mail
