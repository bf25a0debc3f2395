#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What SMTP servers say, as values. Pure.
namespace gravity::mail {

/// RFC 5321 section 4.2.
struct Reply {
    int code = 0;                   // 200 to 599
    std::vector<std::string> lines; // without code and line end

    /// "550 5.1.1" (RFC 2034), or the code alone.
    std::string codes() const;
};

/// The next reply is taken off `received`; nothing if it is not whole yet. Throws std::invalid_argument for what is none, and for one of more than 64 lines, of
/// a line of more than 2,048 bytes, or of 8 KiB.
std::optional<Reply> take_reply(std::string& received);

/// What the answer to EHLO offers (RFC 5321 section 4.1.1.1); what is not known here is passed over.
struct Features {
    bool starttls = false, utf8 = false, plain = false, login = false;
    std::optional<std::uint64_t> size; // RFC 1870: the most bytes; 0: not told
};
Features features_of(const Reply& reply);

/// RFC 5321 section 4.5.2: a line that begins with a period gets another one, and a period alone ends the mail. `text` ends with CRLF.
std::string stuffed(const std::string& text);

} // namespace gravity::mail
