#include "mail/line.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/mail/message.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::mail {
namespace {

constexpr std::size_t longest_subject = 500, longest_body = 1024 * 1024, longest_id = 128;
constexpr std::size_t line = 76;         // RFC 2045 section 6.7 (5), RFC 2047 section 2
constexpr std::size_t word_bytes = 39;   // of an encoded word: "Subject: =?utf-8?B?" and "?=" leave 55 characters of the line

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("mail: " + what); }

void check(const Message& message) {
    const std::string& subject = message.subject;
    if (subject.empty() || subject.size() > longest_subject || !is_line(subject)) refuse("the subject is not one line of 500 bytes at most");
    for (const Mailbox* const mailbox : {&message.from, &message.to}) {
        if (!is_line(mailbox->name)) refuse("a name is not one line");
        if (!Address::parse(mailbox->address.text())) refuse("an address is none");
    }
    if (message.text.size() > longest_body || !utf8::valid(message.text)) refuse("the text is no UTF-8, or larger than 1 MiB");
    const bool plain = std::all_of(message.id.begin(), message.id.end(), [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
    if (message.id.empty() || message.id.size() > longest_id || !plain) refuse("the id is not 1 to 128 letters, digits, hyphens and underscores");
    if (!message.date.is_set()) refuse("the date is missing");
}

// ---- header fields

// RFC 2047 section 5 (3): no character is cut in two.
std::string encoded_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t size = std::min(text.size(), word_bytes);
        while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
        if (!out.empty()) out += "\r\n ";
        out += "=?utf-8?B?" + base64_encode(text.substr(0, size)) + "?=";
        text.remove_prefix(size);
    }
    return out;
}

std::string subject_field(const std::string& subject) {
    const std::string field = "Subject: ";
    // What looks like an encoded word would be read as one.
    const bool as_it_is = utf8::is_ascii(subject) && field.size() + subject.size() <= line && subject.find("=?") == std::string::npos &&
                          subject.front() != ' ' && subject.back() != ' ';
    return field + (as_it_is ? subject : encoded_words(subject)) + "\r\n";
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string mailbox_field(std::string_view name, const Mailbox& mailbox) {
    std::string field = std::string(name) + ": ";
    if (mailbox.name.empty()) return field + mailbox.address.text() + "\r\n";
    field += utf8::is_ascii(mailbox.name) && mailbox.name.find("=?") == std::string::npos ? in_quotes(mailbox.name) : encoded_words(mailbox.name);
    return field + "\r\n <" + mailbox.address.text() + ">\r\n";
}

// RFC 5322 section 3.3: what HTTP writes, with the zone as a number.
std::string date_field(Timestamp date) {
    std::string text = date.to_http_date();
    text.replace(text.size() - 3, 3, "+0000");
    return "Date: " + text + "\r\n";
}

// ---- the body

// Whatever they ended with; the last line too ends.
std::string with_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 40);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' && text[i] != '\n') {
            out += text[i];
            continue;
        }
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        out += "\r\n";
    }
    if (!out.ends_with("\r\n")) out += "\r\n";
    return out;
}

bool is_literal(char c, bool at_end) {
    if (c == ' ' || c == '\t') return !at_end; // blanks at the end of a line get lost on the way: RFC 2045 section 6.7 (3)
    return c > ' ' && c <= '~' && c != '=';
}

std::string quoted_printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\r\n") {
            out += "\r\n";
            column = 0;
            ++i;
            continue;
        }
        const bool literal = is_literal(text[i], text.substr(i + 1, 2) == "\r\n");
        const std::size_t width = literal ? 1 : 3;
        if (column + width > line - 1) {
            out += "=\r\n";
            column = 0;
        }
        if (literal) {
            out += text[i];
        } else {
            const auto byte = static_cast<unsigned char>(text[i]);
            out += '=';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
        column += width;
    }
    return out;
}

std::string in_lines(std::string_view base64) {
    std::string out;
    for (; !base64.empty(); base64.remove_prefix(std::min(base64.size(), line))) out.append(base64.substr(0, line)).append("\r\n");
    return out;
}

std::string body_of(std::string_view text) {
    const std::string lines = with_crlf(text);
    std::string body = quoted_printable(lines);
    std::string_view coding = "quoted-printable";
    if (std::string other = in_lines(base64_encode(lines)); other.size() < body.size()) {
        body = std::move(other);
        coding = "base64";
    }
    return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + std::string(coding) + "\r\n\r\n" + body;
}

} // namespace

std::string written(const Message& message) {
    check(message);
    std::string out = date_field(message.date) + mailbox_field("From", message.from) + mailbox_field("To", message.to) + subject_field(message.subject);
    out += "Message-ID: <" + message.id + "@" + message.from.address.domain + ">\r\n";
    out += "Auto-Submitted: auto-generated\r\n"; // RFC 3834 section 5: nobody's absence is to be told to it
    out += "MIME-Version: 1.0\r\n";
    return out + body_of(message.text);
}

bool needs_utf8(const Message& message) { return !message.from.address.ascii() || !message.to.address.ascii(); }

} // namespace gravity::mail
